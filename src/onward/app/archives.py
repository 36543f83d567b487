"""A project as one file: everything that belongs to it, for another machine, for a person to read, or for a model to learn from.

An archive is a zip: JSON lines of all that is kept, every handoff and transcript as Markdown, and a manifest with the sum of each. What follows from
the rest (the search index, measures, harvested knowledge) is not in it, but made anew where it comes in. It holds the project's key, so that transcripts
imported there are known again: whoever has an archive can test a guess at what a placeholder stands for.
"""

from __future__ import annotations

import marshal
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, BinaryIO, TypeVar

import orjson
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from onward import __version__
from onward.app.archive_reading import ArchiveReader, reading
from onward.app.archive_training import chat
from onward.app.archive_writing import writing
from onward.app.conversation import markdown
from onward.app.deriving import derive
from onward.app.projects import clean_name, free_name
from onward.core.arrival import Arrived, Exported
from onward.core.project import Project
from onward.core.session import Session
from onward.errors import BadArchive, Conflict
from onward.store import Store, events, locks, projects, sessions, turns
from onward.store.archives import SECTIONS, Incoming, Outgoing, ReadyTurn, ready_turns
from onward.store.bodies import Packed
from onward.store.turns import NewTurn

PROJECT, TURNS = "project.json", "turns.jsonl"
TRAINING = "training.jsonl"

_LEFT = b"*On a branch that was left:*\n\n"
_TELLING = {"sessions": ("number", "native_id"), "edits": ("fact_id", "text"), "handoffs": ("version", "markdown")}
"""What tells whether a project that is here holds what an archive does. Turns are counted by their sessions."""

Row = TypeVar("Row")
Tell = Callable[[int, int, str], object]
"""Is told how far long work has come: done, of how many, and what it is at."""


def export_project(store: Store, project: Project, target: Path, *, training: bool = False, on_progress: Tell | None = None) -> Exported:
    """Write everything that belongs to *project* to the file *target*, and return what that is. With *training*, also its sessions as chats to train on.

    The archive is of one moment, whoever else is at work, and holds no more of the project in memory than a few turns. The same project gives the same
    bytes. Raises `UnreadableFile` where *target* cannot be written; what stood there stays then.
    """
    with store.read() as connection, writing(target) as archive:
        outgoing = Outgoing(connection, project.id)
        everything = sessions.listed(connection, project.id)
        progress = _Progress(on_progress, sum(session.turns for session in everything) * (3 if training else 2))
        archive.add(PROJECT, [orjson.dumps(outgoing.project(), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)])
        counts = {}
        for section in SECTIONS:
            rows = outgoing.rows(section)
            counts[section.name] = archive.add_lines(
                f"{section.name}.jsonl", progress.counted(rows, "turns") if section.name == "turns" else rows
            )
        for session in everything:
            archive.add(f"transcripts/{session.number:04}.md", _transcript(connection, session, progress))
        for number, text in outgoing.handoffs():
            archive.add(f"handoffs/{number:04}.md", [text.encode()])
        if training:
            archive.add(TRAINING, _chats(connection, everything, progress))
        archive.finish({"onward": __version__, "project": project.name, "counts": counts})
    return Exported(target, target.stat().st_size, counts["sessions"], counts["turns"], counts["handoffs"])


def import_archive(store: Store, path: Path, *, name: str = "", on_progress: Tell | None = None) -> Arrived:
    """Bring the project of the archive at *path* in, whole or not at all, and return it. *name* is what it is called here, its own by default.

    Where another project has its name, a number tells them apart. Importing again changes nothing. Raises `BadArchive` for a file that is none, is
    damaged or was changed; `Conflict` where the project is here and does not hold all that the archive does.
    """
    with reading(path) as archive:
        _check_parts(archive)
        total = len(archive.parts)
        with TemporaryFile(dir=store.path.parent if store.path else None) as spool:
            for done, part in enumerate(archive.verify(but=TURNS), start=1):
                _tell(on_progress, done, 2 * total, part)
            about = archive.document(PROJECT)
            arrived = _here(store, archive, about)
            if arrived is None:
                with _refusing(archive):
                    _spool(spool, ready_turns(archive.lines(TURNS)))
                _tell(on_progress, total, 2 * total, "keeping it")
                arrived = _taken_in(store, archive, about, name, spool) or _here(store, archive, about)
    if arrived is None:
        raise Conflict("The project came in from elsewhere at the same moment, and was deleted.", "Import it again.")
    if not arrived.again:
        derive(store, arrived.project)
    _tell(on_progress, 2 * total, 2 * total, "")
    return arrived


