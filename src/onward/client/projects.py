"""Projects on a server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from onward.app.repository.origin import Origin
from onward.client.decoder import read
from onward.client.jobs import OnProgress, RemoteJobs
from onward.client.resource import RemoteResource, read_handoff, read_project, read_project_line
from onward.core.edit_version import edit_version
from onward.core.handoff.versions import RebuildResult
from onward.core.project import MovedSession, Project, ProjectMove, ProjectOverview, ProjectTotals


class RemoteProjects(RemoteResource):
    """Projects: what a person works on over many sessions."""

    def create(self, name: str, *, description: str = "", repository: tuple[str, str] = ("", "")) -> Project:
        """Create a project. *repository* is the folder and the remote address of the repository whose sessions belong to it. Raises
        `Conflict` if the name is taken.
        """
        root, remote = repository
        answer = self._server.post("/projects", {"name": name, "description": description, "root": root, "remote": remote})
        return read_project(answer["data"])

    def list_projects(self, *, archived: bool = False) -> Iterator[ProjectOverview]:
        """Yield the active projects, or the archived ones, by name."""
        return map(read_project_line, self._server.iter_rows("/projects", archived=archived))

    def require(self, name: str) -> Project:
        """Return the project of that name or id. Raises `NotFound`."""
        return self.resolve(Origin(name))

    def resolve(self, origin: Origin, *, create: bool = False, guess: bool = True) -> Project:
        """Return the project of *origin*: by name, by repository, or with *guess* the only project. With *create*, a missing one is
        created. Raises `NotFound`.
        """
        fields = {"name": origin.project_name, "root": origin.root, "remote": origin.remote, "folder": origin.cwd}
        answer = self._server.post("/projects/find", fields) if create else self._server.get("/projects/find", **fields, guess=guess)
        return read_project(answer["data"])

    def find_project(self, origin: Origin) -> Project | None:
        """Return the project that an import would put a session from *origin* into; None if it would create one."""
        query = {"name": origin.project_name, "root": origin.root, "remote": origin.remote, "folder": origin.cwd}
        data = self._server.get("/projects/found", **query)["data"]
        return read_project(data) if data else None

    def show(self, project: Project) -> ProjectOverview:
        """Return a project with its totals."""
        return read_project_line(self._server.get(f"/projects/{project.id}")["data"])

    def rename(self, project: Project, name: str) -> Project:
        """Rename a project. Raises `Conflict` if the name is taken."""
        return read_project(self._server.patch(f"/projects/{project.id}", {"name": name, "version": edit_version(project)})["data"])

    def describe(self, project: Project, description: str) -> Project:
        """Change a project's description."""
        return read_project(
            self._server.patch(f"/projects/{project.id}", {"description": description, "version": edit_version(project)})["data"]
        )

    def archive(self, project: Project) -> Project:
        """Archive a project: nothing is deleted, but it is no longer listed."""
        return read_project(self._server.post(f"/projects/{project.id}/archive")["data"])

    def restore(self, project: Project) -> Project:
        """Restore an archived project."""
        return read_project(self._server.post(f"/projects/{project.id}/restore")["data"])

    def delete(self, project: Project, *, only_empty: bool = False) -> ProjectTotals:
        """Delete a project and everything in it for good; return its totals. Raises `Conflict` if it has sessions with *only_empty*."""
        return read_project_line(self._server.delete(f"/projects/{project.id}", cascade=not only_empty, name=project.name)["data"]).totals

    def rebuild(self, project: Project, on_progress: OnProgress | None = None) -> RebuildResult:
        """Extract a project's facts again from the stored turns, and compose its handoff again. A person's corrections stay."""
        job_id = self._server.post(f"/projects/{project.id}/rebuild")["job_id"]
        result = RemoteJobs(self._server).wait_for_result(job_id, on_progress)
        if result["handoff_version"] is None:
            return RebuildResult(result["sessions"], result["facts"], None)
        handoff_id = self._server.get(f"/projects/{project.id}/handoff")["data"]["id"]
        handoff = read_handoff(self._server.get(f"/projects/{project.id}/handoffs/{handoff_id}")["data"])
        return RebuildResult(result["sessions"], result["facts"], handoff)

    def remap_project(self, source: Project, target: Project) -> ProjectMove:
        """Move everything of *source* to *target*, and delete *source*."""
        return self._remap(target, {"from_project_id": source.id})

    def remap_sessions(self, source: Project, numbers: Sequence[int], target: Project) -> ProjectMove:
        """Move some sessions of *source* to *target*. Raises `NotFound` if one does not exist."""
        return self._remap(target, {"from_project_id": source.id, "sessions": list(numbers)})

    def remap_folder(self, folder: str, target: Project) -> ProjectMove:
        """Move every session that ran in *folder* or below to *target*, and future ones too."""
        return self._remap(target, {"folder": folder})

    def _remap(self, target: Project, body: Mapping[str, Any]) -> ProjectMove:
        data = self._server.post(f"/projects/{target.id}/remap", body)["data"]
        return ProjectMove(target, [read(MovedSession, session) for session in data["sessions"]], data["deleted_projects"])
