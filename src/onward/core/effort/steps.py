"""The steps of a session: what each tool call read, changed or ran, its cost in tokens, and its result.

`core.transcript.tools` classifies a call; here the call is joined with its result, and with the files that reading
commands print.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from onward.core.effort.shell_effects import shell_effect
from onward.core.extract.command_lines import command_key, find_error_line
from onward.core.text import paths
from onward.core.transcript.tools import FileChange, classify_call, find_read_file
from onward.core.transcript.transcript import ToolCall, ToolResult, Turn
from onward.core.transcript.turn import turn_tokens

_LONGEST_COMMAND_CHARS = 4000
_PRINTING = frozenset(("cat", "head", "tail", "sed", "nl", "less", "more", "bat", "type"))
_SEPARATORS = re.compile(r"\s*(?:&&|\|\||;|\n)\s*")


@dataclass(slots=True)
class Step:
    """One tool call with its result. `tokens` counts both; `failed` is None if the transcript does not say.

    `reads` are the files that it read, `changes` those that it changed, `command` is what it ran; all are empty for any
    other call.
    """

    turn: int
    at: datetime | None
    tokens: int
    call: ToolCall
    command: str = ""
    reads: tuple[str, ...] = ()
    changes: tuple[FileChange, ...] = ()
    failed: bool | None = None
    error_line: str = ""
    answer_turn: int = 0
    before_tokens: int = 0
    """Tokens of the session before the turn of the call."""

    @property
    def is_productive(self) -> bool:
        """Whether the step edited something, or ran a command that produces something."""
        return bool(self.changes and not self.failed) or bool(self.command and shell_effect(self.command) == "producing")

    @property
    def key(self) -> str:
        """The key that is equal for two runs of the same command."""
        return command_key(self.command)


@dataclass(slots=True)
class SessionSteps:
    """Collects the steps of a session from its turns, which are added one by one, complete and in order. `tokens`
    counts all turns added.
    """

    cwd: str = ""
    steps: list[Step] = field(default_factory=list[Step])
    tokens: int = 0
    started_at: datetime | None = None
    _open_calls: dict[str, Step] = field(default_factory=dict[str, Step])

    def add_turn(self, ordinal: int, turn: Turn) -> None:
        """Add the next turn of the main path."""
        self.started_at = self.started_at or turn.at
        for call in turn.calls:
            step = self._step(ordinal, turn, call)
            self.steps.append(step)
            self._open_calls[call.id] = step
        for result in turn.results:
            answered_step = self._open_calls.pop(result.call_id, None)
            if answered_step is not None:
                _record_result(answered_step, result, ordinal)
        self.tokens += turn_tokens(turn)

    def _step(self, ordinal: int, turn: Turn, call: ToolCall) -> Step:
        act = classify_call(call)
        tokens = turn_tokens(Turn("assistant", calls=(call,)))
        step = Step(turn=ordinal, at=turn.at, tokens=tokens, call=call, command=act.command, changes=act.changes, before_tokens=self.tokens)
        if act.command:
            step.reads = tuple(ledger_path(path, self.cwd) for path in _printed_files(act.command))
        elif not act.changes and (path := find_read_file(call)):
            step.reads = (ledger_path(path, self.cwd),)
        step.changes = tuple(change._replace(path=ledger_path(change.path, self.cwd)) for change in step.changes)
        return step


def _record_result(step: Step, result: ToolResult, ordinal: int) -> None:
    step.tokens += len(result.text) // 4
    step.answer_turn = ordinal
    if result.is_error is not None or result.exit_code is not None:
        step.failed = bool(result.is_error) or bool(result.exit_code)
    if step.failed and step.command:
        step.error_line = find_error_line(result.text)


def _printed_files(command: str) -> Iterator[str]:
    """Yield the files that a command prints: `cat a.py`, `sed -n 1,40p a.py`, `head -50 a.py | grep x`."""
    if len(command) > _LONGEST_COMMAND_CHARS or "<<" in command:
        return
    for part in _SEPARATORS.split(command):
        first_command = part.split("|", 1)[0].strip()
        if first_command.split(" ", 1)[0] not in _PRINTING or ">" in first_command or " -i" in first_command:
            continue
        try:
            name, *arguments = shlex.split(first_command)
        except ValueError:
            continue
        files = [argument for argument in arguments if not argument.startswith("-") and ("/" in argument or "." in argument)]
        yield from (file for file in files if not (name == "sed" and re.fullmatch(r"[\d,$]+p?;?.*p|s/.*", file)))


def ledger_path(path: str, cwd: str) -> str:
    """Return *path* as the ledger writes it: relative to *cwd* if it is below, with `/`."""
    short = path.removeprefix("./")
    for root in paths.spellings(cwd) if cwd else ():
        if len(root) > 3 and short.startswith((root + "/", root + "\\")):
            short = short[len(root) + 1 :]
    return short.replace("\\", "/") if paths.is_windows(cwd) and not paths.is_windows(short) else short
