"""Claude Code as its terminal shows it: the text of `/export`, or what was copied from the screen.

A mark at the beginning of a line opens an entry: `❯` or `>` a prompt, `⏺` or `●` an answer or a call, `✻` a notice of the client. What
belongs to it is indented, and a call's result stands below `⎿`. The terminal wraps lines, shortens results, and sums up calls that
only read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from onward.core.transcript.transcript import ImportReport, SessionHead, ToolCall, ToolResult, TranscriptItem, Turn
from onward.formats.blocks import find_exit_code
from onward.formats.envelopes import extract_typed
from onward.formats.source import TranscriptSource
from onward.formats.terminal_lines import find_width, unwrap

NAME = "claude-terminal"
AGENT = "claude-code"
VERSIONS = ("1.0.58", "2.0.14", "2.1.44", "2.1.223")
UNRECORDED = {
    "times": "an entry has no time",
    "usage": "the screen counts no tokens of an answer",
}
"""What transcripts of this format do not record, with the reason."""

_PROMPT, _ANSWER, _NOTICE = "❯>", "⏺●", "✻✽✶✳✢·※∴"
_RESULT = "⎿"
_BOX = "╭╰│─━▔▁▎ ▐▝▘"
"""What lines of the banner, of the input field and of rules begin with."""
_BANNER = re.compile(r"Claude Code v(\d+\.\d+\.\d+)|✻ Welcome to Claude Code")
_MODEL = re.compile(r"(?:▝▜\S+|│) +((?:Opus|Sonnet|Haiku|Fable|Claude|[a-z][\w.-]*\d[\w.-]*)[\w. ()-]*?)(?: with .*)? · ")
_FOLDER = re.compile(r"(?:▘▘ ▝▝ +|cwd: |│ +)(/[^\s│]+|[A-Za-z]:\\[^\s│]+)")
_CALL = re.compile(r"((?:[A-Z][A-Za-z]*(?: [A-Z][a-z]+)?)|[\w.-]+ - [\w.-]+ \(MCP\)|mcp__\w+)\((.*)\)$", re.S)
_FOLDED = re.compile(r"^ {0,3}\S.*\(ctrl\+[a-z] to (?:expand|see|view)[^)]*\)$")
"""A line that sums up calls, or a thought, which the screen does not show."""
_NAMED = re.compile(r'(\w+): "((?:[^"\\]|\\.)*)"')
_TOOLS = {
    "Bash": ("Bash", "command"),
    "PowerShell": ("PowerShell", "command"),
    "Read": ("Read", "file_path"),
    "Write": ("Write", "file_path"),
    "Create": ("Write", "file_path"),
    "Update": ("Edit", "file_path"),
    "Edit": ("Edit", "file_path"),
    "MultiEdit": ("MultiEdit", "file_path"),
    "Search": ("Grep", "pattern"),
    "List": ("LS", "path"),
    "Fetch": ("WebFetch", "url"),
    "Web Search": ("WebSearch", "query"),
    "Skill": ("Skill", "skill"),
}
"""The tools as the screen names them: their real names, and what their bare argument is."""
_TODO_TITLES = frozenset({"Update Todos", "Update Todo List", "Updated todo list"})
_TODO_MARKS = {"☐": "pending", "◻": "pending", "☒": "completed", "✔": "completed", "☑": "completed", "◼": "in_progress"}
_ERRORS = ("Error: ", "Error editing file", "Error writing file", "Error searching files", "Exit code ")
_DIALOG, _APPROVAL = "User answered Claude's questions", "User approved Claude's plan"
_PLAN_BOX, _PLAN_WORDS = "Plan to implement", "Implement the following plan:"
"""The title of the box that shows an approved plan at the start of a session, and what the client sends as the prompt."""
_RESULT_INDENT = 5
_OUTPUT_MARGINS = (5, 10)
"""By how much lines of output are narrower than the terminal."""
_DIFF_TOOLS = frozenset({"Edit", "MultiEdit", "Write", "NotebookEdit", "TodoWrite"})
"""The tools whose results are shown with line numbers or as a list."""


@dataclass(slots=True)
class _Entry:
    """A mark and the lines that belong to it; `results` are the lines below each `⎿`."""

    mark: str
    line: int
    lines: list[str] = field(default_factory=list[str])
    results: list[list[str]] = field(default_factory=list[list[str]])


def detect(head: bytes) -> bool:
    """Whether the text begins with the client's banner or with an entry, and has the marks of its entries."""
    text = head.decode("utf-8", "replace")
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines or not any(line.startswith(tuple(f"{mark} " for mark in _ANSWER)) for line in lines):
        return False
    start = "\n".join(lines[:12])
    if (_BANNER.search(start) or _PLAN_BOX in start) and lines[0].lstrip()[:1] in _BOX + "✻":
        return True
    return _mark(lines[0]) != "" and any(line.lstrip().startswith(_RESULT) for line in lines)


