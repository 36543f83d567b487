"""Appending turns that a client sends: in any number of requests, repeated or not, each turn is stored once.

A turn is identified by the client's id; else by role, time and text; else by its position: if a request starts with the turns that the
session ends with, the turns after this overlap are new. So a request whose answer was lost can be sent again, and a second "continue" is
a turn of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, cast

from onward.app.lookup import require_session
from onward.app.sessions.titles import complete_head
from onward.app.turns.identity import TurnMark, TurnMarker, content_chars
from onward.core.session import Session
from onward.core.text.known_names import find_name
from onward.core.transcript.transcript import ImportReport, Turn
from onward.core.transcript.turn import turn_tokens
from onward.errors import BadInput, UnknownFormat
from onward.formats import TranscriptSource, json_turns, read
from onward.message import Message
from onward.redact import Redactor
from onward.store import Store, events, projects, sessions, turns
from onward.store.turn_bodies import PackedTurn, TurnCodec
from onward.store.turns import NewTurn, TurnPosition

if TYPE_CHECKING:
    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class AppendResult:
    """The session after appending, and the numbers of new and known turns."""

    session: Session
    new_turns: int
    known_turns: int


class _PreparedTurn(NamedTuple):
    """One prepared turn of a request. `mark` identifies it in the session; if `is_positional`, it is the digest of its content alone."""

    mark: bytes
    is_positional: bool
    packed: PackedTurn


def parse_records(records: Sequence[object]) -> list[Turn]:
    """Return the turns of *records*, objects with `role`, `content` or `text`, and optionally `at`, `id`, tool calls and results in any
    usual form. Raises `BadInput` with the positions of invalid ones, and with the name of a field that no form has.
    """
    for position, record in enumerate(records):
        if isinstance(record, dict):
            _check_turn_fields(position, cast("dict[str, object]", record))
    report = ImportReport()
    parsed_turns = [item for item in json_turns.read_records(records, report) if isinstance(item, Turn)]
    if len(parsed_turns) < len(records):
        valid_positions = {turn.line for turn in parsed_turns}
        invalid_positions = [str(position) for position in range(len(records)) if position not in valid_positions]
        raise BadInput(
            Message(
                "{count} of {total} turns have no content or no role: {positions} (counted from 0).",
                count=len(invalid_positions),
                total=len(records),
                positions=", ".join(invalid_positions[:10]),
            ),
            "Give each turn a role (user, assistant, tool or system) and content.",
        )
    return parsed_turns


def _check_turn_fields(position: int, record: Mapping[str, object]) -> None:
    """Raise `BadInput` if a turn has a field with a value that nothing would read, or two different texts."""
    for name, value in record.items():
        if name not in json_turns.TURN_KEYS and value not in (None, "", [], {}):
            raise BadInput(
                Message("Turn {position} (counted from 0) has a field {name!r}, which is not known.", position=position, name=name),
                Message("Did you mean {known}?", known=nearest)
                if (nearest := find_name(name, json_turns.TURN_KEYS))
                else "Give each turn a role (user, assistant, tool or system) and content.",
            )
    texts = {value for key in json_turns.TEXT_KEYS if isinstance(value := record.get(key), str) and value}
    if len(texts) > 1:
        raise BadInput(
            Message("Turn {position} (counted from 0) has two different texts.", position=position), "Send the text once, as content."
        )


def parse_text(text: str) -> list[Turn]:
    """Return the turns of a conversation in any known transcript format, or copied from a screen. Raises `BadInput` if there are none."""
    return parse_file(BytesIO(text.encode("utf-8", "replace")), "the conversation")


def parse_any_text(text: str) -> list[Turn]:
    """Return the turns of a conversation in any format; of other text, such as notes and logs, one turn of the user."""
    try:
        return parse_text(text)
    except UnknownFormat:
        return [Turn(role="user", text=text)]


def parse_file(file: BinaryIO, name: str) -> list[Turn]:
    """Return the turns of a transcript in any known format; *name* is its name in errors. Raises `BadInput` if there are none."""
    parsed_turns = [item for item in read(TranscriptSource(file, name), ImportReport()) if isinstance(item, Turn)]
    if not parsed_turns:
        raise BadInput(
            Message("{name} contains no conversation.", name=name),
            "Send text with the speaker's name before each message, or a list of turns.",
        )
    return parsed_turns


def parse_conversation(records: Sequence[object] | None, text: str | None) -> list[Turn]:
    """Return the turns of *records*, or else of the conversation *text*; none without either. Raises `BadInput` if both are given."""
    if records and text and text.strip():
        raise BadInput("The conversation was sent twice: as a list of turns and as text.", "Send one of the two.")
    if records:
        return parse_records(records)
    return parse_text(text) if text and text.strip() else []


def append_conversation(store: Store, session_id: int, *, records: Sequence[object] | None, text: str | None) -> AppendResult:
    """Append the new turns of *records*, or of the conversation *text*, to a session."""
    return append_turns(store, session_id, parse_conversation(records, text))


def append_turns(store: Store, session_id: int, sent_turns: Sequence[Turn]) -> AppendResult:
    """Append the turns that a session does not have, redacted, and return the outcome. Raises `NotFound`."""
    append = prepare_append(store, session_id, sent_turns)
    with store.write() as connection:
        return append(connection)


def prepare_append(store: Store, session_id: int, sent_turns: Sequence[Turn]) -> Callable[[Connection], AppendResult]:
    """Return a function that does what `append_turns` does inside a transaction, with everything prepared that needs none. Both raise
    `NotFound`.
    """
    with store.read() as connection:
        session = require_session(connection, session_id)
        project = projects.find(connection, session.project_id)
    key = project.key if project else b""
    prepared_turns = _prepare_turns(key, sent_turns)

    def append(connection: Connection) -> AppendResult:
        projects.lock_project(connection, session.project_id)
        appended = _TurnAppender(connection, require_session(connection, session_id), TurnMarker(key)).append(prepared_turns)
        if appended.new_turns:
            events.record(connection, "changed", project_id=session.project_id, data={"session_id": session_id})
        return appended

    return append


def _prepare_turns(key: bytes, sent_turns: Sequence[Turn]) -> list[_PreparedTurn]:
    """Return the turns identified, redacted and compressed: everything that needs no store."""
    recogniser, redact, pack = TurnMarker(key), Redactor(key).turn, TurnCodec().pack
    prepared_turns = []
    for turn in sent_turns:
        is_positional = turn.id is None and turn.at is None
        mark = recogniser.hash_content(turn) if is_positional else recogniser.mark_turn(turn).mark
        prepared_turns.append(_PreparedTurn(mark, is_positional, pack(redact(turn), content_chars(turn))))
    return prepared_turns


class _TurnAppender:
    """Appends turns to one session within an open transaction."""

    def __init__(self, connection: Connection, session: Session, recogniser: TurnMarker) -> None:
        self._connection = connection
        self._session = session
        self._recogniser = recogniser
        self._identities: dict[bytes, bytes] = {}

    def append(self, prepared_turns: Sequence[_PreparedTurn]) -> AppendResult:
        known_places = self._find_places(prepared_turn.mark for prepared_turn in prepared_turns if not prepared_turn.is_positional)
        ordinals_by_mark = self._find_ordinals({prepared_turn.mark for prepared_turn in prepared_turns if prepared_turn.is_positional})
        overlap = self._count_overlap(prepared_turns, known_places, ordinals_by_mark)
        counts = Counter({mark: len(ordinals) for mark, ordinals in ordinals_by_mark.items()})
        session, new_turns, tokens, has_grown = self._session, list[NewTurn](), 0, False
        for index, prepared_turn in enumerate(prepared_turns):
            ordinal, mark = session.turns + len(new_turns) + 1, prepared_turn.mark
            if prepared_turn.is_positional:
                if index < overlap:
                    continue
                counts[mark] += 1
                mark = self._recogniser.hash_nth(mark, counts[mark])
            elif place := known_places.get(mark):
                if place.ordinal <= session.turns and place.chars < prepared_turn.packed.chars:
                    known_places[mark] = place._replace(chars=prepared_turn.packed.chars)
                    old_turn = turns.replace_turn(
                        self._connection, place, NewTurn(place.ordinal, self._identity(mark), prepared_turn.packed)
                    )
                    tokens += prepared_turn.packed.tokens - turn_tokens(old_turn)
                    has_grown = True
                continue
            else:
                known_places[mark] = TurnPosition(session.id, ordinal, prepared_turn.packed.chars)
            new_turns.append(NewTurn(ordinal, self._identity(mark), prepared_turn.packed))
            tokens += prepared_turn.packed.tokens
        turns.append(self._connection, session.project_id, session.id, new_turns)
        if new_turns or has_grown:
            session = complete_head(self._connection, sessions.add_turn_counts(self._connection, session.id, len(new_turns), tokens))
        return AppendResult(session, len(new_turns), len(prepared_turns) - len(new_turns))

    def _find_places(self, marks: Iterable[bytes]) -> dict[bytes, TurnPosition]:
        """Return the positions in the session of the turns with these marks."""
        marks_by_identity = {self._identity(mark): mark for mark in marks}
        places_by_identity = turns.find_positions(self._connection, self._session.project_id, list(marks_by_identity))
        return {marks_by_identity[identity]: place for identity, place in places_by_identity.items()}

    def _find_ordinals(self, marks: Collection[bytes]) -> dict[bytes, list[int]]:
        """Return for each mark the ordinals at which the session contains this content."""
        ordinals_by_mark: dict[bytes, list[int]] = {mark: [] for mark in marks}
        # Most turns are new, or occurred once before.
        open_marks, first, step = list(marks), 1, 1
        while open_marks and self._session.turns:
            marks_by_name = {self._recogniser.hash_nth(mark, count): mark for mark in open_marks for count in range(first, first + step)}
            known_places = self._find_places(marks_by_name)
            for name, place in known_places.items():
                ordinals_by_mark[marks_by_name[name]].append(place.ordinal)
            first += step
            open_marks = [mark for mark in open_marks if len(ordinals_by_mark[mark]) == first - 1]
            step *= 4
        return ordinals_by_mark

    def _count_overlap(
        self,
        prepared_turns: Sequence[_PreparedTurn],
        known_places: Mapping[bytes, TurnPosition],
        ordinals_by_mark: Mapping[bytes, list[int]],
    ) -> int:
        """Return how many of the first turns are those that the session ends with."""
        if not known_places and not any(ordinals_by_mark.values()):
            return 0
        last = self._session.turns
        possible_ordinals = [
            set(ordinals_by_mark[prepared_turn.mark])
            if prepared_turn.is_positional
            else {known_places[prepared_turn.mark].ordinal}
            if prepared_turn.mark in known_places
            else set[int]()
            for prepared_turn in prepared_turns
        ]
        for length in range(min(last, len(prepared_turns)), 0, -1):
            if all(last - length + 1 + index in possible_ordinals[index] for index in range(length)):
                return length
        return 0

    def _identity(self, mark: bytes) -> bytes:
        identity = self._identities.get(mark)
        if identity is None:
            # Within the session: two clients may both number their turns from 1.
            identity = self._identities[mark] = TurnMark(mark, is_global=False).identity(self._session.number)
        return identity
