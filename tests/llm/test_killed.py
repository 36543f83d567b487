"""kill -9 of a worker at any point of a refinement, then another worker: it is done once, and no step's spend is counted twice."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path
from shutil import copytree

import pytest

from onward import samples
from onward.app import handoffs, jobs, models, projects, refining
from onward.app.imports import import_paths
from onward.app.models import Models
from onward.llm.sealing import Sealer
from onward.settings import LLM
from onward.store import Store

from .conftest import Scripted
from .writing import writes

POINTS, FEW = 20, 3
WORKER = Path(__file__).parents[1] / "faults" / "job_worker.py"

pytestmark = [pytest.mark.slow, pytest.mark.soak]


def work(home: Path, scripted: Scripted, point: int = 0, side: str = "before") -> subprocess.CompletedProcess[str]:
    said = {
        "ONWARD_LLM_URL": scripted.url,
        "ONWARD_LLM_MODEL": "scripted",
        "ONWARD_LLM_KEY": scripted.key,
        "ONWARD_LLM_USD_PER_MILLION": "1/2",
    }
    command = [sys.executable, str(WORKER), str(home), str(point), side]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env={**os.environ, **said})


def asked(store: Store, scripted: Scripted, home: Path) -> int:
    job = refining.ask(store, Models(LLM(url=scripted.url, model="scripted"), Sealer(home)), projects.only(store))
    assert job
    return job.id


def test_no_step_is_counted_twice_wherever_the_worker_is_killed(scripted: Scripted, tmp_path: Path, soak: int) -> None:
    pattern = tmp_path / "pattern"
    with Store.at_folder(pattern) as store:
        import_paths(store, samples.write(tmp_path / "samples"), project=projects.new(store, "antre"), complete=True)
        job_id = asked(store, scripted, pattern)
        before = len(list(handoffs.versions(store, projects.only(store))))
    scripted.answers(writes())
    copytree(pattern, tmp_path / "whole")
    whole = work(tmp_path / "whole", scripted)
    assert whole.returncode == 0, whole.stderr
    requests = len(scripted.asked)
    assert requests > 1
    points = [(point, side) for point in range(1, int(whole.stdout) + 1) for side in ("before", "after")]
    chance = random.Random(8)
    for number, (point, side) in enumerate(chance.sample(points, min(len(points), POINTS if soak > 1 else FEW))):
        home = tmp_path / f"home-{number}"
        copytree(pattern, home)
        scripted.asked.clear()
        killed = work(home, scripted, point, side)
        assert killed.returncode == -signal.SIGKILL, f"point {point} {side}: {killed.stderr}"
        finished = work(home, scripted)
        assert finished.returncode == 0, finished.stderr
        with Store.at_folder(home) as store:
            job, made = jobs.find(store, job_id), models.calls(store, job_id=job_id)
            assert (job.state, job.result["kept"]) == ("done", True), f"point {point} {side}"
            assert len(list(handoffs.versions(store, projects.only(store)))) == before + 1
            # Each request is there once, and so is what it cost: an answer that was on its way is asked for again, and nothing else.
            assert [(one.input_tokens, one.output_tokens) for one in made] == [(100, 20)] * requests
            assert job.spend_usd == pytest.approx(requests * (100 * 1 + 20 * 2) / 1e6)
            assert requests <= len(scripted.asked) <= requests + 1
            assert len(scripted.asked) <= sum(one.attempts for one in made) <= requests + 1
