"""Background jobs on a server: progress, cancelling, retrying, and waiting for the end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx2

from onward.client.decoder import read
from onward.client.errors import read_error
from onward.client.resource import RemoteResource
from onward.core.job import JobState
from onward.core.project import Project
from onward.errors import Conflict
from onward.message import Message

OnProgress = Callable[[int, int | None, str], None]
"""Called with the amount done, the total (None if unknown), and the current step."""

FIRST_WAIT_SECONDS, MAX_WAIT_SECONDS = 0.2, 5.0


@dataclass(frozen=True, slots=True)
class RemoteJob:
    """A background job. `done` of `total` (None if unknown) is its progress, `step` what it is doing. `result` grows while it runs; `error`
    {code, message, hint} says why the last attempt failed.
    """

    id: int
    kind: str
    state: JobState
    project_id: int | None
    requested_by: str
    step: str
    done: int
    total: int | None
    attempts: int
    error: Mapping[str, str] | None
    spend_usd: float
    result: Mapping[str, Any]
    is_being_cancelled: bool
    created_at: datetime
    started_at: datetime | None
    due_at: datetime | None
    finished_at: datetime | None

    @property
    def is_open(self) -> bool:
        """Whether the job is queued or running."""
        return self.finished_at is None


class RemoteJobs(RemoteResource):
    """Background jobs."""

    def require(self, job_id: int) -> RemoteJob:
        """Return the job with that id. Raises `NotFound`."""
        return read(RemoteJob, self._server.get(f"/jobs/{job_id}")["data"])

    def list_jobs(self, *, state: JobState | None = None, project: Project | None = None) -> Iterator[RemoteJob]:
        """Yield the jobs, the newest first."""
        return (read(RemoteJob, row) for row in self._server.iter_rows("/jobs", state=state, project_id=project.id if project else None))

    def cancel(self, job_id: int) -> RemoteJob:
        """Cancel a job: at once if it has not started, else as soon as its worker notices."""
        return read(RemoteJob, self._server.post(f"/jobs/{job_id}/cancel")["data"])

    def retry(self, job_id: int) -> RemoteJob:
        """Start a failed or cancelled job again, from its last step. Raises `Conflict` if it is neither."""
        return read(RemoteJob, self._server.post(f"/jobs/{job_id}/retry")["data"])

    def follow(self, job_id: int) -> Iterator[RemoteJob]:
        """Yield a job now and after each change, until it is over. A broken stream is resumed."""
        last_id, wait = "", FIRST_WAIT_SECONDS
        while True:
            try:
                with self._server.open_events("/events", last_id, job=job_id) as events:
                    # Read after the stream is open, so that no later change is missed.
                    job = self.require(job_id)
                    yield job
                    while job.is_open:
                        event = next(events, None)
                        if event is None:
                            break
                        last_id, wait = event.id or last_id, FIRST_WAIT_SECONDS
                        job = self.require(job_id)
                        yield job
                if not job.is_open:
                    return
            except httpx2.TransportError:
                # `require` raises if the server is really gone.
                time.sleep(wait)
                wait = min(wait * 2, MAX_WAIT_SECONDS)
                job = self.require(job_id)
                if not job.is_open:
                    yield job
                    return

    def wait_for_result(self, job_id: int, on_progress: OnProgress | None = None) -> Mapping[str, Any]:
        """Wait until a job is over, and return its result. Raises the error that it failed with, `Conflict` if it was cancelled."""
        for job in self.follow(job_id):
            if on_progress and job.is_open:
                on_progress(job.done, job.total, job.step)
        if job.state == "failed":
            raise read_error(job.error or {})
        if job.state == "cancelled":
            raise Conflict(Message("Job {job_id} was cancelled.", job_id=job_id), "Start it again.")
        return job.result

    def fetch_file(self, job_id: int, target: Path) -> None:
        """Write the file of an export job to *target*. Raises `NotFound` if the job has no file, or no longer has it."""
        self._server.download("GET", f"/jobs/{job_id}/file", target)
