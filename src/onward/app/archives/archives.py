"""A project as one file: for another machine, for people to read, or for training a model.

An archive is a zip with JSON lines of everything stored, all handoffs and transcripts as Markdown, and a manifest with the checksum of each
part. Derived data (search index, measures, harvested knowledge) is left out and computed again on import. The archive contains the
project's key, so that its transcripts are recognized after the import: whoever has the archive can test guesses at what a placeholder
stands for.
"""

from __future__ import annotations

import marshal
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

import orjson
from sqlalchemy.exc import IntegrityError

from onward import __version__
from onward.app.archives.chat_jsonl import render_chat
from onward.app.archives.reader import ArchiveReader, open_archive
from onward.app.archives.writer import write_archive
from onward.app.projects.projects import clean_name, free_name
from onward.app.sessions.rederivation import rederive
from onward.app.turns.markdown import markdown
from onward.core.archive_result import ExportedArchive, ImportedArchive
from onward.core.project import Project
from onward.core.session import Session
from onward.errors import BadArchive, Conflict
from onward.message import Message
from onward.redact import Redactor
from onward.store import Store, events, locks, projects, sessions, turns
from onward.store.archives import SECTIONS, ArchiveTurn, ProjectExporter, ProjectImporter, parse_turns
from onward.store.turn_bodies import PackedTurn
from onward.store.turns import NewTurn

if TYPE_CHECKING:
    from sqlalchemy import Connection

PROJECT, TURNS = "project.json", "turns.jsonl"
TRAINING = "training.jsonl"

_BRANCH_NOTE = b"*On an abandoned branch:*\n\n"
_LATER_SECTIONS = ("bookmarks",)
"""Sections that archives of earlier versions do not have."""
_IDENTIFYING_FIELDS = {"sessions": ("number", "native_id"), "edits": ("fact_id", "text"), "handoffs": ("version", "markdown")}
"""The fields that show whether an existing project contains what an archive contains. Turns are counted per session."""

Row = TypeVar("Row")
ArchiveProgressCallback = Callable[[int, int, str], object]
"""Called with the number of finished items, the total, and what is being processed."""


def export_project(
    store: Store, project: Project, target: Path, *, training: bool = False, on_progress: ArchiveProgressCallback | None = None
) -> ExportedArchive:
    """Write everything that belongs to *project* to the file *target* and return a summary. With *training*, sessions are also written as
    chats to train on.

    The archive is a consistent snapshot and is written with a few turns in memory at a time. The same project gives the same bytes. Raises
    `UnreadableFile` if *target* cannot be written; an existing file stays then.
    """
    with store.read() as connection, write_archive(target) as archive:
        outgoing = ProjectExporter(connection, project.id)
        all_sessions = sessions.list_sessions(connection, project.id)
        progress = _TurnProgress(on_progress, sum(session.turns for session in all_sessions) * (3 if training else 2))
        archive.add(PROJECT, [orjson.dumps(outgoing.project(), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)])
        counts = {}
        for section in SECTIONS:
            rows = outgoing.rows(section)
            counts[section.name] = archive.add_lines(
                f"{section.name}.jsonl", progress.track(rows, "turns") if section.name == "turns" else rows
            )
        for session in all_sessions:
            archive.add(f"transcripts/{session.number:04}.md", _render_transcript(connection, session, progress))
        for number, text in outgoing.handoffs():
            archive.add(f"handoffs/{number:04}.md", [text.encode()])
        if training:
            archive.add(TRAINING, _render_chats(connection, all_sessions, progress))
        archive.finish({"onward": __version__, "project": project.name, "counts": counts})
    return ExportedArchive(
        path=target, size_bytes=target.stat().st_size, sessions=counts["sessions"], turns=counts["turns"], handoffs=counts["handoffs"]
    )


