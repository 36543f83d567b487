"""Facts from tool calls: files, commands and their results, commits, errors and how they were resolved, the task list.

Nothing here depends on what anyone said, so a fact is `verified` if a result shows it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from onward.core.effort.shell_effects import is_read_only, shell_effect
from onward.core.extract.command_lines import COLOURS, command_key, find_error_line
from onward.core.extract.phrases import PHRASES, pattern
from onward.core.extract.repository_state import draft_repository_facts
from onward.core.extract.sentence_phrases import tells_outcome
from onward.core.extract.tool_draft import ToolDraft
from onward.core.extract.trace import CommandRun, RecordedChange, Trace
from onward.core.extract.wording import NAME_WITH_PATH
from onward.core.facts.fact import Outcome, Remark
from onward.core.facts.phrases import failure_message
from onward.core.text import paths
from onward.core.text.prose import content_words, one_line, stem
from onward.core.text.sentences import sentences
from onward.message import Message

# Strings, not compiled patterns: most sessions never need them, and `re` caches what it compiles.
_CHECK = re.compile(
    r"(?<![\w-])(?:test|tests|pytest|vitest|jest|lint|eslint|ruff|mypy|pyright|tsc|typecheck|type-check|build|check|fmt|format|clippy|vet|"
    r"e2e|verify|migrate|"
    r"migration:\w+|deploy|docker|compose|serve|dev|start|install|sync)(?![\w-])"
)
_TRIVIAL = re.compile(
    r"^(?:cd|ls|cat|head|tail|sed|grep|rg|find|echo|pwd|which|wc|sleep|git (?:status|diff|log|show|branch|add|fetch)|mkdir|tree|ps|jq)\b"
)
_NAMES = re.compile(r"(?<!\S)\S*/\S*|\"[^\"]*\"|'[^']*'")
"""Paths and quoted words of a command: names do not show what the command does."""
_OPENS_TEXT = re.compile(r"<<|^(?:apply_patch|test|\w+=\$\()\b")
_ADDS_PACKAGE = re.compile(
    r"(?:npm|pnpm|yarn|bun|pip3?|uv(?: pip)?|poetry|cargo|go|gem|composer|brew|(?:sudo )?(?:apt|apt-get|dnf|apk)) (?:install|i|add|get)\s+[^-.\s]"
)
"""Adding a package by name: afterwards the project's own list of packages has it."""
_EDITOR_WORDS = frozenset("edit create open goto submit scroll_up scroll_down find_file search_dir search_file str_replace_editor".split())
"""How commands of an agent's own editor, which no shell knows, begin."""
_PASSED = re.compile(
    r"\b\d+ (?:passed|passing|tests? passed)\b|\btests? (?:run|passed)\b[^\n]{0,40}|"
    r"\bTests:?\s+[^\n]{0,60}passed[^\n]{0,20}",
    re.I,
)


TASK_IN_PROGRESS_WEIGHT, _PENDING_TASK_WEIGHT, OUTDATED_TASK_WEIGHT = 0.8, 0.7, 0.3
_OUTDATED_REQUESTS = 2
"""After this many requests without a change, a task list is out of date."""
_MIN_TASK_WORDS, _REPORTED_SHARE = 2, 0.6
"""A task needs this many words to be found in a report, and a sentence of the report has to contain this share of them."""
_MENDED_ERROR_WEIGHT = 0.3
"""The weight of a command that failed first and passes now: listed if there is room."""
_CLOSED_TODO_WEIGHT = 0.05
"""The weight of a task removed from the list. It resolves the earlier fact of its subject and adds nothing to the report."""

_MAX_SHELVING_CHARS, _MAX_SHELVED_WORDS, _SHELVED_WORDS, _WORD_BEGINNING = 300, 6, 2, 5
"""The most characters of a person's text that postpones a task, the most content words of its clause, how many of the first ones may name
the task, and how many equal letters make two words forms of one.
"""
_CLAUSE_END = re.compile(r"[.,;:!?](?=\s|$)|[。、，；！？\n]")
_ALL_LANGUAGES = frozenset(PHRASES)


