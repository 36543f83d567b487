"""The groups of what a handoff should preserve."""

from __future__ import annotations

from typing import Literal, TypeAlias

Group: TypeAlias = Literal[
    "rules", "requirements", "decisions", "outcomes", "fixes", "dead ends", "files", "commands", "open", "values", "languages"
]
GROUPS: tuple[Group, ...] = ("rules", "requirements", "decisions", "outcomes", "fixes", "dead ends", "files", "commands", "open", "values")
"""The groups that are counted. `languages` is none: it names those that were spoken and are not read."""

HARD: frozenset[Group] = frozenset({"files", "commands", "values"})
"""Groups that are kept exactly or not at all; the others are statements, which other words may keep too."""
