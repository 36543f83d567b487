"""Phrases that facts of the log share. The content is also in a fact's `outcome`."""

from __future__ import annotations

from onward.message import Message

FAILED_WITH = " failed with: "
"""What separates a command from its error in `failure_text`."""


def failure_message(command: str, error: str) -> Message:
    """Return the line that says that *command* failed with *error*."""
    return Message("`{command}` failed with: {error}", command=command, error=error)


def failure_text(command: str, error: str) -> str:
    """Return `failure_message` in English."""
    return str(failure_message(command, error))
