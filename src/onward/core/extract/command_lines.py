"""Commands as lines: what names a command whatever its pipes, and which line of its output names the error."""

from __future__ import annotations

import re
from functools import lru_cache

from onward.core.text.prose import one_line

COLOURS = re.compile(r"\x1b?\[\d{0,3}(?:;\d{1,3})*m")
"""Colours of a terminal, also where an exporter dropped the escape character."""
_ERROR_WORDS = re.compile(
    r"error|fail|exception|cannot|can't|not found|denied|undefined|invalid|fatal|panic|refused|timed? ?out|no such|✗|✘", re.I
)


@lru_cache(maxsize=4096)
def command_key(command: str) -> str:
    """Return the key that is equal for two runs of the same command: its first line without a leading `cd` and
    without pipes that only shorten output.
    """
    line = re.sub(r"^(?:cd [^&;]+(?:&&|;)\s*)+", "", command.strip()).split("\n")[0]
    return re.sub(r"\s*(?:2>&1|\|\s*(?:head|tail|grep|tee)\b.*|[12&]?>\s*/dev/null)", "", line).strip()


def find_error_line(output: str) -> str:
    """Return the line of a command's *output* that names the error; empty if there is none."""
    for line in COLOURS.sub("", output).split("\n"):
        if 8 < len(line) < 400 and _ERROR_WORDS.search(line):
            return one_line(line, 160)
    return ""
