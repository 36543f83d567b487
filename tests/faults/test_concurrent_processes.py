"""Many processes at once on one store: nothing lost, no duplicates, no lock error."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import PROJECT, Onward, ReferenceStore, soak, stored_state

PROCESSES = 8

pytestmark = [pytest.mark.slow, pytest.mark.soak]


def facts_and_turns(state: dict[str, object]) -> dict[str, object]:
    """Return the contents that do not depend on the order of the processes: everything but which handoff was created when."""
    return {name: state[name] for name in ("projects", "turns", "facts")}


def test_eight_imports_of_one_folder_into_one_project(sessions: Path, tmp_path: Path, reference_store: ReferenceStore) -> None:
    expected = reference_store.state
    for round_number in range(soak()):
        onward = Onward(tmp_path / f"together-{round_number}")
        processes = [onward.start("import", str(sessions), "--project", PROJECT, "--complete") for _ in range(PROCESSES)]
        for process in processes:
            _, err = process.communicate(timeout=300)
            assert process.returncode == 0, err
            assert "locked" not in err
            assert "busy" not in err.lower()
        state = stored_state(onward.database)
        assert facts_and_turns(state) == facts_and_turns(expected)
        assert state["sessions"] == expected["sessions"]
        assert state["handoffs"][-1][1:] == expected["handoffs"][-1][1:]  # type: ignore[index]


def test_sessions_that_are_made_at_once_get_numbers_of_their_own(sessions: Path, tmp_path: Path) -> None:
    onward = Onward(tmp_path / "home")
    assert onward.run("project", "new", PROJECT).returncode == 0
    files = sorted(sessions.iterdir())
    processes = [onward.start("import", str(path), "--project", PROJECT) for path in files]
    for process in processes:
        _, err = process.communicate(timeout=300)
        assert process.returncode == 0, err
    numbers = [session[0] for session in stored_state(onward.database)["sessions"]]  # type: ignore[attr-defined]
    assert numbers == list(range(1, len(files) + 1))
