"""Readings of the limits of AI services, and the accounts that they are of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, Row, and_, delete, func, insert, select

from onward.core.accounts.account_agent import FoundReading
from onward.core.transcript.transcript import LimitReading
from onward.store.clock import to_datetime, to_datetime_or_none, to_micros
from onward.store.schema import limit_readings, session_accounts, sessions
from onward.store.text import storable_text

_KEY = ("agent", "native_id", "model", "window_minutes")


def store_readings(connection: Connection, agent: str, native_id: str, profile: str, readings: Iterable[LimitReading]) -> int:
    """Store the readings of one session, each unless a later one of the same limit is stored, and return how many were new."""
    columns, count = limit_readings.c, 0
    for reading in readings:
        values = {
            "agent": agent,
            "native_id": storable_text(native_id),
            "model": storable_text(reading.model),
            "window_minutes": reading.window_minutes,
        }
        is_same = and_(*(columns[name] == values[name] for name in _KEY))
        at = to_micros(reading.at)
        stored_at = connection.execute(select(columns.at).where(is_same)).scalar()
        if stored_at is not None and stored_at >= at:
            continue
        connection.execute(delete(limit_readings).where(is_same))
        details = {"used_percent": reading.used_percent, "resets_at": to_micros(reading.resets_at), "at": at}
        texts = {"plan": storable_text(reading.plan), "profile": storable_text(profile)}
        connection.execute(insert(limit_readings).values(**values, **details, **texts))
        count += 1
    return count


def list_newest(connection: Connection) -> Sequence[FoundReading]:
    """Return the newest reading of each limit: by the account that the session runs on, else by agent and folder."""
    current = (
        select(func.max(session_accounts.c.id).label("id"), session_accounts.c.session_id)
        .group_by(session_accounts.c.session_id)
        .subquery()
    )
    account_id = session_accounts.c.account_id.label("account_id")
    columns = limit_readings.c
    place = func.row_number().over(
        partition_by=(account_id, columns.agent, columns.profile, columns.model, columns.window_minutes, columns.plan),
        order_by=(columns.at.desc(), columns.native_id),
    )
    ranked = (
        select(limit_readings, account_id, place.label("place"))
        .outerjoin(sessions, and_(sessions.c.native_id == columns.native_id, sessions.c.agent == columns.agent))
        .outerjoin(current, current.c.session_id == sessions.c.id)
        .outerjoin(session_accounts, session_accounts.c.id == current.c.id)
        .subquery()
    )
    rows = connection.execute(select(ranked).where(ranked.c.place == 1).order_by(ranked.c.at))
    return [FoundReading(row.account_id, row.agent, row.profile, _from_row(row)) for row in rows]


def _from_row(row: Row[tuple[object, ...]]) -> LimitReading:
    return LimitReading(
        window_minutes=row.window_minutes,
        used_percent=row.used_percent,
        at=to_datetime(row.at),
        resets_at=to_datetime_or_none(row.resets_at),
        model=row.model,
        plan=row.plan,
    )