def read(source: TranscriptSource, report: ImportReport) -> Iterator[TranscriptItem]:
    """Yield the session. Every non-blank line is a record."""
    preface = source.head.decode("utf-8", "replace").replace("\r\n", "\n")[:4096]
    if match := _BANNER.search(preface):
        report.meet_version(match[1] or "")
    folder = _FOLDER.search(preface)
    model = match[1].strip() if (match := _MODEL.search(preface)) else None
    yield SessionHead(agent=AGENT, cwd=folder[1] if folder else "")
    width = find_width(source)
    for entry in _entries(source, report):
        yield from _turns(entry, width, model)


def _mark(line: str) -> str:
    """Return the mark that opens an entry, if *line* begins with one."""
    mark, rest = line[:1], line[1:2]
    return mark if mark and mark in _PROMPT + _ANSWER + _NOTICE and rest in {"", " ", "\u00a0"} else ""


def _entries(source: TranscriptSource, report: ImportReport) -> Iterator[_Entry]:
    entry: _Entry | None = None
    in_prompt_box = False
    for number, line in source.text_lines():
        if line.strip():
            report.keep()
        mark = _mark(line)
        if mark and mark in _PROMPT and in_prompt_box:
            mark = ""  # Text in the input field was not sent.
        if mark:
            if entry is not None:
                yield entry
            entry, in_prompt_box = _Entry(mark, number), False
            words, result, answer = line[2:].partition(f"  {_RESULT}  ")
            entry.lines.append(words)
            if result:
                entry.results.append([answer])
        elif line[:1] == "│" and line.strip("│ ") == _PLAN_BOX:
            if entry is not None:
                yield entry
            entry = _Entry("❯", number, [_PLAN_WORDS])
        elif line[:1] == "│" and entry is not None and entry.lines[0] == _PLAN_WORDS and not entry.results:
            entry.lines.append(f"  {line.strip('│')[1:]}")
        elif line[:1] in {"─", "╭", "╰", "│"} or in_prompt_box:
            # Below a rule are the input field and the status lines.
            in_prompt_box = line[:1] == "─"
        elif entry is not None and line.lstrip().startswith(_RESULT):
            entry.results.append([line.lstrip()[1:].lstrip()])
        elif entry is not None and entry.results and (not line.strip() or line.startswith(" " * _RESULT_INDENT)):
            entry.results[-1].append(line[_RESULT_INDENT:])
        elif entry is not None and entry.results:
            if not _FOLDED.match(line):
                # Words without a mark of their own below a result are the agent's.
                yield entry
                entry = _Entry("⏺", number, [line.removeprefix("  ")])
        elif entry is not None:
            entry.lines.append(line)
    if entry is not None:
        yield entry


def _turns(entry: _Entry, width: int, model: str | None) -> Iterator[Turn]:
    if entry.mark in _PROMPT:
        if turn := _prompt(entry, width):
            yield turn
    elif entry.mark in _ANSWER:
        yield from _answer(entry, width, model)


def _prompt(entry: _Entry, width: int) -> Turn | None:
    """Return the turn of a prompt. A prompt that the client itself answered is a command to it."""
    if entry.results and entry.lines[0].startswith(("/", "!")):
        return Turn(role="user", text=unwrap(entry.lines, width), mark="injected", line=entry.line)
    text, mark = extract_typed([unwrap([line for line in entry.lines if not _FOLDED.match(line)], width)])
    return Turn(role="user", text=text, mark=mark, line=entry.line) if text else None


