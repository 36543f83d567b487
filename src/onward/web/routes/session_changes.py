"""Changes of one session in the dashboard: its title, its project, and its deletion with undo."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import Form, Query, Response
from fastapi.responses import StreamingResponse

from onward.app.projects import projects
from onward.app.sessions import reassignment, removal, sessions, titles
from onward.core.session import Session
from onward.errors import BadInput, EditConflict
from onward.web.language import _, ngettext
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


@router.post("/parts/sessions/batch")
def change_sessions(
    request: CurrentPageRequest,
    do: Annotated[Literal["delete", "abandon", "move", "export"], Form()],
    session: Annotated[list[int], Form(max_length=MAX_CHOICES)],
    target: Annotated[str, Form()] = "",
) -> Response:
    """Delete, abandon, move or export the selected sessions. The toast offers to undo a deletion."""
    if do == "export":
        return Response(headers={"hx-redirect": f"/parts/sessions/export?{urlencode({'session': session}, doseq=True)}"})
    chosen_sessions = [sessions.require_by_id(request.store, session_id) for session_id in session]
    if do == "move":
        if not target.isdecimal():
            return redirect(request, "/sessions", toast=Toast(_("Choose a project."), "error"))
        target_project = projects.require(request.store, int(target))
        for chosen_session in chosen_sessions:
            reassignment.move(request.store, chosen_session, target_project)
        message = ngettext(
            "%(num)s session moved to %(name)s.", "%(num)s sessions moved to %(name)s.", len(chosen_sessions), name=target_project.name
        )
        return redirect(request, f"/projects/{target_project.id}/sessions", toast=Toast(message))
    for chosen_session in chosen_sessions:
        (removal.delete if do == "delete" else sessions.abandon)(request.store, chosen_session)
    if do == "abandon":
        message = ngettext("%(num)s session abandoned", "%(num)s sessions abandoned", len(chosen_sessions))
        return redirect(request, "/sessions", toast=Toast(message))
    message = ngettext("%(num)s session deleted", "%(num)s sessions deleted", len(chosen_sessions))
    undo_url = f"/parts/sessions/undelete?{urlencode({'session': session}, doseq=True)}"
    return redirect(request, "/sessions", toast=Toast(message, undo=undo_url))


@router.get("/parts/sessions/export")
def export_sessions(request: CurrentPageRequest, session: Annotated[list[int], Query(max_length=MAX_CHOICES)]) -> Response:
    """Return sessions with all of their turns as one Markdown file."""
    chosen_sessions = [sessions.require_by_id(request.store, session_id) for session_id in session]
    name = f"session-{session[0]}.md" if len(session) == 1 else f"sessions-{len(session)}.md"
    return StreamingResponse(
        (part for chosen_session in chosen_sessions for part in sessions.export_markdown(request.store, chosen_session)),
        headers={"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"},
        media_type="text/markdown; charset=utf-8",
    )


@router.post("/parts/sessions/undelete")
def undelete_sessions(request: CurrentPageRequest, session: Annotated[list[int], Query(max_length=MAX_CHOICES)]) -> Response:
    """Bring deleted sessions back."""
    for session_id in session:
        removal.undelete_by_id(request.store, session_id)
    message = ngettext("%(num)s session restored", "%(num)s sessions restored", len(session))
    return redirect(request, "/sessions", toast=Toast(message))


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
