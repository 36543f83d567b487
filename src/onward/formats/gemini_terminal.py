"""Gemini CLI as its terminal shows it: text copied from the screen.

A mark opens an entry: `>` a prompt, `✦` an answer, `ℹ`, `✕` and `⚠` a notice of the client. A call stands in a box, or since 2026 on a
line of its own: the mark of its outcome, the name of the tool, what it is for, and `→` what came of it, with a diff or output below. The
terminal wraps lines and abridges paths.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from onward.core.transcript.transcript import ImportReport, SessionHead, ToolCall, ToolResult, TranscriptItem, Turn
from onward.formats.blocks import find_exit_code, parse_arguments
from onward.formats.envelopes import extract_typed
from onward.formats.source import TranscriptSource
from onward.formats.terminal_lines import find_width, unwrap

NAME = "gemini-terminal"
AGENT = "gemini-cli"
VERSIONS = ()
"""No version is known to have been seen: the text that was read begins below the banner."""
UNRECORDED = {
    "times": "an entry has no time",
    "todo state": "a call says that the tasks changed, not which",
    "usage": "the screen counts no tokens of an answer",
}
"""What transcripts of this format do not record, with the reason."""

_ENTRY = re.compile(r"(?P<indent> {0,3})(?P<mark>[>✦ℹ✕⚠])(?:\ufe0f)?(?: +(?P<words>.*))?$")
_CALL = re.compile(r" {0,3}(?P<mark>[✓✔?ox✗⊷⊶-]) {1,2}(?P<title>[^\W\d_].*)$")
_BOX_TOP, _BOX_END = re.compile(r" {0,3}╭─+╮\s*$"), re.compile(r" {0,3}╰─+╯\s*$")
_BOX_LINE = re.compile(r" {0,3}│ ?(.*?) ?[│█▄▀]?\s*$")
_PAYLOAD = re.compile(r" {6}|\s*$")
"""A line of the diff or the output below a call without a box."""
_QUOTE_INDENT = 2
"""How far a quotation in an answer is indented, and no prompt."""
_EMPTY_PROMPT = "Type your message"
"""Stands in the input field."""
_THINKING = "Thinking..."
"""Stands above the first thought."""
_STATUS = re.compile(r" ?(?:Using: )?\d+ (?:open files?|\S+\.md files?|MCP servers?|skills?)\b")
"""The line above the input field."""
_FOOTER = re.compile(r"(?:no sandbox|sandbox-exec|untrusted)\b.*?\b(gemini-\d[\w.-]*)")
_BANNER = re.compile(r"Gemini CLI v(\d+\.\d+\.\d+)")
_DONE, _CANCELLED, _FAILED = "✓✔", "-", "x✗"
_REJECTED, _STOPPED = "Tool call rejected by the user.", "Tool call cancelled by the user.\n[Operation cancelled]"
"""The result of a call that the person did not allow, whose diff did not become a change, and of one that they stopped."""
_OUTCOME = re.compile(r" → (.*)$")
_COUNTS = re.compile(r" \(\+\d+, -\d+\)$")
_SERVER = re.compile(r"(\S+) \((.+) MCP Server\) ?(.*)$", re.S)
_COMMAND = re.compile(r"(?P<command>.+?)(?: \[(?:in|current working)\b[^\]…]*[\]…])?(?: \((?P<purpose>[^\W\d_][^()]*[.…])\))?$", re.S)
_PURPOSE = re.compile(r"[^\W\d_][^|&;$<>=]* [^|&;$<>=]*\.$")
"""A sentence, which the client shows in place of a long command."""
_TOOLS = {
    "Shell": ("run_shell_command", "command"),
    "WriteFile": ("write_file", "file_path"),
    "Edit": ("replace", "file_path"),
    "ReadFile": ("read_file", "file_path"),
    "ReadManyFiles": ("read_many_files", "paths"),
    "ReadFolder": ("list_directory", "path"),
    "FindFiles": ("glob", "pattern"),
    "SearchText": ("grep_search", "pattern"),
    "GoogleSearch": ("google_web_search", "query"),
    "WebFetch": ("web_fetch", "prompt"),
    "Ask User": ("ask_user", "question"),
    "Save Memory": ("save_memory", "fact"),
    "SaveMemory": ("save_memory", "fact"),
    "WriteTodos": ("write_todos", "description"),
}
"""The tools as the screen names them: their real names, and what their bare argument is."""


@dataclass(slots=True)
class _Entry:
    """A prompt, an answer, a notice or a call: its mark, its first words, and the lines below."""

    mark: str
    line: int
    lines: list[str]
    is_call: bool = False
    column: int = 2
    """Where the words begin; further lines of a prompt are indented as far."""
    shown: list[str] = field(default_factory=list[str])
    """The diff or the output of a call."""

    def add(self, line: str) -> None:
        """Add a line of words."""
        indent = min(len(line) - len(line.lstrip()), self.column) if self.mark == ">" else 2
        self.lines.append(f"  {line[indent:]}" if line[:indent].isspace() else line)


def detect(head: bytes) -> bool:
    """Whether the text begins with the client's banner or an entry, and has an answer, and a prompt or a call."""
    lines = [line for line in head.translate(None, b"\0").decode("utf-8", "replace").splitlines() if line.strip()]
    marks = {match["mark"] for line in lines if (match := _ENTRY.match(line))}
    if "✦" not in marks:
        return False
    is_begun = any(_BANNER.search(line) for line in lines[:16]) or any(_starts(line) for line in lines[:2])
    return is_begun and (">" in marks or any(_named_call(line) for line in lines))


