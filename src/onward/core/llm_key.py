"""The status of the LLM key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from onward.message import Message

KeyState: TypeAlias = Literal["not set", "set", "valid", "invalid", "unreachable"]
"""`set` is a key that has not been tested."""

KeySource: TypeAlias = Literal["environment", "store", "none"]


@dataclass(frozen=True, slots=True)
class KeyStatus:
    """The status of the LLM key: where it comes from, the endpoint and model it is for, and the result of the last
    test. `message` explains a test that was just made, or what is wrong.
    """

    state: KeyState
    source: KeySource
    url: str
    model: str
    is_off: bool
    set_at: datetime | None = None
    tested_at: datetime | None = None
    message: str | Message = ""
