"""The check in the background: a server or a worker compares stored rows with their checksums, a few at a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import Table

from onward.store import Store, health, scrubs
from onward.store.schema import CHECKED_TABLES
from onward.store.scrubs import Scrub

PORTION_ROWS = 2000
"""Rows that one portion checks, at most."""

REST = timedelta(days=1)
"""The time between the end of a check and the start of the next."""


def check_portion(store: Store, now: datetime | None = None, *, most_rows: int = PORTION_ROWS) -> int:
    """Check the next rows of the store and return how many they are; 0 while no check is due. Rows that are older than checksums get one.

    A portion that is interrupted is checked again by the next.
    """
    scrub = _current(store, now or datetime.now(UTC))
    if scrub is None:
        return 0
    table = next((table for table in CHECKED_TABLES if table.name == scrub.table), CHECKED_TABLES[-1])
    with store.read() as connection:
        checked = health.check_table(connection, table, scrub.position, most_rows)
    # The database cannot read the rest of the table; the doctor reports how much is lost.
    damaged = len(checked.damaged) + checked.is_unreadable
    is_at_end = checked.is_unreadable or checked.rows < most_rows
    is_last = table is CHECKED_TABLES[-1]
    next_table, position = (table, checked.last_key) if not is_at_end else (_following(table), ())
    with store.write() as connection:
        if scrubs.move(connection, scrub, next_table.name, position, checked.rows, damaged):
            health.seal_unsealed(connection, [checked])
            if is_at_end and is_last:
                scrubs.finish(connection, scrub.rows + checked.rows, scrub.damaged + damaged)
    return max(checked.rows, 1)


def _following(table: Table) -> Table:
    return CHECKED_TABLES[(CHECKED_TABLES.index(table) + 1) % len(CHECKED_TABLES)]


def _current(store: Store, now: datetime) -> Scrub | None:
    """Return the check in progress; begin one if the last ended long enough ago."""
    with store.read() as connection:
        current, finished = scrubs.find_current(connection), scrubs.find_finished(connection)
    if current is not None:
        return current
    if finished is not None and finished.finished_at is not None and now - finished.finished_at < REST:
        return None
    with store.write() as connection:
        return scrubs.find_current(connection) or scrubs.start(connection)
