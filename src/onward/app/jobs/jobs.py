"""Background jobs: request, follow, cancel and retry them, and run one step at a time in a worker.

The database row of a job is authoritative. Each step is idempotent and then stores where the next step starts, so a worker that is killed
loses only its current step. Temporary failures are retried a few times with growing delays; permanent ones fail at once. A job that waits
for a language model that is unreachable or has used up its daily budget may wait for days, and then continues where it stopped.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from onward.app.models.gateway import ModelSetup
from onward.core.job import Job, JobState
from onward.core.project import Project
from onward.errors import BadInput, Conflict, NotFound, OnwardError, ProviderFailed, SpendLimit, StoreError
from onward.message import Message, as_message
from onward.settings import Machine, Worktrees
from onward.store import Store, encrypted_keys, jobs
from onward.store.jobs import OpenJob

__all__ = [
    "Job",
    "JobContext",
    "JobState",
    "JobStopped",
    "OpenJob",
    "StepProgress",
    "StepResult",
    "WorkerStopping",
    "cancel",
    "list_jobs",
    "list_open",
    "record_beat",
    "request_job",
    "require",
    "retry",
    "run_now",
    "run_queued",
    "start_new_run",
    "take_step",
    "wake_waiting",
]

_COMMAND_WORKER = "command"
"""The worker of jobs that a command runs itself."""
WAITING_STEP = "waiting for the model"
MAX_ATTEMPTS = 6
MAX_WAIT_SECONDS = 60.0
MAX_MODEL_WAIT = timedelta(days=7)
"""A job that has waited for a model this long fails."""


@dataclass(frozen=True, slots=True)
class JobContext:
    """What jobs run with. Uploads and exports are stored below `home`. The first retry comes after `first_wait_seconds`, later ones after
    longer delays.

    `model_setup` is None if no language model is available.
    """

    store: Store
    home: Path
    worktrees: Worktrees = "together"
    budget_tokens: int | None = None
    first_wait_seconds: float = 1.0
    model_setup: ModelSetup | None = None
    machine: Machine | None = None
    """The worker's machine; None if jobs must not read the transcripts of its agents."""


class JobStopped(Exception):
    """The job was cancelled, or another worker has taken it over."""


class WorkerStopping(BaseException):
    """The worker is shutting down: the step stops, and the next worker runs it again. No `except Exception` catches it."""


@dataclass(slots=True)
class StepProgress:
    """How far a step is. Another thread writes it to the store, so that a step can report while it holds a transaction."""

    done: int = 0
    total: int | None = None
    step: str | Message = ""
    is_stopped: bool = False
    is_worker_stopping: bool = False

    def report(self, done: int, total: int | None, step: str | Message = "") -> None:
        """Report progress. Raises `JobStopped` if the job must stop, `WorkerStopping` if its worker must."""
        self.done, self.total, self.step = done, total, step
        if self.is_worker_stopping:
            raise WorkerStopping
        if self.is_stopped:
            raise JobStopped


class StepResult(NamedTuple):
    """The outcome of a step: whether the job is done, data for the next step, the result so far, and a path to delete afterwards."""

    is_last: bool
    memo: Mapping[str, Any]
    result: Mapping[str, Any]
    obsolete_path: Path | None = None


StepFunction = Callable[[JobContext, Job, StepProgress], StepResult]


def request_job(
    store: Store,
    kind: str,
    arguments: Mapping[str, Any],
    *,
    project: Project | None = None,
    key: str | None = None,
    requested_by: str = "",
    sealed_key: bytes | None = None,
) -> Job:
    """Create a job and return it, or return the open job with the same *key*. *sealed_key* is an encrypted LLM key for this job, deleted
    when the job ends.
    """
    if project:
        arguments = {**arguments, "project": project.name}
    with store.write() as connection:
        job = jobs.find_or_create(
            connection,
            kind,
            arguments,
            project_id=project.id if project else None,
            key=f"{kind}:{key}" if key else None,
            requested_by=requested_by,
        )
        if sealed_key is not None:
            encrypted_keys.save(connection, sealed_key, job_id=job.id)
        return job


def require(store: Store, job_id: int) -> Job:
    """Return the job with this id. Raises `NotFound`."""
    with store.read() as connection:
        return _require_found(jobs.find(connection, job_id), job_id)


def list_jobs(
    store: Store, *, state: JobState | None = None, project: Project | None = None, before: int | None = None, limit: int = 50
) -> list[Job]:
    """Return jobs, newest first."""
    with store.read() as connection:
        return jobs.list_jobs(connection, state=state, project_id=project.id if project else None, before=before, limit=limit)