def _taken_in(store: Store, archive: ArchiveReader, about: dict[str, Any], name: str, spool: BinaryIO) -> Arrived | None:
    """Keep the whole of the archive, its turns made ready before, in one transaction; None where its project came in while it waited for its turn."""
    counts = {}
    with store.write() as connection:
        locks.alone(connection, "archive")
        if projects.by_key(connection, _key(about)):
            return None
        with _refusing(archive):
            archive.at(PROJECT)
            incoming = Incoming(connection, about, free_name(connection, clean_name(name or str(about["name"]))))
            for section in SECTIONS:
                part = f"{section.name}.jsonl"
                archive.at(part)
                rows = archive.lines(part)
                counts[section.name] = incoming.take_turns(_spooled(spool)) if part == TURNS else incoming.take(section, rows)
        made = projects.by_id(connection, incoming.project_id)
        told = {"sessions": counts["sessions"], "handoffs": counts["handoffs"], "new_turns": counts["turns"]}
        events.add(connection, "import", project_id=incoming.project_id, data=told)
    assert made
    return Arrived(made, counts["sessions"], counts["turns"], counts["handoffs"])


def _spool(spool: BinaryIO, ready: Iterable[ReadyTurn]) -> None:
    """Put turns that are ready aside, so that nobody waits for the store while they are made so."""
    for one in ready:
        marshal.dump((one.session, one.is_left, one.new.ordinal, one.new.identity, tuple(one.new.packed)), spool)


def _spooled(spool: BinaryIO) -> Iterator[ReadyTurn]:
    """Yield the turns that were put aside, in a file that this process alone has."""
    spool.seek(0)
    with suppress(EOFError):
        while True:
            session, is_left, ordinal, identity, packed = marshal.load(spool)  # noqa: S302 - we wrote it
            yield ReadyTurn(session, is_left, NewTurn(ordinal, identity, Packed(*packed)))


class _Progress:
    """Counts turns as they go by."""

    def __init__(self, tell: Tell | None, total: int) -> None:
        self._tell = tell
        self._done = 0
        self._total = total

    def counted(self, rows: Iterable[Row], what: str) -> Iterator[Row]:
        for row in rows:
            self._done += 1
            if self._done % 200 == 0:
                _tell(self._tell, self._done, self._total, what)
            yield row


def _tell(tell: Tell | None, done: int, total: int, what: str) -> None:
    if tell:
        tell(done, total, what)


def _transcript(connection: Connection, session: Session, progress: _Progress) -> Iterator[bytes]:
    yield markdown(session.head(), 0).encode()
    was_left = False
    for one in progress.counted(turns.of_session(connection, session.id), f"transcript {session.number}"):
        if one.abandoned and not was_left:
            yield _LEFT
        was_left = one.abandoned
        yield markdown(one.turn, one.ordinal).encode("utf-8", "replace")


def _chats(connection: Connection, everything: Sequence[Session], progress: _Progress) -> Iterator[bytes]:
    for session in everything:
        yield from chat(session.head(), progress.counted(turns.of_session(connection, session.id), f"chat {session.number}"))


def _check_parts(archive: ArchiveReader) -> None:
    needed = {PROJECT, *(f"{section.name}.jsonl" for section in SECTIONS)}
    if missing := sorted(needed - set(archive.parts)):
        raise BadArchive(f"The archive has no {missing[0]}.", "Export the project again, and copy the file whole.")


def _key(about: dict[str, Any]) -> bytes:
    try:
        return bytes.fromhex(about["secret_key"])
    except (KeyError, TypeError, ValueError) as error:
        raise BadArchive(f"{PROJECT} in the archive has no key.", "Export the project again.") from error


@contextmanager
def _refusing(archive: ArchiveReader) -> Iterator[None]:
    """Refuse an archive whose rows are not what a project is made of; nothing of it is kept then."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError, RecursionError, IntegrityError) as error:
        why = "it contradicts itself" if isinstance(error, IntegrityError) else f"{type(error).__name__}: {error}"[:200]
        raise BadArchive(
            f"The archive holds what no project does, in {archive.path} at line {archive.line}: {why}.",
            "It was changed since it was written, or is of a newer Onward. Export the project again.",
        ) from error


def _here(store: Store, archive: ArchiveReader, about: dict[str, Any]) -> Arrived | None:
    """Return the project where it is here already. Raises `Conflict` where the archive holds more than it does, or something else."""
    with store.read() as connection:
        here = projects.by_key(connection, _key(about))
        if here is None:
            return None
        outgoing, counts = Outgoing(connection, here.id), Counter[str]()
        for section in (one for one in SECTIONS if one.name in _TELLING):
            rows = outgoing.rows(section)
            for told in archive.lines(f"{section.name}.jsonl"):
                counts[section.name] += 1
                if not any(_holds(section.name, row, told) for row in rows):
                    raise Conflict(
                        f"The project {here.name!r} is here already, and does not hold all that the archive does.",
                        f"To have it as the archive has it, delete it here first: onward project delete {here.name}",
                    )
        held = sum(session.turns for session in sessions.listed(connection, here.id))
    return Arrived(here, counts["sessions"], held, counts["handoffs"], again=True)


def _holds(section: str, row: dict[str, Any], told: dict[str, Any]) -> bool:
    same = all(row[field] == told.get(field) for field in _TELLING[section])
    return same and (section != "sessions" or row["turns"] >= told.get("turns", 0))
