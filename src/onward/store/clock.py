"""The store's clock: when a row was written, and how a time is kept."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def now() -> int:
    """Return the current time as it is kept: whole microseconds since 1970 in UTC."""
    return time.time_ns() // 1000


def kept(at: datetime | None) -> int | None:
    """Return *at* as it is kept."""
    return None if at is None else (at - _EPOCH) // _MICROSECOND


def told(kept_at: int | None) -> datetime | None:
    """Return the aware UTC time that was kept."""
    return None if kept_at is None else _EPOCH + timedelta(microseconds=kept_at)


def told_always(kept_at: int) -> datetime:
    """Return the aware UTC time of a column that is never empty."""
    return _EPOCH + timedelta(microseconds=kept_at)
