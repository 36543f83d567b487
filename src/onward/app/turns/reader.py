"""Reading transcripts without a store: their sessions, each turn once, with the same result as importing the same files in the same
order.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple

from onward.app.turns.identity import FIRST_TURNS, TurnMark, TurnMarker, content_chars, content_digest, session_names
from onward.app.turns.onward_traffic import drop_onward_calls
from onward.app.turns.twins import TwinFinder
from onward.core.transcript.transcript import ImportReport, Rewind, SessionHead, Turn
from onward.core.transcript.turn import lighten, turn_tokens
from onward.formats import open_source, read
from onward.redact import DISTILL_KEY, Redactor


@dataclass(slots=True)
class MainPath:
    """The turns of session *number* on its main path, as (ordinal, turn). `tokens` includes abandoned turns."""

    number: int
    head: SessionHead
    turns: list[tuple[int, Turn]] = field(default_factory=list[tuple[int, Turn]])
    tokens: int = 0
    last_ordinal: int = 0
    """The last ordinal given."""

    @property
    def ended_at(self) -> datetime | None:
        """The time of the last turn that has one, or else the start of the session, if known."""
        return next((turn.at for _, turn in reversed(self.turns) if turn.at), self.head.started_at)


class _TurnRecord(NamedTuple):
    """Where a turn was first read, and its size at that time."""

    number: int
    ordinal: int
    chars: int
    tokens: int


class TranscriptReader:
    """Reads transcripts one after the other. With *full*, turns are kept complete; otherwise only the parts that extraction needs."""

    def __init__(self, *, full: bool = False) -> None:
        self.paths: list[MainPath] = []
        self._redactor = Redactor(DISTILL_KEY)
        self._full = full
        self._records: dict[bytes, _TurnRecord] = {}
        self._copies: dict[tuple[str, datetime, bytes], _TurnRecord] = {}
        """Turns by agent, start of the session, and content: the same under another id is a copy."""
        self._paths_by_name: dict[str, MainPath] = {}

    def read(self, source: Path | BinaryIO) -> ImportReport:
        """Read one transcript and return the report about its records."""
        report = ImportReport()
        session_reader: _SessionReader | None = None
        for item in drop_onward_calls(read(open_source(source), report), report):
            if isinstance(item, SessionHead):
                if session_reader:
                    session_reader.finish()
                session_reader = _SessionReader(self, item)
            else:
                session_reader = session_reader or _SessionReader(self, SessionHead(report.format))
                session_reader.add(item)
        if session_reader:
            session_reader.finish()
        return report

    def add_session(self, head: SessionHead, turns: Iterable[Turn]) -> None:
        """Add the turns of one session that is already in memory."""
        session_reader = _SessionReader(self, head)
        for turn in turns:
            session_reader.add(turn)
        session_reader.finish()

    def find_session(self, names: Sequence[str]) -> MainPath | None:
        """Return the session with the first of *names*; or with another of them, if that session had no more turns than the name covers."""
        path = self._paths_by_name.get(names[0])
        if path is None:
            shorter_paths = [
                path for name in names[1:] if (path := self._paths_by_name.get(name)) and name.startswith(f"{path.last_ordinal}:")
            ]
            path = shorter_paths[0] if shorter_paths else None
            if path:
                self._paths_by_name[names[0]] = path
        return path

    def start_session(self, name: str, head: SessionHead) -> MainPath:
        """Start a new session with the next number and return it."""
        path = self._paths_by_name[name] = MainPath(len(self.paths) + 1, self._redactor.head(head))
        self.paths.append(path)
        return path

    def find_record(self, identity: bytes) -> _TurnRecord | None:
        """Return the record of the turn with this identity, or None."""
        return self._records.get(identity)

    def find_twin(self, twins: TwinFinder, path: MainPath, identity: bytes, turn: Turn) -> _TurnRecord | None:
        """Return the record of the turn that *turn*, a turn without an id, repeats in another wording; None if there is none."""
        redacted = self._redactor.turn(turn)
        twin = twins.find(redacted if self._full else lighten(redacted))
        if twin is None:
            return None
        ordinal, known_turn = twin
        record = _TurnRecord(path.number, ordinal, content_chars(known_turn), turn_tokens(known_turn))
        return self._records.setdefault(identity, record)

    def find_copied(self, number: int | None, head: SessionHead, turn: Turn) -> _TurnRecord | None:
        """Return where *turn* was met before under another id, in another session than *number* that begins at the same moment."""
        if head.started_at is None or turn.at is None:
            return None
        record = self._copies.get((head.agent, head.started_at, content_digest(turn)))
        return record if record is not None and record.number != number else None

    def store_turn(self, path: MainPath, identity: bytes, turn: Turn, ordinal: int) -> None:
        """Store *turn* in its session. A turn that was read before has grown, and replaces the earlier one."""
        chars, digest = content_chars(turn), content_digest(turn)
        turn = self._redactor.turn(turn)
        tokens, record = turn_tokens(turn), self._records.get(identity)
        self._records[identity] = _TurnRecord(path.number, ordinal, chars, tokens)
        if path.head.started_at is not None and turn.at is not None:
            self._copies.setdefault((path.head.agent, path.head.started_at, digest), self._records[identity])
        path.tokens += tokens - (record.tokens if record else 0)
        entry = (ordinal, turn if self._full else lighten(turn))
        if record is None:
            path.last_ordinal = ordinal
            path.turns.append(entry)
            return
        index = bisect_left(path.turns, ordinal, key=lambda item: item[0])
        if index < len(path.turns) and path.turns[index][0] == ordinal:
            path.turns[index] = entry


class _SessionReader:
    """Reads one session of one file."""

    def __init__(self, reader: TranscriptReader, head: SessionHead) -> None:
        self._reader = reader
        self._head = head
        self._recogniser = TurnMarker(DISTILL_KEY)
        self._first_items: list[tuple[Turn, TurnMark] | Rewind] | None = []
        self._path: MainPath | None = None
        self._names: list[str] = []
        self._position = 0
        self._positions: dict[str, int] = {}
        self._twins = TwinFinder(())

    def add(self, item: Turn | Rewind) -> None:
        """Add the next turn, or go back to an earlier one."""
        entry = item if isinstance(item, Rewind) else (item, self._recogniser.mark_turn(item))
        if self._first_items is None:
            self._store(entry)
            return
        self._first_items.append(entry)
        if len(self._first_items) == FIRST_TURNS:
            self.finish()

    def finish(self) -> None:
        """Store the first turns, by which a session without an id is identified."""
        first_items, self._first_items = self._first_items or [], None
        if first_items:
            recognised = [entry[1] for entry in first_items if not isinstance(entry, Rewind)]
            self._names = [self._head.id] if self._head.id else session_names(recognised)
            self._path = self._reader.find_session(self._names) if self._names else None
            if self._path and self._head.id:
                self._twins = TwinFinder(self._path.turns)
        for entry in first_items:
            self._store(entry)

    def _store(self, entry: tuple[Turn, TurnMark] | Rewind) -> None:
        if isinstance(entry, Rewind):
            self._rewind(entry)
            return
        turn, recognised = entry
        if self._reader.find_copied(self._path.number if self._path else None, self._head, turn):
            return
        if self._path is None and not (recognised.is_global and self._reader.find_record(recognised.mark)):
            self._path = self._reader.start_session(self._names[0], self._head)
        path = self._path
        if path is not None:
            identity = recognised.identity(path.number)
            record = self._reader.find_record(identity)
            if record is not None and record.number == path.number:
                self._twins.mark_known(record.ordinal)
            elif record is None and turn.id is None and not self._twins.is_empty:
                record = self._reader.find_twin(self._twins, path, identity, turn)
            if record is None:
                self._position = path.last_ordinal + 1
                self._reader.store_turn(path, identity, turn, self._position)
            elif record.number == path.number:
                self._position = record.ordinal
                if record.chars < content_chars(turn):
                    self._reader.store_turn(path, identity, turn, record.ordinal)
        if turn.id is not None:
            self._positions[turn.id] = self._position

    def _rewind(self, rewind: Rewind) -> None:
        self._position = 0 if rewind.to is None else self._positions.get(rewind.to, self._position)
        if self._path is not None:
            self._path.turns = [entry for entry in self._path.turns if entry[0] <= self._position]
