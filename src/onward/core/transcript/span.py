"""The turns that a handle names."""

from __future__ import annotations

import re
from dataclasses import dataclass

from onward.core.transcript.transcript import SessionHead, Turn
from onward.errors import BadInput
from onward.message import Message

MAX_TURNS = 200

_HANDLE = re.compile(r"\[?s?(\d{1,9})\.(\d{1,8})(?:-(\d{1,8}))?\]?")


@dataclass(frozen=True, slots=True)
class Span:
    """Turns *first* to *last* of a session, both included. Turn 0 is what was stated about it: on completing it, and
    by its agent at work.
    """

    session: int
    first: int
    last: int

    def __str__(self) -> str:
        return f"s{self.session}.{self.first}" + (f"-{self.last}" if self.last != self.first else "")


@dataclass(frozen=True, slots=True)
class CitedTurns:
    """The turns behind a handle, as (ordinal, turn), with the head of their session."""

    span: Span
    head: SessionHead
    turns: list[tuple[int, Turn]]


def parse(handle: str) -> Span:
    """Return the span of *handle*: `s3.41`, or `s3.41-45` for several turns. Raises `BadInput`."""
    match = _HANDLE.fullmatch(handle.strip())
    if match is None:
        raise BadInput(
            Message("{handle!r} is not a handle.", handle=handle),
            "Use a session and a turn, such as s3.41, or several turns, such as s3.41-45.",
        )
    session, first = int(match.group(1)), int(match.group(2))
    last = int(match.group(3) or first)
    if last < first or last - first >= MAX_TURNS:
        raise BadInput(
            Message("{handle!r} is not a range of turns that can be shown.", handle=handle),
            Message("Give the first and the last turn, at most {limit} turns.", limit=MAX_TURNS),
        )
    return Span(session, first, last)
