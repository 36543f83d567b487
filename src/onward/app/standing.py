"""Where a project stands: its ledger, what a person said of it, and its completed sessions; and the master handoff over them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from onward.app.distilling import session_line
from onward.core.compose import SessionLine
from onward.core.facts import Fact
from onward.core.ledger import Edit, Ledger, apply_edits, fold
from onward.core.master import Master, master
from onward.core.preservation import fold_references
from onward.store import facts, sessions
from onward.store.facts import Contribution, StoredLedger
from onward.tokens import count_tokens


@dataclass(frozen=True, slots=True)
class Standing:
    """A project as far as its handoff goes. `added` are facts that a person stated, `edits` what a person said of any fact, in order."""

    stored: StoredLedger
    added: Sequence[Fact]
    edits: Sequence[Edit]
    lines: Sequence[SessionLine]

    @property
    def ledger(self) -> Ledger:
        """The ledger as the person corrected it."""
        return self._corrected(self.stored.folded)

    def master(self, budget_tokens: int | None = None) -> Master:
        """Return the master handoff."""
        return master(self.ledger, self.stored.references, self.lines, count_tokens, budget_tokens)

    def as_of(self, number: int, added: Contribution, budget_tokens: int | None = None) -> Master:
        """Return the handoff over the sessions up to *number*, which *added* so much to the ledger."""
        lines = [line for line in self.lines if line.number <= number]
        ledger = self._corrected(fold(Ledger(), added.facts))
        return master(ledger, fold_references([], added.references), lines, count_tokens, budget_tokens)

    def _corrected(self, ledger: Ledger) -> Ledger:
        return apply_edits(Ledger((*ledger.facts, *self.added)), self.edits)


def standing_of(connection: Connection, project_id: int) -> Standing:
    """Return where a project stands now."""
    added, edits = facts.edits(connection, project_id)
    lines = [session_line(*line) for line in sessions.completed_lines(connection, project_id)]
    return Standing(facts.ledger(connection, project_id), added, edits, lines)
