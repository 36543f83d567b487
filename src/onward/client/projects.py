"""Projects on a server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from onward.app.belonging import Belonging
from onward.client.jobs import Jobs, Tell
from onward.client.reading import read
from onward.client.rooms import Room, handoff_of, line_of, project_of
from onward.core.project import MovedSession, Project, ProjectLine, ProjectTotals, Remapped
from onward.core.stored_handoff import Rebuilt


class Projects(Room):
    """What a person works on over many sessions."""

    def new(self, name: str, *, description: str = "", place: tuple[str, str] = ("", "")) -> Project:
        """Make a project. *place* is the folder and the address of the repository whose sessions belong to it. Raises `Conflict` when the name is taken."""
        root, remote = place
        told = self._wire.post("/projects", {"name": name, "description": description, "root": root, "remote": remote})
        return project_of(told["data"])

    def listed(self, *, archived: bool = False) -> Iterator[ProjectLine]:
        """Yield the projects at work, or the archived ones, by name."""
        return map(line_of, self._wire.pages("/projects", archived=archived))

    def find(self, name: str) -> Project:
        """Return the project of that name or id. Raises `NotFound`."""
        return self.meant(Belonging(name))

    def meant(self, told: Belonging, *, create: bool = False, guess: bool = True) -> Project:
        """Return the project that *told* means: by name, by repository, or, with *guess*, as the only one there is; made where it is missing, with *create*. Raises `NotFound`."""
        where = {"name": told.named, "root": told.root, "remote": told.remote, "folder": told.cwd}
        answer = self._wire.post("/projects/find", where) if create else self._wire.get("/projects/find", **where, guess=guess)
        return project_of(answer["data"])

    def found(self, told: Belonging) -> Project | None:
        """Return the project that a session which *told* that would go to, as an import finds it; None where it would be a new one."""
        where = {"name": told.named, "root": told.root, "remote": told.remote, "folder": told.cwd}
        answer = self._wire.get("/projects/found", **where)["data"]
        return project_of(answer) if answer else None

    def show(self, project: Project) -> ProjectLine:
        """Return what a project holds."""
        return line_of(self._wire.get(f"/projects/{project.id}")["data"])

    def rename(self, project: Project, name: str) -> Project:
        """Give a project another name. Raises `Conflict` when that is taken."""
        return project_of(self._wire.patch(f"/projects/{project.id}", {"name": name})["data"])

    def describe(self, project: Project, description: str) -> Project:
        """Say otherwise what a project is about."""
        return project_of(self._wire.patch(f"/projects/{project.id}", {"description": description})["data"])

    def archive(self, project: Project) -> Project:
        """Put a project away: kept whole, but not listed."""
        return project_of(self._wire.post(f"/projects/{project.id}/archive")["data"])

    def restore(self, project: Project) -> Project:
        """Bring an archived project back to work."""
        return project_of(self._wire.post(f"/projects/{project.id}/restore")["data"])

    def delete(self, project: Project, *, only_empty: bool = False) -> ProjectTotals:
        """Delete a project with all that is in it, for good; return what it held. Raises `Conflict` when it holds sessions and *only_empty* is meant."""
        return line_of(self._wire.delete(f"/projects/{project.id}", cascade=not only_empty)["data"]).totals

    def rebuild(self, project: Project, on_progress: Tell | None = None) -> Rebuilt:
        """Extract a project's facts anew from the turns that are kept, and make its handoff anew; what a person said of facts stays."""
        job_id = self._wire.post(f"/projects/{project.id}/rebuild")["job_id"]
        made = Jobs(self._wire).result(job_id, on_progress)
        if made["handoff_version"] is None:
            return Rebuilt(made["sessions"], made["facts"], None)
        handoff_id = self._wire.get(f"/projects/{project.id}/handoff")["data"]["id"]
        handoff = handoff_of(self._wire.get(f"/projects/{project.id}/handoffs/{handoff_id}")["data"])
        return Rebuilt(made["sessions"], made["facts"], handoff)

    def remap_project(self, source: Project, target: Project) -> Remapped:
        """Give everything of *source* to *target*; *source* is gone then."""
        return self._remapped(target, {"from_project_id": source.id})

    def remap_sessions(self, source: Project, numbers: Sequence[int], target: Project) -> Remapped:
        """Give some sessions of *source* to *target*. Raises `NotFound` where one is not there."""
        return self._remapped(target, {"from_project_id": source.id, "sessions": list(numbers)})

    def remap_folder(self, folder: str, target: Project) -> Remapped:
        """Give every session that ran in *folder*, or below it, to *target*, and those that will."""
        return self._remapped(target, {"folder": folder})

    def _remapped(self, target: Project, what: Mapping[str, Any]) -> Remapped:
        told = self._wire.post(f"/projects/{target.id}/remap", what)["data"]
        return Remapped(target, [read(MovedSession, one) for one in told["sessions"]], told["emptied"])
