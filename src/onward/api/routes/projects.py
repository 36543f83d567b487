"""Projects: what a person works on over many sessions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from fastapi import Query, Response
from pydantic import Field

from onward.api.desk import At
from onward.api.envelope import answers, ok, pages
from onward.api.paging import Paging
from onward.api.parsing import routes
from onward.api.shapes import Body, Change, Id, Text
from onward.app import projects
from onward.app.analytics import Growths, growths
from onward.app.projects import Project, ProjectLine
from onward.errors import Conflict, NotFound

router = routes("projects")


class NewProject(Body):
    """A project to make. Its name is its own: no other project has it, and it is not digits alone."""

    name: Text = Field(min_length=1, max_length=200, examples=["kopi-shop"])
    description: Text = Field("", max_length=10_000, examples=["The shop's site and its orders"])


class ProjectChange(Change):
    """What of a project changes; what is not sent stays. `archived` puts it away: kept whole, not listed."""

    name: Text | None = Field(None, min_length=1, max_length=200, examples=["kopi-shop"])
    description: Text | None = Field(None, max_length=10_000, examples=["The shop's site and its orders"])
    status: Literal["active", "archived"] | None = Field(None, examples=["active"])


@dataclass(frozen=True, slots=True)
class ProjectShape:
    """A project and what it holds. `growth` is in per cent: the mean actual output of its last five sessions over its first five."""

    id: int
    name: str
    description: str
    status: str
    root: str
    remote: str
    session_count: int
    completed_count: int
    turn_count: int
    tokens: int
    credits_used: float
    growth: float
    mean_preservation_ratio: float | None
    last_activity_at: datetime
    created_at: datetime
    updated_at: datetime


def project_shape(line: ProjectLine, grown: Growths) -> ProjectShape:
    """Return a project as it is answered."""
    one, held, growth = line.project, line.totals, grown.of_project.get(line.project.id)
    return ProjectShape(
        one.id, one.name, one.description, one.status, one.root, one.remote, held.sessions, held.completed, held.turns, held.tokens,
        held.credits_used, growth.percent if growth else 0.0, grown.kept_ratio.get(one.id), held.last_at or one.created_at, one.created_at, one.updated_at,
    )  # fmt: skip


@router.get("/projects", summary="List the projects", **pages(ProjectShape))
def listed(at: At, page: Paging, archived: Annotated[bool, Query(description="The archived ones, not those at work.")] = False) -> Response:
    """Answer the projects at work, by name, or the archived ones."""
    found = projects.listed(at.store, archived=archived, after=page.last(str), limit=page.limit + 1)
    grown = growths(at.store, [line.project for line in found])
    return page.answer(found, shape=lambda line: project_shape(line, grown), last=lambda one: (one.project.name,))


@router.post("/projects", summary="Make a project", **answers(ProjectShape, Conflict))
def new(at: At, body: NewProject) -> Response:
    """Make a project and answer it."""
    return _shown(at, projects.new(at.store, body.name, description=body.description))


@router.get("/projects/{project_id}", summary="Show a project", **answers(ProjectShape, NotFound))
async def show(at: At, project_id: Id) -> Response:
    """Answer a project and what it holds."""
    return await at.at_once(lambda: _answer(at, projects.by_id(at.store, project_id)))


@router.patch("/projects/{project_id}", summary="Change a project", **answers(ProjectShape, NotFound, Conflict))
def change(at: At, project_id: Id, body: ProjectChange) -> Response:
    """Rename a project, describe it otherwise, put it away or bring it back."""
    project = projects.of_id(at.store, project_id)
    return _shown(at, projects.change(at.store, project, name=body.name, description=body.description, status=body.status))


@router.post("/projects/{project_id}/archive", summary="Put a project away", **answers(ProjectShape, NotFound))
def archive(at: At, project_id: Id) -> Response:
    """Put a project away: everything of it is kept, and it is not listed with those at work."""
    return _shown(at, projects.archive(at.store, projects.of_id(at.store, project_id)))


@router.post("/projects/{project_id}/restore", summary="Bring a project back", **answers(ProjectShape, NotFound))
def restore(at: At, project_id: Id) -> Response:
    """Bring an archived project back to work."""
    return _shown(at, projects.restore(at.store, projects.of_id(at.store, project_id)))


@router.delete("/projects/{project_id}", summary="Delete a project for good", **answers(ProjectShape, NotFound, Conflict))
def delete(
    at: At, project_id: Id, cascade: Annotated[bool, Query(description="Its sessions, turns, facts and handoffs go with it.")] = False
) -> Response:
    """Delete a project and answer what it was. One that holds sessions is only deleted with `cascade=true`; archiving it is the gentle way."""
    held = projects.by_id(at.store, project_id)
    answer = _answer(at, held)
    projects.delete(at.store, held.project, only_empty=not cascade)
    return answer


def _shown(at: At, project: Project) -> Response:
    return _answer(at, projects.show(at.store, project))


def _answer(at: At, line: ProjectLine) -> Response:
    return ok(project_shape(line, growths(at.store, [line.project])))
