"""Aider: `.aider.chat.history.md`, many sessions in one file, each opened by `# aider chat started at …`.

A line that begins with `#### ` is the user's, one that begins with `> ` is Aider's own (edits, commits, warnings, prices), and the rest
is the model's. Every non-blank line is a record. The file has no tool calls: Aider's reports (`Applied edit to …`, `Commit …`, `Running
…`) become calls of the turn before them, and commands of the user (`/run …`, `!…`) become calls of the prompt. In architect mode the
answer comes once more as the prompt of the editor model, which nobody typed. Only sessions have times, in the zone of the machine.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain, pairwise

from onward.core.transcript.frames import is_client_setting
from onward.core.transcript.tools import CLIENT_CALL
from onward.core.transcript.transcript import ImportReport, SessionHead, ToolCall, ToolResult, TranscriptItem, Turn, Usage
from onward.formats.source import TranscriptSource

NAME = "aider"
VERSIONS = ()
"""A transcript does not say which version wrote it."""
UNRECORDED = {
    "times": "only the start of a session has a time",
    "exit code": "the output of a command stands alone",
    "todo state": "the agent keeps no list",
}
"""What transcripts of this format do not record, with the reason."""

_START = "# aider chat started at "
_MODEL_WORDS = ("Main model: ", "Model: ", "Models: ")
_FOLDER_WORDS = ("Git working dir: ", "Cur working dir: ")
_RUN_PREFIXES = ("/run ", "/test ", "/git ", "/lint ", "!")
_PROMPT_PREFIXES = ("/ask ", "/code ", "/architect ", "/context ")
"""Commands followed by a prompt. The others are settings."""
_SEARCH, _REPLACE = "<<<<<<< SEARCH", ">>>>>>> REPLACE"
_COST = "Cost: $"
_UNDONE = re.compile(r"Removed: |Commit `[0-9a-f]{7,40}` was reset")
"""How Aider opens the line of a price, and that of a commit which `/undo` took back."""
_LINE_END = "  "
_CONFIRMATION = "(Y)es/(N)o"
_COPIED_SHARE = 0.8
"""The least length of a prompt, as a share of the answer before it, that is the answer's copy when it begins like it."""
_COPIED_CHARS = 200
_THINKING = re.compile(
    r"<(think|thinking-content-[0-9a-f]{8,})>(?P<tagged>.*?)(?:</\1>|\Z)|^-*\n?► \*\*THINKING\*\*\n(?P<titled>.*?)(?:^-*\n?► \*\*ANSWER\*\*\n|\Z)",
    re.S | re.M,
)
"""What a model thought before it answered: in the tags that Aider tells it to use, or under Aider's titles."""
_AFTER_OUTPUT = ("> Tokens: ", "> Add ", "> Added ", "> Commit ", "> Run ")


@dataclass(slots=True)
class _Run:
    """Lines of one author: `start`, `user`, `model`, `aider`, or the `output` of a command that the user ran."""

    author: str
    line: int
    lines: list[str] = field(default_factory=list[str])
    fences: int = 0
    is_replacing: bool = False
    """Whether a SEARCH/REPLACE block is open."""
    records: int = 0
    is_over: bool = False
    """Whether a blank line follows, so that the next prompt is a new one."""
    is_command_line: bool = False
    """Whether the line that started Aider goes on: a prompt among its arguments may have several lines, of which the last has the mark."""

    def add(self, line: str) -> None:
        """Add a non-blank line, and note whether it opens or closes a block."""
        self.records += 1
        self.lines.append(line)
        self.fences += line.startswith("```") and not self.is_replacing
        if line.startswith((_SEARCH, _REPLACE)):
            self.is_replacing = line.startswith(_SEARCH)

    @property
    def is_block(self) -> bool:
        """Whether the next line is inside a code block of the model."""
        return self.author == "model" and (self.fences % 2 == 1 or self.is_replacing)

    @property
    def command(self) -> str:
        """Return the shell command in the user's lines; empty if they are a prompt."""
        first = self.lines[0] if self.author == "user" else ""
        bare = first.strip() if f"{first.strip()} " in _RUN_PREFIXES else ""
        return bare[1:] or next((first[len(start) :].strip() for start in _RUN_PREFIXES if first.startswith(start)), "")


def detect(head: bytes) -> bool:
    """Whether a session of Aider begins in *head*."""
    return head.startswith(_START.encode()) or b"\n" + _START.encode() in head


