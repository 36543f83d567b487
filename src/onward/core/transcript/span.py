"""The turns that a handle names."""

from __future__ import annotations

import re
from dataclasses import dataclass

from onward.core.transcript.transcript import SessionHead, Turn
from onward.errors import BadInput

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
        raise BadInput(f"{handle!r} is no handle.", "A handle is a session and a turn, as in s3.41, or a few turns, as in s3.41-45.")
    session, first = int(match.group(1)), int(match.group(2))
    last = int(match.group(3) or first)
    if last < first or last - first >= MAX_TURNS:
        raise BadInput(f"{handle!r} names no turns that can be shown.", f"Give the first turn and the last, at most {MAX_TURNS}.")
    return Span(session, first, last)
