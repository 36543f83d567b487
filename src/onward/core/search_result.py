"""The result of a search."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from onward.core.facts.fact import Handle
from onward.message import Message

SearchKind: TypeAlias = Literal["user", "assistant", "tool", "fact", "handoff", "knowledge"]

SEARCH_KINDS: tuple[SearchKind, ...] = ("user", "assistant", "tool", "fact", "handoff", "knowledge")
"""What is searched: turns of the user, the assistant or tools; facts of the ledger, lines of current handoffs, and the knowledge base."""
DERIVED_KINDS: frozenset[SearchKind] = frozenset(("fact", "handoff", "knowledge"))
"""What was made of the turns."""

DEFAULT_BUDGET_TOKENS = 1000


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A passage that matches. `score` only compares excerpts of one search. `project` is empty for knowledge that a person wrote."""

    project: str
    handle: Handle
    kind: SearchKind
    at: datetime | None
    text: str
    score: float

    @property
    def source(self) -> str:
        """The line before the passage: `[s3.41] user 2026-03-01`. What a person added has no turn."""
        prefix = f"[{self.handle}] " if self.handle.session else ""
        return f"{prefix}{self.kind}{f' {self.at:%Y-%m-%d}' if self.at else ''}"


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The best excerpts first, together at most `budget_tokens`. `notice` says what the search did without; empty if nothing."""

    excerpts: list[Excerpt]
    tokens: int
    budget_tokens: int
    notice: str | Message = ""
