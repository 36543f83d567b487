"""What is done to a project as a whole: named, put away and brought back, exported, given to another, deleted."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import Form, Response

from onward.app import jobs, projects, remapping
from onward.errors import BadInput, Conflict, NotFound
from onward.web.language import _, ngettext
from onward.web.long_work import follow
from onward.web.rendering import go, partial
from onward.web.visit import At, Toast, routes

router = routes()

MOST_DESCRIPTION_CHARS = 2000
MOST_TARGETS = 500
MOST_SESSIONS_NAMED = 10_000


@router.get("/parts/projects/{project_id}/edit")
def edit(at: At, project_id: int) -> Response:
    """Answer the dialog in which a project is named and described."""
    project = projects.of_id(at.store, project_id)
    return partial(
        at, "partials/_project_edit.html", project=project, values={"name": project.name, "description": project.description}, errors={}
    )


@router.post("/parts/projects/{project_id}/edit")
def change(
    at: At, project_id: int, name: Annotated[str, Form()] = "", description: Annotated[str, Form(max_length=MOST_DESCRIPTION_CHARS)] = ""
) -> Response:
    """Name and describe a project."""
    project = projects.of_id(at.store, project_id)
    try:
        projects.change(at.store, project, name=name, description=" ".join(description.split()))
    except (BadInput, Conflict) as error:
        values = {"name": name, "description": description}
        return partial(at, "partials/_project_edit_form.html", status_code=422, project=project, values=values, errors={"name": str(error)})
    return go(at, f"/projects/{project_id}", toast=Toast(_("Saved")))


@router.post("/parts/projects/{project_id}/archive")
def archive(at: At, project_id: int) -> Response:
    """Put a project away."""
    project = projects.archive(at.store, projects.of_id(at.store, project_id))
    words = _("%(name)s is archived: kept whole, and out of the way.", name=project.name)
    return go(at, f"/projects/{project_id}", toast=Toast(words, undo=f"/parts/projects/{project_id}/restore"))


@router.post("/parts/projects/{project_id}/restore")
def restore(at: At, project_id: int) -> Response:
    """Bring a project back to work."""
    project = projects.restore(at.store, projects.of_id(at.store, project_id))
    return go(at, f"/projects/{project_id}", toast=Toast(_("%(name)s is back at work.", name=project.name)))


@router.get("/parts/projects/{project_id}/delete")
def confirm(at: At, project_id: int) -> Response:
    """Answer the dialog that asks for the name of what is about to be lost."""
    return partial(at, "partials/_project_delete.html", line=projects.by_id(at.store, project_id))


@router.delete("/projects/{project_id}")
def delete(at: At, project_id: int) -> Response:
    """Delete a project, and all it holds, for good."""
    project = projects.of_id(at.store, project_id)
    projects.delete(at.store, project)
    return go(at, "/", toast=Toast(_("%(name)s is deleted.", name=project.name), "info"))


@router.get("/parts/projects/{project_id}/export")
def ask_export(at: At, project_id: int) -> Response:
    """Answer the dialog from which a project is exported."""
    return partial(at, "partials/_project_export.html", project=projects.of_id(at.store, project_id))


@router.post("/parts/projects/{project_id}/export")
def export(at: At, project_id: int, training: Annotated[bool, Form()] = False) -> Response:
    """Ask for a project as one file."""
    project = projects.of_id(at.store, project_id)
    job = jobs.ask(at.store, "export", {"training": training}, project=project, key=f"{project.id}:{training}", requested_by="dashboard")
    return follow(at, job)


@router.get("/parts/projects/{project_id}/remap")
def ask_remap(at: At, project_id: int) -> Response:
    """Answer the dialog in which sessions are given to another project."""
    return _remap_shown(at, project_id, "", "", {})


@router.post("/parts/projects/{project_id}/remap")
def remap(at: At, project_id: int, target: Annotated[str, Form()] = "", numbers: Annotated[str, Form(max_length=1000)] = "") -> Response:
    """Give sessions, or all of a project, to another."""
    source = projects.of_id(at.store, project_id)
    if not target.isdecimal():
        return _remap_shown(at, project_id, target, numbers, {"target": _("Choose the project they belong to.")}, form=True)
    to = projects.of_id(at.store, int(target))
    try:
        wanted = _numbers(numbers)
        done = remapping.remap_sessions(at.store, source, wanted, to) if wanted else remapping.remap_project(at.store, source, to)
    except (BadInput, NotFound, Conflict) as error:
        return _remap_shown(at, project_id, target, numbers, {"numbers": str(error)}, form=True)
    words = ngettext("%(num)s session went to %(name)s.", "%(num)s sessions went to %(name)s.", len(done.sessions), name=to.name)
    return go(at, f"/projects/{to.id}", toast=Toast(words))


def _remap_shown(at: At, project_id: int, target: str, numbers: str, errors: dict[str, str], *, form: bool = False) -> Response:
    others = [line.project for line in projects.known(at.store, limit=MOST_TARGETS) if line.project.id != project_id]
    return partial(
        at, "partials/_project_remap_form.html" if form else "partials/_project_remap.html", status_code=422 if errors else 200,
        project=projects.of_id(at.store, project_id), others=others, values={"target": target, "numbers": numbers}, errors=errors,
    )  # fmt: skip


def _numbers(said: str) -> list[int]:
    """Return the numbers of sessions in `2, 5-7`; none where nothing is said. Raises `BadInput`."""
    found: list[int] = []
    for part in filter(None, re.split(r"[,\s]+", said.strip())):
        match = re.fullmatch(r"#?(\d{1,7})(?:[-–]#?(\d{1,7}))?", part)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if last < first or last - first >= MOST_SESSIONS_NAMED:
            raise BadInput(_("“%(part)s” names no sessions. Write numbers, as in 2, 5-7.", part=part))
        found += range(first, last + 1)
    return found
