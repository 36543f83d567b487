"""`onward worker`: runs background jobs."""

from __future__ import annotations

import os
import signal
import threading
from types import FrameType

import click

from onward.cli.context import json_option, local_settings
from onward.cli.presentation import note, say_json

POLL_SECONDS = 0.2


@click.command()
@json_option
def worker(as_json: bool) -> int:
    """Run background jobs (large imports, rebuilds, exports) until Ctrl-C.

    `onward serve` includes a worker. Run this for additional workers on PostgreSQL, or beside a server without one. On SQLite one
    worker is active at a time; others stand by. The job of a killed worker is resumed.

    \b
    Example:
      onward worker
    """
    from onward.work import Worker

    stopping = threading.Event()

    def handle_signal(_: int, __: FrameType | None) -> None:
        if stopping.is_set():
            # Second signal: exit at once. The next worker runs the current step again.
            os._exit(1)
        stopping.set()

    for signal_number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signal_number, handle_signal)
    background_worker = Worker(local_settings())
    background_worker.start()
    is_announced = False
    while not stopping.wait(POLL_SECONDS) and background_worker.error is None:
        if not is_announced and background_worker.is_at_work.is_set():
            is_announced = True
            _announce("Worker running. Press Ctrl-C to stop.", "at work", as_json=as_json)
    background_worker.stop()
    if background_worker.error:
        raise background_worker.error
    _announce("Stopped. The next worker resumes unfinished jobs.", "stopped", as_json=as_json)
    return 0


def _announce(sentence: str, state: str, *, as_json: bool) -> None:
    if as_json:
        say_json({"worker": state})
    else:
        note(sentence)
