"""Command lines: the key that identifies a command whatever its pipes, and the line of its output that names the error."""

from __future__ import annotations

import re
from functools import lru_cache

from onward.core.text.prose import one_line

COLOURS = re.compile(r"\x1b?\[\d{0,3}(?:;\d{1,3})*m")
"""Terminal colour codes, including those that lost their escape character on export."""
_ERROR_WORDS = re.compile(
    r"error|fail|exception|cannot|can't|not found|denied|undefined|invalid|fatal|panic|refused|timed? ?out|no such|✗|✘", re.I
)


@lru_cache(maxsize=4096)
def command_key(command: str) -> str:
    """Return a key that is equal for two runs of the same command: the first line, without a leading `cd` and without pipes that only
    shorten the output.
    """
    line = re.sub(r"^(?:cd [^&;]+(?:&&|;)\s*)+", "", command.strip()).split("\n")[0]
    return re.sub(r"\s*(?:2>&1|\|\s*(?:head|tail|grep|tee)\b.*|[12&]?>\s*/dev/null)", "", line).strip()


def find_error_line(output: str) -> str:
    """Return the line of a command's *output* that names the error; empty if no line does."""
    for line in COLOURS.sub("", output).split("\n"):
        if 8 < len(line) < 400 and _ERROR_WORDS.search(line):
            return one_line(line, 160)
    return ""
