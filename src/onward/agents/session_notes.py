"""Notes of open sessions: one small file for each in the data folder, written when a session starts and deleted after its import.

After a crash the note is still there, and the next session in the same repository, or `onward sweep`, imports the session. A note is
replaced atomically; who reads it in order to change it does both inside `locked`, because hooks and captures run side by side.
"""

from __future__ import annotations

import binascii
import contextlib
import json
import os
import re
import time
from collections.abc import Iterator

from onward.agents import hook_log
from onward.private_files import create_folder, opener

OPEN, ENDED = "open", "ended"
LOST_SECONDS = 60
"""A session that started this long ago must have a transcript."""

LOCK_NAME = ".lock"

MAX_AGE_SECONDS = 30 * 86_400
"""The agent has deleted the transcript of an older note."""


class Note:
    """An open session. `root` is its repository's folder, `hook_at` when a hook wrote the note last, `requested_at` when an import was
    requested last (Unix times), and `imported_stamp` the stamp of the transcript at its last import.
    """

    __slots__ = ("agent", "cwd", "hook_at", "imported_stamp", "path", "requested_at", "root", "session", "state", "transcript")

    def __init__(self, path: str, data: dict[str, object]) -> None:
        self.path = path
        self.agent = _text(data, "agent")
        self.session = _text(data, "session")
        self.transcript = _text(data, "transcript")
        self.cwd = _text(data, "cwd")
        self.root = _text(data, "root")
        self.state = _text(data, "state") or OPEN
        self.imported_stamp = _text(data, "imported_stamp")
        self.hook_at = _number(data, "hook_at")
        self.requested_at = _number(data, "requested_at")

    def has_news(self) -> bool:
        """Return whether there is something to import: the transcript has changed since its last import, or its path is unknown although it
        should exist.
        """
        current = file_stamp(self.transcript)
        return (
            current != self.imported_stamp
            if current
            else self.state == ENDED or self.requested_at > 0 or time.time() - self.hook_at > LOST_SECONDS
        )

    def write(self) -> None:
        """Write the note as a hook does, with the current time. Raises `OSError`."""
        self.hook_at = time.time()
        self.update()

    def update(self) -> None:
        """Write the note after an import: the time of the last hook stays. Raises `OSError`."""
        values = {name: getattr(self, name) for name in self.__slots__ if name != "path"}
        create_folder(os.path.dirname(self.path))
        temporary = f"{self.path}.{os.getpid()}"
        with open(temporary, "w", encoding="utf-8", errors="replace", opener=opener) as stream:
            json.dump(values, stream)
        os.replace(temporary, self.path)

    def remove(self) -> None:
        """Delete the note, unless it was written again in the meantime."""
        latest = read(self.path)
        if latest and latest.hook_at == self.hook_at:
            with contextlib.suppress(OSError):
                os.unlink(self.path)


def folder(home: str) -> str:
    """Return the folder of the notes."""
    return os.path.join(hook_log.folder(home), "sessions")


@contextlib.contextmanager
def locked(home: str) -> Iterator[None]:
    """Keep other processes from changing notes meanwhile. Where the system has no file locks, nothing is kept from changing."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    create_folder(folder(home))
    with open(os.path.join(folder(home), LOCK_NAME), "w", encoding="utf-8", opener=opener) as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def open_note(home: str, agent: str, session: str) -> Note:
    """Return the note of a session, or a new one."""
    # Agents choose the ids: characters that a file name cannot have are left out, and the checksum keeps names unique.
    check = binascii.crc32(session.encode("utf-8", "replace"))
    path = os.path.join(folder(home), f"{agent}-{re.sub(r'[^A-Za-z0-9-]', '', session)[-60:]}-{check:08x}.json")
    return read(path) or Note(path, {"agent": agent, "session": session})


def read(path: str) -> Note | None:
    """Return the note in that file; None if it does not exist or is invalid."""
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            data = json.load(stream)
    except (OSError, ValueError):
        return None
    return Note(path, data) if isinstance(data, dict) else None


def list_notes(home: str) -> list[Note]:
    """Return all notes that are not too old, oldest first. Older ones, and files that a killed process left incomplete, are deleted."""
    try:
        names = os.listdir(folder(home))
    except OSError:
        return []
    recent = []
    for name in names:
        if name == LOCK_NAME:
            continue
        path = os.path.join(folder(home), name)
        note = read(path) if name.endswith(".json") else None
        with contextlib.suppress(OSError):
            if note is None or time.time() - note.hook_at > MAX_AGE_SECONDS:
                if time.time() - os.stat(path).st_mtime > 60:
                    os.unlink(path)
            else:
                recent.append(note)
    return sorted(recent, key=lambda note: note.hook_at)


def file_stamp(path: str) -> str:
    """Return a stamp that changes when the file changes, or the journal of a database; empty if it does not exist."""
    try:
        states = [os.stat(path)]
    except (OSError, ValueError):
        return ""
    if path.endswith(".db"):
        with contextlib.suppress(OSError):
            states.append(os.stat(f"{path}-wal"))
    return " ".join(f"{state.st_size}:{state.st_mtime_ns}" for state in states)


def _text(data: dict[str, object], name: str) -> str:
    value = data.get(name)
    return value if isinstance(value, str) else ""


def _number(data: dict[str, object], name: str) -> float:
    value = data.get(name)
    return float(value) if isinstance(value, int | float) else 0.0
