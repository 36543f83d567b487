"""Phrases that facts of the log share. The content is also in a fact's `outcome`, so nothing has to read a phrase back."""

from __future__ import annotations

FAILED_WITH = " failed with: "
"""What stands between a command and its error in `failure_text`."""


def failure_text(command: str, error: str) -> str:
    """Return the line that says that *command* failed with *error*."""
    return f"`{command}`{FAILED_WITH}{error}"


FAILED_LAST = "failed when it last ran"
"""What a command's line says whose last run failed."""
