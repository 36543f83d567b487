"""Reading transcripts without a store: the sessions in them, each turn once, as importing the same files in the same order would keep them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple

from onward.app.identity import FIRST_TURNS, Recognised, Recogniser, content_chars, first_turns
from onward.app.own_traffic import without_own_calls
from onward.core.master import lightened, turn_tokens
from onward.core.transcript import ImportReport, Rewind, SessionHead, Turn
from onward.formats import open_source, read
from onward.redact import DISTILL_KEY, Redactor


@dataclass(slots=True)
class MainPath:
    """The turns of session *number* that count, as (ordinal, turn). `tokens` counts abandoned turns too."""

    number: int
    head: SessionHead
    turns: list[tuple[int, Turn]] = field(default_factory=list[tuple[int, Turn]])
    tokens: int = 0
    reached: int = 0
    """The ordinal given last."""

    @property
    def ended_at(self) -> datetime | None:
        """When the last turn was that says when; else when the session started, where that is known."""
        return next((turn.at for _, turn in reversed(self.turns) if turn.at), self.head.started_at)


class _Kept(NamedTuple):
    """Where a turn was met first, and how much it was then."""

    number: int
    ordinal: int
    chars: int
    tokens: int


class Reading:
    """Reads transcripts one after the other. `whole` keeps turns as they are; else they are made light, which is all that extraction needs."""

    def __init__(self, *, whole: bool = False) -> None:
        self.paths: list[MainPath] = []
        self._redactor = Redactor(DISTILL_KEY)
        self._whole = whole
        self._kept: dict[bytes, _Kept] = {}
        self._named: dict[str, MainPath] = {}

    def read(self, source: Path | BinaryIO) -> ImportReport:
        """Read one transcript and return what became of its records."""
        report = ImportReport()
        sitting: _Sitting | None = None
        for item in without_own_calls(read(open_source(source), report), report):
            if isinstance(item, SessionHead):
                if sitting:
                    sitting.finish()
                sitting = _Sitting(self, item)
            else:
                sitting = sitting or _Sitting(self, SessionHead(report.format))
                sitting.take(item)
        if sitting:
            sitting.finish()
        return report

    def take(self, head: SessionHead, turns: Iterable[Turn]) -> None:
        """Take the turns of one session that is at hand already."""
        sitting = _Sitting(self, head)
        for turn in turns:
            sitting.take(turn)
        sitting.finish()

    def find(self, names: Sequence[str]) -> MainPath | None:
        """Return the session that goes by the first of *names*; or by another, if it had no more turns than that name tells."""
        found = self._named.get(names[0])
        if found is None:
            shorter = [path for name in names[1:] if (path := self._named.get(name)) and name.startswith(f"{path.reached}:")]
            found = shorter[0] if shorter else None
            if found:
                self._named[names[0]] = found
        return found

    def begin(self, name: str, head: SessionHead) -> MainPath:
        """Return a new session under the next number."""
        path = self._named[name] = MainPath(len(self.paths) + 1, self._redactor.head(head))
        self.paths.append(path)
        return path

    def place(self, identity: bytes) -> _Kept | None:
        """Return where the turn of that identity was met before, or None."""
        return self._kept.get(identity)

    def keep(self, path: MainPath, identity: bytes, turn: Turn, ordinal: int) -> None:
        """Keep *turn* in its session; one that was met before has grown, and takes its own place."""
        turn, chars = self._redactor.turn(turn), content_chars(turn)
        tokens, before = turn_tokens(turn), self._kept.get(identity)
        self._kept[identity] = _Kept(path.number, ordinal, chars, tokens)
        path.tokens += tokens - (before.tokens if before else 0)
        entry = (ordinal, turn if self._whole else lightened(turn))
        if before is None:
            path.reached = ordinal
            path.turns.append(entry)
            return
        at = bisect_left(path.turns, ordinal, key=lambda one: one[0])
        if at < len(path.turns) and path.turns[at][0] == ordinal:
            path.turns[at] = entry


class _Sitting:
    """One session as one file tells it."""

    def __init__(self, reading: Reading, head: SessionHead) -> None:
        self._reading = reading
        self._head = head
        self._recogniser = Recogniser(DISTILL_KEY)
        self._first: list[tuple[Turn, Recognised] | Rewind] | None = []
        self._path: MainPath | None = None
        self._names: list[str] = []
        self._position = 0
        self._positions: dict[str, int] = {}

    def take(self, item: Turn | Rewind) -> None:
        """Take the next turn, or go back."""
        one = item if isinstance(item, Rewind) else (item, self._recogniser.recognise(item))
        if self._first is None:
            self._settle(one)
            return
        self._first.append(one)
        if len(self._first) == FIRST_TURNS:
            self.finish()

    def finish(self) -> None:
        """Settle the first turns: by them a session without an id is known."""
        first, self._first = self._first or [], None
        if first:
            recognised = [one[1] for one in first if not isinstance(one, Rewind)]
            self._names = [self._head.id] if self._head.id else first_turns(recognised)
            self._path = self._reading.find(self._names) if self._names else None
        for one in first:
            self._settle(one)

    def _settle(self, one: tuple[Turn, Recognised] | Rewind) -> None:
        if isinstance(one, Rewind):
            self._go_back(one)
            return
        turn, recognised = one
        if self._path is None and not (recognised.everywhere and self._reading.place(recognised.mark)):
            self._path = self._reading.begin(self._names[0], self._head)
        path = self._path
        if path is not None:
            identity = recognised.identity(path.number)
            kept = self._reading.place(identity)
            if kept is None:
                self._position = path.reached + 1
                self._reading.keep(path, identity, turn, self._position)
            elif kept.number == path.number:
                self._position = kept.ordinal
                if kept.chars < content_chars(turn):
                    self._reading.keep(path, identity, turn, kept.ordinal)
        if turn.id is not None:
            self._positions[turn.id] = self._position

    def _go_back(self, rewind: Rewind) -> None:
        self._position = 0 if rewind.to is None else self._positions.get(rewind.to, self._position)
        if self._path is not None:
            self._path.turns = [one for one in self._path.turns if one[0] <= self._position]
