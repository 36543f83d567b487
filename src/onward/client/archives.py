"""Export and import of whole projects."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from onward.client.files import read_chunks
from onward.client.jobs import OnProgress, RemoteJobs
from onward.client.projects import RemoteProjects
from onward.client.resource import RemoteResource
from onward.core.archive_result import ExportedArchive, ImportedArchive
from onward.core.project import Project
from onward.errors import UnreadableFile
from onward.message import Message


class RemoteArchives(RemoteResource):
    """Whole projects as files."""

    def export(self, project: Project, target: Path, *, training: bool = False, on_progress: OnProgress | None = None) -> ExportedArchive:
        """Write a whole project to *target*, a zip; with *training* also its sessions as chats for training."""
        job_id = self._server.post("/private/export-project", {"project_id": project.id, "training": training, "in_background": True})[
            "job_id"
        ]
        jobs = RemoteJobs(self._server)
        result = jobs.wait_for_result(job_id, on_progress)
        # Written to a neighbour file first, so that *target* is never half an archive.
        partial_file = target.with_name(f"{target.name}.part")
        try:
            jobs.fetch_file(job_id, partial_file)
            partial_file.replace(target)
        except OSError as error:
            raise UnreadableFile(
                Message("{path} cannot be written: {problem}.", path=target, problem=error.strerror),
                "Name another file, or free some disk space.",
            ) from error
        finally:
            partial_file.unlink(missing_ok=True)
        return ExportedArchive(
            path=target, size_bytes=target.stat().st_size, sessions=result["sessions"], turns=result["turns"], handoffs=result["handoffs"]
        )

    def import_archive(self, file: Path, *, name: str = "", on_progress: OnProgress | None = None) -> ImportedArchive:
        """Import an exported project as a whole, under *name* if given. Raises `BadArchive`."""

        def open_content() -> dict[str, Any]:
            return {"content": read_chunks(file), "headers": {"content-type": "application/zip"}}

        job_id = self._server.upload("/projects/import", open_content, name=name, in_background=True)["job_id"]
        result = RemoteJobs(self._server).wait_for_result(job_id, on_progress)
        project = RemoteProjects(self._server).require(str(result["project_id"]))
        return ImportedArchive(
            project=project,
            sessions=result["sessions"],
            turns=result["turns"],
            handoffs=result["handoffs"],
            is_unchanged=result["is_unchanged"],
        )
