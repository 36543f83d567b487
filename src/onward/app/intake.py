"""Taking the turns of one session into the store: only what is new, in chunks that each stand by themselves.

An import that was cut off goes on where it was, and several that read the same file at once keep each turn once: every chunk looks first, inside
its own transaction, which of its turns are kept already.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from onward.app.identity import Recognised, first_turns
from onward.app.preparing import Ready
from onward.core.master import turn_tokens
from onward.core.project import Project
from onward.core.session import DIGEST, Session
from onward.core.transcript import Rewind, SessionHead
from onward.errors import NotFound
from onward.redact import Redactor
from onward.store import Store, projects, sessions, turns
from onward.store.clock import told
from onward.store.turns import NewTurn, Place

CHUNK_TURNS = 1000
CHUNK_CHARS = 4_000_000


class SessionIntake:
    """Takes what a reader yields of one session, in order; `finish` after the last."""

    def __init__(self, store: Store, project: Project, head: SessionHead, source: str) -> None:
        self.project = project
        self.new_turns = 0
        self.known_turns = 0
        self._store = store
        self._head = Redactor(project.key).head(head)
        self._source = source
        self._session: Session | None = None
        self._chunk: list[Ready | Rewind] = []
        self._chunk_chars = 0
        self._native_ids: list[str] = []
        # Where in the stored session the reading stands, and where it stood after each turn that has an id.
        self._position = 0
        self._reached = 0
        self._positions: dict[str, int] = {}

    def take(self, item: Ready | Rewind) -> None:
        """Take the next turn, or go back."""
        self._chunk.append(item)
        if isinstance(item, Ready):
            self._chunk_chars += item.packed.chars
        if len(self._chunk) >= CHUNK_TURNS or self._chunk_chars >= CHUNK_CHARS:
            self._keep()

    def finish(self) -> Session | None:
        """Keep what is left and return the session as it is stored; None where another session holds all its turns, or it has none."""
        self._keep()
        return self._session

    def _keep(self) -> None:
        chunk, self._chunk, self._chunk_chars = self._chunk, [], 0
        read = [one for one in chunk if isinstance(one, Ready)]
        if not read and self._session is None:
            return
        if not self._native_ids:
            self._native_ids = (
                [self._head.id] if self._head.id else [DIGEST + name for name in first_turns([one.recognised for one in read])]
            )
        with self._store.write() as connection:
            if not projects.hold(connection, self.project.id):
                raise NotFound(f"The project {self.project.name!r} is gone: someone deleted it.", "Import into another one.")
            self._write(connection, chunk, read)

    def _write(self, connection: Connection, chunk: list[Ready | Rewind], read: list[Ready]) -> None:
        session = self._stored(connection)
        number = session.number if session else 0
        names = [_names(one.recognised, number) for one in read if number or one.recognised.everywhere]
        places = turns.known(connection, self.project.id, [identity for each in names for identity in each])
        if session is None and any(not one.recognised.everywhere or _place(places, _names(one.recognised, 0)) is None for one in read):
            session = self._begun(connection, [told(one.packed.at) for one in read if one.packed.at is not None])
        self._session = session
        if session is None:
            self.known_turns += len(read)
            return
        new: list[NewTurn] = []
        left: list[tuple[int, int]] = []
        tokens, has_grown = 0, False
        for one in chunk:
            if isinstance(one, Rewind):
                self._position = 0 if one.to is None else self._positions.get(one.to, self._position)
                left.append((self._position, self._reached))
                continue
            names_of_one = _names(one.recognised, session.number)
            identity, place = names_of_one[0], _place(places, names_of_one)
            if place is None:
                place = places[identity] = Place(session.id, session.turns + len(new) + 1, one.packed.chars)
                new.append(NewTurn(place.ordinal, identity, one.packed))
            else:
                self.known_turns += 1
                if place.session_id == session.id and place.chars < one.packed.chars:
                    places[identity] = place._replace(chars=one.packed.chars)
                    again = NewTurn(place.ordinal, identity, one.packed)
                    if place.ordinal > session.turns:
                        new[place.ordinal - session.turns - 1] = again
                    else:
                        has_grown = True
                        tokens += one.packed.tokens - turn_tokens(turns.replace(connection, place, again))
            if place.session_id == session.id:
                self._position = place.ordinal
                self._reached = max(self._reached, place.ordinal)
            if one.id is not None:
                self._positions[one.id] = self._position
        turns.append(connection, self.project.id, session.id, new)
        for after, until in left:
            turns.abandon(connection, session.id, after, until)
        if new or has_grown:
            self._session = sessions.grow(connection, session.id, len(new), tokens + sum(one.packed.tokens for one in new))
        self.new_turns += len(new)

    def _stored(self, connection: Connection) -> Session | None:
        """Return the session as it is stored now, under whichever of its names."""
        if self._session:
            return sessions.by_id(connection, self._session.id)
        name = self._native_ids[0]
        found = {one.native_id: one for one in sessions.by_native_ids(connection, self.project.id, self._native_ids)}
        if name in found or self._head.id:
            return found.get(name)
        of_as_many = f"{name.rpartition(':')[0]}:"
        without_secrets = next((one for called, one in found.items() if called and called.startswith(of_as_many)), None)
        if without_secrets:
            return without_secrets
        # It had fewer turns when it was read before, and was called by those.
        shorter = next(
            (one for one in found.values() if one.native_id == f"{DIGEST}{one.turns}:{(one.native_id or '').rpartition(':')[2]}"), None
        )
        if shorter:
            sessions.rename(connection, shorter.id, name)
        return shorter

    def _begun(self, connection: Connection, times: Sequence[datetime | None]) -> Session:
        """Return a new session; or the one that a person or the agent itself began before, if it waits for its transcript. *times* are those of the first turns."""
        name = self._native_ids[0]
        first_at, last_at = (times[0], times[-1]) if times else (None, None)
        waiting = sessions.awaiting_transcript(connection, self.project.id, self._head.started_at or first_at, last_at)
        if waiting:
            return sessions.adopt(connection, waiting.id, self._head, native_id=name, source=self._source)
        return sessions.add(connection, self.project.id, self._head, native_id=name, source=self._source)


def _names(recognised: Recognised, session_number: int) -> list[bytes]:
    """Return the identities that a turn may be kept under; its own first."""
    return [one.identity(session_number) for one in (recognised, recognised.without_secrets())[: 1 + (recognised.masked is not None)]]


def _place(places: Mapping[bytes, Place], identities: Iterable[bytes]) -> Place | None:
    return next((places[identity] for identity in identities if identity in places), None)