def read(source: TranscriptSource, report: ImportReport) -> Iterator[TranscriptItem]:
    """Yield the session. Every non-blank line is a record."""
    if match := _BANNER.search(source.head.decode("utf-8", "replace")[:4096]):
        report.meet_version(match[1])
    yield SessionHead(agent=AGENT)
    width, model = find_width(source), _find_model(source)
    for entry in _entries(source, report):
        yield from _turns(entry, width, model)


def _starts(line: str) -> bool:
    return bool(_ENTRY.match(line) or _BOX_TOP.match(line) or line.strip("▄ ") == "")


def _named_call(line: str) -> bool:
    """Whether a line shows a call of one of the client's own tools."""
    boxed = _BOX_LINE.match(line)
    match = _CALL.match(line) or (_CALL.match(boxed[1]) if boxed else None)
    return match is not None and match["title"].startswith(tuple(_TOOLS))


def _find_model(source: TranscriptSource) -> str | None:
    """Return the model that the line below the input field names last."""
    models = [match[1] for _, line in source.text_lines() if (match := _FOOTER.search(line))]
    return models[-1] if models else None


def _entries(source: TranscriptSource, report: ImportReport) -> Iterator[_Entry]:
    entry: _Entry | None = None
    in_box = False
    for number, raw in source.text_lines():
        line = raw.rstrip("\r\n").replace("\u00a0", " ")
        if line.strip():
            report.keep()
        is_rule = line.strip() != "" and not line.strip("▄▀ ")
        if is_rule or _BOX_TOP.match(line) or _BOX_END.match(line):
            in_box = _BOX_TOP.match(line) is not None
            if entry is not None and (is_rule or in_box or entry.mark == ">"):
                yield entry
                entry = None
            continue
        if in_box:
            boxed = _BOX_LINE.match(line)
            words = boxed[1] if boxed else line
            opened = _open(words, number)
            if opened is not None and not (entry is not None and entry.is_call and not opened.is_call):
                if entry is not None:
                    yield entry
                entry = opened
            elif entry is not None and entry.is_call:
                entry.shown.append(words)
            elif entry is not None:
                entry.add(words)
            continue
        if line.lstrip().startswith("│") or line.strip() == _THINKING or _STATUS.match(line):
            continue  # A thought has a rule on its left.
        opened = _open(line, number)
        if opened is not None:
            if entry is not None:
                yield entry
            entry = opened
        elif entry is None:
            continue
        elif entry.is_call and _PAYLOAD.match(line):
            entry.shown.append(line[6:])
        elif entry.is_call and not entry.shown and line.strip().startswith("→ "):
            entry.lines[0] += f" {line.strip()}"
        elif entry.is_call:
            # The agent's words on what it does next have no mark of their own.
            yield entry
            entry = _Entry(mark="✦", line=number, lines=[line.strip()])
        else:
            entry.add(line)
    if entry is not None:
        yield entry


