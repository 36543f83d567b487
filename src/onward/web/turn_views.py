"""Turns for display: one line per tool call, highlighted code and diffs, long texts cut, and the handoff lines that cite each turn."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from difflib import unified_diff
from functools import cache
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import cast

import orjson
from markupsafe import Markup

from onward.core.handoff.document import Handoff
from onward.core.session import Bookmark, StoredTurn
from onward.core.transcript.tools import Action, classify_call, find_read_file
from onward.core.transcript.transcript import ToolCall, ToolResult
from onward.web.language import _, ngettext
from onward.web.markdown import render_code, render_markdown

MAX_TEXT_CHARS = 12_000
MAX_CODE_CHARS = 4_000
_SUMMARY_CHARS = 160
_OLD_TEXT_KEYS = ("old_string", "oldString", "old_str", "oldText", "search")
_NEW_TEXT_KEYS = ("new_string", "newString", "new_str", "newText", "replace", "new_source")
_CONTENT_KEYS = ("content", "file_text", "contents", "CodeContent")
_PATCH_KEYS = ("patch", "patchText", "input", "diff", "command")
_ATTACHMENT_MARK = re.compile(r"\[(?:image|document|file)\]")
_CHANGE_ICONS = {"created": "plus", "edited": "pencil", "deleted": "trash-2", "renamed": "pencil"}


@dataclass(frozen=True, slots=True)
class CallView:
    """A tool call as one line and in full. `added_lines` and `removed_lines` are None if unknown."""

    name: str
    symbol: str
    summary: str
    body: Markup
    added_lines: int | None = None
    removed_lines: int | None = None


@dataclass(frozen=True, slots=True)
class ResultView:
    """A tool result as one line and in full. `call_summary` is the line of its call, empty if that is on another page."""

    summary: str
    call_summary: str
    line_count: int
    is_error: bool
    exit_code: int | None
    body: Markup


@dataclass(frozen=True, slots=True)
class CitingLine:
    """A handoff line that cites a turn. `is_current` says whether it is still in the newest handoff."""

    section: str
    text: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class TurnView:
    """One turn. `is_cut` says that it is not shown in full; `image_count` counts images that are not stored."""

    stored_turn: StoredTurn
    text: Markup
    calls: Sequence[CallView]
    results: Sequence[ResultView]
    is_cut: bool
    image_count: int
    citing_lines: Sequence[CitingLine]
    bookmark: Bookmark | None = None
    is_new_day: bool = False


def turn_views(
    turns: Iterable[StoredTurn],
    lines_by_turn: Mapping[int, Sequence[CitingLine]],
    *,
    full: bool = False,
    last_at: datetime | None = None,
    bookmarks: Mapping[int, Bookmark] = MappingProxyType({}),
) -> list[TurnView]:
    """Return the views of *turns*; with *full*, nothing is cut. *lines_by_turn* comes from `citing_lines_by_turn`, *last_at* is the time of
    the turn before: the date is shown once a day. *bookmarks* are those of the session, by turn.
    """
    calls: dict[str, CallView] = {}
    views = []
    for stored_turn in turns:
        view = _turn_view(stored_turn, lines_by_turn.get(stored_turn.ordinal, ()), calls, full=full)
        at = stored_turn.turn.at
        is_new_day = at is not None and (last_at is None or at.date() != last_at.date())
        views.append(replace(view, bookmark=bookmarks.get(stored_turn.ordinal), is_new_day=is_new_day))
        last_at = at or last_at
    return views


def citing_lines_by_turn(number: int, *handoffs: Handoff | None, newest: Handoff | None = None) -> dict[int, list[CitingLine]]:
    """Return the handoff lines that cite the session of that *number*, by turn; *newest* is the project's newest handoff."""
    lines_by_turn: dict[int, dict[str, CitingLine]] = {}
    for handoff in (newest, *handoffs):
        for section, text, turn in _source_turns(handoff, number) if handoff else ():
            lines_by_turn.setdefault(turn, {}).setdefault(text, CitingLine(section, text, handoff is newest))
    return {turn: list(lines.values()) for turn, lines in lines_by_turn.items()}


