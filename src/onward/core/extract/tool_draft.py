"""Drafts of facts from tool calls."""

from __future__ import annotations

from typing import NamedTuple

from onward.core.facts.fact import FactAuthor, FactEvidence, FactKind, Outcome, Remark
from onward.message import Message


class ToolDraft(NamedTuple):
    """A draft of a fact from tool calls. `turns` are the ordinals that show it; the statement of a task is the agent's own text."""

    kind: FactKind
    subject: str
    statement: Message | str
    turns: tuple[int, ...]
    weight: float
    evidence: FactEvidence = "verified"
    author: FactAuthor = "tool"
    retires: tuple[str, ...] = ()
    outcome: Outcome | None = None
    position: int = 0
    remark: Remark | None = None

    @property
    def text(self) -> str:
        """The statement with its remark."""
        return f"{self.statement}{self.remark.wording if self.remark else ''}"
