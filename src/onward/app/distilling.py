"""Turns in, handoff out: what `distill` and completing a session share, so that both give the same document.

Nothing here knows the store, so that `onward distill` starts without it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple

from onward.app.reading import MainPath, Reading
from onward.core.compose import SessionLine, compose
from onward.core.extract import extract
from onward.core.facts import Fact, Handle
from onward.core.handoff import Handoff
from onward.core.ledger import Ledger, fold
from onward.core.master import Master, closed, master
from onward.core.preservation import Reference, fold_references, references
from onward.core.transcript import ImportReport, SessionHead, Turn
from onward.tokens import count_tokens

AGENTS = {
    "chatgpt": "ChatGPT",
    "claude-ai": "Claude.ai",
    "copilot": "Copilot CLI",
    "gemini": "Gemini CLI",
    "json-turns": "a chat",
    "opencode": "OpenCode",
    "openhands": "OpenHands",
    "pasted": "a pasted chat",
    "pi": "pi",
    "specstory": "SpecStory",
    "swe-agent": "SWE-agent",
}
"""Names for people, where an agent's own differs from its capitalised words."""

_AT_ONCE = 50
"""Sessions whose facts are folded at once: the ledger is the same whatever the portions, and one fold costs what the ledger holds."""


class Distilled(NamedTuple):
    """What one session adds to its project."""

    line: SessionLine
    facts: list[Fact]
    references: list[Reference]


@dataclass(frozen=True, slots=True)
class Basis:
    """What a handoff is made from, and held against: the ledger, what ought to be kept, the sessions, and the turns behind handles, those that are there."""

    ledger: Ledger
    references: Sequence[Reference]
    lines: Sequence[SessionLine]
    turns_of: Callable[[Collection[Handle]], Mapping[Handle, Turn]]

    def master(self, budget_tokens: int | None = None) -> Master:
        """Return the rules' handoff."""
        return master(self.ledger, self.references, self.lines, count_tokens, self.turns_of, budget_tokens)

    def composed(self, tokens: int) -> Handoff:
        """Return the rules' handoff in at most so many tokens, without its closing."""
        return compose(self.ledger, self.lines, tokens, count_tokens)

    def measured(self, handoff: Handoff, budget_tokens: int) -> Master:
        """Return a handoff, whoever wrote it, measured as the rules' one is."""
        return closed(handoff, self.ledger, self.references, self.lines, count_tokens, self.turns_of, budget_tokens)


def distil(path: MainPath) -> Distilled:
    """Return what one session establishes."""
    line = session_line(path.number, path.head.agent, path.ended_at, path.tokens)
    return Distilled(line, extract(path.number, path.head, path.turns), references(path.number, path.turns))


def session_line(number: int, agent: str, ended_at: datetime | None, tokens: int) -> SessionLine:
    """Return what a handoff says of session *number*, the agent's name as people write it."""
    name = AGENTS.get(agent, agent.replace("-", " ").title())
    return SessionLine(number, name, ended_at.date().isoformat() if ended_at else "", tokens)


def distil_files(sources: Sequence[Path | BinaryIO], budget_tokens: int | None = None) -> tuple[Master, list[ImportReport]]:
    """Return the master handoff over the sessions of *sources*, in order, and a report per source. Stateless."""
    reading = Reading()
    reports = [reading.read(source) for source in sources]
    return basis(reading.paths).master(budget_tokens), reports


def distil_turns(turns: Sequence[Turn]) -> Basis:
    """Return what the handoff over one conversation stands on. Stateless."""
    reading = Reading()
    reading.take(SessionHead("json-turns"), turns)
    return basis(reading.paths)


def basis(paths: Sequence[MainPath]) -> Basis:
    """Return what the handoff over some sessions stands on."""
    ledger, known, lines = Ledger(), list[Reference](), list[SessionLine]()
    for start in range(0, len(paths), _AT_ONCE):
        some = [distil(path) for path in paths[start : start + _AT_ONCE]]
        ledger = fold(ledger, (fact for one in some for fact in one.facts))
        known = fold_references(known, [reference for one in some for reference in one.references])
        lines += (one.line for one in some)

    def turns_of(handles: Collection[Handle]) -> dict[Handle, Turn]:
        cited = {handle.session for handle in handles}
        return {Handle(path.number, ordinal): turn for path in paths if path.number in cited for ordinal, turn in path.turns}

    return Basis(ledger, known, lines, turns_of)