def read(source: TranscriptSource, report: ImportReport) -> Iterator[TranscriptItem]:
    """Yield every session with at least one prompt or answer."""
    session = _Session(report)
    for run, next_run in pairwise(chain(_runs(source), [_Run("start", 0)])):
        yield from session.take(run, next_run)
    session.end()


def _runs(source: TranscriptSource) -> Iterator[_Run]:
    run = _Run("", 0)
    for number, line in source.text_lines():
        author = _author(line, run)
        is_marked = line.endswith(_LINE_END)
        if author == run.author and author != "start" and not (author == "user" and run.is_over):
            run.add(_strip_prefix(line, author))
        elif author:
            if run.author:
                yield run
            run = _Run(author, number, is_command_line=author == "aider" and run.author == "start")
            run.add(_strip_prefix(line, author))
        else:
            run.lines.append("")
            run.is_over = True
        run.is_command_line = run.is_command_line and not is_marked
    if run.author:
        yield run


def _author(line: str, run: _Run) -> str:
    """Return the author of *line*, which follows *run*; empty for a blank line."""
    if not line.startswith(("#", ">")):
        if not line.strip():
            return ""
        if run.is_command_line:
            return "aider"
        if line.startswith(_COST) and run.author == "aider" and run.lines[-1].startswith("Tokens: "):
            return "aider"  # the price, which a cached prompt puts on a line of its own, without the mark
        return "output" if run.author == "output" or run.command else "model"
    # Aider ends its own lines and the user's with two spaces; a similar line in a code block of the model has none.
    if run.is_block and not line.endswith(_LINE_END):
        return "model"
    if line.startswith(_START):
        return "start"
    if line.startswith("####"):
        return "aider" if _CONFIRMATION in line else "user"
    if run.author == "output" or run.command:
        return "aider" if line.startswith(_AFTER_OUTPUT) else "output"
    return "aider" if line.startswith(">") else "model"


def _strip_prefix(line: str, author: str) -> str:
    if author == "start":
        return line[len(_START) :].strip()
    if author in {"user", "aider"}:
        return line.lstrip("#" if line[0] == "#" else ">").removeprefix(" ").rstrip()
    return line


class _Session:
    """The session being read."""

    def __init__(self, report: ImportReport) -> None:
        self.report = report
        self.head: SessionHead | None = SessionHead(agent=NAME)
        """None once it is yielded. It is yielded with the first turn, since many sessions are started without a prompt."""
        self.preamble: list[_Run] = []
        self.model: str | None = None
        self.command_id = ""
        self.last_answer = ""
        self.question = ""
        """What the person asked with a command (`/ask …`), until it is answered: Aider writes it a second time as a prompt."""

    def take(self, run: _Run, next_run: _Run) -> Iterator[TranscriptItem]:
        """Yield the turns of *run*; *following* holds Aider's actions after it."""
        if run.author == "start":
            self.end()
            start_text = run.lines[0]
            self.head, self.model = SessionHead(agent=NAME, id=start_text or None, started_at=_parse_local_time(start_text)), None
            self.report.keep(run.records)
            return
        if run.author == "aider":
            self._read_settings(run)
            if self.head is not None:
                self.preamble.append(run)
                return
        if self.head is not None:
            yield self.head
            self.head = None
            for earlier_run in self.preamble:
                yield Turn(role="system", text=_join_lines(earlier_run.lines), mark="injected", line=earlier_run.line)
            self.report.keep(sum(earlier_run.records for earlier_run in self.preamble))
            self.preamble.clear()
        self.report.keep(run.records)
        yield from self._turns(run, next_run)

    def end(self) -> None:
        """Count the records of a session without turns."""
        if self.preamble:
            self.report.skip("start of a session without a prompt", sum(run.records for run in self.preamble))
        self.preamble.clear()

    def _read_settings(self, run: _Run) -> None:
        for line in run.lines:
            if words := next((words for words in _MODEL_WORDS if line.startswith(words)), ""):
                self.model = line[len(words) :].split(" with ")[0].split(",")[0].strip() or None
            elif self.head is not None and (words := next((words for words in _FOLDER_WORDS if line.startswith(words)), "")):
                self.head.cwd = line[len(words) :].strip()

    def _turns(self, run: _Run, next_run: _Run) -> Iterator[Turn]:
        if run.author == "aider":
            results = tuple(result for _, result in _reported_actions(run))
            if results:
                yield Turn(role="tool", results=results, line=run.line)
            reported_texts = {result.text for result in results}
            if rest := _join_lines(line for line in run.lines if line not in reported_texts and not line.startswith(("Tokens: ", _COST))):
                yield Turn(role="system", text=rest, mark="injected", line=run.line)
        elif run.author == "output":
            yield Turn(role="tool", results=(ToolResult(self.command_id, _join_lines(run.lines).removeprefix("> ")),), line=run.line)
        else:
            turn = _prompt_turn(run) if run.author == "user" else _answer_turn(run, self.model)
            if next_run.author == "aider":
                turn.calls += tuple(call for call, _ in _reported_actions(next_run))
                turn.usage = next(filter(None, map(_parse_usage, next_run.lines)), None) if run.author == "model" else None
            self.command_id = turn.calls[0].id if turn.calls else ""
            if run.author == "model":
                self.last_answer, self.question = turn.text, ""
            elif (turn.mark == "said" and turn.text == self.question) or (turn.mark == "said" and _is_copy(turn.text, self.last_answer)):
                turn.mark = "injected"
            elif _join_lines(run.lines).startswith(_PROMPT_PREFIXES):
                self.question = turn.text
            yield turn


