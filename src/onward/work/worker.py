"""A worker: takes jobs from their table, lets DBOS run them, and records in the table that it is alive.

On SQLite one worker of a data folder is active, and others wait to replace it; on PostgreSQL all workers share the jobs. DBOS's own
database only records which steps of a run are done. It may be lost: open jobs that it does not know are started again.
"""

from __future__ import annotations

import contextlib
import logging
import os
import platform
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from secrets import token_hex
from typing import TYPE_CHECKING

from onward.adapters import build_embedding_model, build_model_setup, open_store
from onward.app.admin import scrub
from onward.app.jobs import jobs
from onward.app.jobs.kinds import FOREGROUND_KINDS, STEP_FUNCTIONS, delete_expired_files
from onward.app.search.embedder import Embedder
from onward.errors import OnwardError
from onward.private_files import create_file, create_folder
from onward.settings import Settings, read_machine

if TYPE_CHECKING:
    from onward.store import Store

STEPS_VERSION = "onward-jobs-1"
"""The application version that DBOS sees. It changes only if a new Onward cannot continue the runs of an older one, so that upgrades
leave no job behind.
"""

CONCURRENT_JOBS = 2
"""Jobs that one worker runs at the same time, in each of the two queues."""

SWEEP_SECONDS = 0.3
LOG_SECONDS = 60.0
BEAT_SECONDS = 1.0
SILENCE_SECONDS = 20.0
"""A worker without a sign of life for this long is considered dead, and another one continues its jobs."""
RECHECK_SECONDS = 5.0
CLEANUP_SECONDS = 3600.0
SCRUB_SECONDS = 30.0
"""The time between two portions of the check in the background, which runs while no job is due."""
VECTOR_SECONDS = 15.0
"""The time until vectors are made again for search by meaning, after none was missing or the model failed."""
RETRY_SECONDS = 5.0
IDLE_SECONDS = 30.0
"""Without a due job for this long, DBOS is shut down: it polls its database many times a second."""

EMBEDDED_DELAY_SECONDS = 1.0
"""A worker inside a server waits this long, so that the server answers first: importing DBOS takes half a second of processor time."""

LOCK_FILE = "worker.lock"

_log = logging.getLogger("onward.work")


