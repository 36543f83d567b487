"""What happened in the store, for whoever wants to know at once: read from the table, so that any process can tell it."""

from __future__ import annotations

from typing import NamedTuple

from onward.store import Store, events
from onward.store.events import Event

__all__ = ["Event", "StreamStart", "find_start", "list_events"]


class StreamStart(NamedTuple):
    """After which event a reader goes on, and whether some that it has not seen are gone."""

    last_id: int
    has_missed: bool


def find_start(store: Store, last_id: int | None) -> StreamStart:
    """Return where a reader goes on who saw *last_id* last; None for one who wants what is to come.

    What is older than all that is kept was missed. So was whatever led to an id that this store never gave: it is another store, or an earlier state of it.
    """
    with store.read() as connection:
        oldest, newest = events.id_bounds(connection)
    if last_id is None:
        return StreamStart(newest, has_missed=False)
    if last_id > newest:
        return StreamStart(newest, has_missed=True)
    return StreamStart(last_id, has_missed=last_id < oldest - 1)


def list_events(store: Store, last_id: int, *, project_id: int | None = None, job_id: int | None = None) -> list[Event]:
    """Return what happened after an event, the oldest first: all, or what concerns a project or a job. Some hundreds at most; ask again for more."""
    with store.read() as connection:
        return events.list_after(connection, last_id, project_id=project_id, job_id=job_id)
