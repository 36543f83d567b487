"""kill -9 of a worker at any point of a job, then another worker: the job is done once, and the store is the same as without the kill."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from onward.app.admin import backups
from onward.app.jobs import jobs, kinds
from onward.app.projects import projects
from onward.app.sessions import completion_job
from onward.app.sessions.sessions import start as started
from onward.app.transcripts.imports import import_paths
from onward.store import Store, events

from .conftest import PROJECT, ReferenceStore, soak, stored_state

POINTS, FEW = 20, 2

pytestmark = [pytest.mark.slow, pytest.mark.soak]

WORKER = Path(__file__).with_name("job_worker.py")


def run_worker(home: Path, point: int = 0, side: str = "before") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(WORKER), str(home), str(point), side], capture_output=True, text=True, timeout=120, check=False
    )


def ask_import(home: Path, sessions: Path) -> int:
    with Store.at_folder(home) as store:
        project = projects.create(store, PROJECT)
        return jobs.request_job(store, "import", {"paths": [str(sessions)], "complete": True}, project=project).id


def ask_completion(home: Path, sessions: Path) -> int:
    """Request the completion of a session with two transcripts."""
    with Store.at_folder(home) as store:
        project = projects.create(store, PROJECT)
        session = started(store, project).session
        folder = kinds.create_upload_folder(home)
        uploads = [(path.name, str(shutil.copy(path, folder))) for path in sorted(sessions.glob("work-*.jsonl"))[:2]]
        words = completion_job.Completion(accomplishments=["The totals are in cents"], blockers=["No stock"], credits_used=42.0)
        return completion_job.request_completion(store, project, session, {"uploads": uploads, "upload": str(folder)}, words).id


def ask_backup(home: Path, sessions: Path) -> int:
    with Store.at_folder(home) as store:
        import_paths(store, sorted(sessions.glob("work-*.jsonl"))[:2], project=projects.create(store, PROJECT), complete=True)
        return backups.request_backup(store).id


@pytest.mark.parametrize("ask", [ask_import, ask_completion, ask_backup])
def test_a_job_is_done_once_wherever_its_worker_is_killed(
    sessions: Path, tmp_path: Path, reference_store: ReferenceStore, ask: Callable[[Path, Path], int]
) -> None:
    ask(tmp_path / "whole", sessions)
    whole = run_worker(tmp_path / "whole")
    assert whole.returncode == 0, whole.stderr
    expected = stored_state(tmp_path / "whole" / "onward.db")
    if ask is ask_import:
        assert expected == reference_store.state
    chance = random.Random(53)
    writes = int(whole.stdout)
    all_points = [(point, side) for point in range(1, writes + 1) for side in ("before", "after")]
    points = chance.sample(all_points, min(POINTS, len(all_points)))
    for number, (point, side) in enumerate(points if soak() > 1 else points[:FEW]):
        home = tmp_path / f"home-{number}"
        job_id = ask(home, sessions)
        killed = run_worker(home, point, side)
        assert killed.returncode == -signal.SIGKILL, f"point {point} {side}: {killed.stderr}"
        finished = run_worker(home)
        assert finished.returncode == 0, finished.stderr
        assert stored_state(home / "onward.db") == expected, f"point {point} {side}"
        with Store.at_folder(home) as store, store.read() as connection:
            job = jobs.require(store, job_id)
            states = [event.data["state"] for event in events.list_after(connection, 0, job_id=job_id)]
        if ask is ask_backup:
            assert stored_state(kinds.output_path(home, job)) == expected
        assert (job.state, job.done, job.total, job.attempts, job.error) == ("done", job.total, job.total, 0, None)
        assert states.count("done") == 1


@pytest.mark.parametrize("befall", [Path.unlink, lambda path: path.write_bytes(b"no database " * 999)], ids=["lost", "damaged"])
def test_the_workflow_database_may_be_lost(
    sessions: Path, tmp_path: Path, reference_store: ReferenceStore, befall: Callable[[Path], object]
) -> None:
    home = tmp_path / "home"
    job_id = ask_import(home, sessions)
    assert run_worker(home, 9, "after").returncode == -signal.SIGKILL
    befall(home / "worker.db")
    finished = run_worker(home)
    assert finished.returncode == 0, finished.stderr
    assert stored_state(home / "onward.db") == reference_store.state
    with Store.at_folder(home) as store:
        assert jobs.require(store, job_id).state == "done"
