"""A worker: takes jobs from their table, has DBOS carry them out, and tells the table that it is still at work.

On SQLite one worker of a home is at work, and others wait to take its place; on PostgreSQL as many as there are share the jobs. DBOS's own database only
remembers which steps of a run are done. It may be lost: whatever is open in the table and unknown there is begun again.
"""

from __future__ import annotations

import contextlib
import logging
import os
import platform
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from secrets import token_hex
from typing import TYPE_CHECKING

from onward.app import jobs
from onward.app.job_kinds import PIECES, WAITED_FOR, tidy
from onward.errors import OnwardError
from onward.settings import Settings
from onward.wiring import models_of, open_store

if TYPE_CHECKING:
    from onward.store import Store

STEPS_VERSION = "onward-jobs-1"
"""What DBOS holds to be our version. It changes only if a run that an older Onward began cannot be gone on with, so that an upgrade strands nothing."""

AT_ONCE = 2
"""Jobs that one worker carries out at the same time, of those that somebody waits for and of the others."""

SWEEP_SECONDS = 0.3
BEAT_SECONDS = 1.0
QUIET_SECONDS = 20.0
"""A worker that was not heard of for so long is gone, and another one goes on with its jobs."""
LOOKED_AT_SECONDS = 5.0
TIDY_SECONDS = 3600.0
AGAIN_SECONDS = 5.0

EMBEDDED_DELAY_SECONDS = 1.0
"""A worker beside a server lets it begin to answer first: what carries the work out takes half a second of a processor to import."""

LOCK_FILE = "worker.lock"

_log = logging.getLogger("onward.work")


