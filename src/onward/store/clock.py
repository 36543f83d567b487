"""The store's clock: the current time and the stored form of times."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def now() -> int:
    """Return the current time in whole microseconds since 1970, UTC."""
    return time.time_ns() // 1000


def to_micros(at: datetime | None) -> int | None:
    """Return *at* as stored: whole microseconds since 1970, UTC."""
    return None if at is None else (at - _EPOCH) // _MICROSECOND


def to_datetime_or_none(micros: int | None) -> datetime | None:
    """Return the aware UTC time of a column that may be NULL."""
    return None if micros is None else _EPOCH + timedelta(microseconds=micros)


def to_datetime(micros: int) -> datetime:
    """Return the aware UTC time of a column that is never NULL."""
    return _EPOCH + timedelta(microseconds=micros)
