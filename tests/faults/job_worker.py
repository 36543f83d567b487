"""A worker that dies at one point of its work, as kill -9 has it; run as a program: HOME POINT SIDE [DATABASE_URL].

Points are counted in what it writes, so that they are the same on every machine: at POINT the process kills itself, `before` the transaction is committed
or `after`. With point 0 it lives, works until no job is open, and prints how many points there were. SIDE `among` is for a
worker among others, which hear of each other often.
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
    # Small pieces, and nothing written by the clock.
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
    # Which model there is comes by the environment, as everywhere.
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
