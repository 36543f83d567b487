"""The log of the hooks: a line for every call, in the data folder, for `doctor` to read. It is bounded, and that it cannot be written is no failure."""

from __future__ import annotations

import contextlib
import json
import os
import time

MAX_BYTES = 262_144
"""A log of this size is put aside, and the one that was put aside before is gone."""


def folder(home: str) -> str:
    """Return where the hooks keep what is theirs."""
    return os.path.join(home, "hooks")


def path(home: str) -> str:
    """Return the log's file."""
    return os.path.join(folder(home), "hooks.log")


def add(home: str, *, agent: str, event: str, session: str, started: float, outcome: str, fault: str = "", hint: str = "") -> None:
    """Add a line: *what* was done, and the *fault* where something went wrong. *began* is when, of `time.monotonic`."""
    line = {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "agent": agent, "event": event, "session": session[:80],
        "ms": round((time.monotonic() - started) * 1000), "what": outcome[:400],
    }  # fmt: skip
    if fault:
        line |= {"fault": fault[:400], "hint": hint[:400]}
    data = (json.dumps(line, ensure_ascii=False) + "\n").encode("utf-8", "replace")
    with contextlib.suppress(OSError):
        os.makedirs(folder(home), mode=0o700, exist_ok=True)
        # Appended whole: two hooks at once write two lines.
        descriptor = os.open(path(home), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, data)
            is_full = os.fstat(descriptor).st_size > MAX_BYTES
        finally:
            os.close(descriptor)
        if is_full:
            os.replace(path(home), path(home) + ".1")


def read_lines(home: str) -> list[dict[str, object]]:
    """Return what the log holds, the oldest first; a line that cannot be read is left out."""
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
