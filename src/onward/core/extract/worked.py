"""What the tools show: files, commands and their outcome, commits, errors and the success that ended them, the task list.

All mechanical: nothing here depends on what anybody said, so what it finds is `verified` wherever a result shows it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from onward.core import paths
from onward.core.extract.trace import Changed, Ran, Trace
from onward.core.facts import GIT_STATE, Author, Evidence, Kind
from onward.core.text import clauses, one_line

# Strings, not patterns: most sessions never need them, and `re` keeps what it compiled.
_COMMIT = r"(?m)^(?:\[([\w./-]+)(?: \(root-commit\))? |Commit )([0-9a-f]{7,40})\]? (.+)$"
_COMMITTING = re.compile(r"\bgit\b[^\n]*\b(?:commit|merge|cherry-pick|revert|rebase|am|pull)\b|^\s*/(?:commit|undo)")
"""Only what makes commits tells of one: a log or a file may show any line."""
_PULL = r"https?://[\w.-]+/[\w.-]+/[\w.-]+/(?:pull|merge_requests|pulls)/\d+"
_TITLE = r"""--title[ =](["'])(.+?)\1"""
_BRANCH = r"git (?:checkout -[bB]|switch -[cC]|worktree add (?:\S+ )?-b) ['\"]?([\w./-]+)"
_CHECK = re.compile(
    r"\b(?:test|tests|pytest|vitest|jest|lint|eslint|ruff|mypy|pyright|tsc|typecheck|type-check|build|check|fmt|format|clippy|vet|e2e|verify|migrate|"
    r"migration:\w+|deploy|docker|compose|serve|dev|start|install|sync)\b"
)
_TRIVIAL = re.compile(
    r"^(?:cd|ls|cat|head|tail|sed|grep|rg|find|echo|pwd|which|wc|sleep|git (?:status|diff|log|show|branch|add|fetch)|mkdir|tree|ps|jq)\b"
)
_TROUBLE = re.compile(
    r"error|fail|exception|cannot|can't|not found|denied|undefined|invalid|fatal|panic|refused|timed? ?out|no such|✗|✘", re.I
)
_PASSED = re.compile(
    r"\b\d+ (?:passed|passing|tests? passed)\b|\btests? (?:run|passed)\b[^\n]{0,40}|\bok\s+\S+\s+[\d.]+s|\bTests:?\s+[^\n]{0,60}passed[^\n]{0,20}",
    re.I,
)


class Shown(NamedTuple):
    """A fact in the making. `turns` are the ordinals that show it."""

    kind: Kind
    subject: str
    text: str
    turns: tuple[int, ...]
    weight: float
    evidence: Evidence = "verified"
    author: Author = "tool"
    retires: tuple[str, ...] = ()


def shown(seen: Trace, cwd: str) -> Iterator[Shown]:
    """Yield what the tools of one session show. Paths below *cwd* are written from there."""
    yield from _files(seen, cwd)
    yield from _git(seen)
    yield from _commands(seen, cwd)
    yield from _errors(seen, cwd)
    yield from _todos(seen)
    yield from _cut_short(seen)


def _short(text: str, cwd: str) -> str:
    for beginning in _beginnings(cwd):
        text = text.replace(beginning, "")
    return text


@lru_cache(maxsize=16)
def _beginnings(cwd: str) -> tuple[str, ...]:
    """Return how paths below *cwd* begin, in every way to write it."""
    return tuple(root + separator for root in paths.spellings(cwd) if len(root) > 3 for separator in "/\\")


def _path(path: str, cwd: str) -> str:
    """Return *path* as it is known: from *cwd*, and with `/` whatever an agent on Windows wrote this time."""
    short = _short(path, cwd)
    return short.replace("\\", "/") if paths.is_windows(cwd) and not paths.is_windows(short) else short


def _files(seen: Trace, cwd: str) -> Iterator[Shown]:
    by_path: dict[str, list[Changed]] = {}
    for changed in seen.changed:
        by_path.setdefault(_path(changed.change.path, cwd), []).append(changed)
    names = {_path(c.change.was, cwd): _path(c.change.path, cwd) for c in seen.changed if c.change.was}
    for path, changes in by_path.items():
        last = changes[-1]
        is_gone = last.change.change == "deleted"
        if (path in names and last.turn <= by_path[names[path]][-1].turn) or (is_gone and _is_scratch(path, changes)):
            continue
        created = any(c.change.change == "created" for c in changes)
        old = [_path(c.change.was, cwd) for c in changes if c.change.was]
        weight = min(0.75, 0.3 + 0.07 * len(changes) + 0.15 * created + 0.15 * last.round / max(1, seen.rounds))
        if is_gone:
            # What is gone is asked for less than what is there.
            verb, weight = "was deleted", weight / 2
        elif old:
            verb = _renamed(path, old[-1]) + ("" if last.change.change == "renamed" else ", edited since")
        elif created:
            verb = "was created" if len(changes) == 1 else f"was created, then edited {_times(len(changes) - 1)}"
        else:
            verb = f"was edited {_times(len(changes))}"
        about = _about(path, changes, seen)
        text = f"`{path}` {verb}" + (f" — {one_line(about[0], 130).rstrip(':')}" if about else "")
        yield Shown(
            "file",
            f"file:{path}",
            text,
            (last.turn, about[1]) if about else (last.turn,),
            weight,
            retires=tuple(f"file:{was}" for was in old),
        )


def _renamed(path: str, was: str) -> str:
    folder, _, name = was.rpartition("/")
    return f"was moved here from `{folder or '.'}/`" if path.rpartition("/")[2] == name else f"is the new name of `{was}`"


def _is_scratch(path: str, changes: list[Changed]) -> bool:
    """Say whether a file that is gone was never the project's: outside of its folder, or a log, and no tool ever wrote it."""
    is_outside = path.startswith(("/", "..")) or paths.is_windows(path)
    return (is_outside or path.endswith((".log", ".tmp", ".pid"))) and all(c.change.change == "deleted" for c in changes)


def _about(path: str, changes: list[Changed], seen: Trace) -> tuple[str, int] | None:
    """Return what the agent said of the file and where: the last clause that names it, else what it said on changing it first."""
    name = path.replace("\\", "/").rsplit("/", 1)[-1]
    for said in reversed(seen.said):
        if name in said.text and said.author == "agent":
            for clause in reversed(clauses(said.text)):
                if name in clause.text and len(clause.text) > len(name) + 15:
                    return clause.text, said.turn
    first = changes[0]
    before = next((s for s in reversed(seen.said) if s.round == first.round and s.turn <= first.turn and s.author == "agent"), None)
    parts = clauses(before.text) if before else ()
    return (parts[-1].text, before.turn) if before and parts else None


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def _git(seen: Trace) -> Iterator[Shown]:
    last: tuple[int, str, str] | None = None
    pushed = False
    for ran in seen.ran:
        if "git " not in ran.command and "gh " not in ran.command:
            continue
        pushed = (pushed or "git push" in ran.command) and not ran.failed
        for branch, commit, message in re.findall(_COMMIT, ran.output) if _COMMITTING.search(ran.command) else ():
            last, pushed = (ran.shown_in, branch, commit), "git push" in ran.command
            where = f" on branch `{branch}`" if branch else ""
            yield Shown("done", f"commit:{commit[:7]}", f"Committed `{commit}`{where}: {one_line(message, 160)}", (ran.shown_in,), 0.62)
        if "pr create" in ran.command or "git push" in ran.command:
            title = re.search(_TITLE, ran.command)
            about = f": {one_line(title.group(2), 120)}" if title else ""
            for url in re.findall(_PULL, ran.output)[:1]:
                what = "Opened the pull request" if "pr create" in ran.command else "Pushed; the pull request is at"
                yield Shown("value", f"pull:{url}", f"{what} {url}{about}", (ran.turn, ran.shown_in), 0.7)
        if not ran.failed:
            for branch in re.findall(_BRANCH, ran.command):
                yield Shown("value", f"branch:{branch}", f"The work is on the branch `{branch}`, created with git", (ran.turn,), 0.6)
    if last:
        turn, branch, commit = last
        on = f"On branch `{branch}` the" if branch else "The"
        stands = "is pushed" if pushed else "is committed locally and not pushed yet"
        yield Shown("done", GIT_STATE, f"{on} last commit `{commit}` {stands}", (turn,), 0.6)


@lru_cache(maxsize=4096)
def key_of(command: str) -> str:
    """Return what makes two runs the same command: its first line without a leading `cd` and without pipes that only shorten output."""
    line = re.sub(r"^(?:cd [^&;]+(?:&&|;)\s*)+", "", command.strip()).split("\n")[0]
    return re.sub(r"\s*(?:2>&1|\|\s*(?:head|tail|grep|tee)\b.*|[12&]?>\s*/dev/null)", "", line).strip()


def _commands(seen: Trace, cwd: str) -> Iterator[Shown]:
    runs: dict[str, list[Ran]] = {}
    for ran in seen.ran:
        key = _short(key_of(ran.command), cwd)
        if key and len(key) <= 160 and not _TRIVIAL.match(key) and not key.startswith("git "):
            runs.setdefault(key, []).append(ran)
    for key, same in runs.items():
        checks = bool(_CHECK.search(key))
        if not checks and len(same) < 3:
            continue
        last = same[-1]
        passed = _PASSED.search(last.output)
        shown = f", {one_line(passed.group(0), 70)}" if passed and not last.failed else ""
        purpose = f" — {one_line(last.purpose, 80)}" if last.purpose else ""
        outcome = "ran without error" if last.failed is False else "was run"
        if last.failed:
            wider = _passed_later(key, last, runs)
            outcome = f"failed, then `{wider}` passed" if wider else "failed when it last ran"
        times = f" ({_times(len(same))})" if len(same) > 1 else ""
        weight = min(0.6, 0.22 + 0.06 * len(same) + 0.15 * checks + 0.1 * last.round / max(1, seen.rounds))
        yield Shown(
            "command",
            f"command:{key}",
            f"`{key}` {outcome}{times}{shown}{purpose}",
            (last.turn, last.shown_in) if shown else (last.turn,),
            weight,
            retires=(f"{_open_error(key, cwd)}: *",) if last.failed is False else (),
        )


def _passed_later(key: str, failed: Ran, runs: dict[str, list[Ran]]) -> str:
    """Return a command that passed after *failed* and covers it: the same words, fewer of them."""
    wider = (k for k, same in runs.items() if key.startswith(f"{k} ") and same[-1].turn > failed.turn and same[-1].failed is False)
    return next(wider, "")


def _errors(seen: Trace, cwd: str) -> Iterator[Shown]:
    later: dict[str, list[tuple[int, Ran]]] = {}
    for i, ran in enumerate(seen.ran):
        later.setdefault(key_of(ran.command), []).append((i, ran))
    told: set[str] = set()
    for key, runs in later.items():
        if _TRIVIAL.match(key) or len(key) > 200:
            continue
        for (_, ran), following in zip(runs, [*runs[1:], None], strict=True):
            trouble = trouble_in(ran.output) if ran.failed else ""
            if not trouble or trouble in told:
                continue
            told.add(trouble)
            text = f"`{one_line(_short(key, cwd), 90)}` failed with: {_short(trouble, cwd)}"
            if following and following[1].failed is False:
                touched = [c for c in seen.changed if ran.turn <= c.turn <= following[1].turn]
                how = f" after a change of `{_path(touched[-1].change.path, cwd)}`" if touched else ""
                turns = (ran.turn, ran.shown_in, *(c.turn for c in touched[-1:]), following[1].turn)
                yield Shown(
                    "error", f"error:{trouble[:80]}", f"{text} → it passes{how}", turns, 0.4, retires=(f"{_open_error(key, cwd)}: *",)
                )
            elif following is None:
                weight = 0.3 + 0.15 * (ran.round == seen.rounds)
                yield Shown("error", f"{_open_error(key, cwd)}: {trouble[:80]}", text, (ran.turn, ran.shown_in), weight)


def _open_error(key: str, cwd: str) -> str:
    """Return what the subjects of all errors of a command begin with that nothing has mended yet: a run that passes puts an end to them."""
    return f"error:{_short(key, cwd)[:60].replace(': ', ' ')}"


def trouble_in(output: str) -> str:
    """Return the line of a command's *output* that tells what went wrong; empty where none does."""
    for line in output.split("\n"):
        if 8 < len(line) < 400 and _TROUBLE.search(line):
            return one_line(line, 160)
    return ""


def _todos(seen: Trace) -> Iterator[Shown]:
    for turns, todo in seen.todos:
        subject = f"todo:{todo.text.lower()[:80]}"
        if todo.status == "completed":
            yield Shown("done", subject, f"{todo.text} (ticked off in the agent's task list)", turns, 0.35, "claimed", "agent")
        elif todo.status == "cancelled":
            yield Shown("decision", subject, f"Dropped from the agent's task list: {todo.text}", turns, 0.2, "claimed", "agent")
        else:
            state = "in progress" if todo.status == "in_progress" else "not begun"
            yield Shown("next_step", subject, f"{todo.text} ({state})", turns, 0.75, "claimed", "agent")


def _cut_short(seen: Trace) -> Iterator[Shown]:
    """Yield what the agent was at when the session ended in the middle of its work: the tools ran on after its last words."""
    last = next((s for s in reversed(seen.said) if not s.is_summary), None)
    worked_until = max([*(r.turn for r in seen.ran), *(c.turn for c in seen.changed)], default=0)
    if last is None or last.author == "user" or worked_until < last.turn:
        return
    parts = clauses(last.text)
    if parts:
        yield Shown("next_step", "", f"In progress when the session ended: {parts[-1].text}", (last.turn,), 0.8, "claimed", "agent")
