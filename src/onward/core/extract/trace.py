"""The trace of a session: what was said and what the tools did, in order.

Only the main path counts; callers leave out abandoned branches. Injected text is no evidence, and of a person's text only their own words
are. A compaction summary is a claim of the agent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from onward.core.extract.command_lines import find_error_line
from onward.core.extract.interruptions import Interruption, find_interruption, is_bare_interruption
from onward.core.extract.subtask_report import split_report
from onward.core.facts.fact import FactAuthor
from onward.core.transcript.authored_text import author_text, read_handoff_lines
from onward.core.transcript.frames import SLASH_COMMAND, is_client_setting
from onward.core.transcript.pastes import quoted_error
from onward.core.transcript.shell_moves import shell_changes
from onward.core.transcript.tools import (
    CLIENT_CALL,
    DELEGATING_TOOLS,
    FINISHING_TOOLS,
    Action,
    FileChange,
    Todo,
    classify_call,
    create_todo,
)
from onward.core.transcript.transcript import ToolCall, ToolResult, Turn

_NOT_RUN = re.compile(
    r"^\W*(?:<tool_use_error>\W*)?(?:Sibling tool call errored|Cancelled: parallel tool call)|doesn't want to (?:proceed with|take) this|"
    r"tool use was rejected|^\W*\[Request interrupted by user|^\W*(?:command|tool call) (?:was )?(?:rejected|cancell?ed|declined) by (?:the )?user",
    re.I,
)
"""The result of a call that a person refused, or that was dropped because a parallel call failed. It shows nothing about the command."""


def was_not_run(result: str) -> bool:
    """Return whether the *result* of a call says that it was refused or dropped before it ran."""
    return bool(_NOT_RUN.search(result[:300]))


_ERROR_START = re.compile(r"\s*(?:\w+)?Error\b")
"""How the result of a tool that failed begins, where the log does not mark it."""
_GIT_FAILURE = re.compile(r"^(?:fatal|error): |^ ! \[(?:remote )?rejected\]", re.M)
"""How git reports a failure, for logs without exit codes."""


@dataclass(slots=True)
class Statement:
    """A text of the user or the agent.

    `round` counts the user's turns so far. `is_closing` marks the agent's last text of a round, and `is_answer` the user's answer in a
    tool's dialog. `error` is the first error that the user quotes.
    """

    turn: int
    at: datetime | None
    author: FactAuthor
    text: str
    round: int
    is_summary: bool = False
    is_closing: bool = False
    is_answer: bool = False
    error: str = ""
    position: int = 0


@dataclass(slots=True)
class CommandRun:
    """A command and its result. `failed` is None if the transcript does not say."""

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
        """The turn that shows the result."""
        return self.answer_turn or self.turn


@dataclass(slots=True)
class RecordedChange:
    """A file change by a tool call."""

    turn: int
    at: datetime | None
    change: FileChange
    round: int


@dataclass(slots=True)
class RecordedCall:
    """A tool call of the agent itself.

    `subject` is what the call was about: a command, a path, or the tool's name. `error` is the line of its result that names an error,
    if it failed. `by_client` marks what the client did with the agent's
    words, which needs no further report.
    """

    id: str
    turn: int
    round: int
    subject: str
    has_effect: bool
    is_answered: bool = False
    error: str = ""
    by_client: bool = False

    @property
    def hands_in(self) -> bool:
        """Whether the call submits the work, so that nothing is expected after it."""
        return self.subject.partition(" ")[0].strip() in FINISHING_TOOLS

    @property
    def awaits_report(self) -> bool:
        """Whether the call gave work to another agent whose result did not come back as a result."""
        return not self.is_answered and self.subject.lower() in DELEGATING_TOOLS


@dataclass(slots=True)
class Trace:
    """What one session shows.

    `todos` is the latest task list, and `rounds` how many times the user spoke. `handoff_lines` are lines of handoffs that the session
    received. `refused_changes` are changes that a tool refused to make. `sub_agent_turns` are turns of sub-agents, which may come after the
    agent's last words. `tool_names` are the tools called, `interruptions` show where the agent's work was stopped, and `calls` are the
    agent's own calls.
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
    tool_names: set[str] = field(default_factory=set[str])
    interruptions: list[Interruption] = field(default_factory=list[Interruption])
    calls: list[RecordedCall] = field(default_factory=list[RecordedCall])

    @property
    def is_whole(self) -> bool:
        """Whether the log is complete: no compaction, and a result for every command. Only then does a missing record prove anything."""
        return all(run.answer_turn for run in self.runs) and not any(statement.is_summary for statement in self.statements)


_PendingCall: TypeAlias = CommandRun | list[RecordedChange] | tuple[str, ...]
"""A call without a result so far: a command, the changes it makes, or the questions it asks a person."""


