"""Drafts of facts from what was said."""

from __future__ import annotations

from typing import NamedTuple

from onward.core.facts.fact import FactAuthor, FactEvidence, FactKind, FactState, Outcome, Remark
from onward.message import Message


class StatementDraft(NamedTuple):
    """A draft of a fact from a statement. `state` is its state at the end of the session; `message` is the text if Onward worded it."""

    kind: FactKind
    turns: tuple[int, ...]
    author: FactAuthor
    text: str
    lead: str
    position: int
    weight: float
    evidence: FactEvidence
    retires: tuple[str, ...]
    state: FactState = "live"
    subject: str = ""
    outcome: Outcome | None = None
    message: Message | None = None
    remark: Remark | None = None

    @property
    def full_text(self) -> str:
        """The text with its remark."""
        return f"{self.text}{self.remark.wording}" if self.remark else self.text
