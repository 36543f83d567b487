"""Projects: what a person works on over many sessions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from fastapi import Query, Response
from pydantic import Field

from onward.api.answers.envelope import answers, ok, pages
from onward.api.answers.paging import Paging
from onward.api.bodies import Body, ChangeBody, Id, IdField, Text
from onward.api.context import Context
from onward.api.parsing import create_router
from onward.app.analytics import ProjectGrowths, growth_by_project
from onward.app.projects import projects
from onward.app.projects.projects import Project, ProjectOverview
from onward.app.repository.project_clues import Origin
from onward.app.sessions import reassignment
from onward.errors import BadInput, Conflict, NotFound

router = create_router("projects")


class NewProject(Body):
    """A project to make. Its name is its own: no other project has it, and it is not digits alone."""

    name: Text = Field(min_length=1, max_length=200, examples=["kopi-shop"])
    description: Text = Field("", max_length=10_000, examples=["The shop's site and its orders"])
    root: Text = Field(
        "", max_length=4000, description="The folder of its repository: sessions that ran there belong to it.", examples=[""]
    )
    remote: Text = Field("", max_length=4000, description="The address of its repository.", examples=["github.com/kopi/shop"])


class ProjectLookupBody(Body):
    """What tells a project: its name or id; else the repository somebody works in, by its folder and its address; else that there is only one."""

    name: Text = Field("", max_length=200, examples=["kopi-shop"])
    root: Text = Field("", max_length=4000, examples=[""])
    remote: Text = Field("", max_length=4000, examples=[""])
    folder: Text = Field("", max_length=4000, description="The folder somebody works in.", examples=[""])


class RemapBody(Body):
    """What is to go to a project: everything of another one, some sessions of it by number, or every session that ran in a folder or below, now and later."""

    from_project_id: IdField | None = Field(None, examples=[2])
    sessions: list[IdField] = Field(default_factory=list, max_length=10_000, examples=[[]])
    folder: Text = Field("", max_length=4000, examples=[""])


class ProjectChange(ChangeBody):
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
    last_session_at: datetime | None
    last_activity_at: datetime
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class MovedSessionShape:
    """A session that went to another project. `number` is its new one, null where that project held all of its turns already."""

    project: str
    before: int
    number: int | None


@dataclass(frozen=True, slots=True)
class RemapShape:
    """What went to a project. `emptied` are the names of the projects that are gone, because all they had went there."""

    project: ProjectShape
    sessions: list[MovedSessionShape]
    emptied: list[str]


def project_shape(line: ProjectOverview, growth_report: ProjectGrowths) -> ProjectShape:
    """Return a project as it is answered."""
    project, totals, growth = line.project, line.totals, growth_report.growth_by_id.get(line.project.id)
    return ProjectShape(
        id=project.id, name=project.name, description=project.description, status=project.status, root=project.root, remote=project.remote, session_count=totals.sessions, completed_count=totals.completed, turn_count=totals.turns, tokens=totals.tokens,
        credits_used=totals.credits_used, growth=growth.percent if growth else 0.0, mean_preservation_ratio=growth_report.kept_ratio_by_id.get(project.id), last_session_at=totals.last_at, last_activity_at=totals.last_at or project.created_at, created_at=project.created_at, updated_at=project.updated_at,
    )  # fmt: skip


@router.get("/projects", summary="List the projects", **pages(ProjectShape))
def list_projects(
    context: Context, page: Paging, archived: Annotated[bool, Query(description="The archived ones, not those at work.")] = False
) -> Response:
    """Answer the projects at work, by name, or the archived ones."""
    lines = projects.list_projects(context.store, archived=archived, after=page.last_key(str), limit=page.limit + 1)
    growth_report = growth_by_project(context.store, [line.project for line in lines])
    return page.answer(
        lines, shape=lambda line: project_shape(line, growth_report), key_of=lambda project_line: (project_line.project.name,)
    )


@router.post("/projects", summary="Make a project", **answers(ProjectShape, Conflict))
def create_project(context: Context, body: NewProject) -> Response:
    """Make a project and answer it."""
    return _answer_project(
        context, projects.create(context.store, body.name, description=body.description, repository=(body.root, body.remote))
    )


@router.get("/projects/find", summary="Find the project that is meant", **answers(ProjectShape, NotFound))
def find_project(
    context: Context,
    name: Annotated[Text, Query(max_length=200, description="Its name, or its id.")] = "",
    root: Annotated[Text, Query(max_length=4000, description="The folder of the repository somebody works in.")] = "",
    remote: Annotated[Text, Query(max_length=4000, description="The address of that repository.")] = "",
    folder: Annotated[Text, Query(max_length=4000, description="The folder somebody works in.")] = "",
    guess: Annotated[bool, Query(description="Whether the only project there is is meant where nothing else tells.")] = True,
) -> Response:
    """Answer the project of that name; else the one whose repository it is; else the only one there is."""
    return _answer_project(context, projects.resolve_origin(context.store, Origin(name, root, remote, folder), guess=guess))


@router.get("/projects/found", summary="Tell where a session would go", **answers(ProjectShape | None))
def find_destination(
    context: Context,
    name: Annotated[Text, Query(max_length=200, description="The project that a settings file there names.")] = "",
    root: Annotated[Text, Query(max_length=4000, description="The folder of the repository that the session ran in.")] = "",
    remote: Annotated[Text, Query(max_length=4000, description="The address of that repository.")] = "",
    folder: Annotated[Text, Query(max_length=4000, description="The folder that it ran in.")] = "",
) -> Response:
    """Answer the project that a session which ran there would go to, as an import finds it; null where it would be a new one."""
    project = projects.find_by_origin(context.store, Origin(name, root, remote, folder))
    return _answer_project(context, project) if project else ok(None)


@router.post("/projects/find", summary="Find the project that is meant, or make it", **answers(ProjectShape, NotFound))
def find_or_create(context: Context, body: ProjectLookupBody) -> Response:
    """Answer the project that is meant, as `GET /projects/find` does; one that is not there is made, named after its repository where no name is sent."""
    return _answer_project(
        context, projects.resolve_origin(context.store, Origin(body.name, body.root, body.remote, body.folder), create=True)
    )


@router.get("/projects/{project_id}", summary="Show a project", **answers(ProjectShape, NotFound))
async def show_project(context: Context, project_id: Id) -> Response:
    """Answer a project and what it holds."""
    return await context.read(lambda: _answer_line(context, projects.require_line(context.store, project_id)))


@router.patch("/projects/{project_id}", summary="Change a project", **answers(ProjectShape, NotFound, Conflict))
def change_project(context: Context, project_id: Id, body: ProjectChange) -> Response:
    """Rename a project, describe it otherwise, put it away or bring it back."""
    project = projects.require(context.store, project_id)
    return _answer_project(
        context, projects.update(context.store, project, name=body.name, description=body.description, status=body.status)
    )


@router.post("/projects/{project_id}/archive", summary="Put a project away", **answers(ProjectShape, NotFound))
def archive_project(context: Context, project_id: Id) -> Response:
    """Put a project away: everything of it is kept, and it is not listed with those at work."""
    return _answer_project(context, projects.archive(context.store, projects.require(context.store, project_id)))


@router.post("/projects/{project_id}/restore", summary="Bring a project back", **answers(ProjectShape, NotFound))
def restore_project(context: Context, project_id: Id) -> Response:
    """Bring an archived project back to work."""
    return _answer_project(context, projects.restore(context.store, projects.require(context.store, project_id)))


@router.post("/projects/{project_id}/remap", summary="Give sessions to a project", **answers(RemapShape, NotFound))
def remap_sessions(context: Context, project_id: Id, body: RemapBody) -> Response:
    """Give sessions to a project, and those to come: they get its next numbers, in order of time, and what is known of both projects is put together anew."""
    target = projects.require(context.store, project_id)
    if (body.from_project_id is None) == (not body.folder):
        raise BadInput("Nothing tells what is to go there, or two things do.", "Send from_project_id, or folder.")
    if body.from_project_id is None:
        remapped = reassignment.remap_folder(context.store, body.folder, target)
    else:
        source = projects.require(context.store, body.from_project_id)
        remapped = (
            reassignment.remap_sessions(context.store, source, body.sessions, target)
            if body.sessions
            else reassignment.remap_project(context.store, source, target)
        )
    line = projects.show(context.store, target)
    moved_sessions = [MovedSessionShape(session.project, session.before, session.number) for session in remapped.sessions]
    return ok(RemapShape(project_shape(line, growth_by_project(context.store, [target])), moved_sessions, remapped.deleted_projects))


@router.delete("/projects/{project_id}", summary="Delete a project for good", **answers(ProjectShape, NotFound, Conflict))
def delete_project(
    context: Context,
    project_id: Id,
    cascade: Annotated[bool, Query(description="Its sessions, turns, facts and handoffs go with it.")] = False,
) -> Response:
    """Delete a project and answer what it was. One that holds sessions is only deleted with `cascade=true`; archiving it is the gentle way."""
    line = projects.require_line(context.store, project_id)
    answer = _answer_line(context, line)
    projects.delete(context.store, line.project, only_empty=not cascade)
    return answer


def _answer_project(context: Context, project: Project) -> Response:
    return _answer_line(context, projects.show(context.store, project))


def _answer_line(context: Context, line: ProjectOverview) -> Response:
    return ok(project_shape(line, growth_by_project(context.store, [line.project])))
