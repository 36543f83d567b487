"""Sessions: one run with one agent, numbered 1..N in its project."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from onward.core.session import AGENT_SOURCE, ChecklistItem, Session, SessionOrder, SessionStatus, TitleOrigin
from onward.core.transcript.transcript import SessionHead
from onward.store import schema
from onward.store.clock import now, to_datetime, to_datetime_or_none, to_micros
from onward.store.lazy_module import sa
from onward.store.statements import NO_LIMIT, Query, batches
from onward.store.text import storable_text

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection, TextClause


def create(
    connection: Connection,
    project_id: int,
    head: SessionHead,
    *,
    native_id: str | None = None,
    source: str = "",
    objectives: Sequence[str] = (),
    template: str = "",
    checklist: Sequence[str] = (),
) -> Session:
    """Store a new session under the next number of its locked project, and return it."""
    result = connection.execute(
        sa.insert(schema.sessions)
        .values(
            project_id=project_id,
            number=next_number(connection, project_id),
            native_id=native_id,
            status="in_progress",
            source=source,
            objectives_json=_to_json(objectives),
            accomplishments_json="[]",
            blockers_json="[]",
            turns=0,
            tokens=0,
            created_at=now(),
            template=storable_text(template),
            checklist_json=_checklist_json([ChecklistItem(storable_text(text)) for text in checklist]),
            **_head_columns(head),
        )
        .returning(*schema.sessions.c)
    )
    return _from_row(result.one())


def next_number(connection: Connection, project_id: int) -> int:
    """Return the first number that no session of a locked project has, or had."""
    return 1 + max(
        int(
            connection.execute(
                sa.select(sa.func.coalesce(sa.func.max(table.c.number), 0)).where(table.c.project_id == project_id)
            ).scalar_one()
        )
        for table in (schema.sessions, schema.removed_sessions)
    )


def attach_transcript(connection: Connection, session_id: int, head: SessionHead, *, native_id: str, source: str) -> Session:
    """Give a session that a person started the head of its transcript, and return it. A person's title stays."""
    values = {name: value for name, value in _head_columns(head).items() if value}
    if _require(connection, schema.sessions.c.id == session_id).title_origin == "person":
        values = {name: value for name, value in values.items() if name not in ("title", "title_origin")}
    connection.execute(
        sa.update(schema.sessions).where(schema.sessions.c.id == session_id).values(native_id=native_id, source=source, **values)
    )
    return _require(connection, schema.sessions.c.id == session_id)


def _head_columns(head: SessionHead) -> dict[str, Any]:
    # Only who stores a session needs it, and its import takes longer than a list of sessions.
    from onward.core.transcript.titles import agent_title

    return {
        "agent": storable_text(head.agent),
        "parent_native_id": head.parent_id,
        "title": (title := storable_text(agent_title(head.title))),
        "title_origin": "agent" if title else "",
        "cwd": storable_text(head.cwd),
        "branch": storable_text(head.branch),
        "remote": storable_text(head.remote),
        "started_at": to_micros(head.started_at),
    }


_BY_ID = Query("SELECT * FROM sessions WHERE id = :id")
_BY_NUMBER = Query("SELECT * FROM sessions WHERE project_id = :project_id AND number = :number")
_BY_NUMBERS = Query("SELECT * FROM sessions WHERE project_id = :project_id AND number IN :numbers")
_ADD_COUNTS = Query(
    "UPDATE sessions SET turns = turns + :new_turns, tokens = tokens + :new_tokens, status = 'in_progress', completed_at = NULL, "
    "checksum = NULL WHERE id = :session_id RETURNING *"
)