def cancel(store: Store, job_id: int) -> Job:
    """Cancel a job: at once if it is queued, otherwise as soon as its worker notices. Work already done stays. A finished job does not
    change.
    """
    with store.write() as connection:
        job = _lock_job(connection, job_id)
        return jobs.request_cancel(connection, job) if job.is_open else job


def retry(store: Store, job_id: int) -> Job:
    """Continue a failed or cancelled job where it stopped. Raises `Conflict` for any other state, or if a job with the same key is open."""
    with store.write() as connection:
        job = _lock_job(connection, job_id)
        if job.state not in ("failed", "cancelled"):
            raise Conflict(
                Message("Job {job_id} is {state}.", job_id=job_id, state=job.state), "Only a failed or cancelled job can be retried."
            )
        if job.key is not None and jobs.find_open(connection, job.key) is not None:
            raise Conflict("Another job is doing the same work.", "Wait until it is done.")
        return jobs.requeue(connection, job)


def run_now(store: Store, job_id: int) -> Job:
    """Make a job that waits for a model due at once: a person asked to try again. Any other job does not change."""
    with store.write() as connection:
        job = _lock_job(connection, job_id)
        return jobs.requeue(connection, job) if job.state == "queued" and job.due_at and job.step == WAITING_STEP else job


def wake_waiting(store: Store) -> None:
    """Make every job that waits for a model due at once: what it is asked with has changed."""
    for open_job in list_open(store):
        if open_job.due_at:
            run_now(store, open_job.id)


def list_open(store: Store) -> list[OpenJob]:
    """Return all queued and running jobs, oldest first."""
    with store.read() as connection:
        return jobs.list_open(connection)


def start_new_run(store: Store, run: str) -> None:
    """Start a new run of an open job whose current run was lost."""
    with store.write() as connection:
        job = jobs.lock_run(connection, run)
        if job is not None and job.is_open:
            jobs.requeue(connection, job, attempts=job.attempts)


def record_beat(store: Store, run: str, worker: str, progress: StepProgress) -> None:
    """Store the progress of a run, and stop the run if it was cancelled or taken over by another worker."""
    with store.write() as connection:
        if not jobs.record_beat(connection, run, worker, (progress.done, progress.total, progress.step)):
            progress.is_stopped = True


def take_step(context: JobContext, step_functions: Mapping[str, StepFunction], run: str, worker: str, progress: StepProgress) -> bool:
    """Run the next step of a run, store its result and return whether more steps follow. Raises `StoreError` only if the outcome cannot
    be stored.
    """
    with context.store.write() as connection:
        job = jobs.lock_run(connection, run)
        if job is None or not job.is_open:
            return False
        if job.cancel_asked_at is not None:
            jobs.finish(connection, job, "cancelled")
            return False
        job = jobs.start(connection, job, worker)
    progress.done, progress.total, progress.step = job.done, job.total, job.step
    try:
        step_result = step_functions.get(job.kind, _reject_kind)(context, job, progress)
    except JobStopped:
        return _end_cancelled(context, run, worker)
    except OnwardError as error:
        error_fields = {"code": error.code, "message": error.message, "hint": error.hint}
        if (isinstance(error, ProviderFailed) and error.is_temporary) or (isinstance(error, SpendLimit) and error.until):
            return _wait_for_model(context, run, worker, error, error_fields)
        return _record_failure(context, run, worker, error_fields, is_temporary=isinstance(error, StoreError | Conflict))
    except OSError as error:
        error_fields = {
            "code": "machine",
            "message": Message("The operating system refused: {error}.", error=error.strerror or str(error)),
            "hint": "Check the disk: onward doctor",
        }
        return _record_failure(context, run, worker, error_fields, is_temporary=True)
    except Exception as error:  # noqa: BLE001 - a bug ends its job, never the worker
        error_fields = {
            "code": "defect",
            "message": Message("This is a bug in Onward: {kind}.", kind=type(error).__name__),
            "hint": "Report it with the worker's log.",
        }
        return _record_failure(context, run, worker, error_fields, is_temporary=False)
    return _store_result(context, run, worker, progress, step_result)


def run_queued(context: JobContext, step_functions: Mapping[str, StepFunction], kind: str) -> None:
    """Run the queued jobs of *kind* in this process: a command may have no worker beside it."""
    for queued_job in reversed(list_jobs(context.store, state="queued")):
        if queued_job.kind == kind:
            while take_step(context, step_functions, queued_job.run, _COMMAND_WORKER, StepProgress()):
                pass


