"""Events: told with what makes them so, read in order, kept for a while."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from onward.app import events as told
from onward.app import projects
from onward.app.imports import import_paths
from onward.store import Store, events

SAMPLES = Path(__file__).parents[2] / "src" / "onward" / "samples"


def test_imports_and_completions_are_told(store: Store) -> None:
    project = projects.new(store, "klinik")
    import_paths(store, [SAMPLES / "1-claude-code.jsonl"], project=project, complete=True)
    found = told.since(store, 0, project_id=project.id)
    assert [(one.kind, one.project_id) for one in found] == [("completed", project.id), ("import", project.id)]
    assert found[0].data == {"session_id": 1, "session_number": 1, "handoff_version": 1}
    assert found[1].data["files"] == 1
    assert told.since(store, found[0].id) == found[1:]
    assert told.since(store, 0, project_id=77) == []


def test_what_did_not_happen_is_not_told(store: Store) -> None:
    def fail() -> None:
        with store.write() as connection:
            events.add(connection, "job")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert told.since(store, 0) == []


def test_a_reader_goes_on_where_it_was(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    assert told.beginning(store, None) == (0, False)
    assert told.beginning(store, 5) == (0, True)
    monkeypatch.setattr(events, "MOST", 10)
    monkeypatch.setattr(events, "_TIDIED_EVERY", 5)
    with store.write() as connection:
        for _ in range(30):
            events.add(connection, "job")
    assert [one.id for one in told.since(store, 0)] == list(range(21, 31))
    assert told.beginning(store, None) == (30, False)
    assert told.beginning(store, 20) == (20, False)
    assert told.beginning(store, 19) == (19, True)
    assert told.beginning(store, 31) == (30, True)


def test_no_event_is_passed_over_while_many_write(store: Store) -> None:
    def write(number: int) -> None:
        for _ in range(10):
            with store.write() as connection:
                events.add(connection, f"w{number}")

    seen: list[int] = []
    with ThreadPoolExecutor(4) as pool:
        writing = [pool.submit(write, number) for number in range(4)]
        while not all(one.done() for one in writing):
            seen += [one.id for one in told.since(store, seen[-1] if seen else 0)]
    seen += [one.id for one in told.since(store, seen[-1] if seen else 0)]
    assert len(seen) == 40
    assert seen == sorted(set(seen))
