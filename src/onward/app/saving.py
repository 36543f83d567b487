"""Keeping turns as a client sends them: some at a time, any number of times, each once.

A turn is known by the client's id; else by role, time and text; else by its place: where a request begins with what the session ends with, that is an overlap, and what comes
after it is new. So a request whose answer was lost can be sent again, and a second "continue" counts all the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO, NamedTuple

from sqlalchemy import Connection

from onward.app.identity import Recognised, Recogniser, content_chars
from onward.core.master import turn_tokens
from onward.core.session import Session
from onward.core.transcript import ImportReport, Turn
from onward.errors import BadInput, NotFound
from onward.formats import Source, json_turns, read
from onward.redact import Redactor
from onward.store import Store, projects, sessions, turns
from onward.store.bodies import Bodies, Packed
from onward.store.turns import NewTurn, Place


@dataclass(frozen=True, slots=True)
class Saved:
    """The session as it is now, and how many of the turns were new to it, and known."""

    session: Session
    new_turns: int
    known_turns: int


class _Given(NamedTuple):
    """One turn of a request. `mark` is what it is known by in its session; where `is_placed`, what everything is known by that says the same."""

    mark: bytes
    is_placed: bool
    packed: Packed


def turns_of(records: Sequence[object]) -> list[Turn]:
    """Return the turns of *records*, objects of any usual shape: `role`, `content` or `text`, `at`, `id`, tool calls and results. Raises `BadInput`, naming those that are none."""
    report = ImportReport()
    found = [item for item in json_turns.of_records(records, report) if isinstance(item, Turn)]
    if len(found) < len(records):
        places = {turn.line for turn in found}
        wrong = [str(place) for place in range(len(records)) if place not in places]
        raise BadInput(
            f"{len(wrong)} of {len(records)} turns say nothing, or not who says it: {', '.join(wrong[:10])} (counted from 0).",
            "Give each a role (user, assistant, tool or system) and content.",
        )
    return found


def turns_of_text(text: str) -> list[Turn]:
    """Return the turns of a conversation in any format that Onward knows, or as it was copied from a screen. Raises `BadInput` where there is none in it."""
    return turns_of_file(BytesIO(text.encode("utf-8", "replace")), "the conversation")


def turns_of_file(file: BinaryIO, name: str) -> list[Turn]:
    """Return the turns of a transcript in any format, called *name* where it is told of. Raises `BadInput` where there is none in it."""
    found = [item for item in read(Source(file, name), ImportReport()) if isinstance(item, Turn)]
    if not found:
        raise BadInput(f"Nobody says anything in {name}.", "Send it as text with names before what each says, or as a list of turns.")
    return found


def spoken(records: Sequence[object] | None, text: str | None) -> list[Turn]:
    """Return the turns of *records*, or of a conversation's *text* where there are none; none where there is neither."""
    if records:
        return turns_of(records)
    return turns_of_text(text) if text and text.strip() else []


def save_spoken(store: Store, session_id: int, *, records: Sequence[object] | None, text: str | None) -> Saved:
    """Append to a session what it does not have of *records*, or of a conversation's *text*."""
    return save(store, session_id, spoken(records, text))


def save(store: Store, session_id: int, given: Sequence[Turn]) -> Saved:
    """Append to a session the turns that it does not have, redacted, and return what became of them. Raises `NotFound`."""
    append = appending(store, session_id, given)
    with store.write() as connection:
        return append(connection)


def appending(store: Store, session_id: int, given: Sequence[Turn]) -> Callable[[Connection], Saved]:
    """Return what `save` does inside its transaction, all made ready for it that needs none. Raises `NotFound`, now and then."""
    with store.read() as connection:
        session = _present(connection, session_id)
        project = projects.by_id(connection, session.project_id)
    key = project.key if project else b""
    ready = _ready(key, given)

    def append(connection: Connection) -> Saved:
        projects.hold(connection, session.project_id)
        return _Appending(connection, _present(connection, session_id), Recogniser(key)).append(ready)

    return append


