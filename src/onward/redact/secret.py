"""What a found secret is, and what stands in its place."""

from __future__ import annotations

from typing import NamedTuple

PLACEHOLDER_HEAD = "[secret:"
PLACEHOLDER = r"\[secret:[a-z0-9-]{1,60}:[0-9a-f]{8}\]"


class Secret(NamedTuple):
    """Where a secret stands in its text, and what kind it is."""

    start: int
    end: int
    kind: str
