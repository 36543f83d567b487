"""Session templates."""

from __future__ import annotations

from collections.abc import Iterable
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

    def merge_objectives(self, objectives: Iterable[str]) -> list[str]:
        """Return the objectives of a session of this kind: the template's, then those of *objectives* that are not
        among them.
        """
        return [*self.objectives, *(objective for objective in objectives if objective not in self.objectives)]
