"""Reading files in other processes, while this process writes the store.

Reading, redacting and compressing is most of the work of an import and needs no store. Each process takes every n-th file and writes its
turns to standard output in chunks. It blocks until they are read, so memory does not grow with the files, and it ends with the
importing process. `python -m onward.app.transcripts.parallel_reader` is such a process.
"""

from __future__ import annotations

import os
import pickle  # both ends are this program, and only they can access the pipe
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
"""How far a process may be ahead: half a chunk to two chunks."""
_CHUNK_ITEMS = 500
_CHUNK_CHARS = 2_000_000


class ReadTask(NamedTuple):
    """A file to read, and the key of its project."""

    path: Path
    key: bytes


def is_worthwhile(paths: Sequence[Path]) -> bool:
    """Return whether the files are large enough for other processes."""
    return count_processors() > 1 and sum(path.stat().st_size for path in paths) >= MIN_BYTES


def count_processors() -> int:
    """Return the number of processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class ParallelReader:
    """Reads files in order. Use it as a context manager, and take all items of each task in turn."""

    def __init__(self, tasks: Sequence[ReadTask]) -> None:
        self._positions = {task.path: position for position, task in enumerate(tasks)}
        # Not `multiprocessing`: it either forks, so that the child shares the open database, or runs the caller's main module again.
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
        """Yield the items of a file. Raises EOFError if the process that reads it is gone."""
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
    """Read tasks from standard input and write the items of their files to standard output."""
    # Ctrl-C is handled by the importing process.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    tasks: list[ReadTask] = pickle.load(sys.stdin.buffer)  # noqa: S301
    with suppress(BrokenPipeError):
        for task in tasks:
            for chunk in _chunks(task):
                pickle.dump(chunk, sys.stdout.buffer, pickle.HIGHEST_PROTOCOL)
                sys.stdout.buffer.flush()
    # Nobody reads what is left in the buffers.
    os._exit(0)


if __name__ == "__main__":
    _run_worker()
