"""Actions on a whole project: edit, archive, restore, export, move sessions, delete."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import Form, Response

from onward.app.admin.confirmation import require_name
from onward.app.jobs import jobs
from onward.app.projects import projects
from onward.app.sessions import reassignment
from onward.errors import BadInput, Conflict, NotFound
from onward.web.job_pages import redirect_to_job
from onward.web.language import _, ngettext
from onward.web.messages import translate_error
from onward.web.page_request import CurrentPageRequest, Toast, page_router
from onward.web.render import partial, redirect

router = page_router()

MAX_DESCRIPTION_CHARS = 2000
MAX_TARGETS = 500
MAX_SESSIONS_NAMED = 10_000


@router.get("/parts/projects/new")
def show_new_form(request: CurrentPageRequest) -> Response:
    """Return the dialog that creates a project."""
    return partial(request, "partials/_project_new.html", values={"name": "", "description": ""}, errors={})


@router.post("/parts/projects/new")
def create_project(
    request: CurrentPageRequest,
    name: Annotated[str, Form()] = "",
    description: Annotated[str, Form(max_length=MAX_DESCRIPTION_CHARS)] = "",
) -> Response:
    """Create a project."""
    try:
        project = projects.create(request.store, name, description=" ".join(description.split()))
    except (BadInput, Conflict) as error:
        values = {"name": name, "description": description}
        message = translate_error(error) if name.strip() else _("Required.")
        return partial(request, "partials/_project_new_form.html", status_code=422, values=values, errors={"name": message})
    return redirect(request, f"/projects/{project.id}", toast=Toast(_("Project created")))


@router.get("/parts/projects/{project_id}/edit")
def show_edit_form(request: CurrentPageRequest, project_id: int) -> Response:
    """Return the dialog that edits name and description."""
    project = projects.require(request.store, project_id)
    return partial(
        request,
        "partials/_project_edit.html",
        project=project,
        values={"name": project.name, "description": project.description},
        errors={},
    )


@router.post("/parts/projects/{project_id}/edit")
def edit_project(
    request: CurrentPageRequest,
    project_id: int,
    name: Annotated[str, Form()] = "",
    description: Annotated[str, Form(max_length=MAX_DESCRIPTION_CHARS)] = "",
    version: Annotated[str, Form()] = "",
) -> Response:
    """Edit name and description."""
    project = projects.require(request.store, project_id)
    try:
        projects.update(request.store, project, name=name, description=" ".join(description.split()), version=version)
    except (BadInput, Conflict) as error:
        values = {"name": name, "description": description}
        return partial(
            request,
            "partials/_project_edit_form.html",
            status_code=422,
            project=project,
            values=values,
            errors={"name": translate_error(error)},
        )
    return redirect(request, f"/projects/{project_id}", toast=Toast(_("Saved")))


@router.post("/parts/projects/{project_id}/archive")
def archive_project(request: CurrentPageRequest, project_id: int) -> Response:
    """Archive a project."""
    project = projects.archive(request.store, projects.require(request.store, project_id))
    message = _("%(name)s archived. Nothing is deleted.", name=project.name)
    return redirect(request, f"/projects/{project_id}", toast=Toast(message, undo=f"/parts/projects/{project_id}/restore"))


@router.post("/parts/projects/{project_id}/restore")
def restore_project(request: CurrentPageRequest, project_id: int) -> Response:
    """Restore an archived project."""
    project = projects.restore(request.store, projects.require(request.store, project_id))
    return redirect(request, f"/projects/{project_id}", toast=Toast(_("%(name)s restored.", name=project.name)))


@router.get("/parts/projects/{project_id}/delete")
def confirm_deletion(request: CurrentPageRequest, project_id: int) -> Response:
    """Return the dialog that asks for the project's name before deletion."""
    return partial(request, "partials/_project_delete.html", line=projects.require_line(request.store, project_id))


@router.delete("/projects/{project_id}")
def delete_project(request: CurrentPageRequest, project_id: int, name: str = "") -> Response:
    """Permanently delete a project, if *name* is its name."""
    project = projects.require(request.store, project_id)
    require_name(name, project.name)
    projects.delete(request.store, project)
    return redirect(request, "/", toast=Toast(_("%(name)s deleted.", name=project.name), "info"))


@router.get("/parts/projects/{project_id}/export")
def show_export_form(request: CurrentPageRequest, project_id: int) -> Response:
    """Return the export dialog."""
    return partial(request, "partials/_project_export.html", project=projects.require(request.store, project_id))


@router.post("/parts/projects/{project_id}/export")
def export_project(request: CurrentPageRequest, project_id: int, training: Annotated[bool, Form()] = False) -> Response:
    """Start an export of the project."""
    project = projects.require(request.store, project_id)
    job = jobs.request_job(
        request.store, "export", {"training": training}, project=project, key=f"{project.id}:{training}", requested_by="dashboard"
    )
    return redirect_to_job(request, job)


@router.get("/parts/projects/{project_id}/remap")
def show_remap_form(request: CurrentPageRequest, project_id: int) -> Response:
    """Return the dialog that moves sessions to another project."""
    return _remap_form(request, project_id, "", "", {})


@router.post("/parts/projects/{project_id}/remap")
def remap_project(
    request: CurrentPageRequest, project_id: int, target: Annotated[str, Form()] = "", numbers: Annotated[str, Form(max_length=1000)] = ""
) -> Response:
    """Move sessions, or all of them, to another project."""
    source = projects.require(request.store, project_id)
    if not target.isdecimal():
        return _remap_form(request, project_id, target, numbers, {"target": _("Choose a project.")}, form=True)
    target_project = projects.require(request.store, int(target))
    try:
        session_numbers = _parse_numbers(numbers)
        result = (
            reassignment.remap_sessions(request.store, source, session_numbers, target_project)
            if session_numbers
            else reassignment.remap_project(request.store, source, target_project)
        )
    except (BadInput, NotFound, Conflict) as error:
        return _remap_form(request, project_id, target, numbers, {"numbers": translate_error(error)}, form=True)
    message = ngettext(
        "%(num)s session moved to %(name)s.", "%(num)s sessions moved to %(name)s.", len(result.sessions), name=target_project.name
    )
    return redirect(request, f"/projects/{target_project.id}", toast=Toast(message))


def _remap_form(
    request: CurrentPageRequest, project_id: int, target: str, numbers: str, errors: dict[str, str], *, form: bool = False
) -> Response:
    other_projects = [line.project for line in projects.list_known(request.store, limit=MAX_TARGETS) if line.project.id != project_id]
    return partial(
        request,
        "partials/_project_remap_form.html" if form else "partials/_project_remap.html",
        status_code=422 if errors else 200,
        project=projects.require(request.store, project_id),
        others=other_projects,
        values={"target": target, "numbers": numbers},
        errors=errors,
    )


def _parse_numbers(text: str) -> list[int]:
    """Return the session numbers in a text such as `2, 5-7`; empty for an empty text. Raises `BadInput`."""
    numbers: list[int] = []
    for part in filter(None, re.split(r"[,\s]+", text.strip())):
        match = re.fullmatch(r"#?(\d{1,7})(?:[-–]#?(\d{1,7}))?", part)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if last < first or last - first >= MAX_SESSIONS_NAMED:
            raise BadInput(_("“%(part)s” is not a session number. Use numbers such as 2, 5-7.", part=part))
        numbers += range(first, last + 1)
    return numbers
