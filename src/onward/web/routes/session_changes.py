"""Changes of one session in the dashboard: its title, its project, and its deletion with undo."""

from __future__ import annotations

from typing import Annotated

from fastapi import Form, Response

from onward.app.projects import projects
from onward.app.sessions import reassignment, removal, sessions, titles
from onward.core.session import Session
from onward.errors import BadInput, EditConflict
from onward.web.language import _
from onward.web.messages import translate_error
from onward.web.page_request import CurrentPageRequest, PageRequest, Toast, page_router
from onward.web.render import partial, redirect

router = page_router()

MAX_CHOICES = 200


@router.get("/parts/sessions/{session_id}/edit")
def show_edit_form(request: CurrentPageRequest, session_id: int) -> Response:
    """Return the dialog that edits a session's title and project."""
    session = sessions.require_by_id(request.store, session_id)
    return _form(request, "partials/_session_edit.html", session, session.title, session.project_id)


@router.post("/parts/sessions/{session_id}/edit")
def edit_session(
    request: CurrentPageRequest,
    session_id: int,
    title: Annotated[str, Form()] = "",
    project: Annotated[int, Form()] = 0,
    version: Annotated[str, Form()] = "",
) -> Response:
    """Rename a session, and move it if another project is chosen."""
    session = sessions.require_by_id(request.store, session_id)
    try:
        if title.strip() != session.title:
            session = titles.rename(request.store, session, title, version=version)
        if project and project != session.project_id:
            target = projects.require(request.store, project)
            session = reassignment.move(request.store, session, target)
            text = _("Now session %(number)s of %(project)s", number=session.number, project=target.name)
            return redirect(request, f"/sessions/{session.id}", toast=Toast(text))
    except (BadInput, EditConflict) as error:
        return _form(request, "partials/_session_edit_form.html", session, title, project, {"title": translate_error(error)})
    return redirect(request, f"/sessions/{session.id}", toast=Toast(_("Saved")))


def _form(
    request: PageRequest, template: str, session: Session, title: str, project: int, errors: dict[str, str] | None = None
) -> Response:
    known_projects = [option.project for option in projects.list_known(request.store, limit=MAX_CHOICES)]
    return partial(
        request,
        template,
        status_code=422 if errors else 200,
        session=session,
        values={"title": title, "project": project},
        projects=known_projects,
        errors=errors or {},
    )


@router.post("/parts/sessions/{session_id}/delete")
def delete_session(request: CurrentPageRequest, session_id: int) -> Response:
    """Delete a session. The toast offers to undo this."""
    session = sessions.require_by_id(request.store, session_id)
    removal.delete(request.store, session)
    text = _("Session %(number)s deleted", number=session.number)
    return redirect(request, f"/projects/{session.project_id}/sessions", toast=Toast(text, undo=f"/parts/sessions/{session.id}/undelete"))


@router.post("/parts/sessions/{session_id}/undelete")
def undelete_session(request: CurrentPageRequest, session_id: int) -> Response:
    """Bring a deleted session back."""
    session = removal.undelete_by_id(request.store, session_id)
    return redirect(request, f"/sessions/{session.id}", toast=Toast(_("Session %(number)s restored", number=session.number)))
