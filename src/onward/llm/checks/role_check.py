"""Checks that a value is of the kind that its place asks for: a file where things are, a command among commands, an id after "commit"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from onward.core.handoff.writer_sections import COMMANDS, FILES
from onward.llm.checks.evidence import EvidenceText
from onward.llm.checks.fit import shape_of
from onward.llm.checks.values import LineValue

_BEFORE_COMMIT = re.compile(r"(?:(?:\b(?:last|latest|by|in|as|with|see|its|the)|[,;:(]) commit|\bcommitted as) $")
_BEFORE_ID = re.compile(r"(?:\b(?:last|latest|by|in)|[,;(]) commit $")
_BEFORE_PLACE = re.compile(r"\b(?:in|under|into) $")
_PROSE = re.compile(r"[^\s/-]\S*(?: [^\s/-]\S*){2,}")
"""Several words without options and paths: a message, no place."""
_AFTER_BRANCH, _AFTER_COMMAND = re.compile(r" (?:branch|worktree)\b"), re.compile(r" command\b")
_AFTER_NAME = re.compile(r" (?:file|hook|component|field|function|class|folder|module|package|worktree)\b")
_BEFORE_BRANCH = re.compile(r"\bbranch $")
_BEFORE_PROOF = re.compile(r"\((?:verified|claimed): $")
_CHECK = re.compile(r"test|spec|check|lint|build|make|valid|verif|\s", re.I)
_PATH = re.compile(r"[\w.@~:$*\[\] -]*[/\\][\w./\\@~$*<>\[\]{}, -]*|[\w.@-]+\.\w{1,6}(?::\d+(?:-\d+)?)?|\.[\w.-]+")
_FILE = re.compile(r"[\w./@-]+\.(?:py|tsx?|jsx?|go|rs|md|json|ya?ml|toml|sh|html|css|sql|rb|java|kt|c|h|cpp|txt)")
_SHELL = re.compile(r"\s|^[./]|^(?:make|npm|git|cargo|go|bun|pytest|onward)$")


class RoleProblem(NamedTuple):
    """A value, and what its place asks for."""

    value: str
    wanted: str


def find_role_problem(section: str, text: str, values: Sequence[LineValue], cited: Sequence[EvidenceText]) -> RoleProblem | None:
    """Return the first value of *text* that does not fit its place; None if all do."""
    codes = [value for value in values if value.kind == "code"]
    for value in codes:
        before = text[: value.start]
        if _BEFORE_COMMIT.search(before) and shape_of(value) in ("command", "path", "flag"):
            return RoleProblem(value.text, "the id of a commit")
        after, shape = text[value.end :].removeprefix("`"), shape_of(value)
        if _BEFORE_ID.search(before) and shape not in ("id", "command"):
            return RoleProblem(value.text, "the id of a commit")
        if _BEFORE_PLACE.search(before) and _PROSE.fullmatch(value.normal) and not _is_run(value, cited):
            return RoleProblem(value.text, "a place")
        if (_AFTER_BRANCH.match(after) and shape in ("command", "id", "flag")) or (_AFTER_NAME.match(after) and shape in ("command", "id")):
            return RoleProblem(value.text, "a name")
        if _AFTER_COMMAND.match(after) and (shape == "id" or _FILE.fullmatch(value.normal)):
            return RoleProblem(value.text, "a command")
        if _BEFORE_BRANCH.search(before) and (shape_of(value) in ("command", "id", "flag") or _FILE.fullmatch(value.normal)):
            return RoleProblem(value.text, "a branch")
        if _BEFORE_PROOF.search(before) and not _CHECK.search(value.normal) and not _is_run(value, cited):
            return RoleProblem(value.text, "what was run")
    if not codes:
        return None
    first = codes[0]
    if section == FILES and first.start < 2 and not _PATH.fullmatch(first.normal):
        return RoleProblem(first.text, "a file or folder")
    if section == COMMANDS and first.start < 2 and not _SHELL.search(first.normal) and not _is_run(first, cited):
        return RoleProblem(first.text, "a command")
    return None


def _is_run(value: LineValue, cited: Sequence[EvidenceText]) -> bool:
    """Whether *value* was run, or a person names it as something to run."""
    return any(source.voice == "run" and value.normal in source.text[:200].split("→")[0] for source in cited)