def observe(turns: Iterable[tuple[int, Turn]]) -> Trace:
    """Return the trace of *turns* (ordinal, turn; in order, main path only). It has the tool calls of sub-agents, but not their prose."""
    trace = Trace()
    pending_calls: dict[str, _PendingCall] = {}
    slash_command: tuple[int, Turn, str] | None = None
    for ordinal, turn in turns:
        trace.turns = ordinal
        if turn.sidechain is not None:
            trace.sub_agent_turns.add(ordinal)
        trace.handoff_lines += (line for text in (turn.text, *(r.text for r in turn.results)) for line in read_handoff_lines(text))
        interruption = find_interruption(turn, ordinal, trace.rounds) if turn.sidechain is None else None
        if interruption:
            trace.interruptions.append(interruption)
        if turn.role == "user":
            command = SLASH_COMMAND.match(turn.text) if turn.mark == "injected" else None
            command = None if command and is_client_setting(command[1]) else command
            slash_command = (ordinal, turn, command[1]) if command else slash_command if turn.mark == "injected" else None
        elif slash_command and turn.role == "assistant" and turn.mark != "injected" and turn.sidechain is None:
            _add_request(trace, *slash_command)
            slash_command = None
        if turn.role == "tool":
            for result in turn.results:
                _mark_answered(trace, result)
                _record_result(trace, pending_calls.pop(result.call_id, None), result, ordinal)
            continue
        if (
            turn.text
            and turn.mark != "injected"
            and turn.role != "system"
            and turn.sidechain is None
            and not (interruption and is_bare_interruption(turn))
        ):
            _add_statement(trace, ordinal, turn, author_text(turn.text))
        for call in turn.calls:
            trace.tool_names.add(call.name)
            act = classify_call(call)
            if turn.sidechain is None and turn.role == "assistant":
                trace.calls.append(_record_call(call, act, ordinal, trace.rounds))
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
            _mark_answered(trace, result)
            _record_result(trace, pending_calls.pop(result.call_id, None), result, ordinal)
    _add_unanswered_changes(trace, pending_calls.values())
    _mark_closings(trace)
    return trace


def _add_unanswered_changes(trace: Trace, pending: Iterable[_PendingCall]) -> None:
    """Add files that commands without a stored result deleted or renamed, if the agent continued after them."""
    last_turn = max((statement.turn for statement in trace.statements), default=0)
    runs = [run for run in pending if isinstance(run, CommandRun) and run.turn < last_turn]
    changes = [RecordedChange(run.turn, run.at, change, run.round) for run in runs for change in shell_changes(run.command)]
    if changes:
        trace.changes = sorted((*trace.changes, *changes), key=lambda recorded: recorded.turn)


def _add_statement(trace: Trace, ordinal: int, turn: Turn, text: str) -> None:
    if not text:
        return
    if turn.mark == "summary":
        trace.statements.append(Statement(turn=ordinal, at=turn.at, author="agent", text=text, round=trace.rounds, is_summary=True))
    elif turn.role == "user":
        # The result of a sub-task may be in the person's place.
        report, words = split_report(text) if trace.calls and trace.calls[-1].awaits_report else ("", text)
        if report:
            trace.statements.append(Statement(turn=ordinal, at=turn.at, author="agent", text=report, round=trace.rounds))
        if words:
            _add_request(trace, ordinal, turn, words)
    elif turn.role == "assistant":
        trace.statements.append(Statement(turn=ordinal, at=turn.at, author="agent", text=text, round=trace.rounds))


def _add_request(trace: Trace, ordinal: int, turn: Turn, text: str) -> None:
    trace.rounds += 1
    is_answer = turn.mark == "answered"
    trace.statements.append(
        Statement(
            turn=ordinal, at=turn.at, author="user", text=text, round=trace.rounds, is_answer=is_answer,
            error=turn.error or quoted_error(turn.text),
        )
    )  # fmt: skip


def _record_call(call: ToolCall, act: Action, ordinal: int, round_number: int) -> RecordedCall:
    subject = act.command or next((change.path for change in act.changes), "") or call.name
    return RecordedCall(
        id=call.id, turn=ordinal, round=round_number, subject=subject, has_effect=bool(act.changes or act.command),
        by_client=call.id.startswith(CLIENT_CALL),
    )  # fmt: skip


def _update_todos(trace: Trace, ordinal: int, act: Action) -> None:
    """Update the task list as the call does. Tasks that are added one by one are numbered from 1, as agents number them."""
    if act.todos:
        trace.todos = [((ordinal,), entry) for entry in act.todos]
    if act.task and not act.task.id:
        trace.todos.append(((ordinal,), create_todo(act.task.text, act.task.status)))
    elif act.task and act.task.id.isdigit() and 0 < (number := int(act.task.id)) <= len(trace.todos):
        turns, previous = trace.todos[number - 1]
        trace.todos[number - 1] = ((turns[0], ordinal), create_todo(act.task.text or previous.text, act.task.status or previous.status))


def _mark_answered(trace: Trace, result: ToolResult) -> None:
    for call in reversed(trace.calls):
        if call.id == result.call_id:
            call.is_answered = True
            call.error = find_error_line(result.text) if result.is_error or _ERROR_START.match(result.text) else ""
            return


def _record_result(trace: Trace, pending: _PendingCall | None, result: ToolResult, ordinal: int) -> None:
    failed = None if result.is_error is None and result.exit_code is None else bool(result.is_error) or bool(result.exit_code)
    if isinstance(pending, CommandRun) and was_not_run(result.text):
        trace.runs = [run for run in trace.runs if run is not pending]
    elif isinstance(pending, CommandRun):
        if failed is None and "git " in pending.command and _GIT_FAILURE.search(result.text):
            failed = True
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
    """Yield (question, the person's answer) from the result of a tool that asks a person; no other result is a person's words."""
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
