"""A template of sessions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Template:
    """A kind of session: its objectives, and a checklist for its end."""

    id: int
    name: str
    description: str
    objectives: tuple[str, ...]
    checklist: tuple[str, ...]
    created_at: datetime
    updated_at: datetime
