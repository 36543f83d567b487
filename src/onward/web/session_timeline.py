"""A project's sessions as a picture on a time axis: as wide as they were long, as high as they have turns, with the gaps between them."""

from __future__ import annotations

from collections.abc import Sequence
from math import log2, sqrt
from typing import NamedTuple

from onward.core.session import Session
from onward.core.session_results import TimelineEntry

HEIGHT = 96
_MIN_WIDTH, _MAX_WIDTH = 14.0, 90.0
_MIN_HEIGHT = 12.0
_GAP = 6.0
_LABEL_WIDTH = 26.0
"""The room that the length of a gap needs."""
_SHOWN_GAP_SECONDS = 86_400


class TimelineBar(NamedTuple):
    """A session of the picture: where its bar is, and the seconds since the session before, None for a gap too short to
    name.
    """

    session: Session
    x: float
    y: float
    width: float
    height: float
    gap_x: float
    gap_seconds: float | None


class TimelinePicture(NamedTuple):
    """The bars, the oldest first, and the width of the whole."""

    bars: Sequence[TimelineBar]
    width: float


def draw_timeline(entries: Sequence[TimelineEntry], zoom: float = 1.0) -> TimelinePicture:
    """Return the picture of *entries*, given in any order, *zoom* times as wide. Lengths are square roots and gaps logarithms, so that an
    hour and a week fit.
    """
    dated_sessions = sorted(
        (entry.session for entry in entries if entry.session.dated_at), key=lambda session: (session.dated_at, session.number)
    )
    most_turns = max((session.turns for session in dated_sessions), default=0) or 1
    bars: list[TimelineBar] = []
    x, previous_end = 0.0, None
    for session in dated_sessions:
        start = session.dated_at
        assert start is not None
        end = max(start, session.ended_at or start)
        gap_seconds = (start - previous_end).total_seconds() if previous_end else 0.0
        gap = zoom * _GAP * (1 + log2(1 + max(0.0, gap_seconds) / 3600)) if previous_end else 0.0
        width = zoom * min(_MAX_WIDTH, _MIN_WIDTH + sqrt((end - start).total_seconds() / 60) * 4)
        height = _MIN_HEIGHT + (HEIGHT - _MIN_HEIGHT) * sqrt(session.turns / most_turns)
        bars.append(
            TimelineBar(
                session=session,
                x=round(x + gap, 1),
                y=round(HEIGHT - height, 1),
                width=round(width, 1),
                height=round(height, 1),
                gap_x=round(x + gap / 2, 1),
                gap_seconds=gap_seconds if gap_seconds >= _SHOWN_GAP_SECONDS and gap >= _LABEL_WIDTH else None,
            )
        )
        x, previous_end = x + gap + width, max(end, previous_end or end)
    return TimelinePicture(bars, round(x, 1))