def _prompt_turn(run: _Run) -> Turn:
    # A prompt of several lines may begin or end with commands that only set something of the client.
    text = _join_lines(line for line in run.lines if not is_client_setting(line)).strip() or _join_lines(run.lines)
    turn = Turn(role="user", text=text, line=run.line)
    if run.command:
        turn.calls = (ToolCall(f"line:{run.line}", "run", {"command": run.command}),)
        turn.mark = "injected"
    elif start := next((start for start in _PROMPT_PREFIXES if text.startswith(start)), ""):
        turn.text = text[len(start) :].strip()
    elif text.startswith("/") and text.split()[0][1:].replace("-", "").isalpha():
        turn.mark = "injected"
    return turn


def _answer_turn(run: _Run, model: str | None) -> Turn:
    text = _join_lines(run.lines)
    thoughts = [(match["tagged"] or match["titled"] or "").strip() for match in _THINKING.finditer(text)]
    return Turn(
        role="assistant", text=_THINKING.sub("", text).strip(), thinking="\n\n".join(filter(None, thoughts)), model=model, line=run.line
    )


def _is_copy(prompt: str, answer: str) -> bool:
    """Whether a prompt repeats the answer before it, as Aider sends the architect's to the editor model."""
    words, answered = " ".join(prompt.split()), " ".join(answer.split())
    is_whole = len(words) >= _COPIED_SHARE * len(answered)
    return bool(words) and is_whole and words[:_COPIED_CHARS] == answered[:_COPIED_CHARS]


def _reported_actions(run: _Run) -> Iterator[tuple[ToolCall, ToolResult]]:
    """Return Aider's reported actions as calls and their results."""
    for number, line in enumerate(run.lines):
        word, _, rest = line.partition(" ")
        action: tuple[str, dict[str, object]] | None = None
        if line.startswith("Applied edit to "):
            action = "edit", {"path": line[16:].strip()}
        elif word == "Commit" and len(rest.partition(" ")[0]) >= 7 and set(rest.partition(" ")[0]) <= set("0123456789abcdef"):
            action = "commit", {"command": f"git commit -m {rest.partition(' ')[2]!r}"}
        elif _UNDONE.match(line):
            action = "undo", {"command": "git reset --soft HEAD~1"}
        elif word == "Running" and rest:
            action = "run", {"command": rest}
        if action is not None:
            call_id = f"{CLIENT_CALL}{run.line + number}"
            yield ToolCall(call_id, *action), ToolResult(call_id, line)


def _parse_usage(line: str) -> Usage | None:
    """Return the tokens in `Tokens: 3.2k sent, 1k cache hit, 66 received. Cost: …`."""
    if not line.startswith("Tokens: "):
        return None
    usage = Usage()
    for part in line[8:].partition(". Cost")[0].split(", "):
        amount, _, label = part.rstrip(".").partition(" ")
        factor = {"k": 1_000, "M": 1_000_000}.get(amount[-1:], 1)
        digits = amount.rstrip("kM").replace(",", "")
        if not digits.replace(".", "", 1).isdecimal() or not digits.isascii():
            continue
        name = {
            "sent": "input_tokens",
            "received": "output_tokens",
            "cache hit": "cache_read_tokens",
            "cache write": "cache_write_tokens",
        }.get(label)
        if name:
            setattr(usage, name, round(float(digits) * factor))
    return usage


def _join_lines(lines: Iterable[str]) -> str:
    return "\n".join(lines).strip()


def _parse_local_time(text: str) -> datetime | None:
    """Return the UTC time of a local clock reading."""
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").astimezone(UTC)
    except (ValueError, OverflowError):
        return None
