"""Calls of language models: recorded before they are made; the answer is stored before anything else happens with it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, delete, func, insert, null, select, update
from sqlalchemy.exc import IntegrityError

from onward.core.agents import WRITER_IDS
from onward.core.spend import AttemptUsage, ModelCall, SpendGrouping, SpendLine, SpendTotals
from onward.store.clock import now, to_datetime, to_datetime_or_none, to_micros
from onward.store.schema import jobs, model_answers, model_calls, projects


class CallKey(NamedTuple):
    """What identifies a call: its job, its step and a digest of the request. A call without a job is always new."""

    project_id: int | None
    job_id: int | None
    step: str
    digest: str
    host: str
    model: str


def find_answer(connection: Connection, key: CallKey) -> str | None:
    """Return the stored answer to a call of a job, or None; always None for a call without a job."""
    if key.job_id is None:
        return None
    query = select(model_answers.c.body_json).join(model_calls, model_calls.c.id == model_answers.c.call_id).where(_is_same_call(key))
    return connection.execute(query).scalar()


def start(connection: Connection, key: CallKey, reserved_tokens: int, reserved_usd: float) -> int:
    """Record that a call starts, with the most it may cost, and return its id. A call of the same job, step and digest is repeated."""
    at = now()
    reserved = {"reserved_tokens": reserved_tokens, "reserved_usd": reserved_usd}
    values = {
        **key._asdict(),
        **reserved,
        "attempts": 1,
        "input_tokens": 0,
        "output_tokens": 0,
        "cost_usd": 0.0,
        "is_unpriced": False,
        "failed": "",
        "asked_at": at,
    }
    try:
        with connection.begin_nested():
            return int(connection.execute(insert(model_calls).values(values).returning(model_calls.c.id)).scalar_one())
    except IntegrityError:
        retry = {**reserved, "attempts": model_calls.c.attempts + 1, "failed": "", "asked_at": at}
        return int(connection.execute(update(model_calls).where(_is_same_call(key)).values(retry).returning(model_calls.c.id)).scalar_one())


def record_answer(connection: Connection, call_id: int, usage: AttemptUsage, body_json: str | None) -> None:
    """Record what an answer cost, and store it. *body_json* is None for a call without a job."""
    call = _add_usage(connection, call_id, usage, failed="", answered_at=now())
    if body_json is not None:
        values = {"call_id": call_id, "project_id": call.project_id, "body_json": body_json, "created_at": now()}
        connection.execute(insert(model_answers).values(values))


def record_failure(connection: Connection, call_id: int, usage: AttemptUsage, reason: str) -> None:
    """Record why a call failed, and what it cost nevertheless."""
    _add_usage(connection, call_id, usage, failed=reason)


def record_stop(connection: Connection, call_id: int) -> None:
    """Record that a call was stopped before it was answered."""
    connection.execute(update(model_calls).where(model_calls.c.id == call_id).values(failed="stopped"))


def _add_usage(connection: Connection, call_id: int, usage: AttemptUsage, **values: Any) -> Row[Any]:
    cost_usd = usage.cost_usd or 0.0
    statement = (
        update(model_calls)
        .where(model_calls.c.id == call_id)
        .values(
            input_tokens=model_calls.c.input_tokens + usage.input_tokens,
            output_tokens=model_calls.c.output_tokens + usage.output_tokens,
            cost_usd=model_calls.c.cost_usd + cost_usd,
            reserved_tokens=0,
            reserved_usd=0.0,
            **({"is_unpriced": True} if usage.cost_usd is None else {}),
            **values,
        )
    )
    call = connection.execute(statement.returning(*model_calls.c)).one()
    if call.job_id is not None and cost_usd:
        connection.execute(update(jobs).where(jobs.c.id == call.job_id).values(spend_usd=jobs.c.spend_usd + cost_usd))
    return call


def count_calls(connection: Connection, models: Collection[str], *, since: datetime) -> int:
    """Return how often one of *models* was asked since a time, repeated attempts included."""
    attempts = func.coalesce(func.sum(model_calls.c.attempts), 0)
    query = select(attempts).where(model_calls.c.model.in_(models), model_calls.c.asked_at >= to_micros(since))
    return int(connection.execute(query).scalar_one())


def committed_spend(
    connection: Connection, *, project_id: int | None = None, job_id: int | None = None, since: datetime | None = None
) -> tuple[int, float]:
    """Return the tokens and US dollars spent or reserved: by a job, or by a project (None: without one) since a time.

    A call in progress counts with the most it may cost.
    """
    condition = model_calls.c.job_id == job_id if job_id is not None else model_calls.c.project_id.is_not_distinct_from(project_id)
    if since is not None:
        condition &= model_calls.c.asked_at >= to_micros(since)
    tokens = model_calls.c.input_tokens + model_calls.c.output_tokens + model_calls.c.reserved_tokens
    sums = (func.coalesce(func.sum(tokens), 0), func.coalesce(func.sum(model_calls.c.cost_usd + model_calls.c.reserved_usd), 0.0))
    row = connection.execute(select(*sums).where(condition)).one()
    return int(row[0]), float(row[1])


def total_spend(
    connection: Connection, *, project_id: int | None = None, job_id: int | None = None, since: datetime | None = None
) -> SpendTotals:
    """Return the total cost of calls, filtered by project, job and time."""
    return _to_spent(connection.execute(select(*_SUMS).where(*_conditions(project_id, job_id, since))).one())


def list_spend(
    connection: Connection, by: SpendGrouping, *, project_id: int | None = None, since: datetime | None = None, limit: int = 100
) -> list[SpendLine]:
    """Return the cost of calls by job, project or model: newest jobs first, otherwise most expensive first."""
    conditions = _conditions(project_id, None, since)
    if by == "job":
        query = (
            select(*_SUMS, model_calls.c.job_id, jobs.c.kind)
            .outerjoin_from(model_calls, jobs, jobs.c.id == model_calls.c.job_id)
            .group_by(model_calls.c.job_id, jobs.c.kind)
        )
        query = query.order_by(model_calls.c.job_id.desc().nulls_last())
    elif by == "project":
        project = model_calls.c.project_id
        query = select(*_SUMS, project, projects.c.name).outerjoin_from(model_calls, projects, projects.c.id == project)
        query = query.group_by(project, projects.c.name).order_by(_COST.desc(), _TOKENS.desc(), project)
    else:
        model = model_calls.c.model
        query = select(*_SUMS, null(), model).group_by(model).order_by(_COST.desc(), _TOKENS.desc(), model)
    rows: Iterable[Any] = connection.execute(query.where(*conditions).limit(limit))
    return [SpendLine(row[len(_SUMS) + 1] or "", row[len(_SUMS)], _to_spent(row)) for row in rows]


def list_calls(connection: Connection, *, job_id: int | None = None, before: int | None = None, limit: int = 50) -> list[ModelCall]:
    """Return calls, newest first, filtered by job; with *before*, those with a lower id."""
    query = select(model_calls).where(*_conditions(None, job_id, None)).order_by(model_calls.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(model_calls.c.id < before)
    return [_from_row(row) for row in connection.execute(query)]


def delete_answers(connection: Connection, job_id: int) -> None:
    """Delete the stored answers of a job whose result is stored elsewhere."""
    connection.execute(
        delete(model_answers).where(model_answers.c.call_id.in_(select(model_calls.c.id).where(model_calls.c.job_id == job_id)))
    )


_TOKENS = func.coalesce(func.sum(model_calls.c.input_tokens + model_calls.c.output_tokens), 0)
_COST = func.coalesce(func.sum(model_calls.c.cost_usd), 0.0)
_SUMS = (
    func.count(model_calls.c.id),
    func.coalesce(func.sum(model_calls.c.input_tokens), 0),
    func.coalesce(func.sum(model_calls.c.output_tokens), 0),
    _COST,
    func.count(model_calls.c.id).filter(model_calls.c.is_unpriced),
    func.count(model_calls.c.id).filter(model_calls.c.model.in_(WRITER_IDS)),
)


def _conditions(project_id: int | None, job_id: int | None, since: datetime | None) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if project_id is not None:
        conditions.append(model_calls.c.project_id == project_id)
    if job_id is not None:
        conditions.append(model_calls.c.job_id == job_id)
    if since is not None:
        conditions.append(model_calls.c.asked_at >= to_micros(since))
    return conditions


def _is_same_call(key: CallKey) -> ColumnElement[bool]:
    return (model_calls.c.job_id == key.job_id) & (model_calls.c.step == key.step) & (model_calls.c.digest == key.digest)


def _to_spent(row: Any) -> SpendTotals:
    return SpendTotals(
        calls=int(row[0]),
        input_tokens=int(row[1]),
        output_tokens=int(row[2]),
        cost_usd=float(row[3]),
        unpriced=int(row[4]),
        subscription=int(row[5]),
    )


def _from_row(row: Row[Any]) -> ModelCall:
    return ModelCall(
        id=row.id,
        project_id=row.project_id,
        job_id=row.job_id,
        step=row.step,
        host=row.host,
        model=row.model,
        attempts=row.attempts,
        input_tokens=row.input_tokens,
        output_tokens=row.output_tokens,
        cost_usd=row.cost_usd,
        is_unpriced=row.is_unpriced,
        failed=row.failed,
        asked_at=to_datetime(row.asked_at),
        answered_at=to_datetime_or_none(row.answered_at),
    )
