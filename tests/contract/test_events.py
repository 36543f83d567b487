"""Events are stored with their cause, read in order, and kept for a limited time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from onward.app.jobs import events as app_events
from onward.app.projects import projects
from onward.app.transcripts.imports import import_paths
from onward.store import Store, events

SAMPLES = Path(__file__).parents[2] / "src" / "onward" / "samples"


def test_imports_and_completions_emit_events(store: Store) -> None:
    project = projects.create(store, "klinik")
    import_paths(store, [SAMPLES / "1-claude-code.jsonl"], project=project, complete=True)
    history = app_events.list_events(store, 0, project_id=project.id)
    assert [(event.kind, event.project_id) for event in history] == [("completed", project.id), ("import", project.id)]
    assert history[0].data == {"session_id": 1, "session_number": 1, "handoff_version": 1}
    assert history[1].data["files"] == 1
    assert app_events.list_events(store, history[0].id) == history[1:]
    assert app_events.list_events(store, 0, project_id=77) == []


def test_what_did_not_happen_emits_no_event(store: Store) -> None:
    def fail() -> None:
        with store.write() as connection:
            events.record(connection, "job")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert app_events.list_events(store, 0) == []


def test_a_reader_resumes_at_its_event(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    assert app_events.find_start(store, None) == (0, False)
    assert app_events.find_start(store, 5) == (0, True)
    monkeypatch.setattr(events, "MAX_EVENTS", 10)
    monkeypatch.setattr(events, "_PRUNE_EVERY", 5)
    with store.write() as connection:
        for _ in range(30):
            events.record(connection, "job")
    assert [event.id for event in app_events.list_events(store, 0)] == list(range(21, 31))
    assert app_events.find_start(store, None) == (30, False)
    assert app_events.find_start(store, 20) == (20, False)
    assert app_events.find_start(store, 19) == (19, True)
    assert app_events.find_start(store, 31) == (30, True)


def test_no_event_is_passed_over_while_many_write(store: Store) -> None:
    def write(number: int) -> None:
        for _ in range(10):
            with store.write() as connection:
                events.record(connection, f"w{number}")

    ids: list[int] = []
    with ThreadPoolExecutor(4) as pool:
        writing = [pool.submit(write, number) for number in range(4)]
        while not all(future.done() for future in writing):
            ids += [event.id for event in app_events.list_events(store, ids[-1] if ids else 0)]
    ids += [event.id for event in app_events.list_events(store, ids[-1] if ids else 0)]
    assert len(ids) == 40
    assert ids == sorted(set(ids))
