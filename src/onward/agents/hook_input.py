"""What an agent sends to a hook or to the status line, on standard input."""

from __future__ import annotations

import os
import sys

from onward.agents.payload import MAX_BYTES, is_complete_json


def read_input() -> str:
    """Return what the agent sends; empty at a terminal. Reading stops after one complete JSON object, because some agents do not close the
    pipe.
    """
    if sys.stdin is None or sys.stdin.isatty():
        return ""
    content = b""
    while len(content) < MAX_BYTES and (data := os.read(0, 65_536)):
        content += data
        if data.rstrip().endswith(b"}") and is_complete_json(content):
            break
    return content.decode("utf-8", "replace")
