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

from onward.agents import record

OPEN, ENDED = "open", "ended"
LOST_SECONDS = 60
"""A session that was begun so long ago has written something somewhere."""

MOST_AGE_SECONDS = 30 * 86_400
"""An older note is of a session whose transcript its agent has deleted by now."""


class Note:
    """A session under way. `root` is its repository's folder, `at` when a hook wrote the note last and `asked` when one last had the session taken in (seconds since 1970),
    `taken` the state of the transcript when it was last taken in, `tries` how often that failed since.
    """

    __slots__ = ("agent", "asked", "at", "cwd", "path", "root", "session", "state", "taken", "transcript")

    def __init__(self, path: str, said: dict[str, object]) -> None:
        self.path = path
        self.agent = _text(said, "agent")
        self.session = _text(said, "session")
        self.transcript = _text(said, "transcript")
        self.cwd = _text(said, "cwd")
        self.root = _text(said, "root")
        self.state = _text(said, "state") or OPEN
        self.taken = _text(said, "taken")
        self.at = _number(said, "at")
        self.asked = _number(said, "asked")

    def has_news(self) -> bool:
        """Whether there is something to take in: the transcript is not as it was when it was last taken in; or nobody knows where it is, though there should be one."""
        now = stamp(self.transcript)
        return now != self.taken if now else self.state == ENDED or self.asked > 0 or time.time() - self.at > LOST_SECONDS

    def write(self) -> None:
        """Put the note in its place, whole, as a hook does. Raises `OSError`."""
        self.at = time.time()
        self.keep()

    def keep(self) -> None:
        """The same, as one does who has taken the session in: when a hook wrote it last stays. Raises `OSError`."""
        values = {name: getattr(self, name) for name in self.__slots__ if name != "path"}
        os.makedirs(os.path.dirname(self.path), mode=0o700, exist_ok=True)
        new = f"{self.path}.{os.getpid()}"
        with open(new, "w", encoding="utf-8", errors="replace") as stream:
            json.dump(values, stream)
        os.replace(new, self.path)

    def remove(self) -> None:
        """Take the note away, unless it was written again in the meantime."""
        now = read(self.path)
        if now and now.at == self.at:
            with contextlib.suppress(OSError):
                os.unlink(self.path)


def folder(home: str) -> str:
    """Return where the notes lie."""
    return os.path.join(record.folder(home), "sessions")


def of(home: str, agent: str, session: str) -> Note:
    """Return the note of a session: the one that is there, or a new one."""
    # An id is an agent's to choose: what a file may not be called is left out of its name, and the check tells such ids apart.
    check = binascii.crc32(session.encode("utf-8", "replace"))
    path = os.path.join(folder(home), f"{agent}-{re.sub(r'[^A-Za-z0-9-]', '', session)[-60:]}-{check:08x}.json")
    return read(path) or Note(path, {"agent": agent, "session": session})


def read(path: str) -> Note | None:
    """Return the note of that file; None where there is none that can be read."""
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            said = json.load(stream)
    except (OSError, ValueError):
        return None
    return Note(path, said) if isinstance(said, dict) else None


def listed(home: str) -> list[Note]:
    """Return every note that is not too old, the oldest first; those that are too old are taken away, and so is what a killed process left half-written."""
    try:
        names = os.listdir(folder(home))
    except OSError:
        return []
    found = []
    for name in names:
        path = os.path.join(folder(home), name)
        note = read(path) if name.endswith(".json") else None
        with contextlib.suppress(OSError):
            if note is None or time.time() - note.at > MOST_AGE_SECONDS:
                if time.time() - os.stat(path).st_mtime > 60:
                    os.unlink(path)
            else:
                found.append(note)
    return sorted(found, key=lambda note: note.at)


def stamp(path: str) -> str:
    """Return what changes when a file does; nothing where it is not there."""
    try:
        state = os.stat(path)
    except (OSError, ValueError):
        return ""
    return f"{state.st_size}:{state.st_mtime_ns}"


def _text(said: dict[str, object], name: str) -> str:
    value = said.get(name)
    return value if isinstance(value, str) else ""


def _number(said: dict[str, object], name: str) -> float:
    value = said.get(name)
    return float(value) if isinstance(value, int | float) else 0.0
