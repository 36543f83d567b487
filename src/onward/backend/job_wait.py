"""Waiting for a job on the store of this machine. A running worker carries it out, or one that is started here until the job is over."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from onward.app.jobs import jobs
from onward.core.job import Job
from onward.errors import Conflict
from onward.message import Message
from onward.settings import Settings
from onward.work import Worker

if TYPE_CHECKING:
    from onward.store import Store

LOOK_SECONDS = 0.1


def run_job(store: Store, settings: Settings, job_id: int, on_progress: Callable[[int, int | None, str], None] | None = None) -> Job:
    """Return the job once it is over, or once it waits for a model that does not answer (a worker continues it later). Raises the error
    that it failed by, `Conflict` if it was cancelled.
    """
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
        # Imported here: only failed jobs need it.
        from onward.client.errors import read_error

        raise read_error(job.error or {})
    if job.state == "cancelled":
        raise Conflict(Message("Job {job_id} was cancelled.", job_id=job_id), "Start it again.")
    return job
