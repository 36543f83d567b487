"""A worker that is idle a moment after its last job, and prints a line whenever DBOS is launched; run as a program: HOME [DATABASE_URL]."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from onward.settings import Settings
from onward.work import engine, worker


def main(home: Path, database_url: str = "") -> None:
    worker.IDLE_SECONDS = 0.5
    launch = engine.launch_dbos

    @contextmanager
    def reported(settings: Settings, name: str, version: str, concurrency: int) -> Iterator[None]:
        with launch(settings, name, version, concurrency):
            print("launched", flush=True)
            yield
        print("shut down", flush=True)

    engine.launch_dbos = reported
    with worker.start(Settings(home=home, claude_home=home, database_url=database_url)):
        threading.Event().wait()


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
