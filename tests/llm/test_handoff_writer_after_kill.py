"""kill -9 of a worker at any point of a refinement, then another worker: it is done once, and no answer is paid twice."""

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
from onward.app.handoffs import handoffs, writer
from onward.app.jobs import jobs
from onward.app.models import gateway
from onward.app.projects import projects
from onward.app.transcripts.imports import import_paths
from onward.core.handoff.writer_report import RULES
from onward.llm.encryption import Sealer
from onward.settings import LLMSettings
from onward.store import Store, events

from .conftest import ScriptedModel
from .scripted_writers import writes

POINTS, FEW = 18, 2
WORKER = Path(__file__).parents[1] / "faults" / "job_worker.py"
USD = (1.0, 2.0)

pytestmark = [pytest.mark.slow, pytest.mark.soak]


@pytest.fixture(scope="module")
def completed_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("completed")
    with Store.at_folder(folder / "home") as store:
        import_paths(store, samples.write(folder / "samples"), project=projects.create(store, "antre"), complete=True)
    return folder / "home"


def request_writer_job(home: Path, scripted: ScriptedModel) -> int:
    with Store.at_folder(home) as store:
        model_settings = gateway.ModelSetup(LLMSettings(url=scripted.url, model="scripted"), Sealer(home))
        job = writer.request_writing(store, model_settings, projects.require_only(store), token=scripted.key)
        assert job
        return job.id


def run_worker(home: Path, scripted: ScriptedModel, point: int = 0, side: str = "before") -> subprocess.CompletedProcess[str]:
    llm_environment = {
        "ONWARD_LLM_URL": scripted.url,
        "ONWARD_LLM_MODEL": "scripted",
        "ONWARD_LLM_USD_PER_MILLION": "/".join(map(str, USD)),
    }
    environment = {**os.environ, **llm_environment, "ONWARD_HOME": str(home)}
    command = [sys.executable, str(WORKER), str(home), str(point), side]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)


def assert_finished_once(home: Path, job_id: int, rules_version: int) -> int:
    """Check that a refinement has one version and was paid once; return the number of its requests."""
    with Store.at_folder(home) as store:
        job = jobs.require(store, job_id)
        assert (job.state, job.error, job.result["is_stored"]) == ("done", None, True)
        versions = handoffs.list_versions(store, projects.require_only(store))
        assert [version.version for version in versions if version.generator != RULES] == [rules_version + 1]
        report = versions[0].refinement
        assert report
        calls = gateway.list_calls(store, job_id=job_id)
        assert len({call.step for call in calls}) == len(calls) == report.requests
        assert [(call.input_tokens, call.output_tokens, call.failed) for call in calls] == [(100, 20, "")] * report.requests
        cost_usd = report.requests * (100 * USD[0] + 20 * USD[1]) / 1e6
        assert job.spend_usd == pytest.approx(cost_usd)
        assert report.cost_usd == pytest.approx(cost_usd)
        with store.read() as connection:
            states = [event.data.get("state") for event in events.list_after(connection, 0, job_id=job_id)]
            refined = [event for event in events.list_after(connection, 0, limit=5000) if event.kind == "refined"]
        assert states.count("done") == 1
        assert len(refined) == 1
    return report.requests


def test_a_refinement_is_done_and_paid_for_once_wherever_its_worker_is_killed(
    completed_home: Path, tmp_path: Path, scripted: ScriptedModel, soak: int
) -> None:
    # One line is refused, so that a repair is asked for too.
    scripted.answers(writes(lambda place, line: f"{line} on port 9443" if place == 3 else line))
    copytree(completed_home, tmp_path / "whole")
    job_id = request_writer_job(tmp_path / "whole", scripted)
    whole = run_worker(tmp_path / "whole", scripted)
    assert whole.returncode == 0, whole.stderr
    requests = assert_finished_once(tmp_path / "whole", job_id, 3)
    assert len(scripted.requests) == requests
    points = [(point, side) for point in range(1, int(whole.stdout) + 1) for side in ("before", "after")]
    assert len(points) >= POINTS
    for number, (point, side) in enumerate(random.Random(59).sample(points, POINTS if soak > 1 else FEW)):
        home = tmp_path / f"home-{number}"
        copytree(completed_home, home)
        job_id, before = request_writer_job(home, scripted), len(scripted.requests)
        killed = run_worker(home, scripted, point, side)
        assert killed.returncode == -signal.SIGKILL, f"point {point} {side}: {killed.stderr}"
        ended = run_worker(home, scripted)
        assert ended.returncode == 0, ended.stderr
        assert_finished_once(home, job_id, 3)
        # Only the request in flight is sent again.
        again = len(scripted.requests) - before - requests
        assert again in (0, 1), f"point {point} {side}"
        with Store.at_folder(home) as store:
            assert again <= sum(call.attempts for call in gateway.list_calls(store, job_id=job_id)) - requests <= 1, f"point {point} {side}"
