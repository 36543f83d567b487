"""`onward worker`: carries out what was asked for in the background."""

from __future__ import annotations

import os
import signal
import threading
from types import FrameType

import click

from onward.cli.desk import as_json, own_settings
from onward.cli.present import note, say_json

LOOK_SECONDS = 0.2


@click.command()
@as_json
def worker(as_json: bool) -> int:
    """Carry out background work, until Ctrl-C: large imports, rebuilds, exports.

    `onward serve` has a worker of its own; run this for more of them beside it, on PostgreSQL, or where the server runs without one. On SQLite one is at
    work at a time, and others wait to take its place. A job that a killed worker was at is gone on with.

    \b
    Example:
      onward worker
    """
    from onward.work import Worker

    over = threading.Event()

    def end(_: int, __: FrameType | None) -> None:
        if over.is_set():
            # Asked twice: what is being done is left at once, and done again by the next.
            os._exit(1)
        over.set()

    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, end)
    ours = Worker(own_settings())
    ours.start()
    is_told = False
    while not over.wait(LOOK_SECONDS) and ours.error is None:
        if not is_told and ours.is_at_work.is_set():
            is_told = True
            _tell("The worker is at work. Ctrl-C ends it.", "at work", as_json=as_json)
    ours.stop()
    if ours.error:
        raise ours.error
    _tell("Stopped. What was not done is gone on with by the next worker.", "stopped", as_json=as_json)
    return 0


def _tell(sentence: str, state: str, *, as_json: bool) -> None:
    if as_json:
        say_json({"worker": state})
    else:
        note(sentence)
