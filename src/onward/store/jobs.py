"""Jobs: work that takes longer than a person waits. The row is the truth; what carries it out can be lost and begun again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from secrets import token_hex
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, Row, insert, select, update
from sqlalchemy.exc import IntegrityError

from onward.core.job import Job, JobState
from onward.store import events, model_calls, sealed_keys
from onward.store.clock import kept, now, told, told_always
from onward.store.schema import jobs

OPEN: tuple[JobState, ...] = ("queued", "running")


class OpenJob(NamedTuple):
    """What a worker has to know of an open job."""

    id: int
    kind: str
    run: str
    state: JobState
    worker: str
    beat_at: datetime | None
    due_at: datetime | None


def add(
    connection: Connection, kind: str, arguments: Mapping[str, Any], *, project_id: int | None, key: str | None, requested_by: str
) -> Job:
    """Ask for a job, and return it; where one of that *key* is open already, return that one."""
    values = {
        "kind": kind, "state": "queued", "project_id": project_id, "key": key, "run": token_hex(16), "requested_by": requested_by,
        "arguments_json": _json(arguments), "memo_json": "{}", "result_json": "{}", "step": "", "done": 0, "attempts": 0, "spend_usd": 0.0,
        "worker": "", "created_at": now(),
    }  # fmt: skip
    for is_last in (False, False, True):
        try:
            with connection.begin_nested():
                made = _made(connection.execute(insert(jobs).values(values).returning(*jobs.c)).one())
        except IntegrityError:
            there = None if key is None else open_of_key(connection, key)
            if there is not None:
                return there
            # It ended between the two statements; or it is not the key that is in the way.
            if is_last:
                raise
            continue
        _tell(connection, made)
        return made
    raise AssertionError


def by_id(connection: Connection, job_id: int) -> Job | None:
    """Return the job of that id, or None."""
    row = connection.execute(select(jobs).where(jobs.c.id == job_id)).first()
    return None if row is None else _made(row)


def held(connection: Connection, run: str) -> Job | None:
    """Return the job of a run, nobody else changing it until the transaction ends; None where it has another run by now."""
    row = connection.execute(select(jobs).where(jobs.c.run == run).with_for_update()).first()
    return None if row is None else _made(row)


def open_of_key(connection: Connection, key: str) -> Job | None:
    """Return the open job of a key, or None."""
    row = connection.execute(select(jobs).where(jobs.c.key == key, jobs.c.finished_at.is_(None))).first()
    return None if row is None else _made(row)


def listed(
    connection: Connection, *, state: JobState | None = None, project_id: int | None = None, before: int | None = None, limit: int = 50
) -> list[Job]:
    """Return jobs, the newest first: those before one id, of a state, of a project."""
    query = select(jobs).order_by(jobs.c.id.desc()).limit(limit)
    if state is not None:
        query = query.where(jobs.c.state == state)
    if project_id is not None:
        query = query.where(jobs.c.project_id == project_id)
    if before is not None:
        query = query.where(jobs.c.id < before)
    return [_made(row) for row in connection.execute(query)]


def open_ones(connection: Connection) -> list[OpenJob]:
    """Return every job that is to be carried out or being so, the oldest first."""
    columns = (jobs.c.id, jobs.c.kind, jobs.c.run, jobs.c.state, jobs.c.worker, jobs.c.beat_at, jobs.c.due_at)
    query = select(*columns).where(jobs.c.state.in_(OPEN)).order_by(jobs.c.id)
    return [OpenJob(row[0], row[1], row[2], row[3], row[4], told(row[5]), told(row[6])) for row in connection.execute(query)]


def begin(connection: Connection, job: Job, worker: str) -> Job:
    """Note that *worker* is at work on a held job, and return it."""
    at = now()
    return _changed(connection, job, state="running", worker=worker, beat_at=at, started_at=jobs.c.started_at if job.started_at else at)


def beat(connection: Connection, run: str, worker: str, progress: tuple[int, int | None, str]) -> bool:
    """Note that *worker* is still at work on a run and how far it is (done, of, at what); False where it should stop: cancelled, or not its own any more."""
    job = held(connection, run)
    if job is None or job.state != "running" or job.worker != worker:
        return False
    done, total, step = progress
    if (done, total, step) != (job.done, job.total, job.step):
        _changed(connection, job, beat_at=now(), done=done, total=total, step=step)
    else:
        connection.execute(update(jobs).where(jobs.c.id == job.id).values(beat_at=now()))
    return job.cancel_asked_at is None


def leave(connection: Connection, job: Job, **values: Any) -> Job:
    """Keep what one step of a held job leaves: `memo`, `done`, `total`, `step`, `attempts`, `error`, `state`. Return it."""
    return _changed(connection, job, **values)


def finish(
    connection: Connection, job: Job, state: JobState, *, result: Mapping[str, Any] | None = None, error: Mapping[str, str] | None = None
) -> Job:
    """End a held job, and return it. The key that it came with goes; once it is done, so do the answers of models that it was made of."""
    sealed_keys.remove(connection, job_id=job.id)
    if state == "done":
        model_calls.forget_answers(connection, job.id)
    values: dict[str, Any] = {"state": state, "finished_at": now(), "error": error}
    if result is not None:
        values["result"] = result
    return _changed(connection, job, **values)


def ask_to_cancel(connection: Connection, job: Job) -> Job:
    """Note that a held job is to stop; one that has not begun stops here. Return it."""
    if job.state == "queued":
        return finish(connection, job, "cancelled")
    return _changed(connection, job, cancel_asked_at=now())


def run_again(
    connection: Connection,
    job: Job,
    *,
    attempts: int = 0,
    due_at: datetime | None = None,
    error: Mapping[str, str] | None = None,
    step: str | None = None,
) -> Job:
    """Give a held job another run, from where it was left, not before *due_at*, and return it. *step* is what it is at until then; None leaves that as it was."""
    values = {"run": token_hex(16), "state": "queued", "worker": "", "beat_at": None, "cancel_asked_at": None, "finished_at": None}
    if step is not None:
        values["step"] = step
    return _changed(connection, job, **values, attempts=attempts, due_at=kept(due_at), error=error)


def _changed(connection: Connection, job: Job, **values: Any) -> Job:
    columns = {f"{name}_json" if name in ("memo", "result", "error") else name: value for name, value in values.items()}
    for name in ("memo_json", "result_json", "error_json"):
        if columns.get(name) is not None:
            columns[name] = _json(columns[name])
    changed = _made(connection.execute(update(jobs).where(jobs.c.id == job.id).values(columns).returning(*jobs.c)).one())
    if (changed.state, changed.done, changed.total, changed.step) != (job.state, job.done, job.total, job.step):
        _tell(connection, changed)
    return changed


def _tell(connection: Connection, job: Job) -> None:
    data: dict[str, Any] = {"job_kind": job.kind, "state": job.state, "done": job.done, "total": job.total}
    if job.error:
        data["error"] = job.error["code"]
    events.add(connection, "job", project_id=job.project_id, job_id=job.id, data=data)


def _json(value: Mapping[str, Any] | Sequence[Any]) -> str:
    return orjson.dumps(value).decode()


def _made(row: Row[Any]) -> Job:
    return Job(
        row.id, row.kind, row.state, row.project_id, row.key, row.run, row.requested_by, orjson.loads(row.arguments_json), orjson.loads(row.memo_json),
        orjson.loads(row.result_json), row.step, row.done, row.total, row.attempts, None if row.error_json is None else orjson.loads(row.error_json),
        row.spend_usd, row.worker, told(row.beat_at), told(row.cancel_asked_at), told(row.due_at), told_always(row.created_at), told(row.started_at), told(row.finished_at),
    )  # fmt: skip
