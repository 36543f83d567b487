"""Runs the program of an agent once, bounded in time and output.

The prompt and the output are files of a folder that is named after the question. If this process is killed, the program continues; the same
question later finds its output, or waits for it, so nothing is asked twice. `clear` deletes the folder once the answer is stored.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple, Self, TypeAlias

MAX_OUTPUT_BYTES = 4_000_000
"""Agents print more than the answer: the tools that they have, what they counted."""
MAX_AGE_SECONDS = 24 * 3600
"""An output that nobody asked for again is deleted after this time."""

_LOOK_SECONDS = 0.1

End: TypeAlias = Literal["ended", "timeout", "too large"]


class ProcessOutput(NamedTuple):
    """What a program printed, and how it ended. `code` is None where it was started by a process that is gone."""

    end: End
    code: int | None
    text: str
    errors: str


@dataclass(frozen=True, slots=True)
class AgentProcess:
    """One run of `command` in `folder`, with the `variables` set and the `files` in the folder that it works in.

    Variables that begin with one of `session_variables` are not handed on: the program is no part of the session that Onward runs in.
    """

    command: Sequence[str]
    folder: Path
    variables: Mapping[str, str]
    files: Mapping[str, str]
    session_variables: Sequence[str]
    seconds: float

    @property
    def work_folder(self) -> Path:
        """Where the program runs."""
        return self.folder / "work"

    def run(self, prompt: str, watch: Callable[[int], None]) -> ProcessOutput:
        """Return the output for *prompt*. *watch* is called several times a second with the bytes so far; if it raises, the program is
        killed. Raises `OSError` if it cannot be started.
        """
        end: End = "ended"
        code: int | None = None
        with _RunLock(self.folder) as lock:
            process = None if self._output_path.exists() else self._start(prompt, lock)
            try:
                while self._is_running(process, lock):
                    size = self._size()
                    watch(size)
                    if size > MAX_OUTPUT_BYTES or time.time() > self._started_at() + self.seconds:
                        end = "too large" if size > MAX_OUTPUT_BYTES else "timeout"
                        break
                    time.sleep(_LOOK_SECONDS)
                else:
                    code = process.returncode if process else None
            except BaseException:
                self._kill()
                self.clear()
                raise
            if end != "ended":
                self._kill()
            return ProcessOutput(end, code, self._read(self._output_path), self._read(self._errors_path))

    def clear(self) -> None:
        """Delete the folder, and those of earlier runs that nobody asked for again."""
        shutil.rmtree(self.folder, ignore_errors=True)
        for folder in self.folder.parent.iterdir() if self.folder.parent.is_dir() else ():
            with suppress(OSError):
                if folder.is_dir() and folder.stat().st_mtime < time.time() - MAX_AGE_SECONDS:
                    shutil.rmtree(folder, ignore_errors=True)

    @property
    def _output_path(self) -> Path:
        return self.folder / "output"

    @property
    def _errors_path(self) -> Path:
        return self.folder / "errors"

    def _start(self, prompt: str, lock: _RunLock) -> subprocess.Popen[bytes]:
        self.work_folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name, text in self.files.items():
            path = self.work_folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        prompt_path = self.folder / "prompt"
        prompt_path.write_text(prompt, encoding="utf-8")
        with prompt_path.open("rb") as stdin, self._errors_path.open("wb") as errors, self._output_path.open("wb") as output:
            try:
                process = subprocess.Popen(
                    self.command, cwd=self.work_folder, env=self._environment(), stdin=stdin, stdout=output, stderr=errors,
                    start_new_session=sys.platform != "win32", pass_fds=lock.descriptors,
                )  # fmt: skip
            except OSError:
                self._output_path.unlink()
                raise
        (self.folder / "pid").write_text(str(process.pid), encoding="ascii")
        return process

    def _environment(self) -> dict[str, str]:
        # Onward's own variables hold keys, and would lead its hooks to this store.
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("ONWARD_", *self.session_variables))}
        beside = str(Path(self.command[0]).parent)
        return {**inherited, "PATH": f"{beside}{os.pathsep}{inherited.get('PATH', '')}", **self.variables}

    def _is_running(self, process: subprocess.Popen[bytes] | None, lock: _RunLock) -> bool:
        return process.poll() is None if process else not lock.is_free()

    def _started_at(self) -> float:
        with suppress(OSError):
            return (self.folder / "prompt").stat().st_mtime
        return time.time()

    def _size(self) -> int:
        return sum(path.stat().st_size for path in (self._output_path, self._errors_path) if path.exists())

    def _kill(self) -> None:
        with suppress(OSError, ValueError):
            pid = int((self.folder / "pid").read_text(encoding="ascii"))
            if sys.platform == "win32":
                os.kill(pid, signal.SIGTERM)
            else:
                os.killpg(pid, signal.SIGKILL)

    def _read(self, path: Path) -> str:
        with suppress(OSError), path.open("rb") as stream:
            return stream.read(MAX_OUTPUT_BYTES).decode("utf-8", "replace")
        return ""


class _RunLock:
    """A lock that the program inherits: it is held while the program runs, even if Onward ended."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._path = folder / "lock"
        self._stream = self._path.open("wb")
        self._is_held = False

    def __enter__(self) -> Self:
        self._is_held = self._try_lock()
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()

    @property
    def descriptors(self) -> tuple[int, ...]:
        """What the program has to inherit."""
        return () if sys.platform == "win32" else (self._stream.fileno(),)

    def is_free(self) -> bool:
        """Whether no program holds the lock any more."""
        self._is_held = self._is_held or self._try_lock()
        return self._is_held

    def _try_lock(self) -> bool:
        if sys.platform == "win32":
            return True
        # Imported here: Windows has no such module.
        import fcntl

        try:
            fcntl.flock(self._stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
