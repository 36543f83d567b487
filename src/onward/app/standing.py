"""Where a project stands: its ledger, what a person said of it, and its completed sessions; and the master handoff over them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Connection

from onward.app.distilling import Basis, session_line
from onward.core.compose import SessionLine
from onward.core.facts import Fact, Handle
from onward.core.ledger import Edit, Ledger, apply_edits, fold
from onward.core.master import Master, lightened
from onward.core.preservation import fold_references
from onward.core.transcript import Turn
from onward.store import Store, facts, sessions, turns
from onward.store.facts import Contribution, StoredLedger


@dataclass(frozen=True, slots=True)
class Standing:
    """A project as far as its handoff goes. `added` are facts that a person stated, or an agent while at work; `edits` what a person said of any fact, in order."""

    project_id: int
    stored: StoredLedger
    added: Sequence[Fact]
    edits: Sequence[Edit]
    lines: Sequence[SessionLine]

    @property
    def ledger(self) -> Ledger:
        """The ledger as the person corrected it."""
        return self._corrected(self.stored.folded)

    def master(self, store: Store, budget_tokens: int | None = None) -> Master:
        """Return the master handoff. Its lines are held against the turns that *store* keeps."""
        return self.basis(store).master(budget_tokens)

    def basis(self, store: Store) -> Basis:
        """Return what the master handoff stands on."""
        return Basis(self.ledger, self.stored.references, self.lines, partial(_turns_of, store, self.project_id))

    def as_of(self, store: Store, number: int, added: Contribution, budget_tokens: int | None = None) -> Master:
        """Return the handoff over the sessions up to *number*, which *added* so much to the ledger."""
        lines = [line for line in self.lines if line.number <= number]
        ledger = self._corrected(fold(Ledger(), added.facts))
        return Basis(ledger, fold_references([], added.references), lines, partial(_turns_of, store, self.project_id)).master(budget_tokens)

    def _corrected(self, ledger: Ledger) -> Ledger:
        return corrected(ledger, self.added, self.edits)


def corrected(ledger: Ledger, added: Sequence[Fact], edits: Sequence[Edit]) -> Ledger:
    """Return *ledger* with what was *added* to it. What an agent noted stands like what was extracted, and later work retires it; what a person said stays as it was said."""
    noted = [fact for fact in added if fact.author == "agent"]
    said = [fact for fact in added if fact.author != "agent"]
    return apply_edits(Ledger((*(fold(ledger, noted) if noted else ledger).facts, *said)), edits)


def standing_of(connection: Connection, project_id: int) -> Standing:
    """Return where a project stands now."""
    added, edits = facts.edits(connection, project_id)
    lines = [session_line(*line) for line in sessions.completed_lines(connection, project_id)]
    return Standing(project_id, facts.ledger(connection, project_id), added, edits, lines)


def _turns_of(store: Store, project_id: int, handles: Collection[Handle]) -> dict[Handle, Turn]:
    with store.read() as connection:
        named = {session.id: session.number for session in sessions.by_numbers(connection, project_id, {h.session for h in handles})}
        ids = [turns.turn_id(session_id, h.turn) for session_id, number in named.items() for h in handles if h.session == number]
        found = turns.by_ids(connection, ids).values()
        return {Handle(named[one.session_id], one.ordinal): lightened(one.turn) for one in found}