def import_archive(store: Store, path: Path, *, name: str = "", on_progress: ArchiveProgressCallback | None = None) -> ImportedArchive:
    """Import the project of the archive at *path*, completely or not at all, and return it. *name* renames it.

    If another project has the name, a number is added. Importing an archive again changes nothing. Raises `BadArchive` for a file that is
    no archive, is damaged or was changed, and `Conflict` if the project exists and does not contain everything that the archive contains.
    """
    with open_archive(path) as archive:
        _check_parts(archive)
        total = len(archive.parts)
        with TemporaryFile(dir=store.path.parent if store.path else None) as spool:
            for done, part in enumerate(archive.verify(skipped=TURNS), start=1):
                _report_progress(on_progress, done, 2 * total, part)
            project_data = archive.read_document(PROJECT)
            arrival = _find_existing(store, archive, project_data)
            if arrival is None:
                with _refuse_invalid(archive):
                    _spool(spool, parse_turns(archive.read_lines(TURNS), Redactor(_project_key(project_data)).turn))
                _report_progress(on_progress, total, 2 * total, "storing the project")
                arrival = _store_archive(store, archive, project_data, name, spool) or _find_existing(store, archive, project_data)
    if arrival is None:
        raise Conflict("The project was imported elsewhere at the same time, and deleted.", "Import it again.")
    if not arrival.is_unchanged:
        rederive(store, arrival.project)
    _report_progress(on_progress, 2 * total, 2 * total, "")
    return arrival


def _store_archive(
    store: Store, archive: ArchiveReader, project_data: dict[str, Any], name: str, spool: BinaryIO
) -> ImportedArchive | None:
    """Store the whole archive in one transaction, with the turns prepared in *spool*; return None if the project was imported meanwhile."""
    counts = {}
    redactor = Redactor(_project_key(project_data))
    project_data = _redact_row(redactor, project_data)
    with store.write() as connection:
        locks.lock_transaction(connection, "archive")
        if projects.find_by_key(connection, _project_key(project_data)):
            return None
        with _refuse_invalid(archive):
            archive.start_part(PROJECT)
            incoming = ProjectImporter(
                connection, project_data, free_name(connection, clean_name(redactor.text(name) or str(project_data["name"])))
            )
            for section in SECTIONS:
                part = f"{section.name}.jsonl"
                if part not in archive.parts:
                    continue
                archive.start_part(part)
                rows = (_redact_row(redactor, row) for row in archive.read_lines(part))
                counts[section.name] = incoming.insert_turns(_read_spool(spool)) if part == TURNS else incoming.insert_rows(section, rows)
        project = projects.find(connection, incoming.project_id)
        payload = {"sessions": counts["sessions"], "handoffs": counts["handoffs"], "new_turns": counts["turns"]}
        events.record(connection, "import", project_id=incoming.project_id, data=payload)
    assert project
    return ImportedArchive(project=project, sessions=counts["sessions"], turns=counts["turns"], handoffs=counts["handoffs"])


def _redact_row(redactor: Redactor, row: dict[str, Any]) -> dict[str, Any]:
    """Return *row* without the secrets that another machine, an older version or an editor left in the archive."""
    return {name: value if name in _LITERAL_FIELDS else redactor.value(value) for name, value in row.items()}


_LITERAL_FIELDS = frozenset(("id", "native_id", "parent_native_id", "fact_id", "identity", "root_commit", "secret_key"))


def _spool(spool: BinaryIO, items: Iterable[ArchiveTurn]) -> None:
    """Write prepared turns to *spool*, so that the store is not locked while turns are prepared."""
    for item in items:
        marshal.dump((item.session, item.is_abandoned, item.new.ordinal, item.new.identity, tuple(item.new.packed)), spool)


def _read_spool(spool: BinaryIO) -> Iterator[ArchiveTurn]:
    """Yield the turns in *spool*, a file that only this process can access."""
    spool.seek(0)
    with suppress(EOFError):
        while True:
            session, is_left, ordinal, identity, packed = marshal.load(spool)  # noqa: S302 - we wrote it
            yield ArchiveTurn(session, is_left, NewTurn(ordinal, identity, PackedTurn(*packed)))


