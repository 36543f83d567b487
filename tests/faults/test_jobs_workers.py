"""Several workers, killed workers and broken connections: each job is done exactly once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from onward.app.jobs import jobs
from onward.app.jobs.jobs import Job
from onward.app.projects import projects
from onward.app.sessions import completion_job, sessions
from onward.app.sessions.completion_job import Completion
from onward.store import Store, events
from onward.work.worker import CONCURRENT_JOBS

from .conftest import PROJECT

pytestmark = pytest.mark.slow

WORKER = Path(__file__).with_name("job_worker.py")
IDLE_WORKER = Path(__file__).with_name("idle_worker.py")
PROJECTS = 3
LONG_TURNS = 60_000


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue("new_database")()) if request.param == "postgresql" else ""


def open_store(home: Path, url: str) -> Store:
    return Store.at_url(url) if url else Store.at_folder(home)


def start_worker(home: Path, url: str) -> subprocess.Popen[str]:
    command = [sys.executable, str(WORKER), str(home), "0", "among", url]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def assert_ended(process: subprocess.Popen[str]) -> None:
    _, stderr = process.communicate(timeout=180)
    assert process.returncode == 0, stderr


def ask_imports(store: Store, sessions: Path) -> list[Job]:
    """Request the same import into each of several projects."""
    targets = [projects.create(store, f"{PROJECT}-{number}") for number in range(PROJECTS)]
    return [jobs.request_job(store, "import", {"paths": [str(sessions)], "complete": True}, project=project) for project in targets]


def wait_until(condition: Callable[[], bool]) -> None:
    for _ in range(1200):
        if condition():
            return
        time.sleep(0.05)
    pytest.fail("the condition did not become true")


def assert_all_done_once(store: Store, given: list[Job], *, handoffs: int) -> None:
    for job in given:
        now = jobs.require(store, job.id)
        assert (now.state, now.error) == ("done", None)
        with store.read() as connection:
            states = [event.data["state"] for event in events.list_after(connection, 0, job_id=job.id, limit=5000) if event.kind == "job"]
            handoff_count = connection.execute(
                text("SELECT count(*) FROM handoffs WHERE project_id = :id"), {"id": job.project_id}
            ).scalar_one()
        assert states.count("done") == 1
        assert handoff_count == handoffs


def stop_between_transactions(store: Store, pid: int) -> None:
    """Suspend the only worker while it holds no lock."""
    busy = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'")

    def is_stopped() -> bool:
        os.kill(pid, signal.SIGSTOP)
        with store.read() as connection:
            if connection.execute(busy).scalar_one() == 0:
                return True
        os.kill(pid, signal.SIGCONT)
        return False

    wait_until(is_stopped)


@pytest.fixture
def handoffs(sessions: Path) -> int:
    return len(list(sessions.iterdir()))


def test_two_workers_share_the_work(tmp_path: Path, url: str, sessions: Path, handoffs: int) -> None:
    with open_store(tmp_path, url) as store:
        given = ask_imports(store, sessions)
        for process in [start_worker(tmp_path, url) for _ in range(2)]:
            assert_ended(process)
        assert_all_done_once(store, given, handoffs=handoffs)


def test_another_worker_goes_on_where_one_was_killed(tmp_path: Path, url: str, sessions: Path, handoffs: int) -> None:
    with open_store(tmp_path, url) as store:
        given = ask_imports(store, sessions)
        first = start_worker(tmp_path, url)
        wait_until(lambda: any(job.done for job in jobs.list_jobs(store)))
        second = start_worker(tmp_path, url)
        os.kill(first.pid, signal.SIGKILL)
        first.communicate()
        assert_ended(second)
        assert_all_done_once(store, given, handoffs=handoffs)


def test_a_suspended_worker_loses_its_jobs(tmp_path: Path, new_database: Callable[[], str], sessions: Path, handoffs: int) -> None:
    url = new_database()
    with open_store(tmp_path, url) as store:
        given = ask_imports(store, sessions)
        first = start_worker(tmp_path, url)
        wait_until(lambda: any(job.done for job in jobs.list_jobs(store)))
        stop_between_transactions(store, first.pid)
        second = start_worker(tmp_path, url)
        assert_ended(second)
        os.kill(first.pid, signal.SIGCONT)
        assert_ended(first)
        assert_all_done_once(store, given, handoffs=handoffs)


def test_connections_that_break_cost_time_only(tmp_path: Path, new_database: Callable[[], str], sessions: Path, handoffs: int) -> None:
    url = new_database()
    with open_store(tmp_path, url) as store:
        given = ask_imports(store, sessions)
        worker = start_worker(tmp_path, url)
        for reached in range(1, 4):
            wait_until(lambda reached=reached: sum(job.done for job in jobs.list_jobs(store)) >= reached)
            with store.read() as connection:
                connection.execute(
                    text(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> "
                        "pg_backend_pid()"
                    )
                )
        assert_ended(worker)
        assert_all_done_once(store, given, handoffs=handoffs)


def test_a_job_at_work_is_cancelled_and_gone_on_with(tmp_path: Path, url: str, sessions: Path, handoffs: int) -> None:
    with open_store(tmp_path, url) as store:
        given = ask_imports(store, sessions)[:1]
        for job in jobs.list_jobs(store):
            if job.id != given[0].id:
                jobs.cancel(store, job.id)
        worker = start_worker(tmp_path, url)
        wait_until(lambda: jobs.require(store, given[0].id).done > 0)
        jobs.cancel(store, given[0].id)
        assert_ended(worker)
        # On a fast machine the job may be done already.
        if jobs.require(store, given[0].id).state == "cancelled":
            jobs.retry(store, given[0].id)
            assert_ended(start_worker(tmp_path, url))
        assert_all_done_once(store, given, handoffs=handoffs)


def write_long_transcript(path: Path) -> None:
    """Write a transcript of Claude Code that takes far longer to import than a session to complete."""
    with path.open("w", encoding="utf-8") as file:
        for number in range(LONG_TURNS):
            text = f"Step {number}: the ticket printer prints page {number} of the long list of tickets. " * 8
            record = {"type": "user", "uuid": f"u{number}", "sessionId": path.name, "message": {"role": "user", "content": text}}
            file.write(json.dumps(record) + "\n")


def test_long_jobs_do_not_block_sessions(tmp_path: Path) -> None:
    files = [tmp_path / f"long-{number}.jsonl" for number in range(CONCURRENT_JOBS)]
    for file in files:
        write_long_transcript(file)
    with Store.at_folder(tmp_path) as store:
        project = projects.create(store, PROJECT)
        long = [jobs.request_job(store, "import", {"uploads": [(file.name, str(file))]}, project=project) for file in files]
        worker = start_worker(tmp_path, "")
        try:
            wait_until(lambda: all(jobs.require(store, job.id).state == "running" for job in long))
            session = sessions.start(store, project).session
            asked_for = completion_job.request_completion(
                store, project, session, {}, Completion(accomplishments=["It prints"], blockers=[], credits_used=None)
            )
            wait_until(lambda: not jobs.require(store, asked_for.id).is_open)
            assert jobs.require(store, asked_for.id).result["handoff_version"] == 1
            assert all(jobs.require(store, job.id).state == "running" for job in long)
        finally:
            worker.kill()
            worker.communicate()


def test_an_idle_worker_shuts_dbos_down_and_launches_it_for_the_next_job(tmp_path: Path, url: str, sessions: Path) -> None:
    command = [sys.executable, str(IDLE_WORKER), str(tmp_path), url]
    with open_store(tmp_path, url) as store, subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            for number in range(2):
                project = projects.create(store, f"{PROJECT}-{number}")
                job = jobs.request_job(store, "import", {"paths": [str(sessions)], "complete": True}, project=project)
                assert process.stdout.readline() == "launched\n"
                assert process.stdout.readline() == "shut down\n"
                assert jobs.require(store, job.id).state == "done"
        finally:
            process.terminate()