def _source_turns(handoff: Handoff, number: int) -> Iterable[tuple[str, str, int]]:
    lines = [*handoff.head, *((section.title, line) for section in handoff.sections for line in section.lines)]
    return ((title, line.text, source.turn) for title, line in lines for source in line.sources if source.session == number)


def _turn_view(stored: StoredTurn, citing_lines: Sequence[CitingLine], calls_by_id: dict[str, CallView], *, full: bool) -> TurnView:
    turn = stored.turn
    call_views = [call_view(call, full=full) for call in turn.calls]
    calls_by_id.update({call.id: view for call, view in zip(turn.calls, call_views, strict=True)})
    result_views = [_result_view(result, calls_by_id.get(result.call_id), full=full) for result in turn.results]
    most_code = max([0, *(len(result.text) for result in turn.results), *(_arguments_size(call) for call in turn.calls)])
    is_cut = not full and (len(turn.text) > MAX_TEXT_CHARS or most_code > MAX_CODE_CHARS)
    text = _ATTACHMENT_MARK.sub("", turn.text).strip() if turn.role == "user" else turn.text
    visible_text = text if full else _truncate(text, MAX_TEXT_CHARS)
    return TurnView(
        stored_turn=stored,
        text=render_markdown(visible_text),
        calls=call_views,
        results=result_views,
        is_cut=is_cut,
        image_count=len(_ATTACHMENT_MARK.findall(turn.text)),
        citing_lines=citing_lines,
    )


def call_view(call: ToolCall, *, full: bool = False) -> CallView:
    """Return the view of a call: a command, a change, a task list, or its arguments."""
    tool_action = classify_call(call)
    if tool_action.command:
        return CallView(
            name=call.name,
            symbol="square-terminal",
            summary=_one_line(tool_action.command),
            body=_render_cut_code(tool_action.command, "bash", full=full),
        )
    if tool_action.changes:
        return _change_view(call, tool_action, full=full)
    if tool_action.todos:
        done_count = sum(todo.status == "completed" for todo in tool_action.todos)
        lines = "\n".join(f"[{'x' if todo.status == 'completed' else ' '}] {todo.text}" for todo in tool_action.todos)
        return CallView(
            name=call.name,
            symbol="list-checks",
            summary=_("%(done)s of %(all)s tasks done", done=done_count, all=len(tool_action.todos)),
            body=_render_cut_code(lines, "", full=full),
        )
    symbol = "message-square" if tool_action.questions else "file-text" if find_read_file(call) else "wrench"
    return CallView(
        name=call.name,
        symbol=symbol,
        summary=_summarize_call(call, tool_action),
        body=_render_cut_code(_format_arguments(call), "json", full=full),
    )


def _summarize_call(call: ToolCall, tool_action: Action) -> str:
    if tool_action.questions or tool_action.text:
        return _one_line(tool_action.questions[0] if tool_action.questions else tool_action.text)
    if path := find_read_file(call):
        return path
    if isinstance(call.arguments, str):
        return _one_line(call.arguments)
    return _one_line(next((str(value) for value in call.arguments.values() if value not in (None, "", [], {})), ""))


def _change_view(call: ToolCall, tool_action: Action, *, full: bool) -> CallView:
    first = tool_action.changes[0]
    other_count = len(tool_action.changes) - 1
    name = f"{first.old_path} → {first.path}" if first.old_path else first.path
    summary = name + (f" {ngettext('and %(num)s more', 'and %(num)s more', other_count)}" if other_count else "")
    added = first.added_lines if not other_count else None
    removed = first.removed_lines if not other_count else None
    text, language = _changed_text(call, first.path)
    return CallView(
        name=call.name,
        symbol=_CHANGE_ICONS[first.kind],
        summary=_one_line(summary),
        body=_render_cut_code(text, language, full=full),
        added_lines=added,
        removed_lines=removed,
    )