class _TurnProgress:
    """Counts turns and reports progress."""

    def __init__(self, on_progress: ArchiveProgressCallback | None, total: int) -> None:
        self._on_progress = on_progress
        self._done = 0
        self._total = total

    def track(self, rows: Iterable[Row], label: str) -> Iterator[Row]:
        for row in rows:
            self._done += 1
            if self._done % 200 == 0:
                _report_progress(self._on_progress, self._done, self._total, label)
            yield row


def _report_progress(on_progress: ArchiveProgressCallback | None, done: int, total: int, label: str) -> None:
    if on_progress:
        on_progress(done, total, label)


def _render_transcript(connection: Connection, session: Session, progress: _TurnProgress) -> Iterator[bytes]:
    yield markdown(session.head(), 0).encode()
    was_abandoned = False
    for stored in progress.track(turns.read_session(connection, session.id), f"transcript {session.number}"):
        if stored.abandoned and not was_abandoned:
            yield _BRANCH_NOTE
        was_abandoned = stored.abandoned
        yield markdown(stored.turn, stored.ordinal).encode("utf-8", "replace")


def _render_chats(connection: Connection, all_sessions: Sequence[Session], progress: _TurnProgress) -> Iterator[bytes]:
    for session in all_sessions:
        yield from render_chat(session.head(), progress.track(turns.read_session(connection, session.id), f"chat {session.number}"))


def _check_parts(archive: ArchiveReader) -> None:
    needed = {PROJECT, *(f"{section.name}.jsonl" for section in SECTIONS if section.name not in _LATER_SECTIONS)}
    if missing := sorted(needed - set(archive.parts)):
        raise BadArchive(
            Message("The archive has no {missing}.", missing=missing[0]), "Export the project again, and copy the complete file."
        )


def _project_key(project_data: dict[str, Any]) -> bytes:
    try:
        return bytes.fromhex(project_data["secret_key"])
    except (KeyError, TypeError, ValueError) as error:
        raise BadArchive(Message("{project} in the archive has no key.", project=PROJECT), "Export the project again.") from error


@contextmanager
def _refuse_invalid(archive: ArchiveReader) -> Iterator[None]:
    """Raise `BadArchive` if the rows of an archive are no valid project; the transaction is rolled back then."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError, RecursionError, IntegrityError) as error:
        reason = "it contradicts itself" if isinstance(error, IntegrityError) else f"{type(error).__name__}: {error}"[:200]
        raise BadArchive(
            Message(
                "The archive contains invalid data in {path} at line {line}: {reason}.",
                path=archive.path,
                line=archive.line,
                reason=reason,
            ),
            "It was changed after the export, or a newer Onward wrote it. Export the project again.",
        ) from error


def _find_existing(store: Store, archive: ArchiveReader, project_data: dict[str, Any]) -> ImportedArchive | None:
    """Return the project if it exists already. Raises `Conflict` if the archive contains more than the project, or other data."""
    with store.read() as connection:
        existing = projects.find_by_key(connection, _project_key(project_data))
        if existing is None:
            return None
        outgoing, counts = ProjectExporter(connection, existing.id), Counter[str]()
        for section in (item for item in SECTIONS if item.name in _IDENTIFYING_FIELDS):
            rows = outgoing.rows(section)
            for archived_row in archive.read_lines(f"{section.name}.jsonl"):
                counts[section.name] += 1
                if not any(_row_matches(section.name, row, archived_row) for row in rows):
                    raise Conflict(
                        Message(
                            "The project {existing!r} already exists and does not contain everything in the archive.",
                            existing=existing.name,
                        ),
                        Message(
                            "To replace it with the archive, delete it first: onward project delete {existing}",
                            existing=existing.name,
                        ),
                    )
        turn_count = sum(session.turns for session in sessions.list_sessions(connection, existing.id))
    return ImportedArchive(project=existing, sessions=counts["sessions"], turns=turn_count, handoffs=counts["handoffs"], is_unchanged=True)


def _row_matches(section: str, row: dict[str, Any], archived_row: dict[str, Any]) -> bool:
    is_same = all(row[field] == archived_row.get(field) for field in _IDENTIFYING_FIELDS[section])
    return is_same and (section != "sessions" or row["turns"] >= archived_row.get("turns", 0))
