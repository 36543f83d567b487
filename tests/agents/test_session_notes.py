"""Notes of open sessions, changed by hooks and captures at the same time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import pytest

from onward.agents import session_notes
from onward.agents.capture import CaptureResult, _update_note

pytest.importorskip("fcntl", reason="this system has no file locks")


def test_a_note_that_another_capture_removed_is_not_written_again(tmp_path: Path) -> None:
    home = str(tmp_path)
    session_notes.open_note(home, "codex", "s-1").write()
    (captured,) = session_notes.list_notes(home)
    with ThreadPoolExecutor(1) as pool:
        with session_notes.locked(home):
            updating = pool.submit(_update_note, CaptureResult(captured), complete=False)
            assert wait([updating], timeout=0.2).not_done, "a capture waits while a note is being changed"
            Path(captured.path).unlink()
        updating.result(timeout=10)
    assert session_notes.list_notes(home) == []


def test_a_session_that_ends_while_it_is_captured_stays_ended(tmp_path: Path) -> None:
    home = str(tmp_path)
    session_notes.open_note(home, "codex", "s-1").write()
    (captured,) = session_notes.list_notes(home)
    with ThreadPoolExecutor(1) as pool:
        with session_notes.locked(home):
            updating = pool.submit(_update_note, CaptureResult(captured), complete=False)
            ended = session_notes.open_note(home, "codex", "s-1")
            ended.state = session_notes.ENDED
            ended.write()
        updating.result(timeout=10)
    (note,) = session_notes.list_notes(home)
    assert (note.state, note.hook_at) == (session_notes.ENDED, ended.hook_at)
