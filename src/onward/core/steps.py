"""The steps of a session: what each tool call read, changed or ran, what it cost in tokens, and what came of it.

What a call did is told by `core.tools`; here it is joined with its result, and with the files that reading commands look at.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from onward.core import paths
from onward.core.extract.worked import key_of, trouble_in
from onward.core.master import turn_tokens
from onward.core.tools import Change, action, file_read
from onward.core.transcript import ToolCall, ToolResult, Turn

_LONGEST_COMMAND_CHARS = 4000
_SHOWS = frozenset(("cat", "head", "tail", "sed", "nl", "less", "more", "bat", "type"))
_PARTS = re.compile(r"\s*(?:&&|\|\||;|\n)\s*")
_LOOKING = re.compile(
    r"(?:cd|ls|dir|ll|cat|head|tail|sed|nl|less|more|bat|type|grep|egrep|rg|ag|find|fd|echo|pwd|which|where|wc|sleep|tree|ps|jq|file|stat|du|df|env|printenv|"
    r"date|whoami|uname|sort|uniq|cut|awk|true|test|\[|git (?:-C \S+ )?(?:status|diff|log|show|branch|fetch|remote|blame|rev-parse|ls-files|grep)|"
    r"gh (?:pr|issue|run|repo) (?:view|list|status|diff|checks)|Get-\w+|Select-String|Test-Path)(?=\s|$)",
    re.I,
)
_WRITES = re.compile(r"(?<![\d&=-])>{1,2}\s*(?!/dev/null|&)[\w./~\"'$]|\bsed\b[^|;]*\s-i|\btee\b")


@dataclass(slots=True)
class Step:
    """One tool call with its result. `tokens` counts both; `failed` is None where the transcript does not say.

    `reads` are the files that it looked at, `changes` those that it changed, `command` what it ran; all empty for a call that did nothing of these.
    """

    turn: int
    at: datetime | None
    tokens: int
    call: ToolCall
    command: str = ""
    reads: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    failed: bool | None = None
    trouble: str = ""
    answered_in: int = 0
    before_tokens: int = 0
    """Tokens of the session before the turn of the call."""

    @property
    def is_productive(self) -> bool:
        """Whether it edited something, or ran a command that is not reading."""
        return bool(self.changes and not self.failed) or bool(self.command and not is_looking(self.command))

    @property
    def key(self) -> str:
        """What makes two runs the same command."""
        return key_of(self.command)


@dataclass(slots=True)
class Steps:
    """Gathers the steps of a session from its turns, given one by one, whole and in order. `tokens` counts all turns taken."""

    cwd: str = ""
    steps: list[Step] = field(default_factory=list[Step])
    tokens: int = 0
    began_at: datetime | None = None
    _waiting: dict[str, Step] = field(default_factory=dict[str, Step])

    def take(self, ordinal: int, turn: Turn) -> None:
        """Take the next turn of the main path."""
        self.began_at = self.began_at or turn.at
        for call in turn.calls:
            step = self._step(ordinal, turn, call)
            self.steps.append(step)
            self._waiting[call.id] = step
        for result in turn.results:
            step_answered = self._waiting.pop(result.call_id, None)
            if step_answered is not None:
                _answer(step_answered, result, ordinal)
        self.tokens += turn_tokens(turn)

    def _step(self, ordinal: int, turn: Turn, call: ToolCall) -> Step:
        did = action(call)
        tokens = turn_tokens(Turn("assistant", calls=(call,)))
        step = Step(ordinal, turn.at, tokens, call, did.command, changes=did.changes, before_tokens=self.tokens)
        if did.command:
            step.reads = tuple(known_as(path, self.cwd) for path in _shown_by(did.command))
        elif not did.changes and (path := file_read(call)):
            step.reads = (known_as(path, self.cwd),)
        step.changes = tuple(one._replace(path=known_as(one.path, self.cwd)) for one in step.changes)
        return step


def is_looking(command: str) -> bool:
    """Whether *command* only reads: every part of it shows something, and none writes a file.

    >>> is_looking("cd src && rg -n cart | head"), is_looking("cat > a.py <<'E'"), is_looking("make test")
    (True, False, False)
    """
    command = command[:_LONGEST_COMMAND_CHARS]
    return not _WRITES.search(command) and all(_LOOKING.match(part) for part in _PARTS.split(command.strip()) if part)


def _answer(step: Step, result: ToolResult, ordinal: int) -> None:
    step.tokens += len(result.text) // 4
    step.answered_in = ordinal
    if result.is_error is not None or result.exit_code is not None:
        step.failed = bool(result.is_error) or bool(result.exit_code)
    if step.failed and step.command:
        step.trouble = trouble_in(result.text)


def _shown_by(command: str) -> Iterator[str]:
    """Yield the files that a command prints: `cat a.py`, `sed -n 1,40p a.py`, `head -50 a.py | grep x`."""
    if len(command) > _LONGEST_COMMAND_CHARS or "<<" in command:
        return
    for part in _PARTS.split(command):
        said = part.split("|", 1)[0].strip()
        if said.split(" ", 1)[0] not in _SHOWS or ">" in said or " -i" in said:
            continue
        try:
            name, *arguments = shlex.split(said)
        except ValueError:
            continue
        named = [one for one in arguments if not one.startswith("-") and ("/" in one or "." in one)]
        yield from (one for one in named if not (name == "sed" and re.fullmatch(r"[\d,$]+p?;?.*p|s/.*", one)))


def known_as(path: str, cwd: str) -> str:
    """Return *path* as the ledger knows it: from *cwd* where it is below, with `/`."""
    short = path.removeprefix("./")
    for root in paths.spellings(cwd) if cwd else ():
        if len(root) > 3 and short.startswith((root + "/", root + "\\")):
            short = short[len(root) + 1 :]
    return short.replace("\\", "/") if paths.is_windows(cwd) and not paths.is_windows(short) else short