_HAS_CONTENT = """(
    sessions.turns > 0
    OR (sessions.status = 'in_progress' AND sessions.native_id IS NULL AND sessions.source = '')
    OR sessions.objectives_json != '[]' OR sessions.accomplishments_json != '[]' OR sessions.blockers_json != '[]'
    OR sessions.title_origin = 'person' OR sessions.credits_used IS NOT NULL
    OR EXISTS (
        SELECT 1 FROM fact_edits WHERE fact_edits.project_id = sessions.project_id AND fact_edits.kind = 'add'
        AND fact_edits.text LIKE '%"s' || CAST(sessions.number AS VARCHAR) || '.0"%'
    )
)"""
"""Whether a session is more than a number: it has turns, words of a person, or facts that its agent noted, or a person has just started
it.
"""


def find(connection: Connection, session_id: int) -> Session | None:
    """Return the session of that id, or None."""
    row = _BY_ID.first(connection, id=session_id)
    return None if row is None else _from_row(row)


def find_by_number(connection: Connection, project_id: int, number: int) -> Session | None:
    """Return the session of that number in its project, or None."""
    row = _BY_NUMBER.first(connection, project_id=project_id, number=number)
    return None if row is None else _from_row(row)


def find_by_numbers(connection: Connection, project_id: int, numbers: Collection[int]) -> list[Session]:
    """Return the sessions of a project with these numbers."""
    return [
        _from_row(row) for batch in batches(sorted(numbers)) for row in _BY_NUMBERS.all(connection, project_id=project_id, numbers=batch)
    ]


def find_by_native_ids(connection: Connection, project_id: int, native_ids: Sequence[str]) -> list[Session]:
    """Return the sessions of a project that have one of these ids in their agent."""
    query = sa.select(schema.sessions).where(schema.sessions.c.project_id == project_id, schema.sessions.c.native_id.in_(native_ids))
    return [_from_row(row) for row in connection.execute(query)]


def list_started_at(connection: Connection, project_id: int, agent: str, started_at: datetime) -> list[Session]:
    """Return the sessions of an agent that started at exactly this time."""
    condition = (
        (schema.sessions.c.project_id == project_id)
        & (schema.sessions.c.agent == agent)
        & (schema.sessions.c.started_at == to_micros(started_at))
    )
    return [_from_row(row) for row in connection.execute(sa.select(schema.sessions).where(condition).order_by(schema.sessions.c.number))]


def find_awaiting_transcript(
    connection: Connection, project_id: int, started_at: datetime | None, last_at: datetime | None = None
) -> Session | None:
    """Return the newest session without a transcript that a transcript with these times may belong to, or None.

    A person started it before *started_at*, or its own agent did before *last_at*. A transcript without a start time belongs to none.
    """
    if started_at is None:
        return None
    is_waiting = (
        (schema.sessions.c.project_id == project_id)
        & (schema.sessions.c.status == "in_progress")
        & schema.sessions.c.native_id.is_(None)
        & (schema.sessions.c.turns == 0)
    )
    is_candidate = schema.sessions.c.created_at <= to_micros(started_at)
    if last_at is not None:
        # The agent had already started when it created the session.
        is_candidate |= (
            (schema.sessions.c.source == AGENT_SOURCE)
            & (schema.sessions.c.created_at <= to_micros(last_at))
            & (schema.sessions.c.created_at >= to_micros(started_at))
        )
    return _find_first(connection, is_waiting & is_candidate)


def _has_content() -> TextClause:
    return sa.text(_HAS_CONTENT)


def count_active(connection: Connection) -> int:
    """Return the number of active sessions of all projects, without empty ones."""
    return int(connection.execute(sa.select(sa.func.count()).where(schema.sessions.c.status == "in_progress", _has_content())).scalar_one())


def list_sessions(
    connection: Connection,
    project_id: int,
    *,
    with_empty: bool = True,
    status: SessionStatus | None = None,
    after: int = 0,
    limit: int | None = None,
) -> list[Session]:
    """Return a project's sessions by number; with *after*, those with a higher number."""
    query = _list_query(with_empty=with_empty, has_status=status is not None)
    rows = query.all(connection, project_id=project_id, after=after, status=status, most=NO_LIMIT if limit is None else limit)
    return [_from_row(row) for row in rows]


