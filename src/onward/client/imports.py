"""Import of transcripts of this machine to a server."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from onward.app.repository.project_clues import session_origin
from onward.app.transcripts.files import FoundFile, find_files
from onward.app.transcripts.local_agents import LocalAgents
from onward.app.transcripts.preview import ImportIndex
from onward.client.decoder import read
from onward.client.errors import read_error
from onward.client.projects import RemoteProjects
from onward.client.resource import RemoteResource, read_session
from onward.client.transport import ServerConnection
from onward.core.import_result import ImportedFile, ImportedSession, ImportProgress, ImportResult
from onward.core.project import Project
from onward.core.transcript.transcript import ImportReport, SessionHead
from onward.errors import BadInput, OnwardError, ServerUnreachable, UnreadableFile
from onward.formats import open_source
from onward.formats import read as read_items
from onward.formats.databases import copy_database, is_database
from onward.formats.opencode import keep_session
from onward.formats.source import TranscriptSource
from onward.message import Message
from onward.settings import Worktrees


class RemoteImports(RemoteResource):
    """Imports of transcripts of any format."""

    def import_paths(
        self,
        sources: Sequence[Path | BinaryIO],
        *,
        project: Project | None = None,
        fallback: Callable[[], Project] | None = None,
        complete: bool = False,
        budget_tokens: int | None = None,
        worktrees: Worktrees = "together",
        session_id: str = "",
        on_progress: Callable[[ImportProgress], None] | None = None,
    ) -> ImportResult:
        """Send files and whole folders, sessions in order of time, and return the outcome of each. Sending again adds only what is new.

        Without *project*, each session goes to the project of its folder and repository on this machine, or to the project that *fallback*
        returns if neither is known. With *complete*, each session is completed before the next is sent. One file's failure does not stop
        the others. *session_id* is the only session to send from a database with many.
        """
        files, skipped_files = find_files(sources, session_id)
        query = {"project_id": project.id if project else None, "complete": complete, "budget_tokens": budget_tokens}
        outcome = ImportResult([], skipped_files)
        for done, file in enumerate(files):
            if on_progress:
                on_progress(ImportProgress(done, len(files), file.name))
            try:
                outcome.files.append(self._send_file(file, query, None if project else fallback, worktrees))
            except ServerUnreachable:
                raise
            except OnwardError as error:
                outcome.files.append(ImportedFile(file.name, error=error))
        if on_progress:
            on_progress(ImportProgress(len(files), len(files), ""))
        return outcome

    def known_imports(self) -> ImportIndex:
        """Return the projects and imported files that the server knows, for an import preview."""
        projects = RemoteProjects(self._server)
        all_projects = [line.project for archived in (False, True) for line in projects.list_projects(archived=archived)]
        import_times = {
            str(imported_file["path"]): datetime.fromisoformat(imported_file["imported_at"])
            for project in all_projects
            for imported_file in self._server.iter_rows(f"/projects/{project.id}/imports")
        }
        return ImportIndex({project.name for project in all_projects}, import_times, cache(projects.find_project))

    def _send_file(
        self, found_file: FoundFile, query: Mapping[str, Any], fallback: Callable[[], Project] | None, worktrees: Worktrees
    ) -> ImportedFile:
        if found_file.error:
            return ImportedFile(found_file.name, error=found_file.error)
        with tempfile.TemporaryDirectory(prefix="onward-") as folder:
            file, original_path = _prepare_upload(found_file, Path(folder))
            places = [] if query["project_id"] else _find_places(file, original_path, worktrees)
            if fallback and None in places:
                query = {**query, "project_id": fallback().id}
            known_places = [place for place in places if place]

            def open_content() -> dict[str, Any]:
                return {"files": {"files": ("transcript", file.open("rb"))}, "data": {"places": orjson.dumps(known_places).decode()}}

            answer = self._server.upload("/imports", open_content, name=found_file.name[:4000], **query)
        return _read_file(answer["data"]["files"][0])


def _prepare_upload(found_file: FoundFile, folder: Path) -> tuple[Path, Path | None]:
    """Return the file to send, and its path on this machine (None for a stream). A database or a stream is copied to *folder* first."""
    if isinstance(found_file.source, Path):
        if found_file.source.is_dir():
            raise BadInput(
                Message("{name} is a transcript of several files, which cannot be sent.", name=found_file.name),
                "Import it on the server's machine.",
            )
        if not is_database(found_file.source):
            return found_file.source, found_file.source
        database = copy_database(found_file.source, folder)
        if found_file.session_id:
            keep_session(database, found_file.session_id)
        return database, found_file.source
    copy = folder / "transcript"
    source = found_file.source if isinstance(found_file.source, TranscriptSource) else TranscriptSource(found_file.source)
    with source.open_stream() as stream, copy.open("wb") as target:
        while chunk := stream.read(2**18):
            target.write(chunk)
    return copy, None


def _find_places(file: Path, original_path: Path | None, worktrees: Worktrees) -> list[dict[str, str] | None]:
    """Return the origins of the sessions in *file*, which was at *original_path*; None for sessions without a known origin."""
    places: dict[tuple[str, str], dict[str, str] | None] = {}
    try:
        for item in read_items(open_source(file), ImportReport()):
            if isinstance(item, SessionHead) and (item.cwd, item.remote) not in places:
                origin = session_origin(item, original_path, worktrees)
                place = {"cwd": item.cwd, "remote": item.remote}
                places[item.cwd, item.remote] = (
                    {**place, "named": origin.project_name, "root": origin.root, "address": origin.remote} if origin else None
                )
    except UnreadableFile:
        raise
    except OnwardError:
        # The server reports why the file cannot be read.
        pass
    return list(places.values())


def _read_file(data: Mapping[str, Any]) -> ImportedFile:
    malformed = [(record["line"], record["problem"]) for record in data["malformed"]]
    report = read(ImportReport, data, malformed=malformed, sessions=data["session_count"])
    sessions = [
        ImportedSession(read_session(row["session"]), row["new_turns"], row["known_turns"], row["handoff_version"])
        for row in data["sessions"]
    ]
    return ImportedFile(data["path"], report, sessions, read_error(data["error"]) if data["error"] else None)


def import_agent_files(server: ServerConnection, local_agents: LocalAgents) -> list[ImportedFile]:
    """Send what the agents of this machine wrote since the last completed session, and return the result for each file."""
    # Imported here: it knows the store, which only few commands on a server need.
    from onward.app.transcripts.catch_up import find_changed_transcripts

    paths = find_changed_transcripts(
        local_agents,
        find_project=RemoteProjects(server).find_project,
        completed_sessions=lambda project: map(read_session, server.iter_rows(f"/projects/{project.id}/sessions", status="completed")),
    )
    return RemoteImports(server).import_paths(paths, worktrees=local_agents.worktrees).files if paths else []
