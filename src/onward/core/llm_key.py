"""How the LLM key stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

KeyState: TypeAlias = Literal["not set", "set", "valid", "invalid", "unreachable"]
"""`set` is a key of which nobody knows whether it opens anything."""

KeySource: TypeAlias = Literal["environment", "store", "none"]


@dataclass(frozen=True, slots=True)
class KeyStatus:
    """How the LLM key stands: where it is from, whom it is for, and what the last test found. `message` says more, of a test that was just made or of what is wrong."""

    state: KeyState
    source: KeySource
    url: str
    model: str
    is_off: bool
    set_at: datetime | None = None
    tested_at: datetime | None = None
    message: str = ""