class Worker:
    """A worker in its own threads. It ends when `stop` is called, or on an error, which it stores in `error`; with *keeps_trying* it
    starts again instead.
    """

    def __init__(
        self, settings: Settings, *, keeps_trying: bool = False, delay_seconds: float = 0.0, first_wait_seconds: float = 1.0
    ) -> None:
        self.error: Exception | None = None
        self.is_at_work = threading.Event()
        self._settings = settings
        self._keeps_trying = keeps_trying
        self._delay_seconds = delay_seconds
        self._first_wait_seconds = first_wait_seconds
        self._stop_event = threading.Event()
        self._progress_by_run: dict[str, jobs.StepProgress] = {}
        self._checked_at: dict[str, float] = {}
        self._silent_since: dict[str, float] = {}
        self._logged_at: dict[str, float] = {}
        self.name = "local" if not settings.database_url else f"{platform.node()}-{os.getpid()}-{token_hex(4)}"
        self._thread = threading.Thread(target=self._run, name="onward-worker", daemon=True)

    def start(self) -> None:
        """Start the worker's thread and return."""
        # DBOS imports this in the worker's thread. While it is partly imported, statements in other threads fail, because SQLAlchemy
        # consults it for every list.
        import sqlalchemy.orm  # noqa: F401

        self._thread.start()

    def stop(self) -> None:
        """Stop the worker. Interrupted steps are run again by the next worker."""
        self._stop_event.set()
        self._stop_steps()
        self._thread.join()

    def _stop_steps(self) -> None:
        for progress in list(self._progress_by_run.values()):
            progress.is_worker_stopping = True

    def _run(self) -> None:
        wait_seconds = self._delay_seconds
        while not self._stop_event.wait(wait_seconds):
            wait_seconds = RETRY_SECONDS
            try:
                with _hold_worker_lock(self._settings, self._stop_event) as is_held:
                    if is_held:
                        with open_store(self._settings) as store:
                            self._work_on(store)
            except Exception as error:  # noqa: BLE001 - the thread has no caller to raise to; `error` is checked instead
                _log.warning("the worker failed: %s", type(error).__name__)
                if not self._keeps_trying:
                    self.error = error
                    return

    def _work_on(self, store: Store) -> None:
        # Imported here, in the worker's thread: it takes half a second, and the rest of the process need not wait.
        from onward.work import engine, workflow

        settings = self._settings
        context = jobs.JobContext(
            store=store,
            home=settings.home,
            worktrees=settings.worktrees,
            budget_tokens=settings.budget_tokens,
            first_wait_seconds=self._first_wait_seconds,
            model_setup=build_model_setup(settings),
            machine=read_machine(),
        )
        # The settings may have changed since a job began to wait.
        jobs.wake_waiting(store)
        workflow.set_step_runner(lambda run: self._take_step(context, run))
        self.is_at_work.set()
        try:
            while self._wait_for_job(store):
                with engine.launch_dbos(self._settings, self.name, STEPS_VERSION, CONCURRENT_JOBS), self._beats(store):
                    self._sweep_until_idle(store)
                    self._stop_steps()
        finally:
            workflow.set_step_runner(None)

    def _wait_for_job(self, store: Store) -> bool:
        """Wait until a job is due, and return True; False if the worker is stopped. DBOS, which polls its own database, does not run."""
        cleaned_at, scrubbed_at = -CLEANUP_SECONDS, time.monotonic()
        vectors_due_at, model = 0.0, build_embedding_model(self._settings)
        embedder = Embedder(store, model, self._settings.llm.daily_tokens) if model else None
        while not self._stop_event.wait(SWEEP_SECONDS):
            with self._log_failure():
                if _list_due(jobs.list_open(store), datetime.now(UTC)):
                    return True
                if time.monotonic() - cleaned_at > CLEANUP_SECONDS:
                    cleaned_at = time.monotonic()
                    delete_expired_files(self._settings.home, time.time())
                if time.monotonic() - scrubbed_at > SCRUB_SECONDS:
                    scrub.check_portion(store)
                    scrubbed_at = time.monotonic()
                if embedder and time.monotonic() > vectors_due_at:
                    # Moved on first: after a failure the next try waits, too.
                    vectors_due_at = time.monotonic() + VECTOR_SECONDS
                    if embedder.make_portion():
                        vectors_due_at = 0.0
        return False

    def _take_step(self, context: jobs.JobContext, run: str) -> bool:
        progress = self._progress_by_run[run] = jobs.StepProgress(is_worker_stopping=self._stop_event.is_set())
        if progress.is_worker_stopping:
            raise jobs.WorkerStopping
        try:
            return jobs.take_step(context, STEP_FUNCTIONS, run, self.name, progress)
        finally:
            self._progress_by_run.pop(run, None)

    @contextmanager
    def _beats(self, store: Store) -> Iterator[None]:
        """Record in another thread that this worker is alive, during the context."""
        end_event = threading.Event()
        thread = threading.Thread(target=self._send_beats, args=(store, end_event), name="onward-beat", daemon=True)
        thread.start()
        try:
            yield
        finally:
            end_event.set()
            thread.join()

    def _send_beats(self, store: Store, end_event: threading.Event) -> None:
        while not end_event.wait(BEAT_SECONDS):
            for run, progress in list(self._progress_by_run.items()):
                # If the store is busy or unreachable, the next beat tries again.
                with contextlib.suppress(OnwardError):
                    jobs.record_beat(store, run, self.name, progress)

    def _sweep_until_idle(self, store: Store) -> None:
        """Give the due jobs to DBOS, until none was due for a while or the worker is stopped."""
        from onward.work import engine

        busy_at = time.monotonic()
        while not self._stop_event.wait(SWEEP_SECONDS):
            is_busy = True
            with self._log_failure():
                is_busy = self._sweep(store) or bool(self._progress_by_run)
            if is_busy:
                busy_at = time.monotonic()
            elif time.monotonic() - busy_at > IDLE_SECONDS:
                break
        with self._log_failure():
            engine.delete_old_runs(datetime.now(UTC) - timedelta(seconds=CLEANUP_SECONDS))

    def _sweep(self, store: Store) -> bool:
        """See that every open job that is due has a running worker, and return whether there is one."""
        now, clock_now = datetime.now(UTC), time.monotonic()
        open_jobs = jobs.list_open(store)
        runs = {job.run for job in open_jobs}
        for times_by_run in (self._checked_at, self._silent_since):
            for run in times_by_run.keys() - runs:
                del times_by_run[run]
        due_jobs = _list_due(open_jobs, now)
        for job in due_jobs:
            if clock_now - self._checked_at.get(job.run, -RECHECK_SECONDS) >= RECHECK_SECONDS:
                self._checked_at[job.run] = clock_now
                self._check_job(store, job, now, clock_now)
        return bool(due_jobs)

    @contextmanager
    def _log_failure(self) -> Iterator[None]:
        """Log an exception, each kind once a minute at most, and go on: an unreachable database may come back."""
        try:
            yield
        except Exception as error:  # noqa: BLE001
            name, now = type(error).__name__, time.monotonic()
            if now - self._logged_at.get(name, -LOG_SECONDS) >= LOG_SECONDS:
                self._logged_at[name] = now
                _log.warning("the sweep failed and will run again: %s", name)

    def _check_job(self, store: Store, job: jobs.OpenJob, now: datetime, clock_now: float) -> None:
        from onward.work import engine, workflow

        state, queue = engine.run_state(job.run), workflow.URGENT_QUEUE if job.kind in FOREGROUND_KINDS else workflow.QUEUE
        if state == "unknown":
            engine.enqueue_run(job.run, queue)
        elif state == "over":
            if job.run not in self._progress_by_run:
                jobs.start_new_run(store, job.run)
        elif state == "taken" and job.run not in self._progress_by_run:
            # A run that was taken but never started has no beat: its worker died in between.
            silent_seconds = clock_now - self._silent_since.setdefault(job.run, clock_now)
            if job.beat_at is not None:
                silent_seconds = (now - job.beat_at).total_seconds()
            if silent_seconds > SILENCE_SECONDS:
                engine.resume_run(job.run, queue)
        else:
            self._silent_since.pop(job.run, None)


