"""A session as extraction sees it: what was said, and what the tools did, each with its place.

Only the main path counts: abandoned branches are left out before. Injected text never becomes evidence, and of what somebody said only the own words do; a
compaction summary is an agent's claim.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from onward.core.facts import Author
from onward.core.own_words import handed_over, own_words
from onward.core.shell_moves import moves
from onward.core.tools import Action, Change, Todo, action, todo
from onward.core.transcript import ToolResult, Turn


@dataclass(slots=True)
class Said:
    """A text that a user or the agent wrote. `round` counts the user's turns so far; `closes` marks the agent's last text of a round."""

    turn: int
    at: datetime | None
    author: Author
    text: str
    round: int
    is_summary: bool = False
    closes: bool = False
    place: int = 0


@dataclass(slots=True)
class Ran:
    """A command and what came of it. `failed` is None where the transcript does not say."""

    turn: int
    at: datetime | None
    command: str
    round: int
    failed: bool | None = None
    output: str = ""
    answered_in: int = 0
    purpose: str = ""

    @property
    def shown_in(self) -> int:
        """The turn that shows what came of it."""
        return self.answered_in or self.turn


@dataclass(slots=True)
class Changed:
    """A file change that a tool call made."""

    turn: int
    at: datetime | None
    change: Change
    round: int


@dataclass(slots=True)
class Trace:
    """What one session shows. `todos` is the latest task list; `rounds` how many times the user spoke; `handed` what handoffs that it was given say;
    `refused` are changes that a tool would not make.
    """

    said: list[Said] = field(default_factory=list[Said])
    ran: list[Ran] = field(default_factory=list[Ran])
    changed: list[Changed] = field(default_factory=list[Changed])
    refused: list[Changed] = field(default_factory=list[Changed])
    todos: list[tuple[tuple[int, ...], Todo]] = field(default_factory=list[tuple[tuple[int, ...], Todo]])
    handed: list[str] = field(default_factory=list[str])
    rounds: int = 0
    turns: int = 0


_Waiting: TypeAlias = Ran | list[Changed] | tuple[str, ...]
"""What a call that is not answered yet is remembered as: a command, the changes it makes, the questions it asks a person."""


def observe(turns: Iterable[tuple[int, Turn]]) -> Trace:
    """Return what *turns* (ordinal, turn; in order, main path only) show. Sub-agents' prose is left out, what their tools did is not."""
    seen = Trace()
    waiting: dict[str, _Waiting] = {}
    for ordinal, turn in turns:
        seen.turns = ordinal
        seen.handed += (line for text in (turn.text, *(r.text for r in turn.results)) for line in handed_over(text))
        if turn.role == "tool":
            for result in turn.results:
                _answer(seen, waiting.pop(result.call_id, None), result, ordinal)
            continue
        if turn.text and turn.mark != "injected" and turn.role != "system" and turn.sidechain is None:
            _say(seen, ordinal, turn, own_words(turn.text))
        for call in turn.calls:
            did = action(call)
            if did.command:
                ran = Ran(ordinal, turn.at, did.command, seen.rounds, purpose=did.purpose)
                seen.ran.append(ran)
                waiting[call.id] = ran
            if did.changes:
                made = [Changed(ordinal, turn.at, c, seen.rounds) for c in did.changes]
                seen.changed.extend(made)
                waiting.setdefault(call.id, made)
            if turn.sidechain is None:
                _plan(seen, ordinal, did)
            if did.questions and turn.sidechain is None:
                waiting[call.id] = did.questions
            if did.text and turn.sidechain is None:
                seen.said.append(Said(ordinal, turn.at, "agent", did.text, seen.rounds))
        for result in turn.results:
            _answer(seen, waiting.pop(result.call_id, None), result, ordinal)
    _mark_closings(seen)
    return seen


def _say(seen: Trace, ordinal: int, turn: Turn, text: str) -> None:
    if not text:
        return
    if turn.mark == "summary":
        seen.said.append(Said(ordinal, turn.at, "agent", text, seen.rounds, is_summary=True))
    elif turn.role == "user":
        seen.rounds += 1
        seen.said.append(Said(ordinal, turn.at, "user", text, seen.rounds))
    elif turn.role == "assistant":
        seen.said.append(Said(ordinal, turn.at, "agent", text, seen.rounds))


def _plan(seen: Trace, ordinal: int, did: Action) -> None:
    """Keep the task list as the call leaves it. Tasks that are made one by one are numbered from 1, as agents do."""
    if did.todos:
        seen.todos = [((ordinal,), entry) for entry in did.todos]
    if did.task and not did.task.id:
        seen.todos.append(((ordinal,), todo(did.task.text, did.task.status)))
    elif did.task and did.task.id.isdigit() and 0 < (number := int(did.task.id)) <= len(seen.todos):
        turns, before = seen.todos[number - 1]
        seen.todos[number - 1] = ((turns[0], ordinal), todo(did.task.text or before.text, did.task.status or before.status))


def _answer(seen: Trace, asked: _Waiting | None, result: ToolResult, ordinal: int) -> None:
    failed = None if result.is_error is None and result.exit_code is None else bool(result.is_error) or bool(result.exit_code)
    if isinstance(asked, Ran):
        asked.failed, asked.output, asked.answered_in = failed, result.text, ordinal
        if not failed:
            seen.changed += (Changed(asked.turn, asked.at, change, asked.round) for change in moves(asked.command))
    elif isinstance(asked, tuple):
        for question, answer in () if failed else _answers(asked, result.text):
            seen.rounds += 1
            seen.said.append(Said(ordinal, None, "agent", question, seen.rounds - 1))
            seen.said.append(Said(ordinal, None, "user", answer, seen.rounds))
    elif asked is not None and failed:
        refused = {id(c) for c in asked}
        seen.changed = [c for c in seen.changed if id(c) not in refused]
        seen.refused += asked


def _answers(questions: tuple[str, ...], text: str) -> Iterator[tuple[str, str]]:
    """Yield (question, what the person chose or typed) from the result of a tool that asks a person: the only tool whose result is a person's word."""
    pairs = re.findall(r'"([^"]+)"\s*=\s*"([^"]+)"', text)
    if pairs:
        yield from pairs
    elif found := re.match(r"\s*(?:User (?:selected|responded|answered|chose)[^:]*:|<answer>)?\s*(.+?)\s*(?:</answer>)?\s*$", text, re.S):
        yield questions[-1], found.group(1)


def _mark_closings(seen: Trace) -> None:
    following: Said | None = None
    for place, said in enumerate(reversed(seen.said)):
        said.place = len(seen.said) - 1 - place
        if said.author == "agent" and not said.is_summary:
            said.closes = following is None or following.round != said.round
            following = said
