"""Sweeping: importing sessions that ended without a hook, and other transcripts of known projects; once, or periodically beside a
server.
"""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from onward.adapters import open_store
from onward.agents import session_notes
from onward.agents.capture import CaptureResult, capture
from onward.agents.session_notes import Note
from onward.app.transcripts import sweep
from onward.app.transcripts.agent_files import changed_at
from onward.app.transcripts.agent_folders import agent_folders
from onward.app.transcripts.sweep import SweepReport
from onward.settings import Settings, read_machine

FIRST_SECONDS = 60.0
EVERY_SECONDS = 300.0
MAX_SECONDS = 3600.0
POLL_SECONDS = 0.5

_log = logging.getLogger("onward.sweep")


@dataclass(frozen=True, slots=True)
class FullSweep:
    """The results for sessions with notes, and for everything else."""

    captures: list[CaptureResult]
    report: SweepReport


def sweep_all(settings: Settings) -> FullSweep | None:
    """Sweep once; return None if another process is sweeping. With a remote server, only sessions with notes on this machine are imported:
    the server sweeps the rest.
    """
    quiet = timedelta(minutes=settings.quiet_minutes)
    if settings.server:
        return FullSweep(_capture_noted(settings, quiet), SweepReport())
    with open_store(settings) as store, sweep.lock_sweep(store) as has_lock:
        if not has_lock:
            return None
        captures = _capture_noted(settings, quiet)
        report = sweep.sweep(
            store, agent_folders(read_machine(), Path.cwd()), quiet=quiet,
            budget_tokens=settings.budget_tokens, worktrees=settings.worktrees,
        )  # fmt: skip
    return FullSweep(captures, report)


def _capture_noted(settings: Settings, quiet: timedelta) -> list[CaptureResult]:
    """Import the sessions with notes and return the results that have sessions or errors."""
    results = [capture(note) for note in session_notes.list_notes(str(settings.home)) if _is_due(note, quiet)]
    return [result for result in results if result.numbers or result.fault]


def _is_due(note: Note, quiet: timedelta) -> bool:
    """Return whether the session of a note is over: it ended, or was quiet for long enough."""
    if note.state == session_notes.ENDED:
        return True
    last_change = changed_at(note.transcript) or datetime.fromtimestamp(note.hook_at, UTC)
    return note.has_news() and datetime.now(UTC) - last_change >= quiet


@contextmanager
def start(folder: Path | None = None) -> Iterator[None]:
    """Sweep periodically while the context is open, each time in a process of its own, so that requests are not slowed down."""
    stop = threading.Event()
    thread = threading.Thread(target=_run_periodically, args=(stop, folder), name="onward-sweep", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _run_periodically(stop: threading.Event, folder: Path | None) -> None:
    wait_seconds = FIRST_SECONDS
    while not stop.wait(wait_seconds):
        wait_seconds = EVERY_SECONDS
        try:
            _run_once(stop, folder)
        except OSError as error:
            _log.warning("the sweep could not start: %s", error)


def _run_once(stop: threading.Event, folder: Path | None) -> None:
    command = [sys.executable, "-P", "-m", "onward", "sweep", "--json"]
    deadline = time.monotonic() + MAX_SECONDS
    with subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        while process.poll() is None and time.monotonic() < deadline and not stop.wait(POLL_SECONDS):
            pass
        if process.poll() is None:
            # What was imported so far stays; the next sweep continues.
            process.kill()
        _, error_output = process.communicate()
    if process.returncode and not stop.is_set():
        _log.warning(
            "the sweep failed: %s", error_output.decode(errors="replace").strip()[-400:] or "it took more than an hour and was stopped"
        )