class Worker:
    """One worker, in threads of its own. It ends when `stop` is called, or where it cannot go on: `error` says why then; one that `keeps_trying` begins again."""

    def __init__(
        self, settings: Settings, *, keeps_trying: bool = False, delay_seconds: float = 0.0, first_wait_seconds: float = 1.0
    ) -> None:
        self.error: Exception | None = None
        self.is_at_work = threading.Event()
        self._settings = settings
        self._keeps_trying = keeps_trying
        self._delay_seconds = delay_seconds
        self._first_wait_seconds = first_wait_seconds
        self._over = threading.Event()
        self._running: dict[str, jobs.Running] = {}
        self._looked_at: dict[str, float] = {}
        self._silent_since: dict[str, float] = {}
        self.name = "local" if not settings.database_url else f"{platform.node()}-{os.getpid()}-{token_hex(4)}"
        self._thread = threading.Thread(target=self._work, name="onward-worker", daemon=True)

    def start(self) -> None:
        """Begin; returns at once."""
        # DBOS imports it, in the worker's thread. While it is half there, statements of other threads fail: SQLAlchemy asks it of every list that it is given.
        import sqlalchemy.orm  # noqa: F401

        self._thread.start()

    def stop(self) -> None:
        """End: what is being done is left where it is, and gone on with by the next worker."""
        self._over.set()
        self._leave()
        self._thread.join()

    def _leave(self) -> None:
        for running in list(self._running.values()):
            running.is_leaving = True

    def _work(self) -> None:
        wait_seconds = self._delay_seconds
        while not self._over.wait(wait_seconds):
            wait_seconds = AGAIN_SECONDS
            try:
                with _alone(self._settings, self._over) as is_ours:
                    if is_ours:
                        with open_store(self._settings) as store:
                            self._work_with(store)
            except Exception as error:  # noqa: BLE001 - a thread has nobody to raise to: whoever started it looks
                _log.warning("the worker could not go on: %s", type(error).__name__)
                if not self._keeps_trying:
                    self.error = error
                    return

    def _work_with(self, store: Store) -> None:
        # Imported here, in this thread: it takes half a second, and whatever else the process does need not wait.
        from onward.work import engine, flow

        said = self._settings
        bench = jobs.Bench(store, said.home, said.worktrees, said.budget_tokens, self._first_wait_seconds, models_of(said))
        ended = threading.Event()
        beats = threading.Thread(target=self._beat, args=(store, ended), name="onward-beat", daemon=True)
        flow.carry_out_with(lambda run: self._take(bench, run))
        try:
            with engine.launched(self._settings, self.name, STEPS_VERSION, AT_ONCE):
                beats.start()
                self.is_at_work.set()
                self._sweep_until_over(store)
                self._leave()
        finally:
            ended.set()
            flow.carry_out_with(None)
            if beats.is_alive():
                beats.join()

    def _take(self, bench: jobs.Bench, run: str) -> bool:
        running = self._running[run] = jobs.Running(is_leaving=self._over.is_set())
        if running.is_leaving:
            raise jobs.Leaving
        try:
            return jobs.take_step(bench, PIECES, run, self.name, running)
        finally:
            self._running.pop(run, None)

    def _beat(self, store: Store, ended: threading.Event) -> None:
        while not ended.wait(BEAT_SECONDS):
            for run, running in list(self._running.items()):
                # A store that is busy, or away for a while, is asked again at the next beat.
                with contextlib.suppress(OnwardError):
                    jobs.beat(store, run, self.name, running)

    def _sweep_until_over(self, store: Store) -> None:
        from onward.work import engine

        tidied_at = -TIDY_SECONDS
        while not self._over.wait(SWEEP_SECONDS):
            try:
                self._sweep(store)
                if time.monotonic() - tidied_at > TIDY_SECONDS:
                    tidied_at = time.monotonic()
                    tidy(self._settings.home, time.time())
                    engine.forget(datetime.now(UTC) - timedelta(seconds=TIDY_SECONDS))
            except Exception as error:  # noqa: BLE001 - a database that is away for a while comes back
                _log.warning("the sweep failed, and is done again: %s", type(error).__name__)

    def _sweep(self, store: Store) -> None:
        """See that every open job that is due is carried out by somebody."""
        now, at = datetime.now(UTC), time.monotonic()
        open_ones = jobs.open_ones(store)
        runs = {job.run for job in open_ones}
        for seen in (self._looked_at, self._silent_since):
            for run in seen.keys() - runs:
                del seen[run]
        for job in open_ones:
            is_due = job.due_at is None or job.due_at <= now
            if is_due and at - self._looked_at.get(job.run, -LOOKED_AT_SECONDS) >= LOOKED_AT_SECONDS:
                self._looked_at[job.run] = at
                self._see_to(store, job, now, at)

    def _see_to(self, store: Store, job: jobs.OpenJob, now: datetime, at: float) -> None:
        from onward.work import engine, flow

        state, queue = engine.state_of(job.run), flow.SOON if job.kind in WAITED_FOR else flow.QUEUE
        if state == "unknown":
            engine.begin(job.run, queue)
        elif state == "over":
            if job.run not in self._running:
                jobs.renew(store, job.run)
        elif state == "taken" and job.run not in self._running:
            # One that was taken and never begun has no beat to go by: its worker died in between.
            silent_seconds = at - self._silent_since.setdefault(job.run, at)
            if job.beat_at is not None:
                silent_seconds = (now - job.beat_at).total_seconds()
            if silent_seconds > QUIET_SECONDS:
                engine.take_over(job.run, queue)
        else:
            self._silent_since.pop(job.run, None)


@contextmanager
def start(settings: Settings) -> Iterator[Worker]:
    """Run a worker beside whatever is done inside: `with work.start(settings):`. It is at work a moment later, and has ended at the end."""
    worker = Worker(settings, keeps_trying=True, delay_seconds=EMBEDDED_DELAY_SECONDS)
    worker.start()
    try:
        yield worker
    finally:
        worker.stop()


@contextmanager
def _alone(settings: Settings, over: threading.Event) -> Iterator[bool]:
    """Wait to be the one worker of a home on SQLite; False where it is all over before. On PostgreSQL there may be many."""
    if settings.database_url:
        yield True
        return
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    # A lock that every system has, and lets go of when its process dies: that of a database in exclusive use.
    lock = sqlite3.connect(settings.home / LOCK_FILE, timeout=0, isolation_level=None, check_same_thread=False)
    try:
        while not _locked(lock):
            if over.wait(BEAT_SECONDS):
                yield False
                return
        yield True
    finally:
        lock.close()


def _locked(lock: sqlite3.Connection) -> bool:
    try:
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError:
        return False
    return True
