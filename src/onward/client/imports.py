"""Transcripts of this machine, sent to a server."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from onward.app.belonging import belonging
from onward.app.finding import FoundFile, found_files
from onward.app.plan import Known
from onward.client.projects import Projects
from onward.client.reading import read
from onward.client.refusals import error_of
from onward.client.rooms import Room, session_of
from onward.core.imported import Imported, ImportedFile, ImportedSession, Progress
from onward.core.project import Project
from onward.core.transcript import ImportReport, SessionHead
from onward.errors import BadInput, OnwardError, ServerUnreachable, UnreadableFile
from onward.formats import open_source
from onward.formats import read as read_items
from onward.formats.databases import is_database, whole_copy
from onward.formats.source import Source
from onward.settings import Worktrees


class Imports(Room):
    """Transcripts of any format, into the store."""

    def paths(
        self,
        sources: Sequence[Path | BinaryIO],
        *,
        project: Project | None = None,
        fallback: Callable[[], Project] | None = None,
        complete: bool = False,
        budget_tokens: int | None = None,
        worktrees: Worktrees = "together",
        on_progress: Callable[[Progress], None] | None = None,
    ) -> Imported:
        """Send files and whole folders, sessions in order of time, and return what became of each. Sending again keeps only what is new.

        Without *project*, each session goes to the project that it belongs to on this machine, by its folder and its repository, and to what *fallback* answers
        where nothing tells. With *complete*, each is completed before the next is sent. One file's failure never costs the rest.
        """
        found, passed_over = found_files(sources)
        asked = {"project_id": project.id if project else None, "complete": complete, "budget_tokens": budget_tokens}
        outcome = Imported([], passed_over)
        for done, one in enumerate(found):
            if on_progress:
                on_progress(Progress(done, len(found), one.name))
            try:
                outcome.files.append(self._file(one, asked, None if project else fallback, worktrees))
            except ServerUnreachable:
                raise
            except OnwardError as error:
                outcome.files.append(ImportedFile(one.name, error=error))
        if on_progress:
            on_progress(Progress(len(found), len(found), ""))
        return outcome

    def known(self) -> Known:
        """Return what the server knows, for the plan of an import."""
        projects = Projects(self._wire)
        everything = [line.project for archived in (False, True) for line in projects.listed(archived=archived)]
        imported = {
            str(one["path"]): datetime.fromisoformat(one["imported_at"])
            for project in everything
            for one in self._wire.pages(f"/projects/{project.id}/imports")
        }
        return Known({one.name for one in everything}, imported, cache(projects.found))

    def _file(self, one: FoundFile, asked: Mapping[str, Any], fallback: Callable[[], Project] | None, worktrees: Worktrees) -> ImportedFile:
        if one.error:
            return ImportedFile(one.name, error=one.error)
        with tempfile.TemporaryDirectory(prefix="onward-") as folder:
            file, at = _sendable(one, Path(folder))
            places = [] if asked["project_id"] else _places(file, at, worktrees)
            if fallback and None in places:
                asked = {**asked, "project_id": fallback().id}
            told = [place for place in places if place]

            def content() -> dict[str, Any]:
                return {"files": {"files": ("transcript", file.open("rb"))}, "data": {"places": orjson.dumps(told).decode()}}

            answer = self._wire.send("/imports", content, name=one.name[:4000], **asked)
        return _file_of(answer["data"]["files"][0])


def _sendable(one: FoundFile, folder: Path) -> tuple[Path, Path | None]:
    """Return the file to send, and where it lies on this machine: None for a stream. What is sent is one file, whole; a copy in *folder* where it is not so yet."""
    if isinstance(one.source, Path):
        if one.source.is_dir():
            raise BadInput(f"{one.name} is a transcript of several files, which cannot be sent.", "Import it on the server's machine.")
        return (whole_copy(one.source, folder) if is_database(one.source) else one.source), one.source
    copy = folder / "transcript"
    source = one.source if isinstance(one.source, Source) else Source(one.source)
    with source.opened() as stream, copy.open("wb") as target:
        while piece := stream.read(2**18):
            target.write(piece)
    return copy, None


def _places(file: Path, at: Path | None, worktrees: Worktrees) -> list[dict[str, str] | None]:
    """Return what the sessions of *file*, which lies *at* a place of this machine, belong to; None for those where nothing tells."""
    found: dict[tuple[str, str], dict[str, str] | None] = {}
    try:
        for item in read_items(open_source(file), ImportReport()):
            if isinstance(item, SessionHead) and (item.cwd, item.remote) not in found:
                told = belonging(item, at, worktrees)
                place = {"cwd": item.cwd, "remote": item.remote}
                found[item.cwd, item.remote] = {**place, "named": told.named, "root": told.root, "address": told.remote} if told else None
    except UnreadableFile:
        raise
    except OnwardError:
        # What it is that cannot be read, the server says.
        pass
    return list(found.values())


def _file_of(told: Mapping[str, Any]) -> ImportedFile:
    malformed = [(one["line"], one["problem"]) for one in told["malformed"]]
    report = read(ImportReport, told, malformed=malformed, sessions=told["session_count"])
    sessions = [
        ImportedSession(session_of(one["session"]), one["new_turns"], one["known_turns"], one["handoff_version"])
        for one in told["sessions"]
    ]
    return ImportedFile(told["path"], report, sessions, error_of(told["error"]) if told["error"] else None)
