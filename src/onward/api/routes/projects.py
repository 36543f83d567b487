"""Projects: what a person works on over many sessions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from fastapi import Query, Response
from pydantic import Field

from onward.api.answers.envelope import answers, ok, pages
from onward.api.answers.paging import Paging
from onward.api.bodies import Body, ChangeBody, EditVersion, Id, IdField, Text
from onward.api.context import Context
from onward.api.parsing import create_router
from onward.app.admin.confirmation import require_name
from onward.app.analytics import ProjectGrowths, growth_by_project
from onward.app.projects import projects
from onward.app.projects.projects import Project, ProjectOverview
from onward.app.repository.origin import Origin
from onward.app.sessions import reassignment
from onward.core.edit_version import edit_version
from onward.errors import BadInput, Conflict, NotFound

router = create_router("projects")


class NewProject(Body):
    """A project to create. Its name is unique, and not only digits."""

    name: Text = Field(min_length=1, max_length=200, examples=["kopi-shop"])
    description: Text = Field("", max_length=10_000, examples=["The shop's site and its orders"])
    root: Text = Field(
        "", max_length=4000, description="The folder of the project's repository: sessions in it belong to the project.", examples=[""]
    )
    remote: Text = Field("", max_length=4000, description="The remote address of the repository.", examples=["github.com/kopi/shop"])


class ProjectLookupBody(Body):
    """How to find a project: by name or id, else by repository (folder and remote address), else as the only project."""

    name: Text = Field("", max_length=200, examples=["kopi-shop"])
    root: Text = Field("", max_length=4000, examples=[""])
    remote: Text = Field("", max_length=4000, examples=[""])
    folder: Text = Field("", max_length=4000, description="The current folder.", examples=[""])


class RemapBody(Body):
    """What moves to a project: everything of another project, some of its sessions by number, or every session in a folder or below, now
    and in future.
    """

    from_project_id: IdField | None = Field(None, examples=[2])
    sessions: list[IdField] = Field(default_factory=list, max_length=10_000, examples=[[]])
    folder: Text = Field("", max_length=4000, examples=[""])


class ProjectChange(ChangeBody):
    """The fields of a project to change; the others stay unchanged. An archived project is not listed, but nothing is deleted."""

    name: Text | None = Field(None, min_length=1, max_length=200, examples=["kopi-shop"])
    description: Text | None = Field(None, max_length=10_000, examples=["The shop's site and its orders"])
    status: Literal["active", "archived"] | None = Field(None, examples=["active"])
    version: EditVersion = Field("", description="The version that was read; 409 if it changed since.", examples=[""])


@dataclass(frozen=True, slots=True)
class ProjectShape:
    """A project and its totals. `growth` is in percent: the mean actual output of its last five sessions compared with its first five."""

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
    version: str


@dataclass(frozen=True, slots=True)
class MovedSessionShape:
    """A session that moved to another project. `number` is its new number, null if the target already had all its turns."""

    project: str
    old_number: int
    number: int | None


@dataclass(frozen=True, slots=True)
class RemapShape:
    """What moved to a project. `deleted_projects` are the names of projects that were deleted because everything in them moved."""

    project: ProjectShape
    sessions: list[MovedSessionShape]
    deleted_projects: list[str]


def project_shape(line: ProjectOverview, growth_report: ProjectGrowths) -> ProjectShape:
    """Return the shape of a project."""
    project, totals, growth = line.project, line.totals, growth_report.growth_by_id.get(line.project.id)
    return ProjectShape(
        id=project.id,
        name=project.name,
        description=project.description,
        status=project.status,
        root=project.root,
        remote=project.remote,
        session_count=totals.sessions,
        completed_count=totals.completed,
        turn_count=totals.turns,
        tokens=totals.tokens,
        credits_used=totals.credits_used,
        growth=growth.percent if growth else 0.0,
        mean_preservation_ratio=growth_report.preservation_ratio_by_id.get(project.id),
        last_session_at=totals.last_at,
        last_activity_at=totals.last_at or project.created_at,
        created_at=project.created_at,
        updated_at=project.updated_at,
        version=edit_version(project),
    )


@router.get("/projects", summary="List the projects", **pages(ProjectShape))
def list_projects(
    context: Context,
    page: Paging,
    archived: Annotated[bool, Query(description="Only archived projects. Default: only active ones.")] = False,
) -> Response:
    """List the active projects by name, or the archived ones."""
    lines = projects.list_projects(context.store, archived=archived, after=page.last_key(str), limit=page.limit + 1)
    growth_report = growth_by_project(context.store, [line.project for line in lines])
    return page.answer(
        lines, shape=lambda line: project_shape(line, growth_report), key_of=lambda project_line: (project_line.project.name,)
    )


@router.post("/projects", summary="Create a project", **answers(ProjectShape, Conflict))
def create_project(context: Context, body: NewProject) -> Response:
    """Create a project."""
    return _answer_project(
        context, projects.create(context.store, body.name, description=body.description, repository=(body.root, body.remote))
    )


@router.get("/projects/find", summary="Find a project", **answers(ProjectShape, NotFound))
def find_project(
    context: Context,
    name: Annotated[Text, Query(max_length=200, description="The project's name or id.")] = "",
    root: Annotated[Text, Query(max_length=4000, description="The folder of the current repository.")] = "",
    remote: Annotated[Text, Query(max_length=4000, description="The remote address of that repository.")] = "",
    folder: Annotated[Text, Query(max_length=4000, description="The current folder.")] = "",
    guess: Annotated[bool, Query(description="Whether to return the only project if nothing else matches.")] = True,
) -> Response:
    """Return the project of that name; else the project of that repository; else the only project."""
    return _answer_project(context, projects.resolve_origin(context.store, Origin(name, root, remote, folder), guess=guess))


@router.get("/projects/found", summary="Find the project of a session", **answers(ProjectShape | None))
def find_destination(
    context: Context,
    name: Annotated[Text, Query(max_length=200, description="The project named by a settings file in that folder.")] = "",
    root: Annotated[Text, Query(max_length=4000, description="The folder of the session's repository.")] = "",
    remote: Annotated[Text, Query(max_length=4000, description="The remote address of that repository.")] = "",
    folder: Annotated[Text, Query(max_length=4000, description="The session's folder.")] = "",
) -> Response:
    """Return the project that an import would put the session into; null if it would create one."""
    project = projects.find_by_origin(context.store, Origin(name, root, remote, folder))
    return _answer_project(context, project) if project else ok(None)


@router.post("/projects/find", summary="Find a project, or create it", **answers(ProjectShape, NotFound, Conflict))
def find_or_create(context: Context, body: ProjectLookupBody) -> Response:
    """Return the project as `GET /projects/find` does. A missing one is created, named after its repository if no name is sent."""
    return _answer_project(
        context, projects.resolve_origin(context.store, Origin(body.name, body.root, body.remote, body.folder), create=True)
    )


@router.get("/projects/{project_id}", summary="Show a project", **answers(ProjectShape, NotFound))
async def show_project(context: Context, project_id: Id) -> Response:
    """Return a project and its totals."""
    return await context.read(lambda: _answer_line(context, projects.require_line(context.store, project_id)))


@router.patch("/projects/{project_id}", summary="Change a project", **answers(ProjectShape, NotFound, Conflict))
def change_project(context: Context, project_id: Id, body: ProjectChange) -> Response:
    """Rename, describe, archive or restore a project."""
    project = projects.require(context.store, project_id)
    return _answer_project(
        context,
        projects.update(context.store, project, name=body.name, description=body.description, status=body.status, version=body.version),
    )


@router.post("/projects/{project_id}/archive", summary="Archive a project", **answers(ProjectShape, NotFound))
def archive_project(context: Context, project_id: Id) -> Response:
    """Archive a project: nothing is deleted, but it is not listed with the active ones."""
    return _answer_project(context, projects.archive(context.store, projects.require(context.store, project_id)))


@router.post("/projects/{project_id}/restore", summary="Restore a project", **answers(ProjectShape, NotFound))
def restore_project(context: Context, project_id: Id) -> Response:
    """Restore an archived project."""
    return _answer_project(context, projects.restore(context.store, projects.require(context.store, project_id)))


@router.post("/projects/{project_id}/remap", summary="Move sessions to a project", **answers(RemapShape, NotFound))
def remap_sessions(context: Context, project_id: Id, body: RemapBody) -> Response:
    """Move sessions to a project, and future ones too. They get its next numbers in order of time, and the ledgers are merged."""
    target = projects.require(context.store, project_id)
    if (body.from_project_id is None) == (not body.folder):
        raise BadInput(
            "Send exactly one of from_project_id and folder.",
            "from_project_id moves a project or its sessions, folder moves all sessions in a folder.",
        )
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
    cascade: Annotated[bool, Query(description="Also delete its sessions, turns, facts and handoffs.")] = False,
    name: Annotated[str, Query(max_length=200, description="The project's name, to confirm the deletion.")] = "",
) -> Response:
    """Delete a project and return it. A project with sessions is only deleted with `cascade=true` and its `name`; archiving it deletes
    nothing.
    """
    line = projects.require_line(context.store, project_id)
    if cascade:
        require_name(name, line.project.name)
    answer = _answer_line(context, line)
    projects.delete(context.store, line.project, only_empty=not cascade)
    return answer


def _answer_project(context: Context, project: Project) -> Response:
    return _answer_line(context, projects.show(context.store, project))


def _answer_line(context: Context, line: ProjectOverview) -> Response:
    return ok(project_shape(line, growth_by_project(context.store, [line.project])))
