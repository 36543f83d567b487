"""References from tool calls: files and how they ended, commands that mattered, todos, commits, failing checks.

Tool output is most of a transcript and hardly any of it is worth carrying, so only the ends of a few results are read.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache

from onward.core.facts.fact import Handle
from onward.core.preservation.reference import Reference
from onward.core.preservation.values import spellings
from onward.core.preservation.words import normalise
from onward.core.text.prose import one_line
from onward.core.transcript.tools import Action, Todo
from onward.core.transcript.transcript import ToolResult

RESULT_END_CHARS = 600
"""The characters at each end of a result that are read."""

_READING_COMMANDS = frozenset(
    "ls cat head tail grep rg find sed awk echo cd pwd wc which tree less diff sleep true test stat file jq sort uniq cut xargs export "
    "source mkdir cp mv rm touch chmod "
    "printf for while if set kill ps nl column tr date env curl wget ssh scp nc ping".split()
)
_READING_GIT = frozenset("status diff log show branch add stash rev-parse blame ls-files remote fetch config merge-base reflog".split())
_CHECK_WORDS = frozenset("test tests lint build check typecheck tsc vet compile mypy ruff clippy pytest vitest jest verify".split())
_COMMON_NAMES = frozenset(
    {"index", "main", "__init__", "mod", "readme", "package", "config", "types", "utils", "makefile", "setup", "app", "test"}
)
_COMMIT = re.compile(r"\[([\w./-]+)(?: \(root-commit\))? ([0-9a-f]{7,12})\]")


class SessionWork:
    """What the calls of one session did so far. Files map to (edits, last turn, deleted), commands to (runs, last
    turn, as run), checks to (turn, failing line or empty).
    """

    def __init__(self) -> None:
        self.files: dict[str, tuple[int, Handle, bool]] = {}
        self.commands: dict[str, tuple[int, Handle, str]] = {}
        self.checks: dict[str, tuple[Handle, str]] = {}
        self.todos: dict[str, tuple[Todo, Handle]] = {}
        self.references: list[Reference] = []
        self.open_calls: dict[str, str] = {}
        """Calls whose result is read, by call id: the command that ran."""

    def add_call(self, call_id: str, act: Action, handle: Handle) -> None:
        """Count what one call did."""
        for change in act.changes:
            edits, _, _ = self.files.get(change.path, (0, handle, False))
            self.files[change.path] = edits + 1, handle, change.kind == "deleted"
        for todo in act.todos:
            self.todos[normalise(todo.text)] = todo, handle
        for question in act.questions:
            self.references.append(Reference(handle=handle, group="open", subject=normalise(question), text=question, weight=0.5))
        if act.command:
            self._add_command(call_id, act.command, handle)

    def _add_command(self, call_id: str, command: str, handle: Handle) -> None:
        for step, written in split_steps(command):
            if step.startswith(("git ", "gh ")):
                self.open_calls[call_id] = command
                continue
            runs, _, _ = self.commands.get(step, (0, handle, ""))
            self.commands[step] = runs + 1, handle, written
            if _is_check(step):
                self.open_calls[call_id] = command

    def add_result(self, result: ToolResult, handle: Handle) -> bool | None:
        """Read the result of a call that may have made a commit, opened a pull request or failed a check. Return whether
        a check failed; None if it was none.
        """
        command = self.open_calls.pop(result.call_id, "")
        if not command:
            return None
        text = result.text
        excerpt = text if len(text) <= 2 * RESULT_END_CHARS else text[:RESULT_END_CHARS] + "\n" + text[-RESULT_END_CHARS:]
        failed = bool(result.exit_code or result.is_error)
        for subject in () if failed else _commit_subjects(command):
            self.references.append(Reference(handle=handle, group="outcomes", subject=normalise(subject), text=subject, weight=0.7))
        if (match := _COMMIT.search(excerpt)) and match[1] not in ("main", "master"):
            self.references.append(
                Reference(
                    handle=handle,
                    group="values",
                    subject=match[1].lower(),
                    text=f"branch {match[1]}",
                    needles=(match[1].lower(),),
                    weight=0.7,
                )
            )
        for word in excerpt.split():
            if word.startswith("https://") and (value := normalise(word).rstrip(".,)/\"'")).rpartition("/pull/")[2].isdigit():
                self.references.append(
                    Reference(handle=handle, group="values", subject=value, text=one_line(word, 120), needles=spellings(value), weight=0.9)
                )
        for step, _ in split_steps(command):
            if _is_check(step):
                self.checks[step] = handle, _failing_line(excerpt) if failed else ""
        return failed if any(_is_check(step) for step, _ in split_steps(command)) else None


def from_work(work: SessionWork) -> Iterator[Reference]:
    """Yield the references from the calls of one session."""
    yield from work.references
    names = Counter(_file_name(path) for path in work.files)
    for path, (edits, handle, is_deleted) in work.files.items():
        name = _file_name(path)
        needle = name if names[name] == 1 and name.partition(".")[0] not in _COMMON_NAMES else _path_tail(path)
        yield Reference(
            handle=handle,
            group="files",
            subject=_path_tail(path),
            text=path,
            needles=(needle,),
            weight=min(1.0, 0.3 + 0.1 * edits),
            retired=is_deleted,
        )
    for step, (runs, handle, written) in work.commands.items():
        if runs > 1 or _is_check(step):
            worth = 0.2 + 0.1 * min(4, runs) + 0.3 * _is_check(step)
            yield Reference(
                handle=handle,
                group="commands",
                subject=step,
                text=written,
                needles=tuple({normalise(written): None, step: None}),
                weight=round(worth, 2),
            )
    for text, (todo, handle) in work.todos.items():
        yield Reference(
            handle=handle, group="open", subject=text, text=todo.text, weight=0.8, retired=todo.status in ("completed", "cancelled")
        )
    for step, (handle, line) in work.checks.items():
        yield Reference(
            handle=handle,
            group="open",
            subject=f"check {step}",
            text=f"{step} fails: {line}" if line else "",
            needles=(step,) if line else (),
            weight=0.9,
            retired=not line,
        )


def has_effect(command: str) -> bool:
    """Return whether a shell line does more than read."""
    return bool(command and split_steps(command))


@lru_cache(maxsize=2048)
def split_steps(command: str) -> tuple[tuple[str, str], ...]:
    """Return (name, as written) of the commands in a shell line that had an effect: `("pnpm api test", "pnpm
    --filter api test")`.
    """
    return tuple(_split_line(command))


def _split_line(command: str) -> Iterator[tuple[str, str]]:
    line = command.split("<<", 1)[0] if "<<" in command else command
    for part in line[:400].replace("&&", "\n").replace("||", "\n").replace(";", "\n").replace("|", "\n").split("\n"):
        words = part.split()
        while words and ("=" in words[0] or words[0] in ("sudo", "time", "npx", "timeout") or words[0].isdigit()):
            words = words[1:]
        if not words or words[0] in _READING_COMMANDS or not words[0][0].isalnum() or "/" in words[0]:
            continue
        if words[0] == "git" and (len(words) < 2 or words[1] in _READING_GIT or words[1].startswith("-")):
            continue
        first = words[:4]
        end = next((i for i, w in enumerate(first) if i and w[0] in "\"'>$/2"), len(first))
        names = [w for w in first[1:end] if w[0] != "-"][: 1 if words[0] in ("git", "gh", "docker") else 2]
        if names:
            written = first[: 1 + first.index(names[-1])]
            name = " ".join([words[0], *names]).lower()
            yield (_check_name(name), " ".join(written)) if _is_check(name) else (name, " ".join(written))


def _commit_subjects(command: str) -> Iterator[str]:
    """Yield the first line of each commit message in a shell line, given with -m, or in a here-document."""
    for commit in command.split("git commit ")[1:]:
        _, marked, message = commit.partition("m ")
        opening = message[:1]
        if not marked or opening not in ("'", '"'):
            continue
        body = message[1:].partition("\n")[2] if message[1:].startswith("$(cat <<") else message[1:].partition(opening)[0]
        if subject := body.strip().split("\n", 1)[0].strip():
            yield subject


def _is_check(step: str) -> bool:
    return not _CHECK_WORDS.isdisjoint(step.replace(":", " ").split())


def _check_name(name: str) -> str:
    """Return a check's name without the files it was narrowed to, so that a later full run replaces an earlier
    partial one.
    """
    return " ".join(word for place, word in enumerate(name.split()) if place < 1 or not ("." in word or "/" in word)) or name


def _failing_line(excerpt: str) -> str:
    lines = [line.strip() for line in excerpt.split("\n")]
    error_lines = [line for line in lines if "error" in line.lower() or "fail" in line.lower()]
    return one_line(error_lines[-1] if error_lines else next((line for line in reversed(lines) if line), "no output"), 160)


def _file_name(path: str) -> str:
    return path.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1].lower()


def _path_tail(path: str) -> str:
    return "/".join(path.replace("\\", "/").rstrip("/").lower().split("/")[-2:])
