"""Jobs: asking for long work, following it, stopping it, trying it again; and the one step of it that a worker takes at a time.

The row of a job is the truth. Each step does a piece that may be done twice, then keeps where the next one begins: a worker that is killed costs the
piece it was at. What fails for a reason that may pass is tried again after a while, a few times; what cannot succeed is not. For a language model that is out of
reach, or has had its day's budget, a job waits for days: it says so, and goes on from where it was.
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
from onward.settings import Worktrees
from onward.store import Store, encrypted_keys, jobs
from onward.store.jobs import OpenJob

__all__ = ["Job", "JobContext", "JobState", "JobStopped", "OpenJob", "StepProgress", "StepResult", "WorkerStopping", "cancel", "list_jobs", "list_open", "record_beat", "request_job", "require", "retry", "start_new_run", "take_step"]  # fmt: skip

WAITING_STEP = "waiting for the model"
MAX_ATTEMPTS = 6
MAX_WAIT_SECONDS = 60.0
MAX_MODEL_WAIT = timedelta(days=7)
"""A job that has waited for a model for so long has failed."""


@dataclass(frozen=True, slots=True)
class JobContext:
    """What jobs are carried out with. Uploads lie in `home`, and what is exported is written there; after a failed attempt `first_wait_seconds` pass, then ever more.

    `models` is what language models are asked with; None where none is.
    """

    store: Store
    home: Path
    worktrees: Worktrees = "together"
    budget_tokens: int | None = None
    first_wait_seconds: float = 1.0
    model_setup: ModelSetup | None = None


class JobStopped(Exception):
    """The job was cancelled, or is another worker's by now."""


class WorkerStopping(BaseException):
    """The worker ends: the step is left as it is, and done again by the next. Nothing that handles what went wrong handles this."""


@dataclass(slots=True)
class StepProgress:
    """How far a step is. It is written down by somebody else, so that a step may tell while it holds the store."""

    done: int = 0
    total: int | None = None
    step: str = ""
    is_stopped: bool = False
    is_worker_stopping: bool = False

    def report(self, done: int, total: int | None, step: str = "") -> None:
        """Tell how far it is. Raises `Stopped` where it should not go on, `Leaving` where its worker should not."""
        self.done, self.total, self.step = done, total, step
        if self.is_worker_stopping:
            raise WorkerStopping
        if self.is_stopped:
            raise JobStopped


class StepResult(NamedTuple):
    """What a step leaves: whether the job is done, what the next one has to know, what came of it so far, and what nobody needs once that is kept."""

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
    """Ask for a job and return it. While one of that *key* is open, there is no other: that one is returned. A *sealed_key* opens a model for it, and is kept until it ends."""
    if project:
        arguments = {**arguments, "project": project.name}
    with store.write() as connection:
        job = jobs.find_or_create(
            connection, kind, arguments, project_id=project.id if project else None, key=f"{kind}:{key}" if key else None, requested_by=requested_by
        )  # fmt: skip
        if sealed_key is not None:
            encrypted_keys.save(connection, sealed_key, job_id=job.id)
        return job


def require(store: Store, job_id: int) -> Job:
    """Return the job of that id. Raises `NotFound`."""
    with store.read() as connection:
        return _require_found(jobs.find(connection, job_id), job_id)


def list_jobs(
    store: Store, *, state: JobState | None = None, project: Project | None = None, before: int | None = None, limit: int = 50
) -> list[Job]:
    """Return jobs, the newest first."""
    with store.read() as connection:
        return jobs.list_jobs(connection, state=state, project_id=project.id if project else None, before=before, limit=limit)


def cancel(store: Store, job_id: int) -> Job:
    """Stop a job: at once where it has not begun, else as soon as its worker sees it. What it did stays. One that is over stays as it is."""
    with store.write() as connection:
        job = _lock_job(connection, job_id)
        return jobs.request_cancel(connection, job) if job.is_open else job


def retry(store: Store, job_id: int) -> Job:
    """Begin a job that failed or was cancelled again, from where it was left. Raises `Conflict` for any other, or while one of its key is open."""
    with store.write() as connection:
        job = _lock_job(connection, job_id)
        if job.state not in ("failed", "cancelled"):
            raise Conflict(f"Job {job_id} is {job.state}.", "Only what failed or was cancelled can be tried again.")
        if job.key is not None and jobs.find_open(connection, job.key) is not None:
            raise Conflict("The same work is being done by another job.", "Wait for that one.")
        return jobs.requeue(connection, job)


