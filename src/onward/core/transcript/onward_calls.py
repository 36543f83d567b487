"""What marks a request of our own to a model: an agent that is asked keeps a transcript of it, which is no session of anybody's."""

from __future__ import annotations

CALL_MARK = "[onward asks: not a session]"
"""Stands first in the instructions of every request of ours."""


def is_onward_call(text: str) -> bool:
    """Whether *text*, the first that was said in a transcript, is a request of ours."""
    return text.lstrip().startswith(CALL_MARK)
