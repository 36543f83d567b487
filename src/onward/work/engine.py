"""The parts of DBOS that jobs need: launch it once per process, enqueue a run, look up its state, and resume it after its worker died."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Literal, TypeAlias

from dbos import DBOS, DBOSConfig, SetWorkflowID
from sqlalchemy import Engine, event

from onward.private_files import create_file
from onward.settings import Settings
from onward.work.workflow import QUEUE, URGENT_QUEUE, WORKFLOW, carry_out

DATABASE = "worker.db"
SCHEMA = "onward_dbos"

SUBSECOND_SQLITE = (3, 42)
"""The first SQLite whose clock counts parts of a second."""

POLLING_SECONDS = 0.25
RunState: TypeAlias = Literal["unknown", "waiting", "taken", "over"]

_STATES: dict[str, RunState] = {"ENQUEUED": "waiting", "DELAYED": "waiting", "PENDING": "taken"}
_MAX_DELETED_RUNS = 1000


@contextmanager
def launch_dbos(settings: Settings, worker: str, version: str, concurrency: int) -> Iterator[None]:
    """Run DBOS inside the context. Its database is a separate file in the data folder, or a separate schema in the PostgreSQL database."""
    config: DBOSConfig = {
        "name": "onward",
        "system_database_url": settings.database_url or f"sqlite:///{settings.home / DATABASE}",
        "dbos_system_schema": SCHEMA,
        "application_version": version,
        "executor_id": worker,
        "log_level": "CRITICAL",
        "use_listen_notify": False,
        "sys_db_pool_size": 4,
    }
    if not settings.database_url:
        _delete_damaged(settings.home / DATABASE)
        create_file(settings.home / DATABASE)
    event.listen(Engine, "connect", add_subsecond_clock)
    DBOS(config=config)
    try:
        DBOS.launch()
        for queue in (QUEUE, URGENT_QUEUE):
            DBOS.register_queue(queue, worker_concurrency=concurrency, polling_interval_sec=POLLING_SECONDS, on_conflict="always_update")
        yield
    finally:
        DBOS.destroy()
        event.remove(Engine, "connect", add_subsecond_clock)


def add_subsecond_clock(connection: object, _: object) -> None:
    """Give a connection to an SQLite before 3.42 the time in parts of a second. DBOS asks for it on Python 3.12 and newer, whatever the
    SQLite, which a Python that was built against the system's may be too old for: then no job ever ran.
    """
    if isinstance(connection, sqlite3.Connection) and sqlite3.sqlite_version_info < SUBSECOND_SQLITE:
        connection.create_function("unixepoch", 1, _now_seconds)


def _now_seconds(_: str) -> float:
    return time.time()


def _delete_damaged(path: Path) -> None:
    """Delete DBOS's own database file if it is damaged: nothing in it is needed."""
    try:
        with closing(sqlite3.connect(path)) as connection:
            is_intact = connection.execute("PRAGMA quick_check(1)").fetchone() == ("ok",)
    except (sqlite3.DatabaseError, UnicodeDecodeError):
        is_intact = False
    if not is_intact:
        for suffix in ("", "-journal", "-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)


def run_state(run: str) -> RunState:
    """Return the state of a run in DBOS: unknown, waiting for a worker, taken by one, or over."""
    status = DBOS.get_workflow_status(run)
    return "unknown" if status is None else _STATES.get(status.status, "over")


def enqueue_run(run: str, queue: str) -> None:
    """Enqueue a run, for whichever worker is free. Repeating this has no effect."""
    with SetWorkflowID(run):
        DBOS.enqueue_workflow(queue, carry_out, run)


def resume_run(run: str, queue: str) -> None:
    """Let another worker resume the run of a dead one, after its last finished step."""
    DBOS.resume_workflow(run, queue_name=queue)


def delete_old_runs(before: datetime) -> None:
    """Delete DBOS's records of runs that ended before a time: the jobs store the results."""
    old_runs = DBOS.list_workflows(
        name=WORKFLOW, completed_before=before.isoformat(), limit=_MAX_DELETED_RUNS, load_input=False, load_output=False,
    )  # fmt: skip
    DBOS.delete_workflows([old_run.workflow_id for old_run in old_runs])
