"""Projects: what a person works on over many sessions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Query, Response
from pydantic import Field

from onward.api.desk import At
from onward.api.envelope import answers, ok, pages
from onward.api.paging import Paging
from onward.api.parsing import routes
from onward.api.shapes import Body, Change, Id, Text
from onward.app import projects
from onward.app.projects import ProjectLine
from onward.errors import Conflict, NotFound

router = routes("projects")


class NewProject(Body):
    """A project to make. Its name is its own: no other project has it, and it is not digits alone."""

    name: Text = Field(min_length=1, max_length=200, examples=["kopi-shop"])
    description: Text = Field("", max_length=10_000, examples=["The shop's site and its orders"])


class ProjectChange(Change):
    """What of a project changes."""

    name: Text = Field("", max_length=200, examples=["kopi-shop"])
    description: Text = Field("", max_length=10_000)


@dataclass(frozen=True, slots=True)
class ProjectShape:
    """A project and what it holds."""

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
    last_activity_at: datetime
    created_at: datetime
    updated_at: datetime


def project_shape(line: ProjectLine) -> ProjectShape:
    """Return a project as it is answered."""
    one, held = line.project, line.totals
    return ProjectShape(
        one.id, one.name, one.description, one.status, one.root, one.remote, held.sessions, held.completed, held.turns, held.tokens,
        held.credits_used, held.last_at or one.created_at, one.created_at, one.updated_at,
    )  # fmt: skip


@router.get("/projects", summary="List the projects", **pages(ProjectShape))
def listed(at: At, page: Paging, archived: Annotated[bool, Query(description="The archived ones, not those at work.")] = False) -> Response:
    """Answer the projects at work, by name, or the archived ones."""
    found = projects.listed(at.store, archived=archived, after=page.last(str), limit=page.limit + 1)
    return page.answer(found, shape=project_shape, last=lambda one: (one.project.name,))


@router.post("/projects", summary="Make a project", **answers(ProjectShape, Conflict))
def new(at: At, body: NewProject) -> Response:
    """Make a project and answer it."""
    made = projects.new(at.store, body.name, description=body.description)
    return ok(project_shape(projects.show(at.store, made)))


@router.get("/projects/{project_id}", summary="Show a project", **answers(ProjectShape, NotFound))
def show(at: At, project_id: Id) -> Response:
    """Answer a project and what it holds."""
    return ok(project_shape(projects.by_id(at.store, project_id)))