@cache
def _list_query(*, with_empty: bool, has_status: bool) -> Query:
    conditions = ["project_id = :project_id", "number > :after"]
    conditions += ["status = :status"] if has_status else []
    conditions += [] if with_empty else [_HAS_CONTENT]
    return Query(f"SELECT * FROM sessions WHERE {' AND '.join(conditions)} ORDER BY number LIMIT :most")  # noqa: S608


def list_newest(
    connection: Connection, project_id: int, *, status: SessionStatus | None = None, before: int | None = None, limit: int
) -> list[Session]:
    """Return a project's sessions that are not empty, highest number first; with *before*, those with a lower number."""
    query = (
        sa.select(schema.sessions)
        .where(schema.sessions.c.project_id == project_id, _has_content())
        .order_by(schema.sessions.c.number.desc())
        .limit(limit)
    )
    if status:
        query = query.where(schema.sessions.c.status == status)
    if before is not None:
        query = query.where(schema.sessions.c.number < before)
    return [_from_row(row) for row in connection.execute(query)]


def list_across_projects(
    connection: Connection,
    *,
    with_empty: bool = True,
    project_id: int | None = None,
    account_id: int | None = None,
    status: SessionStatus | None = None,
    agent: str | None = None,
    before: int | None = None,
    order: SessionOrder | None = None,
    skip: int = 0,
    limit: int,
) -> list[Session]:
    """Return sessions of all projects with all filters applied, in *order* after the first *skip*; by default the newest first, with
    *before* those with a lower id. Sessions without the value of an order come last.
    """
    query = sa.select(schema.sessions).order_by(*_order_columns(order), schema.sessions.c.id.desc()).offset(skip).limit(limit)
    if not with_empty:
        query = query.where(_has_content())
    if project_id is not None:
        query = query.where(schema.sessions.c.project_id == project_id)
    if status:
        query = query.where(schema.sessions.c.status == status)
    if agent is not None:
        query = query.where(schema.sessions.c.agent == agent)
    if account_id is not None:
        on_account = sa.select(schema.session_accounts.c.session_id).where(schema.session_accounts.c.account_id == account_id)
        query = query.where(schema.sessions.c.id.in_(on_account))
    if before is not None:
        query = query.where(schema.sessions.c.id < before)
    return [_from_row(row) for row in connection.execute(query)]


def _order_columns(order: SessionOrder | None) -> list[Any]:
    if order is None:
        return []
    columns: dict[str, ColumnElement[Any]] = {
        "title": sa.func.lower(sa.func.nullif(schema.sessions.c.title, "")),
        "turns": schema.sessions.c.turns,
        "credits": schema.sessions.c.credits_used,
        "started": sa.func.coalesce(schema.sessions.c.started_at, schema.sessions.c.ended_at),
    }
    column = columns[order.removeprefix("-")]
    return [(column.desc() if order.startswith("-") else column.asc()).nulls_last()]


def list_start_times(connection: Connection, since: datetime) -> list[datetime]:
    """Return when the sessions since *since* took place, as `Session.dated_at` says; those of unknown time are left out."""
    is_started_here = sa.or_(schema.sessions.c.native_id.is_(None), schema.sessions.c.source.in_(("", AGENT_SOURCE)))
    started_at = sa.func.coalesce(
        schema.sessions.c.started_at, schema.sessions.c.ended_at, sa.case((is_started_here, schema.sessions.c.created_at))
    )
    return [to_datetime(micros) for micros in connection.execute(sa.select(started_at).where(started_at >= to_micros(since))).scalars()]


def list_agents(connection: Connection) -> list[str]:
    """Return the names of the agents that have sessions, in order."""
    return [
        name
        for name in connection.execute(sa.select(schema.sessions.c.agent).distinct().order_by(schema.sessions.c.agent)).scalars()
        if name
    ]