def _list_due(open_jobs: Sequence[jobs.OpenJob], now: datetime) -> list[jobs.OpenJob]:
    return [job for job in open_jobs if job.due_at is None or job.due_at <= now]


@contextmanager
def start(settings: Settings) -> Iterator[Worker]:
    """Run a worker during the context: `with work.start(settings):`. It is active a moment later, and stopped at the end."""
    worker = Worker(settings, keeps_trying=True, delay_seconds=EMBEDDED_DELAY_SECONDS)
    worker.start()
    try:
        yield worker
    finally:
        worker.stop()


@contextmanager
def _hold_worker_lock(settings: Settings, stop_event: threading.Event) -> Iterator[bool]:
    """Wait for the lock that one worker of a data folder holds on SQLite; yields False if *stop_event* is set first. On PostgreSQL there
    is no lock.
    """
    if settings.database_url:
        yield True
        return
    create_folder(settings.home)
    create_file(settings.home / LOCK_FILE)
    # An exclusive SQLite transaction is a lock that exists on every system and is released when its process dies.
    lock = sqlite3.connect(settings.home / LOCK_FILE, timeout=0, isolation_level=None, check_same_thread=False)
    try:
        while not _try_lock(lock):
            if stop_event.wait(BEAT_SECONDS):
                yield False
                return
        yield True
    finally:
        lock.close()


def _try_lock(lock: sqlite3.Connection) -> bool:
    try:
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError:
        return False
    return True
