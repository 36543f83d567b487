"""DBOS, as far as jobs need it: launched once in a process, a run begun, looked at, and taken over from a worker that is gone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, TypeAlias

from dbos import DBOS, DBOSConfig, SetWorkflowID

from onward.settings import Settings
from onward.work.flow import QUEUE, carry_out

DATABASE = "worker.db"
SCHEMA = "onward_dbos"

POLLING_SECONDS = 0.25
RunState: TypeAlias = Literal["unknown", "active", "over"]

_ACTIVE = ("ENQUEUED", "DELAYED", "PENDING")


@contextmanager
def launched(settings: Settings, worker: str, version: str, at_once: int) -> Iterator[None]:
    """Run DBOS inside: its database is a file of its own in the home, or a schema of its own in the PostgreSQL database."""
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
    DBOS(config=config)
    try:
        DBOS.launch()
        DBOS.register_queue(QUEUE, worker_concurrency=at_once, polling_interval_sec=POLLING_SECONDS, on_conflict="always_update")
        yield
    finally:
        DBOS.destroy()


def state_of(run: str) -> RunState:
    """Return what DBOS knows of a run."""
    status = DBOS.get_workflow_status(run)
    if status is None:
        return "unknown"
    return "active" if status.status in _ACTIVE else "over"


def begin(run: str) -> None:
    """Have a run carried out, by whichever worker is free; once, however often it is said."""
    with SetWorkflowID(run):
        DBOS.enqueue_workflow(QUEUE, carry_out, run)


def take_over(run: str) -> None:
    """Have a run whose worker is gone carried on by another, after the last step that was done."""
    DBOS.resume_workflow(run, queue_name=QUEUE)
