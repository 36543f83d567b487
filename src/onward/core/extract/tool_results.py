"""Facts from tool calls: files, commands and their results, commits, errors and the success that ended them, the
task list.

Nothing here depends on what anyone said, so a fact is `verified` where a result shows it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from onward.core.effort.shell_effects import is_read_only, shell_effect
from onward.core.extract.phrases import pattern
from onward.core.extract.trace import CommandRun, RecordedChange, Trace
from onward.core.facts.fact import FAILED_PUSH, GIT_BRANCH, GIT_STATE, TESTS_STATE, FactAuthor, FactEvidence, FactKind, Outcome
from onward.core.facts.phrases import failure_text
from onward.core.text import paths
from onward.core.text.prose import one_line
from onward.core.text.sentences import sentences

# Strings, not compiled patterns: most sessions never need them, and `re` caches what it compiles.
_COMMIT = r"(?m)^(?:\[([\w./-]+)(?: \(root-commit\))? |Commit )([0-9a-f]{7,40})\]? (.+)$"
_COMMITTING = re.compile(r"\bgit\b[^\n]*\b(?:commit|merge|cherry-pick|revert|rebase|am|pull)\b|^\s*/(?:commit|undo)")
"""Only the output of these commands shows commits; a log or a file may contain any line."""
_PULL = r"https?://[\w.-]+/[\w.-]+/[\w.-]+/(?:pull|merge_requests|pulls)/\d+"
_TITLE = r"""--title[ =](["'])(.+?)\1"""
_BRANCH = r"git (?:checkout -[bB]|switch -[cC]|worktree add (?:\S+ )?-b) ['\"]?([\w./-]+)"
_CHECK = re.compile(
    r"(?<![\w-])(?:test|tests|pytest|vitest|jest|lint|eslint|ruff|mypy|pyright|tsc|typecheck|type-check|build|check|fmt|format|clippy|vet|"
    r"e2e|verify|migrate|"
    r"migration:\w+|deploy|docker|compose|serve|dev|start|install|sync)(?![\w-])"
)
_TRIVIAL = re.compile(
    r"^(?:cd|ls|cat|head|tail|sed|grep|rg|find|echo|pwd|which|wc|sleep|git (?:status|diff|log|show|branch|add|fetch)|mkdir|tree|ps|jq)\b"
)
_NAMES = re.compile(r"(?<!\S)\S*/\S*|\"[^\"]*\"|'[^']*'")
"""Words of a command that are paths or quoted: what they are called says nothing of what it does."""
_OPENS_TEXT = re.compile(r"<<|^(?:apply_patch|test|\w+=\$\()\b")
_COLOURS = re.compile(r"\x1b?\[\d{0,3}(?:;\d{1,3})*m")
"""Colours of a terminal, also where an exporter dropped the escape character."""
_ERROR_WORDS = re.compile(
    r"error|fail|exception|cannot|can't|not found|denied|undefined|invalid|fatal|panic|refused|timed? ?out|no such|✗|✘", re.I
)
_PASSED = re.compile(
    r"\b\d+ (?:passed|passing|tests? passed)\b|\btests? (?:run|passed)\b[^\n]{0,40}|\bok\s+\S+\s+[\d.]+s|"
    r"\bTests:?\s+[^\n]{0,60}passed[^\n]{0,20}",
    re.I,
)


_TEST_RUN = re.compile(
    r"\b(?:pytest|vitest|jest|mocha|rspec|phpunit|go test|cargo test|npm (?:run )?test|pnpm (?:run )?test|bun (?:run )?test|yarn test|"
    r"mise run test\S*|"
    r"make test\S*|tox|ctest|playwright test|dotnet test|gradlew? \S*test|mvn \S*test|python3? -m unittest)\b"
)
_NO_TEST_RUN = re.compile(r"\b(?:install|add|grep|cat|which|rm|ls)\b")
_TEST_COUNTS = re.compile(
    r"(\d+ (?:tests? )?(?:passed|failed|passing|failing)[^\n]{0,60}|\bFAIL\b[^\n]{0,60}|(?:Tests|Test Files):?\s+[^\n]{3,60}|"
    r"test result: [^\n]{3,60}|^ok\s+\S+)",
    re.M,
)
TASK_IN_PROGRESS_WEIGHT, _PENDING_TASK_WEIGHT, OUTDATED_TASK_WEIGHT = 0.8, 0.7, 0.3
_OUTDATED_REQUESTS = 2
"""Requests after the last change of a task list from which on it is no longer what the work goes by."""
_CLOSED_TODO_WEIGHT = 0.05
"""A task that is off the list ends what stood under its subject; by itself it says nothing that the report does not."""
_MAX_UNCOMMITTED = 5


class ToolDraft(NamedTuple):
    """A draft of a fact from tool calls. `turns` are the ordinals that show it."""

    kind: FactKind
    subject: str
    text: str
    turns: tuple[int, ...]
    weight: float
    evidence: FactEvidence = "verified"
    author: FactAuthor = "tool"
    retires: tuple[str, ...] = ()
    outcome: Outcome | None = None
    position: int = 0


def draft_tool_facts(trace: Trace, cwd: str) -> Iterator[ToolDraft]:
    """Yield what the tools of one session show. Paths below *cwd* are relative to it."""
    yield from _draft_files(trace, cwd)
    yield from _draft_git(trace)
    yield from _draft_commands(trace, cwd)
    yield from _draft_errors(trace, cwd)
    yield from _draft_todos(trace)
    yield from _draft_tests_state(trace)


def _strip_cwd(text: str, cwd: str) -> str:
    for prefix in _cwd_prefixes(cwd):
        text = text.replace(prefix, "")
    return text


@lru_cache(maxsize=16)
def _cwd_prefixes(cwd: str) -> tuple[str, ...]:
    """Return the beginnings of paths below *cwd*, in every spelling."""
    return tuple(root + separator for root in paths.spellings(cwd) if len(root) > 3 for separator in "/\\")


def _project_path(path: str, cwd: str) -> str:
    """Return *path* relative to *cwd*, with `/`, whatever an agent on Windows wrote."""
    short = _strip_cwd(path, cwd)
    return short.replace("\\", "/") if paths.is_windows(cwd) and not paths.is_windows(short) else short


def _draft_files(trace: Trace, cwd: str) -> Iterator[ToolDraft]:
    by_path: dict[str, list[RecordedChange]] = {}
    for record in trace.changes:
        by_path.setdefault(_project_path(record.change.path, cwd), []).append(record)
    names = {_project_path(c.change.old_path, cwd): _project_path(c.change.path, cwd) for c in trace.changes if c.change.old_path}
    for path, changes in by_path.items():
        last = changes[-1]
        is_gone = last.change.kind == "deleted"
        if (path in names and last.turn <= by_path[names[path]][-1].turn) or (is_gone and _is_scratch(path, changes)):
            continue
        created = any(c.change.kind == "created" for c in changes)
        old = [_project_path(c.change.old_path, cwd) for c in changes if c.change.old_path]
        weight = min(0.75, 0.3 + 0.07 * len(changes) + 0.15 * created + 0.15 * last.round / max(1, trace.rounds))
        if is_gone:
            # A deleted file is asked for less often than one that exists.
            verb, weight = "was deleted", weight / 2
        elif old:
            verb = _rename_text(path, old[-1]) + ("" if last.change.kind == "renamed" else ", edited since")
        elif created:
            verb = "was created" if len(changes) == 1 else f"was created, then edited {_times_text(len(changes) - 1)}"
        else:
            verb = f"was edited {_times_text(len(changes))}"
        remark = _find_remark(path, trace)
        text = f"`{path}` {verb}" + (f" — {one_line(remark[0], 130).rstrip(':')}" if remark else "")
        yield ToolDraft(
            kind="file",
            subject=f"file:{path}",
            text=text,
            turns=(last.turn, remark[1]) if remark else (last.turn,),
            weight=weight,
            retires=tuple(f"file:{old_path}" for old_path in old),
            outcome=Outcome("deleted") if is_gone else None,
        )


def _rename_text(path: str, old_path: str) -> str:
    folder, _, name = old_path.rpartition("/")
    return f"was moved here from `{folder or '.'}/`" if path.rpartition("/")[2] == name else f"is the new name of `{old_path}`"


def _is_scratch(path: str, changes: list[RecordedChange]) -> bool:
    """Return whether a deleted file never belonged to the project: it is outside its folder, or a log, and no tool
    wrote it.
    """
    is_outside = path.startswith(("/", "..")) or paths.is_windows(path)
    return (is_outside or path.endswith((".log", ".tmp", ".pid"))) and all(c.change.kind == "deleted" for c in changes)


def _find_remark(path: str, trace: Trace) -> tuple[str, int] | None:
    """Return what the agent reported of the file and where: the last sentence of a report that names it and says more than its name."""
    name = path.replace("\\", "/").rsplit("/", 1)[-1]
    narration = pattern("narrate", frozenset(("en",)))
    for statement in reversed(trace.statements):
        if statement.is_closing and name in statement.text:
            for sentence in reversed(sentences(statement.text)):
                if (
                    name in sentence.text
                    and len(sentence.text) > len(name) + 15
                    and not sentence.is_row
                    and not narration.match(sentence.text)
                ):
                    return sentence.text, statement.turn
    return None


def _times_text(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def _draft_git(trace: Trace) -> Iterator[ToolDraft]:
    last: tuple[int, str, str] | None = None
    last_push: CommandRun | None = None
    created: tuple[str, int] | None = None
    is_pushed = False
    for run in trace.runs:
        if "git " not in run.command and "gh " not in run.command:
            continue
        is_pushed = (is_pushed or "git push" in run.command) and not run.failed
        last_push = run if "git push" in run.command else last_push
        for branch, commit, message in re.findall(_COMMIT, run.output) if _COMMITTING.search(run.command) else ():
            last, is_pushed = (run.result_turn, branch, commit), "git push" in run.command and not run.failed
            branch_note = f" on branch `{branch}`" if branch else ""
            yield ToolDraft(
                kind="done",
                subject=f"commit:{commit[:7]}",
                text=f"Committed `{commit}`{branch_note}: {one_line(message, 160)}",
                turns=(run.result_turn,),
                weight=0.62,
            )
        if "pr create" in run.command or "git push" in run.command:
            title = re.search(_TITLE, run.command)
            about = f": {one_line(title.group(2), 120)}" if title else ""
            for url in re.findall(_PULL, run.output)[:1]:
                opening = "Opened the pull request" if "pr create" in run.command else "Pushed; the pull request is at"
                yield ToolDraft(
                    kind="done", subject=f"pull:{url}", text=f"{opening} {url}{about}", turns=(run.turn, run.result_turn), weight=0.7
                )
        if not run.failed and (branches := re.findall(_BRANCH, run.command)):
            created = (branches[-1], run.turn)
    if last_push and last_push.failed:
        reason = find_error_line(last_push.output)
        yield ToolDraft(
            kind="blocker",
            subject=FAILED_PUSH,
            text=f"The last `git push` failed{f': {reason}' if reason else ''}",
            turns=(last_push.turn, last_push.result_turn),
            weight=0.6,
        )
    if created and (last is None or last[1] != created[0]):
        text = f"The work is on the branch `{created[0]}`, created with git"
        yield ToolDraft(kind="value", subject=GIT_BRANCH, text=text, turns=(created[1],), weight=0.6)
    if last:
        turn, branch, commit = last
        subject = f"On branch `{branch}` the" if branch else "The"
        push_state = "is pushed" if is_pushed else "is committed locally and not pushed yet"
        retires = (FAILED_PUSH,) if is_pushed else ()
        text = f"{subject} last commit `{commit}` {push_state}{_uncommitted(trace, turn)}"
        yield ToolDraft(kind="done", subject=GIT_STATE, text=text, turns=(turn,), weight=0.6, retires=retires)


def _uncommitted(trace: Trace, commit_turn: int) -> str:
    """Return which files were changed after the last commit; empty where none was."""
    names = sorted({c.change.path.replace("\\", "/").rpartition("/")[2] for c in trace.changes if c.turn > commit_turn})
    shown = ", ".join(f"`{name}`" for name in names[:_MAX_UNCOMMITTED])
    more = f" and {len(names) - _MAX_UNCOMMITTED} more" if len(names) > _MAX_UNCOMMITTED else ""
    return f"; edited since, not committed: {shown}{more}" if names else ""


def _draft_tests_state(trace: Trace) -> Iterator[ToolDraft]:
    """Yield how the last test run ended, in its own words where it counts; nothing where the log does not say."""
    for run in reversed(trace.runs):
        if not _TEST_RUN.search(run.command) or _NO_TEST_RUN.search(run.command) or run.failed is None:
            continue
        counts = _TEST_COUNTS.findall(_COLOURS.sub("", run.output))
        outcome = one_line(counts[-1], 70) if counts else "failed" if run.failed else "ended without error"
        yield ToolDraft(
            kind="done",
            subject=TESTS_STATE,
            text=f"Last test run `{one_line(command_key(run.command), 70)}`: {outcome}",
            turns=(run.result_turn,),
            weight=0.5,
        )
        return


@lru_cache(maxsize=4096)
def command_key(command: str) -> str:
    """Return the key that is equal for two runs of the same command: its first line without a leading `cd` and
    without pipes that only shorten output.
    """
    line = re.sub(r"^(?:cd [^&;]+(?:&&|;)\s*)+", "", command.strip()).split("\n")[0]
    return re.sub(r"\s*(?:2>&1|\|\s*(?:head|tail|grep|tee)\b.*|[12&]?>\s*/dev/null)", "", line).strip()


def _draft_commands(trace: Trace, cwd: str) -> Iterator[ToolDraft]:
    runs: dict[str, list[CommandRun]] = {}
    for run in trace.runs:
        key = _strip_cwd(command_key(run.command), cwd)
        if key and len(key) <= 160 and not key.startswith("git ") and not is_read_only(key) and not _is_cut(key):
            runs.setdefault(key, []).append(run)
    for key, same_runs in runs.items():
        is_check = bool(_CHECK.search(_NAMES.sub("", key)))
        if not is_check and (len(same_runs) < 3 or shell_effect(key) == "reading"):
            continue
        last = same_runs[-1]
        passed = _PASSED.search(_COLOURS.sub("", last.output))
        result_note = f", {one_line(passed.group(0), 70)}" if passed and not last.failed else ""
        purpose = f" — {one_line(last.purpose, 80)}" if last.purpose else ""
        outcome = "ran without error" if last.failed is False else "was run"
        if last.failed:
            wider = _passed_later(key, last, runs)
            outcome = f"failed, then `{wider}` passed" if wider else "failed when it last ran"
        times = f" ({_times_text(len(same_runs))})" if len(same_runs) > 1 else ""
        weight = min(0.6, 0.22 + 0.06 * len(same_runs) + 0.15 * is_check + 0.1 * last.round / max(1, trace.rounds))
        yield ToolDraft(
            kind="command",
            subject=f"command:{key}",
            text=f"`{key}` {outcome}{times}{result_note}{purpose}",
            turns=(last.turn, last.result_turn) if result_note else (last.turn,),
            weight=weight,
            retires=(f"{_error_prefix(key, cwd)}: *",) if last.failed is False else (),
        )


def _is_cut(key: str) -> bool:
    """Whether the first line of a command says little of it: it opens a text that follows, or a quotation that it does not close."""
    return key.endswith("\\") or _OPENS_TEXT.search(key) is not None or any(key.count(quote) % 2 for quote in "'\"")


def _passed_later(key: str, failed: CommandRun, runs: dict[str, list[CommandRun]]) -> str:
    """Return a command that passed after *failed* and covers it: the same words, but fewer of them."""
    wider = (
        k for k, same_runs in runs.items() if key.startswith(f"{k} ") and same_runs[-1].turn > failed.turn and same_runs[-1].failed is False
    )
    return next(wider, "")


def _draft_errors(trace: Trace, cwd: str) -> Iterator[ToolDraft]:
    runs_by_key: dict[str, list[tuple[int, CommandRun]]] = {}
    for i, run in enumerate(trace.runs):
        runs_by_key.setdefault(command_key(run.command), []).append((i, run))
    reported_lines: set[str] = set()
    for key, runs in runs_by_key.items():
        if _TRIVIAL.match(key) or len(key) > 200:
            continue
        for (_, run), following in zip(runs, [*runs[1:], None], strict=True):
            error_line = find_error_line(run.output) if run.failed else ""
            if not error_line or error_line in reported_lines:
                continue
            reported_lines.add(error_line)
            command, error = one_line(_strip_cwd(key, cwd), 90), _strip_cwd(error_line, cwd)
            text = failure_text(command, error)
            if following and following[1].failed is False:
                changes = [c for c in trace.changes if run.turn <= c.turn <= following[1].turn]
                changed_path = _project_path(changes[-1].change.path, cwd) if changes else ""
                change_note = f" after a change of `{changed_path}`" if changes else ""
                turns = (run.turn, run.result_turn, *(c.turn for c in changes[-1:]), following[1].turn)
                yield ToolDraft(
                    kind="error",
                    subject=f"error:{error_line[:80]}",
                    text=f"{text} → it passes{change_note}",
                    turns=turns,
                    weight=0.4,
                    retires=(f"{_error_prefix(key, cwd)}: *",),
                    outcome=Outcome("passes", command, error, changed_path),
                )
            elif following is None:
                weight = 0.3 + 0.15 * (run.round == trace.rounds)
                yield ToolDraft(
                    kind="error",
                    subject=f"{_error_prefix(key, cwd)}: {error_line[:80]}",
                    text=text,
                    turns=(run.turn, run.result_turn),
                    weight=weight,
                )


def _error_prefix(key: str, cwd: str) -> str:
    """Return the beginning of the subjects of a command's open errors: a run that passes resolves them all."""
    return f"error:{_strip_cwd(key, cwd)[:60].replace(': ', ' ')}"


def find_error_line(output: str) -> str:
    """Return the line of a command's *output* that names the error; empty if there is none."""
    for line in _COLOURS.sub("", output).split("\n"):
        if 8 < len(line) < 400 and _ERROR_WORDS.search(line):
            return one_line(line, 160)
    return ""


def _draft_todos(trace: Trace) -> Iterator[ToolDraft]:
    for place, (turns, todo) in enumerate(trace.todos):
        if not todo.text.strip():
            continue
        subject = f"todo:{todo.text.lower()[:80]}"
        if todo.status == "completed":
            yield ToolDraft(
                kind="done",
                subject=subject,
                text=f"{todo.text} (ticked off in the agent's task list)",
                turns=turns,
                weight=_CLOSED_TODO_WEIGHT,
                evidence="claimed",
                author="agent",
            )
        elif todo.status == "cancelled":
            yield ToolDraft(
                kind="decision",
                subject=subject,
                text=f"Dropped from the agent's task list: {todo.text}",
                turns=turns,
                weight=_CLOSED_TODO_WEIGHT,
                evidence="claimed",
                author="agent",
            )
        else:
            state = "in progress" if todo.status == "in_progress" else "not begun"
            later_requests = sum(statement.author == "user" and statement.turn > turns[-1] for statement in trace.statements)
            weight = TASK_IN_PROGRESS_WEIGHT if todo.status == "in_progress" else _PENDING_TASK_WEIGHT
            yield ToolDraft(
                kind="next_step",
                subject=subject,
                text=f"{todo.text} ({state})",
                turns=turns,
                weight=weight if later_requests < _OUTDATED_REQUESTS else OUTDATED_TASK_WEIGHT,
                position=place,
                evidence="claimed",
                author="agent",
            )