def _reject_kind(_: JobContext, job: Job, __: StepProgress) -> StepResult:
    raise BadInput(
        Message("This version of Onward does not know the job kind {kind!r}.", kind=job.kind), "Upgrade all workers: pip install -U onward"
    )


def _store_result(context: JobContext, run: str, worker: str, progress: StepProgress, step_result: StepResult) -> bool:
    with context.store.write() as connection:
        job = _lock_own_run(connection, run, worker)
        if job is None:
            return False
        job_fields = {
            "done": progress.done,
            "total": progress.total,
            "step": progress.step,
            "memo": step_result.memo,
            "result": step_result.result,
        }
        job = jobs.save_progress(connection, job, **job_fields, attempts=0, error=None)
        if step_result.is_last:
            jobs.finish(connection, job, "done")
    if step_result.obsolete_path:
        if step_result.obsolete_path.is_dir():
            shutil.rmtree(step_result.obsolete_path, ignore_errors=True)
        else:
            step_result.obsolete_path.unlink(missing_ok=True)
    return not step_result.is_last


def _end_cancelled(context: JobContext, run: str, worker: str) -> bool:
    """Finish a job that was cancelled. A job taken over by another worker is left alone: the sweep starts a new run if it has none."""
    with context.store.write() as connection:
        job = _lock_own_run(connection, run, worker)
        if job is not None and job.cancel_asked_at is not None:
            jobs.finish(connection, job, "cancelled")
    return False


def _record_failure(context: JobContext, run: str, worker: str, error: Mapping[str, str | Message], *, is_temporary: bool) -> bool:
    """Store why a step failed, and schedule a retry for a temporary failure with attempts left."""
    with context.store.write() as connection:
        job = _lock_own_run(connection, run, worker)
        if job is None:
            return False
        attempts = job.attempts + 1
        if not is_temporary or attempts >= MAX_ATTEMPTS:
            jobs.finish(connection, jobs.save_progress(connection, job, attempts=attempts), "failed", error=error)
            return False
        wait_seconds = min(MAX_WAIT_SECONDS, context.first_wait_seconds * 2 ** (attempts - 1))
        jobs.requeue(connection, job, attempts=attempts, due_at=datetime.now(UTC) + timedelta(seconds=wait_seconds), error=error)
    return False


def _wait_for_model(
    context: JobContext, run: str, worker: str, error: ProviderFailed | SpendLimit, error_fields: Mapping[str, str | Message]
) -> bool:
    """Schedule a retry at the time that the provider or the daily budget gives, otherwise after a delay."""
    with context.store.write() as connection:
        job = _lock_own_run(connection, run, worker)
        if job is None:
            return False
        now, attempts = datetime.now(UTC), job.attempts + 1
        if now - job.created_at > MAX_MODEL_WAIT:
            jobs.finish(connection, job, "failed", error=error_fields)
            return False
        wait_seconds = min(MAX_WAIT_SECONDS, context.first_wait_seconds * 2.0 ** min(attempts - 1, 20))
        if isinstance(error, SpendLimit):
            due_at = error.until or now
        else:
            due_at = now + timedelta(seconds=max(wait_seconds, error.retry_after_seconds or 0.0))
        remedy = error.remedy if isinstance(error, ProviderFailed) else error.hint
        waiting_fields = {**error_fields, "hint": _waiting_hint(due_at, remedy)}
        jobs.requeue(connection, job, attempts=attempts, due_at=min(due_at, now + MAX_MODEL_WAIT), error=waiting_fields, step=WAITING_STEP)
    return False


def _waiting_hint(due_at: datetime, remedy: str | Message) -> Message:
    """Return what a person has to know about a waiting job: it continues by itself, unless *remedy* says what to change."""
    waits = Message("The job continues by itself, not before {due_at:%Y-%m-%d %H:%M:%S} UTC.", due_at=due_at)
    return Message("{message} {hint}", message=waits, hint=as_message(remedy)) if remedy else waits


def _lock_own_run(connection: Any, run: str, worker: str) -> Job | None:
    """Lock and return the job of a run; None if it belongs to another worker or is finished."""
    job = jobs.lock_run(connection, run)
    return job if job is not None and job.is_open and job.worker == worker else None


def _lock_job(connection: Any, job_id: int) -> Job:
    job = _require_found(jobs.find(connection, job_id), job_id)
    return _require_found(jobs.lock_run(connection, job.run), job_id)


def _require_found(job: Job | None, job_id: int) -> Job:
    if job is None:
        raise NotFound(Message("There is no job {job_id}.", job_id=job_id), "List the jobs: GET /api/jobs")
    return job
