"""Handoffs distilled in process from transcript files, with the intermediate results that the command does not print."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from onward.app.handoffs.distillation import distill_session
from onward.app.projects import projects
from onward.app.projects.projects import Project
from onward.app.transcripts.imports import import_paths
from onward.app.turns.reader import MainPath, TranscriptReader
from onward.core.facts.fact import Fact, Handle
from onward.core.facts.ledger import Ledger, fold
from onward.core.handoff.master import build_handoff
from onward.core.handoff.session_summary import SessionSummary
from onward.core.handoff.versions import MasterHandoff
from onward.core.preservation.reference import Reference, fold_references
from onward.core.transcript.transcript import Turn
from onward.core.transcript.turn import lighten
from onward.store import Store
from onward.tokens import count_tokens


@dataclass(frozen=True, slots=True)
class Distillation:
    """Sessions as read, and what they established. `full_turns` holds every turn as stored, long results included."""

    paths: list[MainPath]
    facts: list[Fact]
    ledger: Ledger
    references: list[Reference]
    lines: list[SessionSummary]
    full_turns: dict[Handle, Turn]

    def master(self, budget_tokens: int) -> MasterHandoff:
        """Return the handoff over these sessions, as `onward distill` prints it."""

        def turns_of(handles: Collection[Handle]) -> dict[Handle, Turn]:
            return {handle: lighten(self.full_turns[handle]) for handle in handles if handle in self.full_turns}

        return build_handoff(self.ledger, self.references, self.lines, count_tokens, turns_of, budget_tokens)


def distil_sessions(files: Sequence[Path]) -> Distillation:
    """Return what the sessions of *files*, in this order, establish."""
    reading = TranscriptReader(full=True)
    for file in files:
        reading.read(file)
    whole = {Handle(path.number, ordinal): turn for path in reading.paths for ordinal, turn in path.turns}
    for path in reading.paths:
        path.turns = [(ordinal, lighten(turn)) for ordinal, turn in path.turns]
    each = [distill_session(path) for path in reading.paths]
    facts = [fact for session in each for fact in session.facts]
    references = fold_references([], [reference for session in each for reference in session.references])
    return Distillation(
        paths=reading.paths,
        facts=facts,
        ledger=fold(Ledger(), facts),
        references=references,
        lines=[session.line for session in each],
        full_turns=whole,
    )


@contextmanager
def store_with(*names: str) -> Iterator[tuple[Store, list[Project]]]:
    """Open a store in a temporary folder, with one project per name."""
    with TemporaryDirectory(prefix="onward-bench-") as folder, Store.at_folder(Path(folder) / "home") as store:
        yield store, [projects.create(store, name) for name in names]


def complete(store: Store, project: Project, *files: Path) -> None:
    """Import *files* one after the other and complete each. Raises the error of the first that fails."""
    for file in files:
        for imported in import_paths(store, [file], project=project, complete=True).files:
            if imported.error:
                raise imported.error