def _ready(key: bytes, given: Sequence[Turn]) -> list[_Given]:
    """Return the turns recognised, redacted and packed: all that needs no store."""
    recogniser, redact, pack = Recogniser(key), Redactor(key).turn, Bodies().pack
    ready = []
    for turn in given:
        is_placed = turn.id is None and turn.at is None
        mark = recogniser.content(turn) if is_placed else recogniser.recognise(turn).mark
        ready.append(_Given(mark, is_placed, pack(redact(turn), content_chars(turn))))
    return ready


class _Appending:
    """Appends turns to one session, inside the transaction that *connection* is in."""

    def __init__(self, connection: Connection, session: Session, recogniser: Recogniser) -> None:
        self._connection = connection
        self._session = session
        self._recogniser = recogniser
        self._identities: dict[bytes, bytes] = {}

    def append(self, given: Sequence[_Given]) -> Saved:
        known = self._known(one.mark for one in given if not one.is_placed)
        standing = self._standing({one.mark for one in given if one.is_placed})
        overlap = self._overlap(given, known, standing)
        times = Counter({mark: len(ordinals) for mark, ordinals in standing.items()})
        session, new, tokens, has_grown = self._session, list[NewTurn](), 0, False
        for index, one in enumerate(given):
            ordinal, mark = session.turns + len(new) + 1, one.mark
            if one.is_placed:
                if index < overlap:
                    continue
                times[mark] += 1
                mark = self._recogniser.nth(mark, times[mark])
            elif place := known.get(mark):
                if place.ordinal <= session.turns and place.chars < one.packed.chars:
                    known[mark] = place._replace(chars=one.packed.chars)
                    before = turns.replace(self._connection, place, NewTurn(place.ordinal, self._identity(mark), one.packed))
                    tokens += one.packed.tokens - turn_tokens(before)
                    has_grown = True
                continue
            else:
                known[mark] = Place(session.id, ordinal, one.packed.chars)
            new.append(NewTurn(ordinal, self._identity(mark), one.packed))
            tokens += one.packed.tokens
        turns.append(self._connection, session.project_id, session.id, new)
        if new or has_grown:
            session = sessions.grow(self._connection, session.id, len(new), tokens)
        return Saved(session, len(new), len(given) - len(new))

    def _known(self, marks: Iterable[bytes]) -> dict[bytes, Place]:
        """Return where the turns of these marks stand in the session, those that do."""
        named = {self._identity(mark): mark for mark in marks}
        found = turns.known(self._connection, self._session.project_id, list(named))
        return {named[identity]: place for identity, place in found.items()}

    def _standing(self, marks: Collection[bytes]) -> dict[bytes, list[int]]:
        """Return the ordinals at which the session says what has these marks, each time it does."""
        standing: dict[bytes, list[int]] = {mark: [] for mark in marks}
        # Most turns are new, or were said once before.
        left, first, step = list(marks), 1, 1
        while left and self._session.turns:
            named = {self._recogniser.nth(mark, count): mark for mark in left for count in range(first, first + step)}
            found = self._known(named)
            for name, place in found.items():
                standing[named[name]].append(place.ordinal)
            first += step
            left = [mark for mark in left if len(standing[mark]) == first - 1]
            step *= 4
        return standing

    def _overlap(self, given: Sequence[_Given], known: Mapping[bytes, Place], standing: Mapping[bytes, list[int]]) -> int:
        """Return how many turns *given* begins with that the session ends with."""
        if not known and not any(standing.values()):
            return 0
        last = self._session.turns
        places = [
            set(standing[one.mark]) if one.is_placed else {known[one.mark].ordinal} if one.mark in known else set[int]() for one in given
        ]
        for length in range(min(last, len(given)), 0, -1):
            if all(last - length + 1 + index in places[index] for index in range(length)):
                return length
        return 0

    def _identity(self, mark: bytes) -> bytes:
        found = self._identities.get(mark)
        if found is None:
            # Within the session: two clients may both count their turns from 1.
            found = self._identities[mark] = Recognised(mark, everywhere=False).identity(self._session.number)
        return found


def _present(connection: Connection, session_id: int) -> Session:
    session = sessions.by_id(connection, session_id)
    if session is None:
        raise NotFound(f"There is no session with the id {session_id}.", "List what there is: onward session list")
    return session
