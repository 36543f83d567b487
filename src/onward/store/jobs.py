"""Jobs: long-running work. The row is the truth; a worker that is lost can start again from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from secrets import token_hex
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, Row, insert, select, update
from sqlalchemy.exc import IntegrityError

from onward.core.job import Job, JobState
from onward.message import Message, from_data, to_data
from onward.store import encrypted_keys, events, model_calls
from onward.store.clock import now, to_datetime, to_datetime_or_none, to_micros
from onward.store.schema import jobs
from onward.store.statements import Query

OPEN_STATES: tuple[JobState, ...] = ("queued", "running")


class OpenJob(NamedTuple):
    """What a worker needs to know about an open job."""

    id: int
    kind: str
    run: str
    state: JobState
    worker: str
    beat_at: datetime | None
    due_at: datetime | None


def find_or_create(
    connection: Connection, kind: str, arguments: Mapping[str, Any], *, project_id: int | None, key: str | None, requested_by: str
) -> Job:
    """Create a job and return it. If a job of the same *key* is open, return that one."""
    values = {
        "kind": kind,
        "state": "queued",
        "project_id": project_id,
        "key": key,
        "run": token_hex(16),
        "requested_by": requested_by,
        "arguments_json": _to_json(arguments),
        "memo_json": "{}",
        "result_json": "{}",
        "step": "",
        "done": 0,
        "attempts": 0,
        "spend_usd": 0.0,
        "worker": "",
        "created_at": now(),
    }
    for is_last in (False, False, True):
        try:
            with connection.begin_nested():
                job = _from_row(connection.execute(insert(jobs).values(values).returning(*jobs.c)).one())
        except IntegrityError:
            existing = None if key is None else find_open(connection, key)
            if existing is not None:
                return existing
            # The open job ended between the two statements, or something other than the key is in conflict.
            if is_last:
                raise
            continue
        _record_event(connection, job)
        return job
    raise AssertionError


def find(connection: Connection, job_id: int) -> Job | None:
    """Return the job of that id, or None."""
    row = connection.execute(select(jobs).where(jobs.c.id == job_id)).first()
    return None if row is None else _from_row(row)


def lock_run(connection: Connection, run: str) -> Job | None:
    """Lock and return the job of a run, or return None if the job has a newer run."""
    row = connection.execute(select(jobs).where(jobs.c.run == run).with_for_update()).first()
    return None if row is None else _from_row(row)


def find_open(connection: Connection, key: str) -> Job | None:
    """Return the open job of a key, or None."""
    row = connection.execute(select(jobs).where(jobs.c.key == key, jobs.c.finished_at.is_(None))).first()
    return None if row is None else _from_row(row)


def list_jobs(
    connection: Connection, *, state: JobState | None = None, project_id: int | None = None, before: int | None = None, limit: int = 50
) -> list[Job]:
    """Return jobs, newest first, filtered by state and project; with *before*, those with a lower id."""
    query = select(jobs).order_by(jobs.c.id.desc()).limit(limit)
    if state is not None:
        query = query.where(jobs.c.state == state)
    if project_id is not None:
        query = query.where(jobs.c.project_id == project_id)
    if before is not None:
        query = query.where(jobs.c.id < before)
    return [_from_row(row) for row in connection.execute(query)]


# An idle worker asks this several times a second.
_OPEN = Query("SELECT id, kind, run, state, worker, beat_at, due_at FROM jobs WHERE state IN :states ORDER BY id")


def list_open(connection: Connection) -> list[OpenJob]:
    """Return all queued and running jobs, oldest first."""
    return [
        OpenJob(
            id=row.id,
            kind=row.kind,
            run=row.run,
            state=row.state,
            worker=row.worker,
            beat_at=to_datetime_or_none(row.beat_at),
            due_at=to_datetime_or_none(row.due_at),
        )
        for row in _OPEN.all(connection, states=OPEN_STATES)
    ]


def start(connection: Connection, job: Job, worker: str) -> Job:
    """Record that *worker* runs a locked job, and return the job."""
    at = now()
    return _update_job(connection, job, state="running", worker=worker, beat_at=at, started_at=jobs.c.started_at if job.started_at else at)


def record_beat(connection: Connection, run: str, worker: str, progress: tuple[int, int | None, str | Message]) -> bool:
    """Record that *worker* still runs a job, and its progress (done, total, step).

    Return False when the worker must stop: the job is cancelled or belongs to another worker.
    """
    job = lock_run(connection, run)
    if job is None or job.state != "running" or job.worker != worker:
        return False
    done, total, step = progress
    if (done, total, step) != (job.done, job.total, job.step):
        _update_job(connection, job, beat_at=now(), done=done, total=total, step=step)
    else:
        connection.execute(update(jobs).where(jobs.c.id == job.id).values(beat_at=now()))
    return job.cancel_asked_at is None


def save_progress(connection: Connection, job: Job, **values: Any) -> Job:
    """Store the result of one step of a locked job (`memo`, `done`, `total`, `step`, `attempts`, `error`, `state`), and return the job."""
    return _update_job(connection, job, **values)


def finish(
    connection: Connection, job: Job, state: JobState, *, result: Mapping[str, Any] | None = None, error: Mapping[str, Any] | None = None
) -> Job:
    """End a locked job and return it. Its LLM key is deleted and, when it is done, so are the model answers it was made from."""
    encrypted_keys.delete_key(connection, job_id=job.id)
    if state == "done":
        model_calls.delete_answers(connection, job.id)
    values: dict[str, Any] = {"state": state, "finished_at": now(), "error": error}
    if result is not None:
        values["result"] = result
    return _update_job(connection, job, **values)


def request_cancel(connection: Connection, job: Job) -> Job:
    """Ask a locked job to stop; a queued job ends at once. Return the job."""
    if job.state == "queued":
        return finish(connection, job, "cancelled")
    return _update_job(connection, job, cancel_asked_at=now())


def requeue(
    connection: Connection,
    job: Job,
    *,
    attempts: int = 0,
    due_at: datetime | None = None,
    error: Mapping[str, Any] | None = None,
    step: str | Message | None = None,
) -> Job:
    """Queue a locked job again, to continue where it stopped, no earlier than *due_at*; return the job. *step* replaces the shown step."""
    values: dict[str, Any] = {
        "run": token_hex(16),
        "state": "queued",
        "worker": "",
        "beat_at": None,
        "cancel_asked_at": None,
        "finished_at": None,
    }
    if step is not None:
        values["step"] = step
    return _update_job(connection, job, **values, attempts=attempts, due_at=to_micros(due_at), error=error)


def _update_job(connection: Connection, job: Job, **values: Any) -> Job:
    columns = {f"{name}_json" if name in ("memo", "result", "error") else name: value for name, value in values.items()}
    for name in ("memo_json", "result_json", "error_json"):
        if columns.get(name) is not None:
            columns[name] = _to_json(columns[name])
    if isinstance(columns.get("step"), Message):
        columns["step"] = _to_json(columns["step"])
    new_job = _from_row(connection.execute(update(jobs).where(jobs.c.id == job.id).values(columns).returning(*jobs.c)).one())
    if (new_job.state, new_job.done, new_job.total, new_job.step) != (job.state, job.done, job.total, job.step):
        _record_event(connection, new_job)
    return new_job


def _record_event(connection: Connection, job: Job) -> None:
    data: dict[str, Any] = {"job_kind": job.kind, "state": job.state, "done": job.done, "total": job.total}
    if job.error:
        data["error"] = job.error["code"]
    events.record(connection, "job", project_id=job.project_id, job_id=job.id, data=data)


def _to_json(value: Mapping[str, Any] | Sequence[Any] | Message) -> str:
    return orjson.dumps(to_data(value)).decode()


def _from_json(text: str) -> Any:
    return from_data(orjson.loads(text))


def _from_row(row: Row[Any]) -> Job:
    return Job(
        id=row.id,
        kind=row.kind,
        state=row.state,
        project_id=row.project_id,
        key=row.key,
        run=row.run,
        requested_by=row.requested_by,
        arguments=orjson.loads(row.arguments_json),
        memo=_from_json(row.memo_json),
        result=_from_json(row.result_json),
        step=_from_json(row.step) if row.step.startswith('{"template"') else row.step,
        done=row.done,
        total=row.total,
        attempts=row.attempts,
        error=None if row.error_json is None else _from_json(row.error_json),
        spend_usd=row.spend_usd,
        worker=row.worker,
        beat_at=to_datetime_or_none(row.beat_at),
        cancel_asked_at=to_datetime_or_none(row.cancel_asked_at),
        due_at=to_datetime_or_none(row.due_at),
        created_at=to_datetime(row.created_at),
        started_at=to_datetime_or_none(row.started_at),
        finished_at=to_datetime_or_none(row.finished_at),
    )
