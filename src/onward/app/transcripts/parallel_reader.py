"""Reading ahead: files made ready in processes of their own, while this one writes the store.

Reading, redacting and packing is most of the work of an import, and none of it needs the store. Each process takes every n-th file and writes
it to its standard output chunk by chunk; it waits while nobody takes them, so memory does not grow with the files, and it ends when the
importing process does. `python -m onward.app.transcripts.parallel_reader` is such a process.
"""

from __future__ import annotations

import os
import pickle  # both ends are this program, and nobody else can write to the pipe between them
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, NamedTuple, Self

from onward.app.turns.preparation import PreparedItem, PreparedTurn, TranscriptEnd, prepare_transcript

MIN_BYTES = 8_000_000
"""Fewer bytes are read faster than processes start."""
MAX_PROCESSES = 4
PIPE_BYTES = 1024 * 1024
"""What a process may be ahead by; half a chunk or two."""
_CHUNK_ITEMS = 500
_CHUNK_CHARS = 2_000_000


class ReadTask(NamedTuple):
    """A file to make ready, under the key of its project."""

    path: Path
    key: bytes


def is_worthwhile(paths: Sequence[Path]) -> bool:
    """Say whether reading ahead is worth its processes."""
    return count_processors() > 1 and sum(path.stat().st_size for path in paths) >= MIN_BYTES


def count_processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class ParallelReader:
    """Makes files ready, in order. Use as a context manager, and take the items of each job in turn, to the end."""

    def __init__(self, tasks: Sequence[ReadTask]) -> None:
        self._positions = {task.path: position for position, task in enumerate(tasks)}
        # Not `multiprocessing`: it either forks, and the child shares our open database, or runs the caller's main module again.
        command = [sys.executable, "-m", __name__]
        count = min(MAX_PROCESSES, count_processors(), len(tasks))
        self._processes = [
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, pipesize=PIPE_BYTES) for _ in range(count)
        ]
        for offset, process in enumerate(self._processes):
            with suppress(BrokenPipeError):
                pickle.dump(tasks[offset::count], _stream(process.stdin))
                _stream(process.stdin).flush()

    def items(self, path: Path) -> Iterator[PreparedItem]:
        """Yield what is in a file, then how it ended. Raises EOFError when the process that read it is gone."""
        stream = _stream(self._processes[self._positions[path] % len(self._processes)].stdout)
        while True:
            chunk: list[PreparedItem] = pickle.load(stream)  # noqa: S301
            yield from chunk
            if chunk and isinstance(chunk[-1], TranscriptEnd):
                return

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.kill()
            with suppress(BrokenPipeError):
                process.communicate()


def _stream(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None
    return stream


def _chunks(task: ReadTask) -> Iterator[list[PreparedItem]]:
    chunk: list[PreparedItem] = []
    chars = 0
    for item in prepare_transcript(task.path, lambda _: task.key):
        chunk.append(item)
        chars += item.packed.chars if isinstance(item, PreparedTurn) else 0
        if len(chunk) >= _CHUNK_ITEMS or chars >= _CHUNK_CHARS:
            yield chunk
            chunk, chars = [], 0
    if chunk:
        yield chunk


def _run_worker() -> None:
    """Read jobs from standard input and write what is in their files to standard output."""
    # Ctrl-C is for the importing process: when it goes, nobody takes what is written here.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    tasks: list[ReadTask] = pickle.load(sys.stdin.buffer)  # noqa: S301
    with suppress(BrokenPipeError):
        for task in tasks:
            for chunk in _chunks(task):
                pickle.dump(chunk, sys.stdout.buffer, pickle.HIGHEST_PROTOCOL)
                sys.stdout.buffer.flush()
    # Whatever is left to flush has nobody to take it.
    os._exit(0)


if __name__ == "__main__":
    _run_worker()
