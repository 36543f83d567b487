"""Turns in, handoff out: what `distill` and completing a session share, so that both give the same document.

Nothing here knows the store, so that `onward distill` starts without it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from onward.core.compose import SessionLine
from onward.core.extract import extract
from onward.core.facts import Fact
from onward.core.ledger import Ledger, fold
from onward.core.master import Master, lightened, master, turn_tokens
from onward.core.preservation import Reference, fold_references, references
from onward.core.transcript import ImportReport, Rewind, SessionHead, Turn
from onward.formats import open_source, read
from onward.redact import Redactor
from onward.tokens import count_tokens

DISTILL_KEY = b"onward distill: placeholders are the same in every run"
"""The key of secret placeholders where there is no project that has its own."""


AGENTS = {"claude-code": "Claude Code", "codex": "Codex", "specstory": "SpecStory", "gemini-cli": "Gemini CLI", "chatgpt": "ChatGPT"}
"""Names for people, where an agent's own differs from its capitalised word."""


@dataclass(slots=True)
class MainPath:
    """The turns of one session that count, made light: `add` takes what a reader yields in order; a rewind drops the branch it abandons."""

    head: SessionHead
    turns: list[tuple[int, Turn]] = field(default_factory=list[tuple[int, Turn]])
    tokens: int = 0
    _ordinal: int = 0
    _ids: dict[str, int] = field(default_factory=dict[str, int])

    def add(self, item: Turn | Rewind) -> None:
        """Take the next turn, redacted already, or go back."""
        if isinstance(item, Rewind):
            kept = self._ids.get(item.to, self._ordinal) if item.to is not None else 0
            self.turns = [(ordinal, turn) for ordinal, turn in self.turns if ordinal <= kept]
            return
        self._ordinal += 1
        if item.id is not None:
            self._ids[item.id] = self._ordinal
        self.tokens += turn_tokens(item)
        self.turns.append((self._ordinal, lightened(item)))

    @property
    def ended_at(self) -> datetime | None:
        """When the last turn was that says when; else when the session started, where that is known."""
        return next((turn.at for _, turn in reversed(self.turns) if turn.at), self.head.started_at)


@dataclass(frozen=True, slots=True)
class Distilled:
    """What one session adds to its project."""

    line: SessionLine
    facts: list[Fact]
    references: list[Reference]


def distil(number: int, path: MainPath) -> Distilled:
    """Return what session *number* establishes."""
    line = session_line(number, path.head.agent, path.ended_at, path.tokens)
    return Distilled(line, extract(number, path.head, path.turns), references(number, path.turns))


def session_line(number: int, agent: str, ended_at: datetime | None, tokens: int) -> SessionLine:
    """Return what a handoff says of session *number*, the agent's name as people write it."""
    name = AGENTS.get(agent, agent.replace("-", " ").title())
    return SessionLine(number, name, ended_at.date().isoformat() if ended_at else "", tokens)


def main_paths(source: Path | BinaryIO, report: ImportReport, redactor: Redactor) -> list[MainPath]:
    """Return the sessions of one transcript in the order they stand in it, redacted."""
    paths: list[MainPath] = []
    for item in read(open_source(source), report):
        if isinstance(item, SessionHead):
            paths.append(MainPath(item))
        else:
            if not paths:
                paths.append(MainPath(SessionHead(report.format)))
            paths[-1].add(redactor.turn(item) if isinstance(item, Turn) else item)
    return paths


def distil_files(sources: Sequence[Path | BinaryIO], budget_tokens: int | None = None) -> tuple[Master, list[ImportReport]]:
    """Return the master handoff over the sessions of *sources*, in order, and a report per source. Stateless."""
    redactor = Redactor(DISTILL_KEY)
    reports: list[ImportReport] = []
    distilled: list[Distilled] = []
    for source in sources:
        reports.append(ImportReport())
        for path in main_paths(source, reports[-1], redactor):
            distilled.append(distil(len(distilled) + 1, path))
    return combine(distilled, budget_tokens), reports


def combine(distilled: Iterable[Distilled], budget_tokens: int | None) -> Master:
    """Return the master handoff over sessions that were distilled one by one."""
    ledger, known, lines = Ledger(), list[Reference](), list[SessionLine]()
    for one in distilled:
        ledger = fold(ledger, one.facts)
        known = fold_references(known, one.references)
        lines.append(one.line)
    return master(ledger, known, lines, count_tokens, budget_tokens)