def _answer(entry: _Entry, width: int, model: str | None) -> Iterator[Turn]:
    lines = [line for line in entry.lines if not _FOLDED.match(line)]
    if _FOLDED.match(f" {entry.lines[0]}") and not any(line.strip() for line in lines[1:]):
        return
    title = " ".join(line.strip() for line in lines if line.strip()) if entry.results else ""
    call = _call(title, entry)
    if call is None:
        text = unwrap(lines, width)
        if text:
            yield Turn(role="assistant", text=text, model=model, line=entry.line)
        return
    yield Turn(role="assistant", calls=(call,), model=model, line=entry.line)
    if entry.results:
        yield Turn(role="tool", results=(_result(call, entry, width),), line=entry.line)


def _call(title: str, entry: _Entry) -> ToolCall | None:
    """Return the call that an entry shows, or None if it shows words."""
    call_id = f"line-{entry.line}"
    shown = [line for lines in entry.results for line in lines]
    if title.partition("(")[0].strip() in _TODO_TITLES:
        return ToolCall(call_id, "TodoWrite", {"todos": _todos(shown)})
    if title.startswith(_DIALOG):
        return ToolCall(call_id, "AskUserQuestion", {"questions": [{"question": question} for question, _ in _answers(shown)]})
    if title.startswith(_APPROVAL):
        return ToolCall(
            call_id, "ExitPlanMode", {"plan": "\n".join(shown).partition("/plan to edit")[2].strip() or "\n".join(shown).strip()}
        )
    match = _CALL.match(title or " ".join(line.strip() for line in entry.lines if line.strip()))
    if match is None or not (title or match[1] in _TOOLS):
        return None
    name, key = _TOOLS.get(match[1], (match[1], "description"))
    if match[1].endswith(" (MCP)"):
        server, _, tool = match[1].removesuffix(" (MCP)").partition(" - ")
        name = f"mcp__{server}__{tool}"
    named = dict(_NAMED.findall(match[2]))
    if named or not match[2]:
        return ToolCall(call_id, name, named)
    value = match[2].partition(" · lines ")[0] if key == "file_path" else match[2]
    return ToolCall(call_id, name, {key: value})


def _result(call: ToolCall, entry: _Entry, width: int) -> ToolResult:
    lines = [line for lines in entry.results for line in lines]
    shown = "\n".join(map(str.rstrip, lines if call.name in _DIFF_TOOLS else unwrap_output(lines, width))).strip()
    if call.name == "AskUserQuestion":
        shown = ", ".join(f'"{question}"="{answer}"' for question, answer in _answers(lines))
    elif call.name == "ExitPlanMode":
        shown = "User has approved your plan."
    result = ToolResult(call.id, "" if shown in {"(No content)", "(No output)"} else shown)
    if shown.startswith(_ERRORS):
        result.is_error, result.exit_code = True, find_exit_code("Exit code ", shown[:40])
    elif call.name == "Bash" and "Running in the background" not in shown and not shown.startswith("Interrupted"):
        result.exit_code = 0  # The client writes `Error: Exit code N` above the output of every failed command.
    return result


def _answers(lines: list[str]) -> list[tuple[str, str]]:
    """Return each question of a dialog with its answer, which the screen shows as `· question → answer`."""
    exchanges = " ".join(line.strip() for line in lines).split("· ")
    pairs = (exchange.partition("→") for exchange in exchanges)
    return [(question.strip(), answer.strip()) for question, arrow, answer in pairs if arrow]


def _todos(lines: list[str]) -> list[dict[str, str]]:
    marked = ((line.strip()[:1], line.strip()[1:].strip()) for line in lines)
    return [{"content": text, "status": _TODO_MARKS[mark]} for mark, text in marked if mark in _TODO_MARKS]


def unwrap_output(lines: list[str], width: int) -> list[str]:
    """Return the lines of output as the command wrote them: the terminal breaks them where they are full, also inside a word."""
    joined: list[str] = []
    is_full = False
    for line in lines:
        if is_full and line.strip():
            joined[-1] += line
        else:
            joined.append(line)
        is_full = bool(width) and (
            width - len(line) in _OUTPUT_MARGINS or (line.endswith(" ") and width - len(line) < 2 * max(_OUTPUT_MARGINS))
        )
    return joined
