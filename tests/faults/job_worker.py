"""A worker that kills itself at one point of its work, as by kill -9; run as a program: HOME POINT SIDE [DATABASE_URL].

Points are counted in write transactions, so they are the same on every machine: at POINT the process kills itself, `before` or `after`
the transaction is committed. With point 0 it works until no job is open, and prints the number of points. SIDE `among` is for one of
several workers, with short heartbeats.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection

from onward.adapters import open_store
from onward.app.jobs import jobs, kinds
from onward.errors import OnwardError
from onward.settings import Settings, read_settings
from onward.store import Store
from onward.work import worker


def main(home: Path, point: int, side: str, database_url: str = "") -> None:
    # Small steps, and no writes that depend on the clock.
    kinds._PIECE_FILES = 2
    worker.BEAT_SECONDS, worker.SILENCE_SECONDS, worker.RECHECK_SECONDS = (0.1, 2.0, 0.5) if side == "among" else (3600.0, 3600.0, 5.0)
    writes = 0
    write = Store.write

    @contextmanager
    def counted(store: Store) -> Iterator[Connection]:
        nonlocal writes
        with write(store) as connection:
            yield connection
            writes += 1
            if writes == point and side == "before":
                os.kill(os.getpid(), signal.SIGKILL)
        if writes == point and side == "after":
            os.kill(os.getpid(), signal.SIGKILL)

    Store.write = counted  # type: ignore[method-assign]
    # The model comes from the environment.
    configured = read_settings(environment={**os.environ, "ONWARD_HOME": str(home)}, folder=home)
    settings = Settings(home=home, claude_home=home, database_url=database_url, llm=configured.llm)
    with open_store(settings) as store, worker.start(settings) as running_worker:
        for _ in range(3000):
            if running_worker.error:
                raise running_worker.error
            with contextlib.suppress(OnwardError):
                if not jobs.list_open(store):
                    break
            time.sleep(0.02)
    sys.stdout.write(str(writes))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], *sys.argv[4:])
