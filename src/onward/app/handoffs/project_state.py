"""The state of a project: its ledger, the user's edits, its completed sessions, and the master handoff made from them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from onward.core.facts.fact import Fact, Handle
from onward.core.facts.ledger import Edit, Ledger, apply_edits, fold
from onward.core.facts.shared_rules import join_shared_rules
from onward.core.handoff.session_summary import SessionSummary, session_line
from onward.core.handoff.versions import MasterHandoff
from onward.core.preservation.reference import fold_references
from onward.core.transcript.transcript import Turn
from onward.store import Store, facts, sessions, shared_rules, turns
from onward.store.facts import Contribution, StoredLedger

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from onward.app.handoffs.distillation import HandoffBasis


@dataclass(frozen=True, slots=True)
class ProjectState:
    """The state of a project as far as its handoff needs it. `added_facts` were stated by a user, or by an agent during a session;
    `edits` are the user's changes to facts, in order. `shared_rules` are the user's rules for every project.
    """

    project_id: int
    stored_ledger: StoredLedger
    added_facts: Sequence[Fact]
    edits: Sequence[Edit]
    session_lines: Sequence[SessionSummary]
    shared_rules: Sequence[Fact] = ()

    @property
    def ledger(self) -> Ledger:
        """The ledger with the user's edits applied."""
        return self._correct(self.stored_ledger.ledger)

    def master(self, store: Store, budget_tokens: int | None = None) -> MasterHandoff:
        """Return the master handoff. Its lines are checked against the turns in *store*."""
        return self.basis(store).master(budget_tokens)

    def basis(self, store: Store) -> HandoffBasis:
        """Return what the master handoff is made from."""
        # Reading the ledger does not need the extractor, whose import takes longer than a search.
        from onward.app.handoffs.distillation import HandoffBasis

        return HandoffBasis(
            ledger=self.ledger,
            references=self.stored_ledger.references,
            lines=self.session_lines,
            find_turns=partial(_load_turns, store, self.project_id),
        )

    def master_as_of(self, store: Store, number: int, contribution: Contribution, budget_tokens: int | None = None) -> MasterHandoff:
        """Return the handoff over the sessions up to *number*, which contributed *contribution* to the ledger."""
        from onward.app.handoffs.distillation import HandoffBasis

        lines = [line for line in self.session_lines if line.number <= number]
        ledger = self._correct(fold(Ledger(), contribution.facts))
        return HandoffBasis(
            ledger=ledger,
            references=fold_references([], contribution.references),
            lines=lines,
            find_turns=partial(_load_turns, store, self.project_id),
        ).master(budget_tokens)

    def _correct(self, ledger: Ledger) -> Ledger:
        return join_shared_rules(correct_ledger(ledger, self.added_facts, self.edits), self.shared_rules)


def correct_ledger(ledger: Ledger, added_facts: Sequence[Fact], edits: Sequence[Edit]) -> Ledger:
    """Return *ledger* with *added_facts* and *edits* applied. Later work may retire what an agent noted, like extracted facts, but not
    what a user stated.
    """
    agent_facts = [fact for fact in added_facts if fact.author == "agent"]
    person_facts = [fact for fact in added_facts if fact.author != "agent"]
    return apply_edits(Ledger((*(fold(ledger, agent_facts) if agent_facts else ledger).facts, *person_facts)), edits)


def read_project_state(connection: Connection, project_id: int) -> ProjectState:
    """Return the current state of a project."""
    added_facts, edits = facts.read_edits(connection, project_id)
    session_lines = [session_line(*line) for line in sessions.list_completed(connection, project_id)]
    return ProjectState(
        project_id=project_id,
        stored_ledger=facts.read_ledger(connection, project_id),
        added_facts=added_facts,
        edits=edits,
        session_lines=session_lines,
        shared_rules=shared_rules.list_shared(connection),
    )


def read_live_facts(connection: Connection, project_id: int, may_matter: Callable[[str], bool]) -> tuple[Fact, ...]:
    """Return the current facts of a project, without some of those whose JSON does not matter: most need not even be parsed."""
    added_facts, edits = facts.read_edits(connection, project_id)
    if any(fact.author == "agent" for fact in added_facts):
        # What an agent noted may retire any fact.
        return read_project_state(connection, project_id).ledger.live()
    ledger = facts.read_part_of_ledger(connection, project_id, may_matter, {edit.fact_id for edit in edits})
    return join_shared_rules(correct_ledger(ledger, added_facts, edits), shared_rules.list_shared(connection)).live()


def _load_turns(store: Store, project_id: int, handles: Collection[Handle]) -> dict[Handle, Turn]:
    from onward.core.transcript.turn import lighten

    with store.read() as connection:
        numbers_by_id = {
            session.id: session.number for session in sessions.find_by_numbers(connection, project_id, {h.session for h in handles})
        }
        ids = [turns.turn_id(session_id, h.turn) for session_id, number in numbers_by_id.items() for h in handles if h.session == number]
        stored_turns = turns.find_by_ids(connection, ids).values()
        return {
            Handle(numbers_by_id[stored_turn.session_id], stored_turn.ordinal): lighten(stored_turn.turn) for stored_turn in stored_turns
        }
