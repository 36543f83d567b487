"""From turns to a handoff. `distill` and completing a session share this code, so that both give the same document.

Nothing here imports the store, so that `onward distill` starts without it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

from onward.app.turns.reader import MainPath, TranscriptReader
from onward.core.extract.extraction import extract
from onward.core.facts.fact import Fact, Handle
from onward.core.facts.ledger import Ledger, fold
from onward.core.handoff.document import Handoff
from onward.core.handoff.master import build_handoff, close_handoff
from onward.core.handoff.session_summary import SessionSummary, session_line
from onward.core.handoff.versions import MasterHandoff
from onward.core.preservation.collector import collect_references
from onward.core.preservation.reference import Reference, fold_references
from onward.core.transcript.dialogs import join_dialogs
from onward.core.transcript.transcript import ImportReport, SessionHead, Turn
from onward.tokens import count_tokens

_FOLD_SESSIONS = 50
"""The number of sessions that are folded at once. The ledger is the same for any number; one fold costs time in proportion to the ledger.
"""


class DistilledSession(NamedTuple):
    """What one session adds to its project."""

    line: SessionSummary
    facts: list[Fact]
    references: list[Reference]


@dataclass(frozen=True, slots=True)
class HandoffBasis:
    """What a handoff is composed from and measured against: the ledger, the reference facts, the sessions, and a function that finds the
    turns behind handles.
    """

    ledger: Ledger
    references: Sequence[Reference]
    lines: Sequence[SessionSummary]
    find_turns: Callable[[Collection[Handle]], Mapping[Handle, Turn]]
    paths: Sequence[MainPath] = ()
    """The sessions' turns, where they are in memory."""

    def master(self, budget_tokens: int | None = None) -> MasterHandoff:
        """Return the handoff composed by rules."""
        return build_handoff(self.ledger, self.references, self.lines, count_tokens, self.find_turns, budget_tokens)

    def measure_handoff(self, handoff: Handoff, budget_tokens: int) -> MasterHandoff:
        """Return *handoff* with its preservation measured."""
        return close_handoff(handoff, self.ledger, self.references, self.lines, count_tokens, self.find_turns, budget_tokens)


def distill_session(path: MainPath) -> DistilledSession:
    """Return what one session adds to its project."""
    line = session_line(path.number, path.head.agent, path.ended_at, path.tokens)
    turns = join_dialogs(path.turns)
    return DistilledSession(line, extract(path.number, path.head, turns), collect_references(path.number, turns))


def distill_files(sources: Sequence[Path | BinaryIO], budget_tokens: int | None = None) -> tuple[MasterHandoff, list[ImportReport]]:
    """Return the master handoff over the sessions of *sources*, in order, and a report for each source. Stateless."""
    reading = TranscriptReader()
    reports = [reading.read(source) for source in sources]
    return basis(reading.paths).master(budget_tokens), reports


def distill_turns(turns: Sequence[Turn]) -> HandoffBasis:
    """Return the basis of the handoff over one conversation. Stateless."""
    reading = TranscriptReader()
    reading.add_session(SessionHead("json-turns"), turns)
    return basis(reading.paths)


def basis(paths: Sequence[MainPath]) -> HandoffBasis:
    """Return the basis of the handoff over several sessions."""
    ledger, all_references, lines = Ledger(), list[Reference](), list[SessionSummary]()
    for start in range(0, len(paths), _FOLD_SESSIONS):
        batch = [distill_session(path) for path in paths[start : start + _FOLD_SESSIONS]]
        ledger = fold(ledger, (fact for session in batch for fact in session.facts))
        all_references = fold_references(all_references, [reference for session in batch for reference in session.references])
        lines += (session.line for session in batch)

    def find_turns(handles: Collection[Handle]) -> dict[Handle, Turn]:
        cited_sessions = {handle.session for handle in handles}
        return {Handle(path.number, ordinal): turn for path in paths if path.number in cited_sessions for ordinal, turn in path.turns}

    return HandoffBasis(ledger=ledger, references=all_references, lines=lines, find_turns=find_turns, paths=tuple(paths))