def _changed_text(call: ToolCall, path: str) -> tuple[str, str]:
    """Return the diff that a call made, or the content that it wrote, and the language of either."""
    arguments = call.arguments
    if isinstance(arguments, str):
        return arguments, "diff"
    for name in _PATCH_KEYS:
        if isinstance(patch := arguments.get(name), str) and ("*** " in patch or "@@" in patch):
            return patch, "diff"
    edits = arguments.get("edits")
    pairs = (
        [cast("Mapping[str, object]", edit) for edit in cast("list[object]", edits) if isinstance(edit, dict)]
        if isinstance(edits, list)
        else [arguments]
    )
    diffs = [
        _diff(old, new, path)
        for old, new in ((_first_text(edit, _OLD_TEXT_KEYS), _first_text(edit, _NEW_TEXT_KEYS)) for edit in pairs)
        if old is not None or new is not None
    ]
    if diffs:
        return "\n".join(diffs), "diff"
    content = _first_text(arguments, _CONTENT_KEYS)
    return (content, detect_language(path)) if content is not None else (_format_arguments(call), "json")


def _first_text(arguments: Mapping[str, object], names: Iterable[str]) -> str | None:
    return next((value for name in names if isinstance(value := arguments.get(name), str)), None)


def _diff(old: str | None, new: str | None, path: str) -> str:
    lines = unified_diff((old or "").splitlines(), (new or "").splitlines(), path, path, lineterm="", n=2)
    return "\n".join(lines)


def _result_view(result: ToolResult, call: CallView | None, *, full: bool) -> ResultView:
    text = result.text.strip("\n")
    language = "diff" if text.startswith(("diff --git", "--- a/")) else "json" if text.startswith(("{", "[{")) else ""
    first = next((line for line in text.split("\n") if line.strip()), "")
    is_error = bool(result.is_error) or bool(result.exit_code)
    call_summary = call.summary if call else ""
    return ResultView(
        summary=_one_line(first),
        call_summary=call_summary,
        line_count=text.count("\n") + 1 if text else 0,
        is_error=is_error,
        exit_code=result.exit_code,
        body=_render_cut_code(text, language, full=full),
    )


@cache
def _language_by_suffix(suffix: str) -> str:
    from pygments.lexers import find_lexer_class, get_all_lexers

    # Like `find_lexer_class_for_filename`, which would compile a thousand patterns first.
    lexer_names = [name for name, _aliases, patterns, _types in get_all_lexers(plugins=False) if suffix and f"*{suffix}" in patterns]
    lexer = max(
        filter(None, map(find_lexer_class, lexer_names)), key=lambda lexer_class: (lexer_class.priority, lexer_class.__name__), default=None
    )
    return lexer.aliases[0] if lexer and lexer.aliases else ""


def detect_language(path: str) -> str:
    """Return the language of a file by its suffix; empty if unknown."""
    return _language_by_suffix(PurePosixPath(path.replace("\\", "/")).suffix.lower())


def _render_cut_code(text: str, language: str, *, full: bool) -> Markup:
    return render_code(text if full else _truncate(text, MAX_CODE_CHARS), language)


def _truncate(text: str, limit: int) -> str:
    """Return the first *limit* characters of *text*, cut at a line end where possible."""
    if len(text) <= limit:
        return text
    end = text.rfind("\n", limit // 2, limit)
    return text[: end if end > 0 else limit] + "\n…"


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SUMMARY_CHARS else line[: _SUMMARY_CHARS - 1] + "…"


def _format_arguments(call: ToolCall) -> str:
    if isinstance(call.arguments, str):
        return call.arguments
    return orjson.dumps(call.arguments, option=orjson.OPT_INDENT_2).decode() if call.arguments else ""


def _arguments_size(call: ToolCall) -> int:
    return len(call.arguments) if isinstance(call.arguments, str) else sum(len(str(value)) for value in call.arguments.values())
