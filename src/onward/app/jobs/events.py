"""Events of the store for programs that follow it live. They are read from a table, so that any process can serve them."""

from __future__ import annotations

from typing import NamedTuple

from onward.store import Store, events
from onward.store.events import Event

__all__ = ["Event", "StreamStart", "find_newest_id", "find_start", "list_events"]


class StreamStart(NamedTuple):
    """The event after which a reader continues, and whether events were missed."""

    last_id: int
    has_missed: bool


def find_start(store: Store, last_id: int | None) -> StreamStart:
    """Return where a reader continues who saw *last_id* last; None starts with new events.

    Events older than the stored ones were missed. So were all events if the store never issued *last_id*: it is another store, or an
    earlier state of this one.
    """
    with store.read() as connection:
        oldest, newest = events.id_bounds(connection)
    if last_id is None:
        return StreamStart(newest, has_missed=False)
    if last_id > newest:
        return StreamStart(newest, has_missed=True)
    return StreamStart(last_id, has_missed=last_id < oldest - 1)


def find_newest_id(store: Store) -> int:
    """Return the id of the newest event; 0 before the first."""
    with store.read() as connection:
        return events.id_bounds(connection)[1]


def list_events(store: Store, last_id: int, *, project_id: int | None = None, job_id: int | None = None) -> list[Event]:
    """Return the events after *last_id*, oldest first, of everything or of one project or job. At most some hundreds are returned; call
    again for more.
    """
    with store.read() as connection:
        return events.list_after(connection, last_id, project_id=project_id, job_id=job_id)