def draft_tool_facts(trace: Trace, cwd: str, branch: str) -> Iterator[ToolDraft]:
    """Yield the facts that the tools of one session show. Paths below *cwd* are relative to it; the session began on *branch*."""
    yield from _draft_files(trace, cwd)
    yield from draft_repository_facts(trace, branch)
    yield from _draft_commands(trace, cwd)
    yield from _draft_errors(trace, cwd)
    yield from _draft_todos(trace)


def _strip_cwd(text: str, cwd: str) -> str:
    for prefix in _cwd_prefixes(cwd):
        text = text.replace(prefix, "")
    return text


@lru_cache(maxsize=16)
def _cwd_prefixes(cwd: str) -> tuple[str, ...]:
    """Return *cwd* as the beginning of a path, in every spelling."""
    return tuple(root + separator for root in paths.spellings(cwd) if len(root) > 3 for separator in "/\\")


def _project_path(path: str, cwd: str) -> str:
    """Return *path* relative to *cwd*, with `/` also for paths from Windows."""
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
            # Readers need a deleted file less often than one that exists.
            statement, weight = Message("`{path}` was deleted", path=path), weight / 2
        elif old:
            statement = _rename_message(path, old[-1])
            statement = statement if last.change.kind == "renamed" else Message("{change}, edited since", change=statement)
        elif created and len(changes) == 1:
            statement = Message("`{path}` was created", path=path)
        elif created:
            statement = Message("`{path}` was created, then edited {times}", path=path, times=_times(len(changes) - 1))
        else:
            statement = Message("`{path}` was edited {times}", path=path, times=_times(len(changes)))
        report = _find_report(path, last.round, trace)
        remark = Remark("reported", one_line(report[0], 130).rstrip(":")) if report else None
        yield ToolDraft(
            kind="file",
            subject=f"file:{path}",
            statement=statement,
            remark=remark,
            turns=(last.turn, report[1]) if report else (last.turn,),
            weight=weight,
            retires=tuple(f"file:{old_path}" for old_path in old),
            outcome=Outcome("deleted") if is_gone else None,
        )


def _rename_message(path: str, old_path: str) -> Message:
    folder, _, name = old_path.rpartition("/")
    if path.rpartition("/")[2] == name:
        return Message("`{path}` was moved here from `{folder}/`", path=path, folder=folder or ".")
    return Message("`{path}` is the new name of `{old_path}`", path=path, old_path=old_path)


def _is_scratch(path: str, changes: list[RecordedChange]) -> bool:
    """Whether a deleted file was never part of the project: it is outside its folder, or it is a log that no tool wrote."""
    is_outside = path.startswith(("/", "..")) or paths.is_windows(path)
    return (is_outside or path.endswith((".log", ".tmp", ".pid"))) and all(c.change.kind == "deleted" for c in changes)


def _find_report(path: str, last_round: int, trace: Trace) -> tuple[str, int] | None:
    """Return what the agent reported about a file, and where.

    It is the last sentence of a report, in the round of the file's last change or later, that names the file and says something about it.
    """
    name = path.replace("\\", "/").rsplit("/", 1)[-1]
    narration = pattern("narrate", frozenset(PHRASES))
    for statement in reversed(trace.statements):
        if statement.round < last_round:
            return None
        if statement.is_closing and name in statement.text:
            for sentence in reversed(sentences(statement.text)):
                if (
                    name in sentence.text
                    and len(sentence.text) > len(name) + 15
                    and not sentence.is_row
                    and not NAME_WITH_PATH.fullmatch(sentence.text)
                    and not sentence.text.endswith((":", "：", "?", "？"))
                    and not narration.match(sentence.text)
                ):
                    return sentence.text, statement.turn
    return None


