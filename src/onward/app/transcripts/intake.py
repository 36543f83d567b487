"""Storing the turns of one session: only new turns, in independent chunks.

An interrupted import can be continued, and several imports of the same file at once store each turn once: every chunk checks, inside its
own transaction, which of its turns are stored already.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from onward.app.lookup import lock_project
from onward.app.sessions.titles import apply_agent_title, complete_head
from onward.app.turns.identity import TurnMark, content_chars, content_digest, session_names
from onward.app.turns.preparation import PreparedTurn
from onward.app.turns.twins import TwinFinder
from onward.core.project import Project
from onward.core.session import AGENT_SOURCE, DIGEST_PREFIX, Session
from onward.core.transcript.transcript import Rewind, SessionHead, Turn
from onward.core.transcript.turn import turn_tokens
from onward.redact import Redactor
from onward.store import Store, removed_sessions, sessions, turns
from onward.store.clock import to_datetime_or_none
from onward.store.turn_bodies import PackedTurn, TurnCodec
from onward.store.turns import NewTurn, TurnPosition

if TYPE_CHECKING:
    from sqlalchemy import Connection

CHUNK_TURNS = 1000
CHUNK_CHARS = 4_000_000


class SessionIntake:
    """Takes the items of one session in order; call `finish` after the last."""

    def __init__(self, store: Store, project: Project, head: SessionHead, source: str) -> None:
        self.project = project
        self.new_turns = 0
        self.known_turns = 0
        self._store = store
        self._head = Redactor(project.key).head(head)
        self._source = Redactor(project.key).text(source)
        self._session: Session | None = None
        self._chunk: list[PreparedTurn | Rewind] = []
        self._chunk_chars = 0
        self._native_ids: list[str] = []
        self._copied_places: dict[bytes, TurnPosition] | None = None
        """Turns of other sessions that begin at the same moment: an agent copies messages into a new file under new ids."""
        # The reading position in the stored session, and the position after each turn that has an id.
        self._position = 0
        self._last_position = 0
        self._positions: dict[str, int] = {}
        self._twins: TwinFinder | None = None

    def take(self, item: PreparedTurn | Rewind) -> None:
        """Take the next turn or rewind."""
        self._chunk.append(item)
        if isinstance(item, PreparedTurn):
            self._chunk_chars += item.packed.chars
        if len(self._chunk) >= CHUNK_TURNS or self._chunk_chars >= CHUNK_CHARS:
            self._flush()

    def finish(self) -> Session | None:
        """Store what is left and return the stored session; None if another session has all its turns, or if it has none."""
        self._flush()
        if self._session and self._head.title:
            self._session = apply_agent_title(self._store, self._session, self._head.title)
        return self._session

    def _flush(self) -> None:
        chunk, self._chunk, self._chunk_chars = self._chunk, [], 0
        ready_turns = [item for item in chunk if isinstance(item, PreparedTurn)]
        if not ready_turns and self._session is None:
            return
        if not self._native_ids:
            self._native_ids = (
                [self._head.id]
                if self._head.id
                else [DIGEST_PREFIX + name for name in session_names([turn.recognised for turn in ready_turns])]
            )
        with self._store.write() as connection:
            lock_project(connection, self.project)
            if self._session is None and self._is_removed(connection):
                self.known_turns += len(ready_turns)
            else:
                self._write(connection, chunk, ready_turns)

    def _is_removed(self, connection: Connection) -> bool:
        """Return whether a person deleted the session, or moved it away."""
        removed_session = removed_sessions.find_by_native_ids(connection, self.project.id, self._native_ids)
        return removed_session is not None and not sessions.find_by_native_ids(connection, self.project.id, self._native_ids)

    def _write(self, connection: Connection, chunk: list[PreparedTurn | Rewind], ready_turns: list[PreparedTurn]) -> None:
        session = self._find_session(connection)
        number = session.number if session else 0
        identity_lists = [list_identities(turn.recognised, number) for turn in ready_turns if number or turn.recognised.is_global]
        stored_places = turns.find_positions(
            connection, self.project.id, [identity for identities in identity_lists for identity in identities]
        )
        if self._copied_places is None:
            self._copied_places = self._find_copied_places(connection)
        for turn in ready_turns if self._copied_places else ():
            if turn.packed.at is not None and (place := self._copied_places.get(_digest(turn.packed))):
                stored_places.setdefault(list_identities(turn.recognised, number)[0], place)
        if session and self._head.id:
            self._add_twin_places(connection, session, ready_turns, stored_places)
        if session is None and any(_find_place(stored_places, list_identities(turn.recognised, 0)) is None for turn in ready_turns):
            session = self._start_session(
                connection, [to_datetime_or_none(turn.packed.at) for turn in ready_turns if turn.packed.at is not None]
            )
        self._session = session
        if session is None:
            self.known_turns += len(ready_turns)
            return
        new_turns: list[NewTurn] = []
        abandoned_spans: list[tuple[int, int]] = []
        tokens, has_grown = 0, False
        for item in chunk:
            if isinstance(item, Rewind):
                self._position = 0 if item.to is None else self._positions.get(item.to, self._position)
                abandoned_spans.append((self._position, self._last_position))
                continue
            turn_identities = list_identities(item.recognised, session.number)
            identity, place = turn_identities[0], _find_place(stored_places, turn_identities)
            if place is None:
                place = stored_places[identity] = TurnPosition(session.id, session.turns + len(new_turns) + 1, item.packed.chars)
                new_turns.append(NewTurn(place.ordinal, identity, item.packed))
            else:
                self.known_turns += 1
                if place.session_id == session.id and place.chars < item.packed.chars:
                    stored_places[identity] = place._replace(chars=item.packed.chars)
                    replacement = NewTurn(place.ordinal, identity, item.packed)
                    if place.ordinal > session.turns:
                        new_turns[place.ordinal - session.turns - 1] = replacement
                    else:
                        has_grown = True
                        tokens += item.packed.tokens - turn_tokens(turns.replace_turn(connection, place, replacement))
            if place.session_id == session.id:
                self._position = place.ordinal
                self._last_position = max(self._last_position, place.ordinal)
            if item.id is not None:
                self._positions[item.id] = self._position
        turns.append(connection, self.project.id, session.id, new_turns)
        for after, until in abandoned_spans:
            turns.abandon(connection, session.id, after, until)
        if new_turns or has_grown:
            updated = sessions.add_turn_counts(
                connection, session.id, len(new_turns), tokens + sum(turn.packed.tokens for turn in new_turns)
            )
            self._session = complete_head(connection, updated)
        self.new_turns += len(new_turns)

    def _add_twin_places(
        self, connection: Connection, session: Session, ready_turns: Sequence[PreparedTurn], stored_places: dict[bytes, TurnPosition]
    ) -> None:
        """Add where turns without an id are stored in another wording, among what *session* had before this file."""
        if self._twins is None:
            earlier_turns = turns.read_session(connection, session.id) if self._session is None else ()
            self._twins = TwinFinder((stored.ordinal, stored.turn) for stored in earlier_turns)
        for place in stored_places.values():
            if place.session_id == session.id:
                self._twins.mark_known(place.ordinal)
        for turn in () if self._twins.is_empty else ready_turns:
            identities = list_identities(turn.recognised, session.number)
            if turn.id is None and _find_place(stored_places, identities) is None and (twin := self._twins.find(_unpack(turn.packed))):
                stored_places[identities[0]] = TurnPosition(session.id, twin[0], content_chars(twin[1]))

    def _find_copied_places(self, connection: Connection) -> dict[bytes, TurnPosition]:
        if self._head.started_at is None:
            return {}
        twins = sessions.list_started_at(connection, self.project.id, self._head.agent, self._head.started_at)
        return {
            content_digest(stored.turn): TurnPosition(twin.id, stored.ordinal, content_chars(stored.turn))
            for twin in twins
            if twin.native_id not in self._native_ids
            for stored in turns.read_session(connection, twin.id)
        }

    def _find_session(self, connection: Connection) -> Session | None:
        """Return the stored session, under any of its names."""
        if self._session:
            return sessions.find(connection, self._session.id)
        name = self._native_ids[0]
        by_native_id = {
            session.native_id: session for session in sessions.find_by_native_ids(connection, self.project.id, self._native_ids)
        }
        if name in by_native_id and by_native_id[name].source == AGENT_SOURCE:
            # Its agent recorded something before the transcript was imported.
            return sessions.attach_transcript(connection, by_native_id[name].id, self._head, native_id=name, source=self._source)
        if name in by_native_id or self._head.id:
            return by_native_id.get(name)
        prefix = f"{name.rpartition(':')[0]}:"
        without_secrets = next((session for native_id, session in by_native_id.items() if native_id and native_id.startswith(prefix)), None)
        if without_secrets:
            return without_secrets
        # The session had fewer turns when it was read before, and was named after those.
        shorter = next(
            (
                session
                for session in by_native_id.values()
                if session.native_id == f"{DIGEST_PREFIX}{session.turns}:{(session.native_id or '').rpartition(':')[2]}"
            ),
            None,
        )
        if shorter:
            sessions.set_native_id(connection, shorter.id, name)
        return shorter

    def _start_session(self, connection: Connection, times: Sequence[datetime | None]) -> Session:
        """Return a new session, or one that was started before and waits for its transcript. *times* are those of the first turns."""
        name = self._native_ids[0]
        first_at, last_at = (times[0], times[-1]) if times else (None, None)
        waiting = sessions.find_awaiting_transcript(connection, self.project.id, self._head.started_at or first_at, last_at)
        if waiting:
            return sessions.attach_transcript(connection, waiting.id, self._head, native_id=name, source=self._source)
        return sessions.create(connection, self.project.id, self._head, native_id=name, source=self._source)


def _digest(packed: PackedTurn) -> bytes:
    return content_digest(_unpack(packed))


def _unpack(packed: PackedTurn) -> Turn:
    return TurnCodec().unpack(packed.role, to_datetime_or_none(packed.at), packed.body)


def list_identities(turn_mark: TurnMark, session_number: int) -> list[bytes]:
    """Return the identities that a turn may be stored under; its own first."""
    return [mark.identity(session_number) for mark in (turn_mark, turn_mark.without_secrets())[: 1 + (turn_mark.masked_mark is not None)]]


def _find_place(stored_places: Mapping[bytes, TurnPosition], identities: Iterable[bytes]) -> TurnPosition | None:
    return next((stored_places[identity] for identity in identities if identity in stored_places), None)
