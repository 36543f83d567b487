"""Reading transcripts without a store: the sessions in them, each turn once, as importing the same files in the same order would keep them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple

from onward.app.turns.identity import FIRST_TURNS, TurnMark, TurnMarker, content_chars, session_names
from onward.app.turns.onward_traffic import drop_onward_calls
from onward.core.transcript.transcript import ImportReport, Rewind, SessionHead, Turn
from onward.core.transcript.turn import lighten, turn_tokens
from onward.formats import open_source, read
from onward.redact import DISTILL_KEY, Redactor


@dataclass(slots=True)
class MainPath:
    """The turns of session *number* that count, as (ordinal, turn). `tokens` counts abandoned turns too."""

    number: int
    head: SessionHead
    turns: list[tuple[int, Turn]] = field(default_factory=list[tuple[int, Turn]])
    tokens: int = 0
    last_ordinal: int = 0
    """The ordinal given last."""

    @property
    def ended_at(self) -> datetime | None:
        """When the last turn was that says when; else when the session started, where that is known."""
        return next((turn.at for _, turn in reversed(self.turns) if turn.at), self.head.started_at)


class _TurnRecord(NamedTuple):
    """Where a turn was met first, and how much it was then."""

    number: int
    ordinal: int
    chars: int
    tokens: int


class TranscriptReader:
    """Reads transcripts one after the other. `whole` keeps turns as they are; else they are made light, which is all that extraction needs."""

    def __init__(self, *, full: bool = False) -> None:
        self.paths: list[MainPath] = []
        self._redactor = Redactor(DISTILL_KEY)
        self._full = full
        self._records: dict[bytes, _TurnRecord] = {}
        self._paths_by_name: dict[str, MainPath] = {}

    def read(self, source: Path | BinaryIO) -> ImportReport:
        """Read one transcript and return what became of its records."""
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
        """Take the turns of one session that is at hand already."""
        session_reader = _SessionReader(self, head)
        for turn in turns:
            session_reader.add(turn)
        session_reader.finish()

    def find_session(self, names: Sequence[str]) -> MainPath | None:
        """Return the session that goes by the first of *names*; or by another, if it had no more turns than that name tells."""
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
        """Return a new session under the next number."""
        path = self._paths_by_name[name] = MainPath(len(self.paths) + 1, self._redactor.head(head))
        self.paths.append(path)
        return path

    def find_record(self, identity: bytes) -> _TurnRecord | None:
        """Return where the turn of that identity was met before, or None."""
        return self._records.get(identity)

    def store_turn(self, path: MainPath, identity: bytes, turn: Turn, ordinal: int) -> None:
        """Keep *turn* in its session; one that was met before has grown, and takes its own place."""
        turn, chars = self._redactor.turn(turn), content_chars(turn)
        tokens, record = turn_tokens(turn), self._records.get(identity)
        self._records[identity] = _TurnRecord(path.number, ordinal, chars, tokens)
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
    """One session as one file tells it."""

    def __init__(self, reader: TranscriptReader, head: SessionHead) -> None:
        self._reader = reader
        self._head = head
        self._recogniser = TurnMarker(DISTILL_KEY)
        self._first_items: list[tuple[Turn, TurnMark] | Rewind] | None = []
        self._path: MainPath | None = None
        self._names: list[str] = []
        self._position = 0
        self._positions: dict[str, int] = {}

    def add(self, item: Turn | Rewind) -> None:
        """Take the next turn, or go back."""
        entry = item if isinstance(item, Rewind) else (item, self._recogniser.mark_turn(item))
        if self._first_items is None:
            self._store(entry)
            return
        self._first_items.append(entry)
        if len(self._first_items) == FIRST_TURNS:
            self.finish()

    def finish(self) -> None:
        """Settle the first turns: by them a session without an id is known."""
        first_items, self._first_items = self._first_items or [], None
        if first_items:
            recognised = [entry[1] for entry in first_items if not isinstance(entry, Rewind)]
            self._names = [self._head.id] if self._head.id else session_names(recognised)
            self._path = self._reader.find_session(self._names) if self._names else None
        for entry in first_items:
            self._store(entry)

    def _store(self, entry: tuple[Turn, TurnMark] | Rewind) -> None:
        if isinstance(entry, Rewind):
            self._rewind(entry)
            return
        turn, recognised = entry
        if self._path is None and not (recognised.is_global and self._reader.find_record(recognised.mark)):
            self._path = self._reader.start_session(self._names[0], self._head)
        path = self._path
        if path is not None:
            identity = recognised.identity(path.number)
            record = self._reader.find_record(identity)
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
