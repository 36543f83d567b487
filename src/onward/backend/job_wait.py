"""Long work that somebody waits for, on the store of this machine: the job is carried out by whichever worker is at work, or by one that runs here for as long as it takes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from onward.app.jobs import jobs
from onward.core.job import Job
from onward.errors import Conflict
from onward.settings import Settings
from onward.work import Worker

if TYPE_CHECKING:
    from onward.store import Store

LOOK_SECONDS = 0.1


def run_job(store: Store, settings: Settings, job_id: int, on_progress: Callable[[int, int | None, str], None] | None = None) -> Job:
    """Return a job once it is over, or waits for a model that is away: that one goes on when a worker is at work. Raises the error that it failed by, `Conflict` where somebody cancelled it."""
    worker = Worker(settings)
    worker.start()
    try:
        while (job := jobs.require(store, job_id)).is_open and not (job.error and job.step == jobs.WAITING_STEP):
            if worker.error:
                raise worker.error
            if on_progress:
                on_progress(job.done, job.total, str(job.step))
            time.sleep(LOOK_SECONDS)
    finally:
        worker.stop()
    if job.state == "failed":
        # Imported here: only what failed is told as a server tells it.
        from onward.client.errors import read_error

        raise read_error(job.error or {})
    if job.state == "cancelled":
        raise Conflict(f"Job {job_id} was cancelled.", "Ask for it again.")
    return job
