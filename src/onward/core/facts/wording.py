"""The words in which facts of the log are put. Nothing reads them back: what a fact says is also in its fields."""

from __future__ import annotations

DELETED = "was deleted"

FAILURE_MARK = " failed with: "
"""Stands between a command and its error."""


def failure_text(command: str, error: str) -> str:
    """Return the line that says that *command* failed with *error*."""
    return f"`{command}`{FAILURE_MARK}{error}"
