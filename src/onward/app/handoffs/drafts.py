"""Drafts: handoffs of conversations that belong to no session, and long texts shortened by the same rules."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from onward.app.handoffs.distillation import HandoffBasis, distill_session, distill_turns
from onward.app.handoffs.project_state import read_project_state
from onward.core.facts.fact import Handle
from onward.core.facts.ledger import fold
from onward.core.handoff.document import render
from onward.core.handoff.versions import MasterHandoff
from onward.core.handoff.writer_report import RULES, WriterReport
from onward.core.preservation.collector import collect_references
from onward.core.preservation.measure import measure
from onward.core.preservation.reference import fold_references
from onward.core.preservation.scores import Preservation
from onward.core.project import Project
from onward.core.text.compression import shorten
from onward.core.transcript.transcript import Turn
from onward.redact import DISTILL_KEY, Redactor
from onward.store import Store, drafts, projects, sessions
from onward.store.drafts import Draft
from onward.store.facts import StoredLedger
from onward.tokens import count_tokens

__all__ = ["CompressedText", "Draft", "compress", "conversation_basis", "list_drafts", "render_markdown", "store_draft"]


@dataclass(frozen=True, slots=True)
class CompressedText:
    """A shortened text. `preservation` is None if the text was short enough."""

    text: str
    tokens: int
    text_tokens: int
    preservation: Preservation | None

    @property
    def ratio(self) -> float:
        """Return the compression: tokens of the original for each token of the result."""
        return self.text_tokens / max(1, self.tokens)


def conversation_basis(turns: Sequence[Turn], store: Store | None = None, project: Project | None = None) -> HandoffBasis:
    """Return the basis of the handoff over a conversation. With a *project*, it is the project's next session: the handoff has what the
    sessions before it established, and its handles name the turns of each.
    """
    conversation = distill_turns(turns)
    if store is None or project is None or not conversation.paths:
        return conversation
    with store.read() as connection:
        state = read_project_state(connection, project.id)
        number = sessions.next_number(connection, project.id)
    path = replace(conversation.paths[0], number=number)
    session = distill_session(path)
    folded = StoredLedger(
        state.stored_ledger.version,
        fold(state.stored_ledger.ledger, session.facts),
        fold_references(state.stored_ledger.references, session.references),
    )
    basis = replace(state, stored_ledger=folded, session_lines=[*state.session_lines, session.line]).basis(store)
    own_turns = {Handle(number, ordinal): turn for ordinal, turn in path.turns}

    def find_turns(handles: Collection[Handle]) -> dict[Handle, Turn]:
        stored_turns = basis.find_turns([handle for handle in handles if handle.session != number])
        return {**stored_turns, **{handle: own_turns[handle] for handle in handles if handle in own_turns}}

    return replace(basis, find_turns=find_turns, paths=(path,))


def render_markdown(master: MasterHandoff) -> str:
    """Return a handoff as Markdown."""
    return render(master.handoff)


def store_draft(store: Store, project: Project, master: MasterHandoff, refinement: WriterReport | None = None) -> Draft:
    """Store a handoff as a draft of a project, with the report of the model's refinement if there is one. The master handoff does not
    change.
    """
    with store.write() as connection:
        projects.lock_project(connection, project.id)
        generator = refinement.model if refinement else RULES
        return drafts.create(connection, project.id, master, generator=generator, refinement=refinement)


def list_drafts(store: Store, project: Project, *, before: int | None = None, limit: int) -> list[Draft]:
    """Return a project's drafts, newest first, with ids *before* that one."""
    with store.read() as connection:
        return drafts.list_drafts(connection, project.id, before=before, limit=limit)


def compress(text: str, turns: Sequence[Turn], budget_tokens: int) -> CompressedText:
    """Return *text*, which contains *turns*, in at most *budget_tokens*. A text that is short enough only has its secrets replaced.

    A conversation becomes its handoff; other text keeps its most informative lines and sentences. Both are measured against the facts that
    a handoff should keep.
    """
    redacted = Redactor(DISTILL_KEY).text(text)
    tokens = count_tokens(redacted)
    if tokens <= budget_tokens:
        return CompressedText(redacted, tokens, tokens, None)
    if {"user", "assistant"} <= {turn.role for turn in turns}:
        short_text = render(distill_turns(turns).master(budget_tokens).handoff, sources=False)
    else:
        short_text = shorten(redacted, budget_tokens, count_tokens)
    short_text = shorten(short_text, budget_tokens, count_tokens)
    expected = collect_references(1, list(enumerate(map(Redactor(DISTILL_KEY).turn, turns), 1)))
    preservation = measure(short_text, expected, document_tokens=count_tokens(short_text), session_tokens=tokens, sessions=1)
    return CompressedText(short_text, preservation.document_tokens, tokens, preservation)