def _times(count: int) -> Message:
    if count > 2:
        return Message("{count} times", count=count)
    return Message("once") if count == 1 else Message("twice")


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
        if key.split()[0] in _EDITOR_WORDS or (_ADDS_PACKAGE.match(key) and not last.failed):
            continue
        passed = _PASSED.search(COLOURS.sub("", last.output))
        result = one_line(passed.group(0), 70) if passed and not last.failed else ""
        wider = _passed_later(key, last, runs) if last.failed else ""
        statement = _run_message(key, last, wider)
        if len(same_runs) > 1:
            statement = Message("{run} ({times})", run=statement, times=_times(len(same_runs)))
        if result:
            statement = Message("{run}, {result}", run=statement, result=result)
        if last.purpose:
            statement = Message("{run} — {purpose}", run=statement, purpose=one_line(last.purpose, 80))
        weight = min(0.6, 0.22 + 0.06 * len(same_runs) + 0.15 * is_check + 0.1 * last.round / max(1, trace.rounds))
        yield ToolDraft(
            kind="command",
            subject=f"command:{key}",
            statement=statement,
            turns=(last.turn, last.result_turn) if result else (last.turn,),
            weight=weight,
            retires=(f"{_error_prefix(key, cwd)}: *",) if last.failed is False else (),
            outcome=Outcome("fails", key) if last.failed and not wider else None,
        )


def _run_message(key: str, last: CommandRun, wider: str) -> Message:
    if wider:
        return Message("`{command}` failed, then `{wider}` passed", command=key, wider=wider)
    if last.failed:
        return Message("`{command}` failed when it last ran", command=key)
    return Message("`{command}` was run", command=key) if last.failed is None else Message("`{command}` ran without error", command=key)


def _is_cut(key: str) -> bool:
    """Whether the first line of a command is incomplete: it opens a here-document or an unclosed quotation."""
    return key.endswith("\\") or _OPENS_TEXT.search(key) is not None or any(key.count(quote) % 2 for quote in "'\"")


def _passed_later(key: str, failed: CommandRun, runs: dict[str, list[CommandRun]]) -> str:
    """Return a command that passed after *failed* and covers it: its words are a subset."""
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
            failure = failure_message(command, error)
            if following and following[1].failed is False:
                changes = [c for c in trace.changes if run.turn <= c.turn <= following[1].turn]
                changed_path = _project_path(changes[-1].change.path, cwd) if changes else ""
                passing = Message("{failure} → it passes", failure=failure)
                if changes:
                    passing = Message("{failure} → it passes after a change of `{path}`", failure=failure, path=changed_path)
                turns = (run.turn, run.result_turn, *(c.turn for c in changes[-1:]), following[1].turn)
                yield ToolDraft(
                    kind="error",
                    subject=f"error:{error_line[:80]}",
                    statement=passing,
                    turns=turns,
                    weight=_MENDED_ERROR_WEIGHT,
                    retires=(f"{_error_prefix(key, cwd)}: *",),
                    outcome=Outcome("passes", command, error, changed_path),
                )
            elif following is None:
                weight = 0.3 + 0.15 * (run.round == trace.rounds)
                yield ToolDraft(
                    kind="error",
                    subject=f"{_error_prefix(key, cwd)}: {error_line[:80]}",
                    statement=failure,
                    turns=(run.turn, run.result_turn),
                    weight=weight,
                )


def _error_prefix(key: str, cwd: str) -> str:
    """Return the common prefix of the subjects of a command's open errors: a run that passes resolves them all."""
    return f"error:{_strip_cwd(key, cwd)[:60].replace(': ', ' ')}"


