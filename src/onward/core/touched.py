"""The files that a session touched: how each changed, and how many lines came and went, from the edits in the transcript.

Lines are counted as a diff would: what an edit repeats around its change is neither added nor removed. A file that is overwritten whole shows its new lines
only: the old ones are not in the call.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import NamedTuple, cast

from onward.core.shell_moves import moves
from onward.core.steps import Step, known_as
from onward.core.tools import Change, ChangeKind
from onward.core.transcript import ToolCall

LONGEST_PATH_CHARS = 500
"""What is longer is no file's name, but something that went wrong in a call."""
_MOST_COMPARED = 400
"""Lines on either side that are compared one by one; of more, all count."""
_OLD = ("old_string", "oldString", "old_str", "oldText", "search")
_NEW = ("new_string", "newString", "new_str", "newText", "replace", "new_source")
_WHOLE = ("content", "file_text", "contents", "CodeContent")
_PATCHES = ("patch", "patchText", "input", "diff", "command", "cmd", "unified_diff")
_BLOCK = re.compile(r"^(?:<{5,} ?SEARCH|-{5,} ?SEARCH)[^\n]*\n(.*?)^={5,}[^\n]*\n(.*?)^>{5,} ?REPLACE|\+{5,} ?REPLACE", re.M | re.S)
_HERE = re.compile(r"(?:^|[;&\n])\s*cat\s+>(>?)\s*(\S+)\s*<<-?\s*['\"]?(\w+)['\"]?\n(.*?)^\s*\3\s*$|(?:^|[;&\n])\s*cat\s+<<-?\s*['\"]?(\w+)['\"]?\s*>(>?)\s*(\S+)\n(.*?)^\s*\5\s*$", re.M | re.S)  # fmt: skip
_ODD = re.compile(r"[*?$`{}()\[\]]")


class Touched(NamedTuple):
    """What one session did to one file. Lines are None where no call showed them. `first_turn` and `last_turn` are where it was changed."""

    path: str
    change: ChangeKind
    added_lines: int | None
    removed_lines: int | None
    times: int
    first_turn: int
    last_turn: int


def touched(steps: Iterable[Step], cwd: str, known: Collection[str] = ()) -> list[Touched]:
    """Return the files that *steps* changed, by path. A file in *known* was there before: writing it whole is no creation."""
    found: dict[str, Touched] = {}
    seen = set(known)
    for step in steps:
        if not step.failed:
            for change in _changes(step, cwd):
                if not 0 < len(change.path) <= LONGEST_PATH_CHARS or "\n" in change.path or "\0" in change.path:
                    continue
                found[change.path] = _with(found.get(change.path), change, step.turn, was_there=change.path in seen)
        seen.update(step.reads)
    return [found[path] for path in sorted(found)]


def _with(before: Touched | None, change: Change, turn: int, *, was_there: bool) -> Touched:
    kind = change.change
    if before is None:
        kind = "edited" if kind == "created" and was_there else kind
        return Touched(change.path, kind, change.added_lines, change.removed_lines, 1, turn, turn)
    if kind in ("edited", "created") and before.change in ("created", "renamed"):
        kind = before.change
    elif kind == "created" and before.change == "edited":
        kind = "edited"
    added, removed = _sum(before.added_lines, change.added_lines), _sum(before.removed_lines, change.removed_lines)
    return Touched(change.path, kind, added, removed, before.times + 1, before.first_turn, turn)


def _sum(one: int | None, other: int | None) -> int | None:
    return other if one is None else one if other is None else one + other


def _changes(step: Step, cwd: str) -> Iterator[Change]:
    if step.command and not step.changes:
        yield from (one._replace(path=known_as(one.path, cwd)) for one in _by_command(step.command))
        return
    counts = _lines_by_file(step.call, cwd)
    for change in step.changes:
        added, removed = counts.get(change.path) or counts.get("") or (None, None)
        yield change._replace(added_lines=added, removed_lines=removed)