class CompletedSession(NamedTuple):
    """What a handoff needs to know about a completed session."""

    number: int
    agent: str
    ended_at: datetime | None
    tokens: int


def list_completed(connection: Connection, project_id: int) -> list[CompletedSession]:
    """Return a project's completed sessions by number, without their long columns."""
    rows = _COMPLETED.all(connection, project_id=project_id)
    return [CompletedSession(row.number, row.agent, to_datetime_or_none(row.ended_at), row.tokens) for row in rows]


_COMPLETED = Query(
    "SELECT number, agent, ended_at, tokens FROM sessions WHERE project_id = :project_id AND status = 'completed' ORDER BY number"
)


class SessionLabel(NamedTuple):
    """How a session is named across projects: its project's name and its number."""

    project: str
    number: int


def labels_by_id(connection: Connection, ids: Collection[int]) -> dict[int, SessionLabel]:
    """Return the labels of the sessions with these ids."""
    return {row.id: SessionLabel(row.name, row.number) for row in _LABELS.all(connection, ids=list(ids))}


_LABELS = Query(
    "SELECT sessions.id, projects.name, sessions.number FROM sessions JOIN projects ON projects.id = sessions.project_id "
    "WHERE sessions.id IN :ids"
)


def find_latest(connection: Connection, project_id: int, status: SessionStatus) -> Session | None:
    """Return the session of that status with the highest number, or None."""
    return _find_first(connection, (schema.sessions.c.project_id == project_id) & (schema.sessions.c.status == status))


def add_turn_counts(connection: Connection, session_id: int, turns: int, tokens: int) -> Session:
    """Add to a session's counts and return it. A completed session becomes active again: its handoff does not cover the new turns."""
    return _from_row(_ADD_COUNTS.first(connection, session_id=session_id, new_turns=turns, new_tokens=tokens))


def set_native_id(connection: Connection, session_id: int, native_id: str) -> None:
    """Set the id that the agent gives a session."""
    connection.execute(sa.update(schema.sessions).where(schema.sessions.c.id == session_id).values(native_id=native_id))


def set_title(connection: Connection, session_id: int, title: str, origin: TitleOrigin) -> Session:
    """Set the title of a session, and return it."""
    values = {"title": storable_text(title), "title_origin": origin}
    connection.execute(sa.update(schema.sessions).where(schema.sessions.c.id == session_id).values(**values))
    return _require(connection, schema.sessions.c.id == session_id)


def set_start(connection: Connection, session_id: int, started_at: datetime) -> Session:
    """Set when a session started, and return it."""
    connection.execute(sa.update(schema.sessions).where(schema.sessions.c.id == session_id).values(started_at=to_micros(started_at)))
    return _require(connection, schema.sessions.c.id == session_id)


def list_untitled(connection: Connection, *, limit: int) -> list[Session]:
    """Return sessions that have turns and no title, the newest first."""
    query = (
        sa.select(schema.sessions)
        .where(schema.sessions.c.title == "", schema.sessions.c.turns > 0)
        .order_by(schema.sessions.c.id.desc())
        .limit(limit)
    )
    return [_from_row(row) for row in connection.execute(query)]


def move(connection: Connection, session_id: int, project_id: int, native_id: str | None) -> Session:
    """Move a session to a locked project under its next number, and return it. Handoffs that it loaded or produced do not move."""
    connection.execute(sa.delete(schema.loaded_handoffs).where(schema.loaded_handoffs.c.session_id == session_id))
    connection.execute(sa.update(schema.handoffs).where(schema.handoffs.c.session_id == session_id).values(session_id=None))
    connection.execute(
        sa.update(schema.sessions)
        .where(schema.sessions.c.id == session_id)
        .values(project_id=project_id, number=next_number(connection, project_id), native_id=native_id)
    )
    return _require(connection, schema.sessions.c.id == session_id)


