"""Notes of sessions that are under way: one small file each in the data folder, written as a session begins and gone when it was taken in.

They are what makes a crash harmless: a session that never said goodbye has its note still, and the next one that begins in its place, or `sweep`, takes it in.
A note is replaced as a whole, so whoever reads it reads one that was written.
"""

from __future__ import annotations

import binascii
import contextlib
import json
import os
import re
import time

from onward.agents import hook_log

OPEN, ENDED = "open", "ended"
LOST_SECONDS = 60
"""A session that was begun so long ago has written something somewhere."""

MAX_AGE_SECONDS = 30 * 86_400
"""An older note is of a session whose transcript its agent has deleted by now."""


class Note:
    """A session under way. `root` is its repository's folder, `at` when a hook wrote the note last and `asked` when one last had the session taken in (seconds since 1970),
    `taken` the state of the transcript when it was last taken in, `tries` how often that failed since.
    """

    __slots__ = ("agent", "asked", "at", "cwd", "path", "root", "session", "state", "taken", "transcript")

    def __init__(self, path: str, data: dict[str, object]) -> None:
        self.path = path
        self.agent = _text(data, "agent")
        self.session = _text(data, "session")
        self.transcript = _text(data, "transcript")
        self.cwd = _text(data, "cwd")
        self.root = _text(data, "root")
        self.state = _text(data, "state") or OPEN
        self.taken = _text(data, "taken")
        self.at = _number(data, "at")
        self.asked = _number(data, "asked")

    def has_news(self) -> bool:
        """Whether there is something to take in: the transcript is not as it was when it was last taken in; or nobody knows where it is, though there should be one."""
        current = file_stamp(self.transcript)
        return current != self.taken if current else self.state == ENDED or self.asked > 0 or time.time() - self.at > LOST_SECONDS

    def write(self) -> None:
        """Put the note in its place, whole, as a hook does. Raises `OSError`."""
        self.at = time.time()
        self.update()

    def update(self) -> None:
        """The same, as one does who has taken the session in: when a hook wrote it last stays. Raises `OSError`."""
        values = {name: getattr(self, name) for name in self.__slots__ if name != "path"}
        os.makedirs(os.path.dirname(self.path), mode=0o700, exist_ok=True)
        temporary = f"{self.path}.{os.getpid()}"
        with open(temporary, "w", encoding="utf-8", errors="replace") as stream:
            json.dump(values, stream)
        os.replace(temporary, self.path)

    def remove(self) -> None:
        """Take the note away, unless it was written again in the meantime."""
        latest = read(self.path)
        if latest and latest.at == self.at:
            with contextlib.suppress(OSError):
                os.unlink(self.path)


def folder(home: str) -> str:
    """Return where the notes lie."""
    return os.path.join(hook_log.folder(home), "sessions")


def open_note(home: str, agent: str, session: str) -> Note:
    """Return the note of a session: the one that is there, or a new one."""
    # An id is an agent's to choose: what a file may not be called is left out of its name, and the check tells such ids apart.
    check = binascii.crc32(session.encode("utf-8", "replace"))
    path = os.path.join(folder(home), f"{agent}-{re.sub(r'[^A-Za-z0-9-]', '', session)[-60:]}-{check:08x}.json")
    return read(path) or Note(path, {"agent": agent, "session": session})


def read(path: str) -> Note | None:
    """Return the note of that file; None where there is none that can be read."""
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            data = json.load(stream)
    except (OSError, ValueError):
        return None
    return Note(path, data) if isinstance(data, dict) else None


def list_notes(home: str) -> list[Note]:
    """Return every note that is not too old, the oldest first; those that are too old are taken away, and so is what a killed process left half-written."""
    try:
        names = os.listdir(folder(home))
    except OSError:
        return []
    recent = []
    for name in names:
        path = os.path.join(folder(home), name)
        note = read(path) if name.endswith(".json") else None
        with contextlib.suppress(OSError):
            if note is None or time.time() - note.at > MAX_AGE_SECONDS:
                if time.time() - os.stat(path).st_mtime > 60:
                    os.unlink(path)
            else:
                recent.append(note)
    return sorted(recent, key=lambda note: note.at)


def file_stamp(path: str) -> str:
    """Return what changes when a file does; nothing where it is not there."""
    try:
        state = os.stat(path)
    except (OSError, ValueError):
        return ""
    return f"{state.st_size}:{state.st_mtime_ns}"


def _text(data: dict[str, object], name: str) -> str:
    value = data.get(name)
    return value if isinstance(value, str) else ""


def _number(data: dict[str, object], name: str) -> float:
    value = data.get(name)
    return float(value) if isinstance(value, int | float) else 0.0
