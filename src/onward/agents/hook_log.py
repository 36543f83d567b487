"""The hooks' log: one line for every call, for `onward doctor`. Its size is bounded, and an error while writing it is ignored."""

from __future__ import annotations

import contextlib
import json
import os
import time

from onward.private_files import create_folder

IMPORT_STARTED = "taking it in"
"""The outcome of a call that started an import in the background."""

IMPORTED = "imported ("
"""How the event of a finished import begins; the event that asked for it follows."""

MAX_BYTES = 262_144
"""A log of this size is renamed; the previous renamed log is deleted."""


def folder(home: str) -> str:
    """Return the folder in which the hooks store their files."""
    return os.path.join(home, "hooks")


def path(home: str) -> str:
    """Return the path of the log."""
    return os.path.join(folder(home), "hooks.log")


def add(home: str, *, agent: str, event: str, session: str, started: float, outcome: str, fault: str = "", hint: str = "") -> None:
    """Add a line with the *outcome*, and the *fault* and *hint* if something went wrong. *started* is a time of `time.monotonic`."""
    line = {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "agent": agent, "event": event, "session": session[:80],
        "ms": round((time.monotonic() - started) * 1000), "what": outcome[:400],
    }  # fmt: skip
    if fault:
        line |= {"fault": fault[:400], "hint": hint[:400]}
    data = (json.dumps(line, ensure_ascii=False) + "\n").encode("utf-8", "replace")
    with contextlib.suppress(OSError):
        create_folder(folder(home))
        # One write per line: two hooks at the same time write two complete lines.
        descriptor = os.open(path(home), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, data)
            is_full = os.fstat(descriptor).st_size > MAX_BYTES
        finally:
            os.close(descriptor)
        if is_full:
            os.replace(path(home), path(home) + ".1")


def read_lines(home: str) -> list[dict[str, object]]:
    """Return the lines of the log, oldest first. Invalid lines are left out."""
    entries = []
    for name in (path(home) + ".1", path(home)):
        try:
            with open(name, encoding="utf-8", errors="replace") as stream:
                text = stream.read()
        except OSError:
            continue
        for line in text.splitlines():
            with contextlib.suppress(ValueError):
                value = json.loads(line)
                if isinstance(value, dict):
                    entries.append(value)
    return entries