def _draft_todos(trace: Trace) -> Iterator[ToolDraft]:
    for place, (turns, todo) in enumerate(trace.todos):
        if not todo.text.strip():
            continue
        subject = f"todo:{todo.text.lower()[:80]}"
        is_open = todo.status in ("pending", "in_progress")
        reported_turn = _reported_turn(trace, todo.text, turns[-1]) if is_open else 0
        shelved_turn = _shelving_turn(trace, todo.text, turns[-1]) if is_open and not reported_turn else 0
        if shelved_turn:
            text = Message("Put off by the user: {task}", task=todo.text)
            yield ToolDraft(kind="decision", subject=subject, statement=text, turns=(*turns, shelved_turn), weight=_CLOSED_TODO_WEIGHT)
        elif reported_turn:
            yield ToolDraft(
                kind="done",
                subject=subject,
                statement=Message("{task} (reported as done, not ticked off in the agent's task list)", task=todo.text),
                turns=(*turns, reported_turn),
                weight=_CLOSED_TODO_WEIGHT,
                evidence="claimed",
                author="agent",
            )
        elif todo.status == "completed":
            yield ToolDraft(
                kind="done",
                subject=subject,
                statement=Message("{task} (ticked off in the agent's task list)", task=todo.text),
                turns=turns,
                weight=_CLOSED_TODO_WEIGHT,
                evidence="claimed",
                author="agent",
            )
        elif todo.status == "cancelled":
            yield ToolDraft(
                kind="decision",
                subject=subject,
                statement=Message("Dropped from the agent's task list: {task}", task=todo.text),
                turns=turns,
                weight=_CLOSED_TODO_WEIGHT,
                evidence="claimed",
                author="agent",
            )
        else:
            remark = Remark("in_progress" if todo.status == "in_progress" else "not_begun")
            later_requests = sum(statement.author == "user" and statement.turn > turns[-1] for statement in trace.statements)
            weight = TASK_IN_PROGRESS_WEIGHT if todo.status == "in_progress" else _PENDING_TASK_WEIGHT
            yield ToolDraft(
                kind="next_step",
                subject=subject,
                statement=todo.text,
                remark=remark,
                turns=turns,
                weight=weight if later_requests < _OUTDATED_REQUESTS else OUTDATED_TASK_WEIGHT,
                position=place,
                evidence="claimed",
                author="agent",
            )


def _shelving_turn(trace: Trace, task: str, turn: int) -> int:
    """Return the turn in which the person later postponed *task* ("forget the deployment for now"), else 0."""
    shelving, for_now = pattern("shelve", _ALL_LANGUAGES), pattern("temporary", _ALL_LANGUAGES)
    terms = content_words(task)
    for statement in trace.statements:
        if statement.author == "user" and statement.turn > turn and len(statement.text) <= _MAX_SHELVING_CHARS:
            for clause in _CLAUSE_END.split(statement.text):
                shelved = content_words(for_now.sub(" ", shelving.sub(" ", clause))) if shelving.search(clause) else ()
                if 0 < len(shelved) <= _MAX_SHELVED_WORDS and any(
                    _is_form_of(word, term) for word in shelved[:_SHELVED_WORDS] for term in terms
                ):
                    return statement.turn
    return 0


def _is_form_of(word: str, other: str) -> bool:
    """Whether two words begin alike, as "deployment" and "deploy" do."""
    size = min(len(word), len(other))
    return stem(word) == stem(other) or (size >= _WORD_BEGINNING and word[:_WORD_BEGINNING] == other[:_WORD_BEGINNING])


def _reported_turn(trace: Trace, task: str, turn: int) -> int:
    """Return the turn of a later report with a sentence that says what was done in most words of *task*, else 0."""
    terms = frozenset(map(stem, content_words(task)))
    if len(terms) < _MIN_TASK_WORDS:
        return 0
    for statement in trace.statements:
        if statement.is_closing and statement.turn > turn:
            for sentence in sentences(statement.text):
                shared = len(terms & frozenset(map(stem, content_words(sentence.text))))
                if (
                    shared >= _REPORTED_SHARE * len(terms)
                    and tells_outcome(sentence.text)
                    and not pattern("unfinished", _ALL_LANGUAGES).search(sentence.text)
                ):
                    return statement.turn
    return 0
