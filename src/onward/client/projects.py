"""Projects on a server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from onward.app.repository.project_clues import Origin
from onward.client.decoder import read
from onward.client.jobs import OnProgress, RemoteJobs
from onward.client.resource import RemoteResource, read_handoff, read_project, read_project_line
from onward.core.handoff.stored import RebuildResult
from onward.core.project import MovedSession, Project, ProjectMove, ProjectOverview, ProjectTotals


class RemoteProjects(RemoteResource):
    """What a person works on over many sessions."""

    def create(self, name: str, *, description: str = "", repository: tuple[str, str] = ("", "")) -> Project:
        """Make a project. *place* is the folder and the address of the repository whose sessions belong to it. Raises `Conflict` when the name is taken."""
        root, remote = repository
        answer = self._server.post("/projects", {"name": name, "description": description, "root": root, "remote": remote})
        return read_project(answer["data"])

    def list_projects(self, *, archived: bool = False) -> Iterator[ProjectOverview]:
        """Yield the projects at work, or the archived ones, by name."""
        return map(read_project_line, self._server.iter_rows("/projects", archived=archived))

    def require(self, name: str) -> Project:
        """Return the project of that name or id. Raises `NotFound`."""
        return self.resolve(Origin(name))

    def resolve(self, origin: Origin, *, create: bool = False, guess: bool = True) -> Project:
        """Return the project that *told* means: by name, by repository, or, with *guess*, as the only one there is; made where it is missing, with *create*. Raises `NotFound`."""
        fields = {"name": origin.project_name, "root": origin.root, "remote": origin.remote, "folder": origin.cwd}
        answer = self._server.post("/projects/find", fields) if create else self._server.get("/projects/find", **fields, guess=guess)
        return read_project(answer["data"])

    def find_project(self, origin: Origin) -> Project | None:
        """Return the project that a session which *told* that would go to, as an import finds it; None where it would be a new one."""
        query = {"name": origin.project_name, "root": origin.root, "remote": origin.remote, "folder": origin.cwd}
        data = self._server.get("/projects/found", **query)["data"]
        return read_project(data) if data else None

    def show(self, project: Project) -> ProjectOverview:
        """Return what a project holds."""
        return read_project_line(self._server.get(f"/projects/{project.id}")["data"])

    def rename(self, project: Project, name: str) -> Project:
        """Give a project another name. Raises `Conflict` when that is taken."""
        return read_project(self._server.patch(f"/projects/{project.id}", {"name": name})["data"])

    def describe(self, project: Project, description: str) -> Project:
        """Say otherwise what a project is about."""
        return read_project(self._server.patch(f"/projects/{project.id}", {"description": description})["data"])

    def archive(self, project: Project) -> Project:
        """Put a project away: kept whole, but not listed."""
        return read_project(self._server.post(f"/projects/{project.id}/archive")["data"])

    def restore(self, project: Project) -> Project:
        """Bring an archived project back to work."""
        return read_project(self._server.post(f"/projects/{project.id}/restore")["data"])

    def delete(self, project: Project, *, only_empty: bool = False) -> ProjectTotals:
        """Delete a project with all that is in it, for good; return what it held. Raises `Conflict` when it holds sessions and *only_empty* is meant."""
        return read_project_line(self._server.delete(f"/projects/{project.id}", cascade=not only_empty)["data"]).totals

    def rebuild(self, project: Project, on_progress: OnProgress | None = None) -> RebuildResult:
        """Extract a project's facts anew from the turns that are kept, and make its handoff anew; what a person said of facts stays."""
        job_id = self._server.post(f"/projects/{project.id}/rebuild")["job_id"]
        result = RemoteJobs(self._server).wait_for_result(job_id, on_progress)
        if result["handoff_version"] is None:
            return RebuildResult(result["sessions"], result["facts"], None)
        handoff_id = self._server.get(f"/projects/{project.id}/handoff")["data"]["id"]
        handoff = read_handoff(self._server.get(f"/projects/{project.id}/handoffs/{handoff_id}")["data"])
        return RebuildResult(result["sessions"], result["facts"], handoff)

    def remap_project(self, source: Project, target: Project) -> ProjectMove:
        """Give everything of *source* to *target*; *source* is gone then."""
        return self._remap(target, {"from_project_id": source.id})

    def remap_sessions(self, source: Project, numbers: Sequence[int], target: Project) -> ProjectMove:
        """Give some sessions of *source* to *target*. Raises `NotFound` where one is not there."""
        return self._remap(target, {"from_project_id": source.id, "sessions": list(numbers)})

    def remap_folder(self, folder: str, target: Project) -> ProjectMove:
        """Give every session that ran in *folder*, or below it, to *target*, and those that will."""
        return self._remap(target, {"folder": folder})

    def _remap(self, target: Project, body: Mapping[str, Any]) -> ProjectMove:
        data = self._server.post(f"/projects/{target.id}/remap", body)["data"]
        return ProjectMove(target, [read(MovedSession, session) for session in data["sessions"]], data["emptied"])
