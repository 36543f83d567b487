"""A found secret, and the form of its placeholder."""

from __future__ import annotations

from typing import NamedTuple

PLACEHOLDER_HEAD = "[secret:"
PLACEHOLDER = r"\[secret:[a-z0-9-]{1,60}:[0-9a-f]{8}\]"


class Secret(NamedTuple):
    """The position of a secret in its text, and its kind."""

    start: int
    end: int
    kind: str
