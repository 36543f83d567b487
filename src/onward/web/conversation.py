"""Turns as a page shows them: tool calls in one line each, code and changes highlighted, what is long cut until somebody asks, and what of a handoff came from each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import unified_diff
from functools import cache
from pathlib import PurePosixPath
from typing import cast

import orjson
from markupsafe import Markup

from onward.core.handoff import Handoff
from onward.core.session import StoredTurn
from onward.core.tools import Action, action, file_read
from onward.core.transcript import ToolCall, ToolResult
from onward.web.language import _, ngettext
from onward.web.prose import code, prose

MOST_TEXT_CHARS = 12_000
MOST_CODE_CHARS = 4_000
_SUMMARY_CHARS = 160
_OLD = ("old_string", "oldString", "old_str", "oldText", "search")
_NEW = ("new_string", "newString", "new_str", "newText", "replace", "new_source")
_WHOLE = ("content", "file_text", "contents", "CodeContent")
_PATCHES = ("patch", "patchText", "input", "diff", "command")
_IMAGE = re.compile(r"\[(?:image|document|file)\]")
_SIGNS = {"created": "plus", "edited": "pencil", "deleted": "trash-2", "renamed": "pencil"}


@dataclass(frozen=True, slots=True)
class CallView:
    """A tool call in one line, and whole. `added` and `removed` are lines of a change, None where nothing tells."""

    name: str
    symbol: str
    summary: str
    body: Markup
    added: int | None = None
    removed: int | None = None


@dataclass(frozen=True, slots=True)
class ResultView:
    """What a call answered: its first line, and whole. `of` is the call's one line, empty where that stands on another page."""

    summary: str
    of: str
    lines: int
    failed: bool
    exit_code: int | None
    body: Markup


@dataclass(frozen=True, slots=True)
class Told:
    """A line of a handoff that a turn is the source of. `is_now` says whether the project's newest handoff has it."""

    section: str
    text: str
    is_now: bool


@dataclass(frozen=True, slots=True)
class TurnView:
    """One turn. `is_cut` says that there is more than is shown; `images` how many are left out of its text; `told` what of the handoffs came from it."""

    stored: StoredTurn
    text: Markup
    calls: Sequence[CallView]
    results: Sequence[ResultView]
    is_cut: bool
    images: int
    told: Sequence[Told]


def turn_views(found: Iterable[StoredTurn], told: Mapping[int, Sequence[Told]], *, whole: bool = False) -> list[TurnView]:
    """Return turns as they are shown; *whole*, with nothing cut. *told* is what `told_by_turn` says."""
    calls: dict[str, CallView] = {}
    return [_turn_view(one, told.get(one.ordinal, ()), calls, whole=whole) for one in found]


def told_by_turn(number: int, *handoffs: Handoff | None, now: Handoff | None = None) -> dict[int, list[Told]]:
    """Return the lines of handoffs that came from the session of that *number*, by turn; *now* is the project's newest."""
    found: dict[int, dict[str, Told]] = {}
    for handoff in (now, *handoffs):
        for section, text, turn in _lines_of(handoff, number) if handoff else ():
            found.setdefault(turn, {}).setdefault(text, Told(section, text, handoff is now))
    return {turn: list(lines.values()) for turn, lines in found.items()}


def _lines_of(handoff: Handoff, number: int) -> Iterable[tuple[str, str, int]]:
    lines = [*handoff.head, *((section.title, line) for section in handoff.sections for line in section.lines)]
    return ((title, line.text, source.turn) for title, line in lines for source in line.sources if source.session == number)


def _turn_view(stored: StoredTurn, told: Sequence[Told], known: dict[str, CallView], *, whole: bool) -> TurnView:
    turn = stored.turn
    made = [call_view(call, whole=whole) for call in turn.calls]
    known.update({call.id: view for call, view in zip(turn.calls, made, strict=True)})
    answers = [_result_view(result, known.get(result.call_id), whole=whole) for result in turn.results]
    most_code = max([0, *(len(result.text) for result in turn.results), *(_size(call) for call in turn.calls)])
    is_cut = not whole and (len(turn.text) > MOST_TEXT_CHARS or most_code > MOST_CODE_CHARS)
    text = _IMAGE.sub("", turn.text).strip() if turn.role == "user" else turn.text
    shown = text if whole else _cut(text, MOST_TEXT_CHARS)
    return TurnView(stored, prose(shown), made, answers, is_cut, len(_IMAGE.findall(turn.text)), told)


def call_view(call: ToolCall, *, whole: bool = False) -> CallView:
    """Return a call in one line, and whole: as a command, a change, a list of tasks, or as the agent wrote its arguments."""
    did = action(call)
    if did.command:
        return CallView(call.name, "square-terminal", _one_line(did.command), _code(did.command, "bash", whole=whole))
    if did.changes:
        return _change_view(call, did, whole=whole)
    if did.todos:
        done = sum(todo.status == "completed" for todo in did.todos)
        lines = "\n".join(f"[{'x' if todo.status == 'completed' else ' '}] {todo.text}" for todo in did.todos)
        return CallView(
            call.name,
            "list-checks",
            _("%(done)s of %(all)s tasks done", done=done, all=len(did.todos)),
            _code(lines, "", whole=whole),
        )
    symbol = "message-square" if did.questions else "file-text" if file_read(call) else "wrench"
    return CallView(call.name, symbol, _gist(call, did), _code(_written(call), "json", whole=whole))