def list_open(store: Store) -> list[OpenJob]:
    """Return every job that is to be carried out, or being so, the oldest first."""
    with store.read() as connection:
        return jobs.list_open(connection)


def start_new_run(store: Store, run: str) -> None:
    """Give an open job another run, because nothing carries this one out any more."""
    with store.write() as connection:
        job = jobs.lock_run(connection, run)
        if job is not None and job.is_open:
            jobs.requeue(connection, job, attempts=job.attempts)


def record_beat(store: Store, run: str, worker: str, progress: StepProgress) -> None:
    """Write down how far a run is, and stop it where it was cancelled or is another worker's."""
    with store.write() as connection:
        if not jobs.record_beat(connection, run, worker, (progress.done, progress.total, progress.step)):
            progress.is_stopped = True


def take_step(context: JobContext, step_functions: Mapping[str, StepFunction], run: str, worker: str, progress: StepProgress) -> bool:
    """Do the next piece of a run, keep what it leaves, and return whether there is more to this run. Raises `StoreError` only where not even that can be kept."""
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
        error_fields = {"code": error.code, "message": str(error.message), "hint": str(error.hint)}
        if (isinstance(error, ProviderFailed) and error.is_temporary) or (isinstance(error, SpendLimit) and error.until):
            return _wait_for_model(context, run, worker, error, error_fields)
        return _record_failure(context, run, worker, error_fields, is_temporary=isinstance(error, StoreError | Conflict))
    except OSError as error:
        error_fields = {
            "code": "machine",
            "message": f"The machine refused: {error.strerror or error}.",
            "hint": "Look at the disk: onward doctor",
        }
        return _record_failure(context, run, worker, error_fields, is_temporary=True)
    except Exception as error:  # noqa: BLE001 - a defect ends its job, never the worker
        error_fields = {
            "code": "defect",
            "message": f"This is a defect of Onward: {type(error).__name__}.",
            "hint": "Report it; see the worker's log.",
        }
        return _record_failure(context, run, worker, error_fields, is_temporary=False)
    return _store_result(context, run, worker, progress, step_result)


def _reject_kind(_: JobContext, job: Job, __: StepProgress) -> StepResult:
    raise BadInput(f"This Onward knows no work {job.kind!r}.", "Upgrade every worker: pip install -U onward")


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
    """End a job that was cancelled. One that is only said to be another worker's is left as it is: whoever finds it without a run gives it another."""
    with context.store.write() as connection:
        job = _lock_own_run(connection, run, worker)
        if job is not None and job.cancel_asked_at is not None:
            jobs.finish(connection, job, "cancelled")
    return False


def _record_failure(context: JobContext, run: str, worker: str, error: Mapping[str, str], *, is_temporary: bool) -> bool:
    """Keep why a step failed, and when another run tries it again, if one does."""
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
    context: JobContext, run: str, worker: str, error: ProviderFailed | SpendLimit, error_fields: Mapping[str, str]
) -> bool:
    """Have another run go on when the model may be asked again: the provider, or the day's budget, says when, or a while passes."""
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
        waiting_fields = {
            **error_fields,
            "hint": f"It goes on by itself, not before {due_at:%Y-%m-%d %H:%M:%S} UTC. {error_fields['hint']}".strip(),
        }
        jobs.requeue(connection, job, attempts=attempts, due_at=min(due_at, now + MAX_MODEL_WAIT), error=waiting_fields, step=WAITING_STEP)
    return False


def _lock_own_run(connection: Any, run: str, worker: str) -> Job | None:
    """Return the held job of a run that *worker* is at; None where it is another's, or over."""
    job = jobs.lock_run(connection, run)
    return job if job is not None and job.is_open and job.worker == worker else None


def _lock_job(connection: Any, job_id: int) -> Job:
    job = _require_found(jobs.find(connection, job_id), job_id)
    return _require_found(jobs.lock_run(connection, job.run), job_id)


def _require_found(job: Job | None, job_id: int) -> Job:
    if job is None:
        raise NotFound(f"There is no job {job_id}.", "List the jobs there are.")
    return job
