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

from onward.core.facts.fact import FactAuthor
from onward.core.transcript.authored_text import author_text, read_handoff_lines
from onward.core.transcript.shell_moves import shell_changes
from onward.core.transcript.tools import Action, FileChange, Todo, classify_call, create_todo
from onward.core.transcript.transcript import ToolResult, Turn


@dataclass(slots=True)
class Statement:
    """A text that a user or the agent wrote. `round` counts the user's turns so far; `closes` marks the agent's last text of a round."""

    turn: int
    at: datetime | None
    author: FactAuthor
    text: str
    round: int
    is_summary: bool = False
    is_closing: bool = False
    position: int = 0


@dataclass(slots=True)
class CommandRun:
    """A command and what came of it. `failed` is None where the transcript does not say."""

    turn: int
    at: datetime | None
    command: str
    round: int
    failed: bool | None = None
    output: str = ""
    answer_turn: int = 0
    purpose: str = ""

    @property
    def result_turn(self) -> int:
        """The turn that shows what came of it."""
        return self.answer_turn or self.turn


@dataclass(slots=True)
class RecordedChange:
    """A file change that a tool call made."""

    turn: int
    at: datetime | None
    change: FileChange
    round: int


@dataclass(slots=True)
class Trace:
    """What one session shows. `todos` is the latest task list; `rounds` how many times the user spoke; `handed` what handoffs that it was given say;
    `refused_changes` are changes that a tool refused to make; `sub_agent_turns` are the turns of sub-agents, which may come after the agent's last words;
    `last_call_turn` is the last turn in which the agent itself called a tool.
    """

    statements: list[Statement] = field(default_factory=list[Statement])
    runs: list[CommandRun] = field(default_factory=list[CommandRun])
    changes: list[RecordedChange] = field(default_factory=list[RecordedChange])
    refused_changes: list[RecordedChange] = field(default_factory=list[RecordedChange])
    todos: list[tuple[tuple[int, ...], Todo]] = field(default_factory=list[tuple[tuple[int, ...], Todo]])
    handoff_lines: list[str] = field(default_factory=list[str])
    rounds: int = 0
    turns: int = 0
    sub_agent_turns: set[int] = field(default_factory=set[int])
    last_call_turn: int = 0


_PendingCall: TypeAlias = CommandRun | list[RecordedChange] | tuple[str, ...]
"""What a call that is not answered yet is remembered as: a command, the changes it makes, the questions it asks a person."""


def observe(turns: Iterable[tuple[int, Turn]]) -> Trace:
    """Return what *turns* (ordinal, turn; in order, main path only) show. Sub-agents' prose is left out, what their tools did is not."""
    trace = Trace()
    pending_calls: dict[str, _PendingCall] = {}
    for ordinal, turn in turns:
        trace.turns = ordinal
        if turn.sidechain is not None:
            trace.sub_agent_turns.add(ordinal)
        elif turn.calls:
            trace.last_call_turn = ordinal
        trace.handoff_lines += (line for text in (turn.text, *(r.text for r in turn.results)) for line in read_handoff_lines(text))
        if turn.role == "tool":
            for result in turn.results:
                _record_result(trace, pending_calls.pop(result.call_id, None), result, ordinal)
            continue
        if turn.text and turn.mark != "injected" and turn.role != "system" and turn.sidechain is None:
            _add_statement(trace, ordinal, turn, author_text(turn.text))
        for call in turn.calls:
            act = classify_call(call)
            if act.command:
                run = CommandRun(turn=ordinal, at=turn.at, command=act.command, round=trace.rounds, purpose=act.purpose)
                trace.runs.append(run)
                pending_calls[call.id] = run
            if act.changes:
                changes = [RecordedChange(ordinal, turn.at, c, trace.rounds) for c in act.changes]
                trace.changes.extend(changes)
                pending_calls.setdefault(call.id, changes)
            if turn.sidechain is None:
                _update_todos(trace, ordinal, act)
            if act.questions and turn.sidechain is None:
                pending_calls[call.id] = act.questions
            if act.text and turn.sidechain is None:
                trace.statements.append(Statement(turn=ordinal, at=turn.at, author="agent", text=act.text, round=trace.rounds))
        for result in turn.results:
            _record_result(trace, pending_calls.pop(result.call_id, None), result, ordinal)
    _mark_closings(trace)
    return trace


def _add_statement(trace: Trace, ordinal: int, turn: Turn, text: str) -> None:
    if not text:
        return
    if turn.mark == "summary":
        trace.statements.append(Statement(turn=ordinal, at=turn.at, author="agent", text=text, round=trace.rounds, is_summary=True))
    elif turn.role == "user":
        trace.rounds += 1
        trace.statements.append(Statement(turn=ordinal, at=turn.at, author="user", text=text, round=trace.rounds))
    elif turn.role == "assistant":
        trace.statements.append(Statement(turn=ordinal, at=turn.at, author="agent", text=text, round=trace.rounds))


def _update_todos(trace: Trace, ordinal: int, act: Action) -> None:
    """Keep the task list as the call leaves it. Tasks that are made one by one are numbered from 1, as agents do."""
    if act.todos:
        trace.todos = [((ordinal,), entry) for entry in act.todos]
    if act.task and not act.task.id:
        trace.todos.append(((ordinal,), create_todo(act.task.text, act.task.status)))
    elif act.task and act.task.id.isdigit() and 0 < (number := int(act.task.id)) <= len(trace.todos):
        turns, previous = trace.todos[number - 1]
        trace.todos[number - 1] = ((turns[0], ordinal), create_todo(act.task.text or previous.text, act.task.status or previous.status))


def _record_result(trace: Trace, pending: _PendingCall | None, result: ToolResult, ordinal: int) -> None:
    failed = None if result.is_error is None and result.exit_code is None else bool(result.is_error) or bool(result.exit_code)
    if isinstance(pending, CommandRun):
        pending.failed, pending.output, pending.answer_turn = failed, result.text, ordinal
        if not failed:
            trace.changes += (RecordedChange(pending.turn, pending.at, change, pending.round) for change in shell_changes(pending.command))
    elif isinstance(pending, tuple):
        for question, answer in () if failed else _read_answers(pending, result.text):
            trace.rounds += 1
            trace.statements.append(Statement(turn=ordinal, at=None, author="agent", text=question, round=trace.rounds - 1))
            trace.statements.append(Statement(turn=ordinal, at=None, author="user", text=answer, round=trace.rounds))
    elif pending is not None and failed:
        refused_ids = {id(c) for c in pending}
        trace.changes = [c for c in trace.changes if id(c) not in refused_ids]
        trace.refused_changes += pending


def _read_answers(questions: tuple[str, ...], text: str) -> Iterator[tuple[str, str]]:
    """Yield (question, what the person chose or typed) from the result of a tool that asks a person: the only tool whose result is a person's word."""
    pairs = re.findall(r'"([^"]+)"\s*=\s*"([^"]+)"', text)
    if pairs:
        yield from pairs
    elif match := re.match(r"\s*(?:User (?:selected|responded|answered|chose)[^:]*:|<answer>)?\s*(.+?)\s*(?:</answer>)?\s*$", text, re.S):
        yield questions[-1], match.group(1)


def _mark_closings(trace: Trace) -> None:
    following: Statement | None = None
    for index, statement in enumerate(reversed(trace.statements)):
        statement.position = len(trace.statements) - 1 - index
        if statement.author == "agent" and not statement.is_summary:
            statement.is_closing = following is None or following.round != statement.round
            following = statement
