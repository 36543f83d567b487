"""Whole projects, out of a server's store and into it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from onward.client.files import pieces_of
from onward.client.jobs import Jobs, Tell
from onward.client.projects import Projects
from onward.client.rooms import Room
from onward.core.arrival import Arrived, Exported
from onward.core.project import Project
from onward.errors import UnreadableFile


class Archives(Room):
    """A project as one file."""

    def export(self, project: Project, target: Path, *, training: bool = False, on_progress: Tell | None = None) -> Exported:
        """Write a whole project to *target*, a zip; with *training* its sessions as chats to train on, too."""
        job_id = self._wire.post("/private/export-project", {"project_id": project.id, "training": training, "in_background": True})[
            "job_id"
        ]
        jobs = Jobs(self._wire)
        made = jobs.result(job_id, on_progress)
        # Beside its place first: nobody takes half an archive for a whole one.
        part = target.with_name(f"{target.name}.part")
        try:
            jobs.fetch(job_id, part)
            part.replace(target)
        except OSError as error:
            raise UnreadableFile(f"{target} cannot be written: {error.strerror}.", "Name another file, or free some disk space.") from error
        finally:
            part.unlink(missing_ok=True)
        return Exported(target, target.stat().st_size, made["sessions"], made["turns"], made["handoffs"])

    def bring_in(self, file: Path, *, name: str = "", on_progress: Tell | None = None) -> Arrived:
        """Bring in a project that was exported, whole or not at all; under *name* where it is given. Raises `BadArchive`."""

        def content() -> dict[str, Any]:
            return {"content": pieces_of(file), "headers": {"content-type": "application/zip"}}

        job_id = self._wire.send("/projects/import", content, name=name, in_background=True)["job_id"]
        made = Jobs(self._wire).result(job_id, on_progress)
        project = Projects(self._wire).find(str(made["project_id"]))
        return Arrived(project, made["sessions"], made["turns"], made["handoffs"], made["again"])
