"""The languages that the extraction supports."""

from __future__ import annotations

from collections.abc import Iterable

from onward.core.extract.phrases import PHRASES


def unread(languages: Iterable[str]) -> tuple[str, ...]:
    """Return those of *languages* that Onward has no phrases for, in order."""
    return tuple(sorted(set(languages) - set(PHRASES)))
