"""Codex as its terminal shows it: text copied from the screen.

A mark at the beginning of a line opens an entry: `›` a prompt, `•` an answer or an act, `■`, `⚠`, `✔` and `✗` a notice of the client. What
belongs to it is indented; what an act found stands below `└`. The terminal wraps lines and shortens commands and outputs. Text that was
copied from inside the first prompt lacks its mark.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from onward.core.transcript.transcript import ImportReport, SessionHead, ToolCall, ToolResult, TranscriptItem, Turn
from onward.formats.blocks import parse_arguments
from onward.formats.envelopes import extract_typed
from onward.formats.source import TranscriptSource
from onward.formats.terminal_lines import find_width, unwrap

NAME = "codex-terminal"
AGENT = "codex"
VERSIONS = ("0.46.0",)
UNRECORDED = {
    "times": "an entry has no time",
    "exit code": "a command that failed differs by its color alone",
    "usage": "the screen counts no tokens of an answer",
}
"""What transcripts of this format do not record, with the reason."""

_ENTRY = re.compile(r"(?P<mark>[›•■⚠✔✗])\ufe0f? (?P<words>.*)$")
_BANNER = re.compile(r">_ OpenAI Codex \(v(\d+\.\d+\.\d+)")
_MODEL = re.compile(r"│ model: +(\S+)")
_FOLDER = re.compile(r"│ directory: +(/[^\s│]+|[A-Za-z]:\\[^\s│]+)")
_RESULT = "└"
_ACT = re.compile(
    r"(?P<act>Ran|You ran|Explored|Updated Plan|Called|Searched(?: the web)?(?: for)?|Viewed Image|(?P<change>Edited|Added|Deleted))(?: (?P<words>.*))?$"
)
_BARE_ACTS = frozenset({"Explored", "Updated Plan", "Viewed Image"})
"""Acts that have nothing but their name on the first line."""
_COUNTS = re.compile(r"(?P<path>.+) \(\+\d+ -\d+\)$")
_FILES = re.compile(r"\d+ files? \(\+\d+ -\d+\)$")
_CHANGED_LINE = re.compile(r" *\d+ ([+-])(.*)$")
_CHANGES = {"Edited": "Update", "Added": "Add", "Deleted": "Delete"}
_STEP = re.compile(r"(Read|List|Search) (.+)$")
_TODO_MARKS = {"✔": "completed", "□": "pending"}
_NOTICE = re.compile(r"(?:Working|Context compacted|Waited|Waiting|Started|Finished)\b.{0,60}$|.*[(•] ?esc to interrupt\)")
_FOOTER = re.compile(r"context left|for shortcuts|\d+% left|to queue message")


@dataclass(slots=True)
class _Entry:
    """A mark and its words; `shown` are the lines below `└`."""

    mark: str
    line: int
    lines: list[str]
    shown: list[str] = field(default_factory=list[str])
    has_result: bool = False
    is_field: bool = False
    """A prompt that stands in the input field, above the line of the status."""


def detect(head: bytes) -> bool:
    """Whether the text begins with the client's banner, an entry, or the words of a prompt, and has a prompt and an act with a result.

    Words without a mark are a prompt if the first entry below them is the agent's, and an act is named as the client names it.
    """
    lines = [line for line in head.translate(None, b"\0").decode("utf-8", "replace").splitlines() if line.strip()]
    if not any(line.startswith("› ") for line in lines) or not any(line.startswith("• ") for line in lines):
        return False
    is_begun = any(_BANNER.search(line) for line in lines[:12]) or _ENTRY.match(lines[0]) is not None or _begins_in_prompt(lines)
    return is_begun and any(line.startswith(f"  {_RESULT} ") or _BANNER.search(line) for line in lines)


def _begins_in_prompt(lines: list[str]) -> bool:
    first = next((match for line in lines if (match := _ENTRY.match(line))), None)
    has_act = any(line.startswith("• ") and _ACT.match(line[2:]) and below.startswith(f"  {_RESULT} ") for line, below in pairwise(lines))
    return first is not None and first["mark"] == "•" and has_act


def read(source: TranscriptSource, report: ImportReport) -> Iterator[TranscriptItem]:
    """Yield the session. Every non-blank line is a record."""
    preface = source.head.decode("utf-8", "replace")[:4096]
    if match := _BANNER.search(preface):
        report.meet_version(match[1])
    folder, model = _FOLDER.search(preface), _MODEL.search(preface)
    yield SessionHead(agent=AGENT, cwd=folder[1] if folder else "")
    width = find_width(source)
    for entry in _entries(source, report):
        yield from _turns(entry, width, model[1] if model else None)


def _entries(source: TranscriptSource, report: ImportReport) -> Iterator[_Entry]:
    entry: _Entry | None = None
    beginning: list[str] | None = []
    """The lines above the first entry."""
    for number, raw in source.text_lines():
        line = raw.rstrip()
        if line:
            report.keep()
        match = _ENTRY.match(line)
        if match is not None:
            if entry is not None:
                yield entry
            if beginning is not None and match["mark"] == "•" and any(beginning) and not any(map(_BANNER.search, beginning)):
                yield _Entry(mark="›", line=1, lines="\n".join(beginning).lstrip().split("\n"))
            beginning = None
            entry = _Entry(mark=match["mark"], line=number, lines=[match["words"]])
        elif beginning is not None:
            beginning.append(line)
        elif entry is None:
            continue
        elif line and not line.startswith(" "):
            # A rule, the banner, or what the shell shows around the client.
            yield entry
            entry = None
        elif entry.mark == "›" and _FOOTER.search(line):
            entry.is_field = True
        elif entry.mark == "•" and line.startswith(f"  {_RESULT} "):
            entry.has_result = True
            entry.shown.append(line[4:])
        elif entry.has_result:
            entry.shown.append(line[4:])
        elif line.startswith("  │ "):
            entry.lines.append(line[4:])
        else:
            entry.lines.append(line)
    if entry is not None:
        yield entry


def _turns(entry: _Entry, width: int, model: str | None) -> Iterator[Turn]:
    if entry.mark == "›":
        words, mark = extract_typed([unwrap(entry.lines, width)])
        if words and not entry.is_field:
            is_command = words.startswith("/") and "\n" not in words
            yield Turn(role="user", text=words, mark="injected" if is_command else mark, line=entry.line)
    elif entry.mark == "•" and not _NOTICE.match(entry.lines[0]):
        acts = list(_acts(entry))
        if acts:
            yield Turn(role="assistant", calls=tuple(call for call, _ in acts), model=model, line=entry.line)
            yield Turn(role="tool", results=tuple(ToolResult(call.id, text) for call, text in acts), line=entry.line)
        elif text := unwrap(entry.lines, width):
            yield Turn(role="assistant", text=text, model=model, line=entry.line)


def _acts(entry: _Entry) -> Iterator[tuple[ToolCall, str]]:
    """Yield the calls that an entry shows, each with its result; none if it shows words."""
    match = _ACT.match(entry.lines[0])
    if match is None:
        return
    act, words, call_id = match["act"], match["words"] or "", f"line-{entry.line}"
    shown = "\n".join(entry.shown).strip()
    if match["change"]:
        if _COUNTS.match(words):
            yield ToolCall(call_id, "apply_patch", {"input": _patch(match["change"], words, entry)}), ""
    elif act in _BARE_ACTS and words:
        return
    elif act == "Explored":
        for index, line in enumerate(entry.shown):
            if step := _STEP.match(line.strip()):
                key, values = ("pattern", [step[2]]) if step[1] == "Search" else ("path", step[2].split(", "))
                for place, value in enumerate(values):
                    yield ToolCall(f"{call_id}-{index}-{place}", step[1].lower(), {key: value}), ""
    elif act == "Updated Plan":
        yield ToolCall(call_id, "update_plan", {"plan": _todos(entry.shown)}), ""
    elif act == "Viewed Image":
        yield ToolCall(call_id, "view_image", {"path": shown}), ""
    elif not entry.has_result:
        return
    elif act == "Called":
        title, _, output = f"{words}\n{shown}".strip().partition("\n")
        name, _, rest = title.partition("(")
        value = parse_arguments(rest.removesuffix(")")) if rest.startswith("{") else None
        yield ToolCall(call_id, f"mcp__{name.replace('.', '__', 1)}", value if isinstance(value, dict) else {}), output
    elif act in {"Ran", "You ran"}:
        command = "\n".join([words, *(line for line in entry.lines[1:] if line.strip())])
        yield ToolCall(call_id, "shell", {"command": command}), "" if shown == "(no output)" else shown
    else:
        yield ToolCall(call_id, "web_search", {"query": words}), shown


def _patch(change: str, words: str, entry: _Entry) -> str:
    """Return the patch that an act shows: its files, with the lines that it adds and removes."""
    patch: list[str] = []
    several = _FILES.match(words) is not None
    for line in [words, *entry.lines[1:], *entry.shown]:
        if (match := _COUNTS.match(line.strip())) and not _FILES.match(line.strip()) and (several or not patch):
            old, arrow, new = match["path"].removeprefix(f"{_RESULT} ").partition(" → ")
            patch.append(f"*** {_CHANGES[change]} File: {old}")
            patch += [f"*** Move to: {new}"] * bool(arrow)
        elif match := _CHANGED_LINE.match(line):
            patch.append(match[1] + match[2])
    return "\n".join(["*** Begin Patch", *patch, "*** End Patch"])


def _todos(lines: list[str]) -> list[dict[str, str]]:
    """Return the steps of a plan. A wrapped step goes on in the next line."""
    todos: list[dict[str, str]] = []
    for line in lines:
        mark, _, words = line.strip().partition(" ")
        if mark in _TODO_MARKS:
            todos.append({"step": words, "status": _TODO_MARKS[mark]})
        elif todos and line.startswith("  "):
            todos[-1]["step"] += f" {line.strip()}"
    return todos