def _open(line: str, number: int) -> _Entry | None:
    """Return the entry that *line* opens, if any."""
    if (match := _CALL.match(line)) and (match["mark"] not in "o-x?" or "  " in line[:5] or _named_call(line)):
        title = match["title"].rstrip().removesuffix(" ←").rstrip()
        return _Entry(mark=match["mark"], line=number, lines=[title], is_call=True)
    if (match := _ENTRY.match(line)) and not (match["mark"] == ">" and len(match["indent"]) == _QUOTE_INDENT):
        words = (match["words"] or "").rstrip()
        return _Entry(mark=match["mark"], line=number, lines=[words], column=max(match.start("words"), 2))
    return None


def _turns(entry: _Entry, width: int, model: str | None) -> Iterator[Turn]:
    if entry.is_call:
        call, result = _call(entry)
        yield Turn(role="assistant", calls=(call,), model=model, line=entry.line)
        if result is not None:
            yield Turn(role="tool", results=(result,), line=entry.line)
        return
    text = unwrap(entry.lines, width)
    if entry.mark == ">" and text and not text.startswith(_EMPTY_PROMPT):
        words, mark = extract_typed([text])
        is_command = text.startswith("/") and "\n" not in text
        yield Turn(role="user", text=words or text, mark="injected" if is_command or not words else mark, line=entry.line)
    elif entry.mark == "✦" and text:
        yield Turn(role="assistant", text=text, model=model, line=entry.line)


def _call(entry: _Entry) -> tuple[ToolCall, ToolResult | None]:
    """Return the call of an entry, and its result; of a call that did not end there is none."""
    title, outcome = entry.lines[0], ""
    if match := _OUTCOME.search(title):
        title, outcome = title[: match.start()], match[1]
    call = ToolCall(f"line-{entry.line}", *_name_and_arguments(title.strip()))
    if entry.mark not in _DONE + _CANCELLED + _FAILED:
        return call, None
    shown = "\n".join(line.rstrip() for line in entry.shown).strip("\n")
    result = ToolResult(call.id, "\n".join(filter(None, (outcome, shown))))
    if entry.mark in _CANCELLED:
        result.is_error, result.text = True, _REJECTED if outcome.startswith("Rejected") else _STOPPED
    elif entry.mark in _FAILED:
        result.is_error = True
    if call.name == "run_shell_command":
        result.exit_code = find_exit_code("exited with code: ", result.text)
    return call, result


def _name_and_arguments(title: str) -> tuple[str, dict[str, object]]:
    """Return the real name of a tool and the arguments that the screen shows of it."""
    shown = next((name for name in _TOOLS if title == name or title.startswith(f"{name} ")), "")
    if not shown:
        match = _SERVER.match(title)
        name, _, words = (match[1], "", match[3]) if match else title.partition(" ")
        value = parse_arguments(words.strip()) if words.strip().startswith("{") else None
        arguments: dict[str, object] = dict(value) if isinstance(value, dict) else {"description": words.strip()} if words.strip() else {}
        return (f"mcp__{match[2]}__{name}" if match else name), arguments
    name, key = _TOOLS[shown]
    words = title.removeprefix(shown).strip()
    if key == "command":
        return name, _command(words)
    if key == "file_path":
        words = words.removeprefix("Writing to ").removeprefix("Create ").removeprefix("No file changes to ").partition(": ")[0]
        words = _COUNTS.sub("", words)
        last = re.split(r"[/\\]", words)[-1]
        words = last if "..." in words and "..." not in last else words
    elif key == "pattern":
        words = words.partition(" within ")[0].strip("'")
    elif key == "query":
        words = words.removeprefix("Searching the web for: ").strip('"')
    return name, {key: words} if words else {}


def _command(words: str) -> dict[str, object]:
    """Return the command that a line shows, or only what it is for."""
    match = _COMMAND.match(words)
    if match is None or _PURPOSE.match(words):
        return {"description": words} if words else {}
    return {"command": match["command"]} | ({"description": match["purpose"]} if match["purpose"] else {})