def _gist(call: ToolCall, did: Action) -> str:
    if did.questions or did.text:
        return _one_line(did.questions[0] if did.questions else did.text)
    if path := file_read(call):
        return path
    if isinstance(call.arguments, str):
        return _one_line(call.arguments)
    return _one_line(next((str(value) for value in call.arguments.values() if value not in (None, "", [], {})), ""))


def _change_view(call: ToolCall, did: Action, *, whole: bool) -> CallView:
    first = did.changes[0]
    more = len(did.changes) - 1
    name = f"{first.was} → {first.path}" if first.was else first.path
    summary = name + (f" {ngettext('and %(num)s more', 'and %(num)s more', more)}" if more else "")
    added = first.added_lines if not more else None
    removed = first.removed_lines if not more else None
    text, language = _changed(call, first.path)
    return CallView(call.name, _SIGNS[first.change], _one_line(summary), _code(text, language, whole=whole), added, removed)


def _changed(call: ToolCall, path: str) -> tuple[str, str]:
    """Return what a call changed: a diff, or the whole of what it wrote; and the language of that."""
    arguments = call.arguments
    if isinstance(arguments, str):
        return arguments, "diff"
    for name in _PATCHES:
        if isinstance(patch := arguments.get(name), str) and ("*** " in patch or "@@" in patch):
            return patch, "diff"
    edits = arguments.get("edits")
    pairs = (
        [cast("Mapping[str, object]", one) for one in cast("list[object]", edits) if isinstance(one, dict)]
        if isinstance(edits, list)
        else [arguments]
    )
    diffs = [
        _diff(old, new, path)
        for old, new in ((_first(one, _OLD), _first(one, _NEW)) for one in pairs)
        if old is not None or new is not None
    ]
    if diffs:
        return "\n".join(diffs), "diff"
    written = _first(arguments, _WHOLE)
    return (written, language_of(path)) if written is not None else (_written(call), "json")


def _first(arguments: Mapping[str, object], names: Iterable[str]) -> str | None:
    return next((value for name in names if isinstance(value := arguments.get(name), str)), None)


def _diff(old: str | None, new: str | None, path: str) -> str:
    lines = unified_diff((old or "").splitlines(), (new or "").splitlines(), path, path, lineterm="", n=2)
    return "\n".join(lines)


def _result_view(result: ToolResult, call: CallView | None, *, whole: bool) -> ResultView:
    text = result.text.strip("\n")
    language = "diff" if text.startswith(("diff --git", "--- a/")) else "json" if text.startswith(("{", "[{")) else ""
    first = next((line for line in text.split("\n") if line.strip()), "")
    failed = bool(result.is_error) or bool(result.exit_code)
    of = call.summary if call else ""
    return ResultView(
        _one_line(first), of, text.count("\n") + 1 if text else 0, failed, result.exit_code, _code(text, language, whole=whole)
    )


@cache
def _language_of(suffix: str) -> str:
    from pygments.lexers import find_lexer_class, get_all_lexers

    # As `find_lexer_class_for_filename` does, which compiles a thousand patterns first.
    named = [name for name, _aliases, patterns, _types in get_all_lexers(plugins=False) if suffix and f"*{suffix}" in patterns]
    found = max(filter(None, map(find_lexer_class, named)), key=lambda one: (one.priority, one.__name__), default=None)
    return found.aliases[0] if found and found.aliases else ""


def language_of(path: str) -> str:
    """Return the language that a file is written in, by its name; empty where that does not tell."""
    return _language_of(PurePosixPath(path.replace("\\", "/")).suffix.lower())


def _code(text: str, language: str, *, whole: bool) -> Markup:
    return code(text if whole else _cut(text, MOST_CODE_CHARS), language)


def _cut(text: str, most: int) -> str:
    """Return *text* up to about *most* characters, by whole lines where it has any."""
    if len(text) <= most:
        return text
    end = text.rfind("\n", most // 2, most)
    return text[: end if end > 0 else most] + "\n…"


def _one_line(text: str) -> str:
    said = " ".join(text.split())
    return said if len(said) <= _SUMMARY_CHARS else said[: _SUMMARY_CHARS - 1] + "…"


def _written(call: ToolCall) -> str:
    if isinstance(call.arguments, str):
        return call.arguments
    return orjson.dumps(call.arguments, option=orjson.OPT_INDENT_2).decode() if call.arguments else ""


def _size(call: ToolCall) -> int:
    return len(call.arguments) if isinstance(call.arguments, str) else sum(len(str(value)) for value in call.arguments.values())
