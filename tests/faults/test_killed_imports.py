"""kill -9 at any point of an import or a completion, then the same command again: the store is the same as without the kill."""

from __future__ import annotations

import random
import signal
import time
from pathlib import Path

import pytest

from .conftest import PROJECT, Onward, ReferenceStore, soak, stored_state

ROUNDS = 2

pytestmark = [pytest.mark.slow, pytest.mark.soak]


def kill_after(onward: Onward, seconds: float, *arguments: str) -> bool:
    """Start a command and kill it after *seconds*; return whether it was still running."""
    process = onward.start(*arguments)
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    return process.returncode == -signal.SIGKILL


def test_an_import_that_is_killed_is_finished_by_the_next(sessions: Path, tmp_path: Path, reference_store: ReferenceStore) -> None:
    chance = random.Random(41)
    killed = 0
    for round_number in range(ROUNDS * soak()):
        onward = Onward(tmp_path / f"home-{round_number}")
        for _ in range(chance.randrange(1, 4)):
            killed += kill_after(
                onward, chance.uniform(0.1, reference_store.took_s), "import", str(sessions), "--project", PROJECT, "--complete"
            )
        finish = onward.import_all(sessions)
        assert finish.returncode == 0, finish.stderr
        assert stored_state(onward.database) == reference_store.state
    # The number of kills depends on the machine: the work may end before the next one.
    assert killed


def test_a_completion_that_is_killed_is_finished_by_the_next(sessions: Path, tmp_path: Path, reference_store: ReferenceStore) -> None:
    chance = random.Random(43)
    for round_number in range(ROUNDS * soak()):
        onward = Onward(tmp_path / f"home-{round_number}")
        assert onward.run("import", str(sessions), "--project", PROJECT).returncode == 0
        for _ in range(2):
            kill_after(onward, chance.uniform(0.1, 2.0), "import", str(sessions), "--project", PROJECT, "--complete")
        finish = onward.import_all(sessions)
        assert finish.returncode == 0, finish.stderr
        assert stored_state(onward.database) == reference_store.state


def test_a_killed_import_leaves_nothing_half_done(sessions: Path, tmp_path: Path, reference_store: ReferenceStore) -> None:
    """Even before the next run, stored data is consistent: turns in order, and a handoff for every completed session."""
    chance = random.Random(47)
    for round_number in range(ROUNDS * soak()):
        onward = Onward(tmp_path / f"home-{round_number}")
        kill_after(onward, reference_store.took_s * chance.uniform(0.4, 1.0), "import", str(sessions), "--project", PROJECT, "--complete")
        if not onward.database.exists() or onward.run("doctor").returncode not in (0, 1):
            continue
        state = stored_state(onward.database)
        turns, all_turns = state["turns"], reference_store.state["turns"]
        assert isinstance(turns, list)
        assert isinstance(all_turns, list)
        assert all(turn in all_turns for turn in turns)
        completed = [session for session in state["sessions"] if session[3] == "completed"]  # type: ignore[attr-defined]
        assert len(state["handoffs"]) == len(completed)  # type: ignore[arg-type]
        onward.database.unlink()
        for leftover in onward.home.iterdir():
            leftover.unlink()
