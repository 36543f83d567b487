"""`onward worker`: carries out what was asked for in the background."""

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
    """Carry out background work, until Ctrl-C: large imports, rebuilds, exports.

    `onward serve` has a worker of its own; run this for more of them beside it, on PostgreSQL, or where the server runs without one. On SQLite one is at
    work at a time, and others wait to take its place. A job that a killed worker was at is gone on with.

    \b
    Example:
      onward worker
    """
    from onward.work import Worker

    stopping = threading.Event()

    def handle_signal(_: int, __: FrameType | None) -> None:
        if stopping.is_set():
            # Asked twice: what is being done is left at once, and done again by the next.
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
            _announce("The worker is at work. Ctrl-C ends it.", "at work", as_json=as_json)
    background_worker.stop()
    if background_worker.error:
        raise background_worker.error
    _announce("Stopped. What was not done is gone on with by the next worker.", "stopped", as_json=as_json)
    return 0


def _announce(sentence: str, state: str, *, as_json: bool) -> None:
    if as_json:
        say_json({"worker": state})
    else:
        note(sentence)
