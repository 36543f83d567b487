"""The files that a session changed, with the number of lines added and removed, from the edits in the transcript.

Lines are counted as in a diff: lines that an edit repeats around its change are neither added nor removed. A file that
is overwritten shows its new lines only, because the old ones are not in the call.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import NamedTuple, cast

from onward.core.effort.steps import Step, ledger_path
from onward.core.transcript.shell_moves import shell_changes
from onward.core.transcript.tools import ChangeKind, FileChange
from onward.core.transcript.transcript import ToolCall

LONGEST_PATH_CHARS = 500
"""A longer text is not a path, but an error in a call."""
_MAX_COMPARED = 400
"""Lines on either side that are compared one by one; of longer texts, every line counts."""
_OLD_KEYS = ("old_string", "oldString", "old_str", "oldText", "search")
_NEW_KEYS = ("new_string", "newString", "new_str", "newText", "replace", "new_source")
_CONTENT_KEYS = ("content", "file_text", "contents", "CodeContent")
_PATCH_KEYS = ("patch", "patchText", "input", "diff", "command", "cmd", "unified_diff")
_EDIT_BLOCK = re.compile(r"^(?:<{5,} ?SEARCH|-{5,} ?SEARCH)[^\n]*\n(.*?)^={5,}[^\n]*\n(.*?)^>{5,} ?REPLACE|\+{5,} ?REPLACE", re.M | re.S)
_HEREDOC = re.compile(r"(?:^|[;&\n])\s*cat\s+>(>?)\s*(\S+)\s*<<-?\s*['\"]?(\w+)['\"]?\n(.*?)^\s*\3\s*$|(?:^|"
r"[;&\n])\s*cat\s+<<-?\s*['\"]?(\w+)['\"]?\s*>(>?)\s*(\S+)\n(.*?)^\s*\5\s*$", re.M | re.S)  # fmt: skip
_PATTERN_CHARS = re.compile(r"[*?$`{}()\[\]]")


class TouchedFile(NamedTuple):
    """What one session did to one file. Lines are None if no call shows them. `first_turn` and `last_turn` are the
    first and the last change.
    """

    path: str
    change: ChangeKind
    added_lines: int | None
    removed_lines: int | None
    times: int
    first_turn: int
    last_turn: int


def list_touched_files(steps: Iterable[Step], cwd: str, known_paths: Collection[str] = ()) -> list[TouchedFile]:
    """Return the files that *steps* changed, by path. A file in *known_paths* existed before, so overwriting it does
    not create it.
    """
    files: dict[str, TouchedFile] = {}
    existing_paths = set(known_paths)
    for step in steps:
        if not step.failed:
            for change in _changes(step, cwd):
                if not 0 < len(change.path) <= LONGEST_PATH_CHARS or "\n" in change.path or "\0" in change.path:
                    continue
                files[change.path] = _merge_change(files.get(change.path), change, step.turn, is_existing=change.path in existing_paths)
        existing_paths.update(step.reads)
    return [files[path] for path in sorted(files)]


def _merge_change(previous: TouchedFile | None, change: FileChange, turn: int, *, is_existing: bool) -> TouchedFile:
    kind = change.kind
    if previous is None:
        kind = "edited" if kind == "created" and is_existing else kind
        return TouchedFile(
            path=change.path,
            change=kind,
            added_lines=change.added_lines,
            removed_lines=change.removed_lines,
            times=1,
            first_turn=turn,
            last_turn=turn,
        )
    if kind in ("edited", "created") and previous.change in ("created", "renamed"):
        kind = previous.change
    elif kind == "created" and previous.change == "edited":
        kind = "edited"
    added, removed = _add_counts(previous.added_lines, change.added_lines), _add_counts(previous.removed_lines, change.removed_lines)
    return TouchedFile(
        path=change.path,
        change=kind,
        added_lines=added,
        removed_lines=removed,
        times=previous.times + 1,
        first_turn=previous.first_turn,
        last_turn=turn,
    )


def _add_counts(first: int | None, second: int | None) -> int | None:
    return second if first is None else first if second is None else first + second


def _changes(step: Step, cwd: str) -> Iterator[FileChange]:
    if step.command and not step.changes:
        yield from (file_change._replace(path=ledger_path(file_change.path, cwd)) for file_change in _command_changes(step.command))
        return
    counts = _lines_by_file(step.call, cwd)
    for change in step.changes:
        added, removed = counts.get(change.path) or counts.get("") or (None, None)
        yield change._replace(added_lines=added, removed_lines=removed)


def _lines_by_file(call: ToolCall, cwd: str) -> dict[str, tuple[int, int]]:
    """Return (lines added, lines removed) by path for a patch; under an empty path for a call that edits one file."""
    arguments = call.arguments
    if isinstance(arguments, str):
        return _patch_counts(arguments, cwd)
    for key in _PATCH_KEYS:
        patch = arguments.get(key)
        if isinstance(patch, list):
            patch = "\n".join(str(part) for part in cast("list[object]", patch))
        if isinstance(patch, str):
            if "*** " in patch and " File: " in patch:
                return _patch_counts(patch, cwd)
            if blocks := [block for block in _EDIT_BLOCK.findall(patch) if any(block)]:
                return {"": _sum_counts(_count_difference(old, new) for old, new in blocks)}
            if re.search(r"^@@ ", patch, re.M):
                return {"": _count_signs(patch.splitlines())}
    pairs = arguments.get("edits")
    if isinstance(pairs, list):
        edits = [cast("Mapping[str, object]", edit) for edit in cast("list[object]", pairs) if isinstance(edit, dict)]
        return {"": _sum_counts(_count_difference(_find_text(edit, _OLD_KEYS) or "", _find_text(edit, _NEW_KEYS) or "") for edit in edits)}
    old, new = _find_text(arguments, _OLD_KEYS), _find_text(arguments, _NEW_KEYS)
    if old is not None or new is not None:
        return {"": _count_difference(old or "", new or "")}
    content = _find_text(arguments, _CONTENT_KEYS)
    return {} if content is None else {"": (len(content.splitlines()), 0)}


def _find_text(arguments: Mapping[str, object], keys: Iterable[str]) -> str | None:
    return next((value for key in keys if isinstance(value := arguments.get(key), str)), None)


def _sum_counts(counts: Iterable[tuple[int, int]]) -> tuple[int, int]:
    pairs = list(counts)
    return sum(added for added, _ in pairs), sum(removed for _, removed in pairs)


def _count_difference(old: str, new: str) -> tuple[int, int]:
    """Return how many lines a diff from *old* to *new* adds and removes."""
    old_lines, new_lines = old.splitlines(), new.splitlines()
    while old_lines and new_lines and old_lines[0] == new_lines[0]:
        old_lines, new_lines = old_lines[1:], new_lines[1:]
    while old_lines and new_lines and old_lines[-1] == new_lines[-1]:
        old_lines, new_lines = old_lines[:-1], new_lines[:-1]
    if not old_lines or not new_lines or max(len(old_lines), len(new_lines)) > _MAX_COMPARED:
        return len(new_lines), len(old_lines)
    same = sum(block.size for block in SequenceMatcher(None, old_lines, new_lines, autojunk=False).get_matching_blocks())
    return len(new_lines) - same, len(old_lines) - same


def _patch_counts(patch: str, cwd: str) -> dict[str, tuple[int, int]]:
    """Return the lines of each file in a patch of `*** Update File:` parts."""
    parts: dict[str, list[str]] = {}
    path = ""
    for line in patch.splitlines():
        if line.startswith("*** "):
            head = re.match(r"\*\*\* (?:(?:Add|Update|Delete) File|Move to): (.+?)\s*$", line)
            if head and line.startswith("*** Move to"):
                parts[ledger_path(head.group(1), cwd)] = parts.setdefault(path, [])
            elif head:
                path = ledger_path(head.group(1), cwd)
                parts.setdefault(path, [])
        elif path:
            parts[path].append(line)
    return {name: _count_signs(lines) for name, lines in parts.items()}


def _count_signs(lines: Iterable[str]) -> tuple[int, int]:
    signs = [line[0] for line in lines if line and not line.startswith(("+++ ", "--- "))]
    return signs.count("+"), signs.count("-")


def _command_changes(command: str) -> Iterator[FileChange]:
    """Yield what a command does to files that it names: `cat > a <<E`, `mv a b`, `rm a`. Files named by a pattern or
    a variable are unknown.
    """
    for to_end, path, _, body, _, end, other, text in _HEREDOC.findall(command):
        name, lines = path or other, len((body or text).splitlines())
        if not _PATTERN_CHARS.search(name):
            yield FileChange(path=name.strip("'\""), kind="edited" if to_end or end else "created", added_lines=lines, removed_lines=0)
    yield from shell_changes(command)


@dataclass(frozen=True, slots=True)
class FileTouch:
    """What one session did to a file. Lines are None if its transcript does not show them."""

    session: int
    change: ChangeKind
    added_lines: int | None
    removed_lines: int | None
    times: int
    first_turn: int
    last_turn: int


@dataclass(frozen=True, slots=True)
class ProjectFile:
    """A file that `session_count` sessions of a project changed: its last change, the lines of all sessions
    together, and the changes of the last sessions in order.
    """

    path: str
    change: ChangeKind
    added_lines: int | None
    removed_lines: int | None
    session_count: int
    sessions: list[FileTouch]
