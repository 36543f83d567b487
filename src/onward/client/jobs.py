"""Background work on a server: how far it is, stopping it, trying it again, following it to its end."""

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

OnProgress = Callable[[int, int | None, str], None]
"""Is told how much is done, of how much (None where nobody knows), and what is being done."""

FIRST_WAIT_SECONDS, MAX_WAIT_SECONDS = 0.2, 5.0


@dataclass(frozen=True, slots=True)
class RemoteJob:
    """A job. `done` of `total` (None where nobody knows) is how far it is, `step` what it is at; `result` grows as it goes, `error` {code, message, hint} says why the last attempt failed."""

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
        """Whether it is still to be carried out, or being so."""
        return self.finished_at is None


class RemoteJobs(RemoteResource):
    """Long work, done in the background."""

    def require(self, job_id: int) -> RemoteJob:
        """Return the job of that id. Raises `NotFound`."""
        return read(RemoteJob, self._server.get(f"/jobs/{job_id}")["data"])

    def list_jobs(self, *, state: JobState | None = None, project: Project | None = None) -> Iterator[RemoteJob]:
        """Yield the jobs, the newest first."""
        return (read(RemoteJob, row) for row in self._server.iter_rows("/jobs", state=state, project_id=project.id if project else None))

    def cancel(self, job_id: int) -> RemoteJob:
        """Stop a job: at once where it has not begun, else as soon as its worker sees it."""
        return read(RemoteJob, self._server.post(f"/jobs/{job_id}/cancel")["data"])

    def retry(self, job_id: int) -> RemoteJob:
        """Begin a job that failed or was cancelled again, from where it was left. Raises `Conflict` where it is neither."""
        return read(RemoteJob, self._server.post(f"/jobs/{job_id}/retry")["data"])

    def follow(self, job_id: int) -> Iterator[RemoteJob]:
        """Yield a job as it is now, and whenever it changed, until it is over. A stream that breaks is taken up where it was."""
        last_id, wait = "", FIRST_WAIT_SECONDS
        while True:
            try:
                with self._server.open_events("/events", last_id, job=job_id) as events:
                    # Asked once the stream is open: what happens from here on comes by it.
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
                # `find` tells where the server is really gone.
                time.sleep(wait)
                wait = min(wait * 2, MAX_WAIT_SECONDS)
                job = self.require(job_id)
                if not job.is_open:
                    yield job
                    return

    def wait_for_result(self, job_id: int, on_progress: OnProgress | None = None) -> Mapping[str, Any]:
        """Wait until a job is over and return what came of it. Raises the error that it failed by, `Conflict` where somebody cancelled it."""
        for job in self.follow(job_id):
            if on_progress and job.is_open:
                on_progress(job.done, job.total, job.step)
        if job.state == "failed":
            raise read_error(job.error or {})
        if job.state == "cancelled":
            raise Conflict(f"Job {job_id} was cancelled.", "Ask for it again.")
        return job.result

    def fetch_file(self, job_id: int, target: Path) -> None:
        """Write the file that an export job made to *target*. Raises `NotFound` where it made none, or it is gone."""
        self._server.download("GET", f"/jobs/{job_id}/file", target)