def _lines_by_file(call: ToolCall, cwd: str) -> dict[str, tuple[int, int]]:
    """Return (lines added, lines removed) by path for a patch; under an empty path for a call that edits one file."""
    arguments = call.arguments
    if isinstance(arguments, str):
        return _patched(arguments, cwd)
    for key in _PATCHES:
        patch = arguments.get(key)
        if isinstance(patch, list):
            patch = "\n".join(str(part) for part in cast("list[object]", patch))
        if isinstance(patch, str):
            if "*** " in patch and " File: " in patch:
                return _patched(patch, cwd)
            if blocks := [block for block in _BLOCK.findall(patch) if any(block)]:
                return {"": _total(_difference(old, new) for old, new in blocks)}
            if re.search(r"^@@ ", patch, re.M):
                return {"": _signed(patch.splitlines())}
    pairs = arguments.get("edits")
    if isinstance(pairs, list):
        each = [cast("Mapping[str, object]", one) for one in cast("list[object]", pairs) if isinstance(one, dict)]
        return {"": _total(_difference(_text(one, _OLD) or "", _text(one, _NEW) or "") for one in each)}
    old, new = _text(arguments, _OLD), _text(arguments, _NEW)
    if old is not None or new is not None:
        return {"": _difference(old or "", new or "")}
    whole = _text(arguments, _WHOLE)
    return {} if whole is None else {"": (len(whole.splitlines()), 0)}


def _text(arguments: Mapping[str, object], keys: Iterable[str]) -> str | None:
    return next((value for key in keys if isinstance(value := arguments.get(key), str)), None)


def _total(counts: Iterable[tuple[int, int]]) -> tuple[int, int]:
    each = list(counts)
    return sum(added for added, _ in each), sum(removed for _, removed in each)


def _difference(old: str, new: str) -> tuple[int, int]:
    """Return how many lines a diff from *old* to *new* adds and removes."""
    before, after = old.splitlines(), new.splitlines()
    while before and after and before[0] == after[0]:
        before, after = before[1:], after[1:]
    while before and after and before[-1] == after[-1]:
        before, after = before[:-1], after[:-1]
    if not before or not after or max(len(before), len(after)) > _MOST_COMPARED:
        return len(after), len(before)
    same = sum(block.size for block in SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks())
    return len(after) - same, len(before) - same


def _patched(patch: str, cwd: str) -> dict[str, tuple[int, int]]:
    """Return the lines of each file in a patch of `*** Update File:` parts."""
    parts: dict[str, list[str]] = {}
    path = ""
    for line in patch.splitlines():
        if line.startswith("*** "):
            head = re.match(r"\*\*\* (?:(?:Add|Update|Delete) File|Move to): (.+?)\s*$", line)
            if head and line.startswith("*** Move to"):
                parts[known_as(head.group(1), cwd)] = parts.setdefault(path, [])
            elif head:
                path = known_as(head.group(1), cwd)
                parts.setdefault(path, [])
        elif path:
            parts[path].append(line)
    return {name: _signed(lines) for name, lines in parts.items()}


def _signed(lines: Iterable[str]) -> tuple[int, int]:
    signs = [line[0] for line in lines if line and not line.startswith(("+++ ", "--- "))]
    return signs.count("+"), signs.count("-")


def _by_command(command: str) -> Iterator[Change]:
    """Yield what a command plainly does to files by name: `cat > a <<E`, `mv a b`, `rm a`. What a pattern or a variable names is not known."""
    for to_end, path, _, body, _, end, other, text in _HERE.findall(command):
        name, lines = path or other, len((body or text).splitlines())
        if not _ODD.search(name):
            yield Change(name.strip("'\""), "edited" if to_end or end else "created", lines, 0)
    yield from moves(command)


@dataclass(frozen=True, slots=True)
class FileTouch:
    """What one session did to a file. Lines are None where its transcript does not show them."""

    session: int
    change: ChangeKind
    added_lines: int | None
    removed_lines: int | None
    times: int
    first_turn: int
    last_turn: int


@dataclass(frozen=True, slots=True)
class ProjectFile:
    """A file that `session_count` sessions of a project touched: what became of it, the lines of all of them together, and the last sessions' parts, in order."""

    path: str
    change: ChangeKind
    added_lines: int | None
    removed_lines: int | None
    session_count: int
    sessions: list[FileTouch]
