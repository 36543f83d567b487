"""Facts: what is worth carrying from one session to the next, and how each stands."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, NamedTuple, TypeAlias

Kind: TypeAlias = Literal[
    "goal", "rule", "requirement", "decision", "done", "file", "command", "error", "dead_end", "blocker", "next_step", "question", "value", "lesson"
]
KINDS: tuple[Kind, ...] = (
    "goal", "rule", "requirement", "decision", "done", "file", "command", "error", "dead_end", "blocker", "next_step", "question", "value", "lesson",
)  # fmt: skip

State: TypeAlias = Literal["live", "resolved", "superseded", "contradicted", "retracted"]
Evidence: TypeAlias = Literal["verified", "claimed", "assumed"]
Author: TypeAlias = Literal["user", "agent", "tool", "person"]
"""Who said it: the `user` or the `agent` in a session, a `tool` result, or a `person` who corrected the ledger by hand."""


class Handle(NamedTuple):
    """A place in a project: session number and turn ordinal, both 1-based. Written `s3.41`."""

    session: int
    turn: int

    def __str__(self) -> str:
        return f"s{self.session}.{self.turn}"


@dataclass(slots=True, frozen=True)
class Fact:
    """One thing worth carrying.

    `id` is stable: the same turns give the same ids on every machine. `subject` is the key under which a later fact retires this one (`file:src/a.py`,
    `command:pytest`, `env:PORT`, …), empty for prose that nothing can key. `text` is one line, ready to print. `weight` (0..1) is
    how much the fact matters by itself. `superseded_by` is the id of the fact that retired it. `pinned` facts are always shown.
    """

    id: str
    kind: Kind
    subject: str
    text: str
    sources: tuple[Handle, ...]
    at: datetime | None = None
    weight: float = 0.5
    state: State = "live"
    evidence: Evidence = "claimed"
    author: Author = "agent"
    superseded_by: str | None = None
    pinned: bool = False

    def but(self, **changes: object) -> Fact:
        """Return a copy with *changes*."""
        return replace(self, **changes)  # type: ignore[arg-type]