def delete_session(connection: Connection, session_id: int) -> None:
    """Delete a session without turns."""
    connection.execute(sa.delete(schema.sessions).where(schema.sessions.c.id == session_id))


def complete(connection: Connection, session: Session) -> None:
    """Store *session* as completed now, with its accomplishments, blockers and credits."""
    connection.execute(
        sa.update(schema.sessions)
        .where(schema.sessions.c.id == session.id)
        .values(
            status="completed",
            completed_at=now(),
            ended_at=to_micros(session.ended_at),
            accomplishments_json=_to_json(session.accomplishments),
            blockers_json=_to_json(session.blockers),
            credits_used=session.credits_used,
        )
    )


def set_status(connection: Connection, session_id: int, status: SessionStatus) -> None:
    """Set the status of a session without completing it."""
    connection.execute(sa.update(schema.sessions).where(schema.sessions.c.id == session_id).values(status=status, completed_at=None))


def set_item_done(connection: Connection, session_id: int, index: int, is_done: bool) -> Session | None:
    """Set whether an item of a session's checklist (counted from 0) is done. Return the session, or None if there is no such item."""
    row = connection.execute(sa.select(schema.sessions).where(schema.sessions.c.id == session_id).with_for_update()).first()
    items = list(_from_row(row).checklist) if row else []
    if not 0 <= index < len(items):
        return None
    items[index] = replace(items[index], is_done=is_done)
    statement = (
        sa.update(schema.sessions)
        .where(schema.sessions.c.id == session_id)
        .values(checklist_json=_checklist_json(items))
        .returning(*schema.sessions.c)
    )
    return _from_row(connection.execute(statement).one())


def record_loaded_handoff(connection: Connection, session_id: int, handoff_id: int) -> None:
    """Record which handoff a session started from."""
    connection.execute(sa.insert(schema.loaded_handoffs).values(session_id=session_id, handoff_id=handoff_id))


def find_loaded_handoff_id(connection: Connection, session_id: int) -> int | None:
    """Return the id of the handoff that a session started from, or None."""
    return connection.execute(
        sa.select(schema.loaded_handoffs.c.handoff_id).where(schema.loaded_handoffs.c.session_id == session_id)
    ).scalar()


def _find_first(connection: Connection, condition: ColumnElement[bool]) -> Session | None:
    row = connection.execute(sa.select(schema.sessions).where(condition).order_by(schema.sessions.c.number.desc()).limit(1)).first()
    return None if row is None else _from_row(row)


def _require(connection: Connection, condition: ColumnElement[bool]) -> Session:
    return _from_row(connection.execute(sa.select(schema.sessions).where(condition)).one())


def _to_json(texts: Sequence[str]) -> str:
    return orjson.dumps([storable_text(text) for text in texts]).decode()


def _checklist_json(items: Sequence[ChecklistItem]) -> str:
    return orjson.dumps(items).decode()


def _from_row(row: Any) -> Session:
    return Session(
        id=row.id,
        project_id=row.project_id,
        number=row.number,
        agent=row.agent,
        native_id=row.native_id,
        parent_native_id=row.parent_native_id,
        status=row.status,
        title=row.title,
        title_origin=row.title_origin,
        objectives=tuple(orjson.loads(row.objectives_json)),
        accomplishments=tuple(orjson.loads(row.accomplishments_json)),
        blockers=tuple(orjson.loads(row.blockers_json)),
        credits_used=row.credits_used,
        cwd=row.cwd,
        branch=row.branch,
        remote=row.remote,
        source=row.source,
        template=row.template,
        checklist=tuple(ChecklistItem(**item) for item in orjson.loads(row.checklist_json)),
        turns=row.turns,
        tokens=row.tokens,
        started_at=to_datetime_or_none(row.started_at),
        ended_at=to_datetime_or_none(row.ended_at),
        created_at=to_datetime(row.created_at),
        completed_at=to_datetime_or_none(row.completed_at),
    )
