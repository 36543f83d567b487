"""Words that facts of the log share. No code reads them back: the same content is in the fields of a fact."""

from __future__ import annotations

DELETED = "was deleted"

FAILURE_MARK = " failed with: "
"""Between a command and its error."""


def failure_text(command: str, error: str) -> str:
    """Return the line that says that *command* failed with *error*."""
    return f"`{command}`{FAILURE_MARK}{error}"
