"""kill -9 of a worker at any point of a job, then another worker: the job is done once, and the store is as if nothing had happened."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from onward.app import backups, job_kinds, jobs, projects, session_jobs
from onward.app.imports import import_paths
from onward.app.sessions import start as started
from onward.store import Store, events

from .conftest import PROJECT, Undisturbed, kept, soak

POINTS, FEW = 20, 2

pytestmark = [pytest.mark.slow, pytest.mark.soak]

WORKER = Path(__file__).with_name("job_worker.py")


def work(home: Path, point: int = 0, side: str = "before") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(WORKER), str(home), str(point), side], capture_output=True, text=True, timeout=120, check=False
    )


def import_asked(home: Path, sessions: Path) -> int:
    with Store.at_folder(home) as store:
        project = projects.new(store, PROJECT)
        return jobs.ask(store, "import", {"paths": [str(sessions)], "complete": True}, project=project).id


def completion_asked(home: Path, sessions: Path) -> int:
    """Ask for a session that takes in two transcripts to be completed."""
    with Store.at_folder(home) as store:
        project = projects.new(store, PROJECT)
        one = started(store, project).session
        folder = job_kinds.new_upload(home)
        uploads = [(path.name, str(shutil.copy(path, folder))) for path in sorted(sessions.glob("work-*.jsonl"))[:2]]
        words = session_jobs.Words(["The totals are in cents"], ["No stock"], 42.0)
        return session_jobs.ask(store, project, one, {"uploads": uploads, "upload": str(folder)}, words).id


def backup_asked(home: Path, sessions: Path) -> int:
    with Store.at_folder(home) as store:
        import_paths(store, sorted(sessions.glob("work-*.jsonl"))[:2], project=projects.new(store, PROJECT), complete=True)
        return backups.ask(store).id


@pytest.mark.parametrize("ask", [import_asked, completion_asked, backup_asked])
def test_a_job_is_done_once_wherever_its_worker_is_killed(
    sessions: Path, tmp_path: Path, undisturbed: Undisturbed, ask: Callable[[Path, Path], int]
) -> None:
    ask(tmp_path / "whole", sessions)
    whole = work(tmp_path / "whole")
    assert whole.returncode == 0, whole.stderr
    expected = kept(tmp_path / "whole" / "onward.db")
    if ask is import_asked:
        assert expected == undisturbed.state
    chance = random.Random(53)
    writes = int(whole.stdout)
    there = [(point, side) for point in range(1, writes + 1) for side in ("before", "after")]
    points = chance.sample(there, min(POINTS, len(there)))
    for number, (point, side) in enumerate(points if soak() > 1 else points[:FEW]):
        home = tmp_path / f"home-{number}"
        job_id = ask(home, sessions)
        killed = work(home, point, side)
        assert killed.returncode == -signal.SIGKILL, f"point {point} {side}: {killed.stderr}"
        finished = work(home)
        assert finished.returncode == 0, finished.stderr
        assert kept(home / "onward.db") == expected, f"point {point} {side}"
        with Store.at_folder(home) as store, store.read() as connection:
            job = jobs.find(store, job_id)
            told = [event.data["state"] for event in events.after(connection, 0, job_id=job_id)]
        if ask is backup_asked:
            assert kept(job_kinds.made_file(home, job)) == expected
        assert (job.state, job.done, job.total, job.attempts, job.error) == ("done", job.total, job.total, 0, None)
        assert told.count("done") == 1


@pytest.mark.parametrize("befall", [Path.unlink, lambda path: path.write_bytes(b"no database " * 999)], ids=["lost", "damaged"])
def test_what_carries_jobs_out_may_be_lost(
    sessions: Path, tmp_path: Path, undisturbed: Undisturbed, befall: Callable[[Path], object]
) -> None:
    home = tmp_path / "home"
    job_id = import_asked(home, sessions)
    assert work(home, 9, "after").returncode == -signal.SIGKILL
    befall(home / "worker.db")
    finished = work(home)
    assert finished.returncode == 0, finished.stderr
    assert kept(home / "onward.db") == undisturbed.state
    with Store.at_folder(home) as store:
        assert jobs.find(store, job_id).state == "done"
