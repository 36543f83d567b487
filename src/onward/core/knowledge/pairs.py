"""Pairs of an error and what ended it: from commands that failed and later passed, and from sentences that say so."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import NamedTuple

from onward.core.effort.shell_effects import is_read_only, shell_effect
from onward.core.extract.command_lines import command_key, find_error_line
from onward.core.facts.phrases import failure_text
from onward.core.knowledge.categories import category_of
from onward.core.knowledge.entry import PAIR_PREFIX, HarvestedEntry
from onward.core.knowledge.signature import signature, terms
from onward.core.text.prose import clauses, one_line
from onward.core.transcript.tools import classify_call
from onward.core.transcript.transcript import Turn

MAX_PAIRS = 16
"""The most pairs of one session, the best explained."""
_MAX_BETWEEN = 80
"""Turns between a failure and the pass that ended it."""
_MAX_TEXT_CHARS = 320
_MIN_TERMS = 2
"""An error with fewer words cannot be distinguished from others."""

_NAMED_ERROR = re.compile(
    r"\b\w*(?:Error|Exception|Failure|Warning|Fault|Panic)\b(?:\s*\[\w+\])?:\s*\S|^error(?:\[\w+\])?:|: error:|ERR!|\bE[A-Z]{4,}\b"
)
_EMPTY_ERROR = re.compile(
    r"task failed|some errors were emitted|^\W*(?:found )?\d+ (?:errors?|problems?|warnings?)\b|found \d+ errors?|[│┃·]|^\W*>?\s*\d+ [|│]|exit (?:code|status) \d+\W*$",
    re.I,
)
"""Lines that sound like an error and name none: counts, and excerpts of code."""
_CAUSE = re.compile(
    r"\b(?:because|cause[ds]?|root cause|reason|turns? out|due to|missing|needs?|needed|must|wrong|mismatch|instead|conflict\w*|"
    r"built for|compiled|not (?:installed|set|found|exported|available)|expects?|requires?|should be|fix(?:e[sd])?|solved|resolved|"
    r"karena|penyebab\w*|ternyata|diperbaiki)\b",
    re.I,
)
_FIXED_BY = re.compile(
    r"\b(?:(?:is|was|are|were|got|gets) (?:now )?(?:fixed|solved|resolved|cured|avoided)|fixed|solved|resolved|diperbaiki|diatasi)"
    r" (?:by|with|via|dengan|by using)\b",
    re.I,
)
_MENDING = re.compile(
    r"(?:npm|pnpm|yarn) (?:rebuild|update|uninstall|dedupe|cache|config)\b|cargo (?:update|clean|add)\b|go (?:get|mod|clean|env)\b"
    r"|docker (?:build|compose build|system)\b|git (?:config|lfs|update-index)\b|(?:sudo )?(?:systemctl|service) (?:re)?start\b|rm\b"
)
"""Commands that repair the environment instead of working in it."""
_PROMISED = re.compile(r"\b(?:to|be|will|would|can|could|should|not|akan|bisa|belum)\W*$", re.I)
"""Words before a fix that was not made."""
_FIX_LABEL = re.compile(r"^\W*(?:the )?(?:fix|solution|resolution|workaround|remedy|perbaikan|solusi)\b[^:]{0,20}:\s*(?=\S)", re.I)
_TROUBLE = re.compile(
    r"\b(?:error|fail(?:s|ed|ure|ing)?|crash\w*|broke\w*|cannot|can't|locked|refused|timed? ?out|denied|cause|missing|gagal|galat)\b", re.I
)


class _Change(NamedTuple):
    """Something done between a failure and a pass: an edited file, or a command that changes the place of work."""

    turn: int
    text: str


@dataclass(slots=True)
class _Failure:
    turn: int
    command: str
    error: str


@dataclass(slots=True)
class _Log:
    """What a session ran, changed and said, by turn."""

    failures: list[_Failure] = field(default_factory=list["_Failure"])
    passes: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])
    changes: list[_Change] = field(default_factory=list[_Change])
    sentences: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])


def harvest_pairs(turns: Iterable[tuple[int, Turn]]) -> list[HarvestedEntry]:
    """Return the errors of a session with what ended them, each signature once, the best explained first."""
    log = _read(turns)
    pairs = [*_told_pairs(log.sentences), *(pair for failure in log.failures if (pair := _ended(failure, log)))]
    unique: dict[str, HarvestedEntry] = {}
    for pair in sorted(pairs, key=lambda entry: (-len(terms(f"{entry.text} {entry.fix}")), entry.turn)):
        unique.setdefault(pair.signature, pair)
    return [pair for pair in unique.values() if pair.signature][:MAX_PAIRS]


def join_pairs(entries: Sequence[HarvestedEntry], pairs: Sequence[HarvestedEntry]) -> list[HarvestedEntry]:
    """Return *entries* of facts with those of *pairs* that they do not tell. A pair replaces the entry that says the same
    without telling the fix apart.
    """
    solved = {entry.signature for entry in entries if entry.fix}
    new_pairs = [pair for pair in pairs if pair.signature not in solved]
    sentences = {text for pair in new_pairs for text in (pair.text, pair.fix)}
    return [entry for entry in entries if entry.fix or entry.text not in sentences] + new_pairs


def _read(turns: Iterable[tuple[int, Turn]]) -> _Log:
    log = _Log()
    commands: dict[str, str] = {}
    for ordinal, turn in turns:
        if turn.role == "assistant" and turn.sidechain is None and turn.mark == "said":
            log.sentences += ((ordinal, _labelled(clause.lead, clause.text)) for clause in clauses(turn.text))
        for call in turn.calls:
            act = classify_call(call)
            log.changes += (_Change(ordinal, f"a change of `{change.path.rsplit('/', 1)[-1]}`") for change in act.changes)
            if act.command:
                commands[call.id] = act.command
        for result in turn.results:
            if command := commands.pop(result.call_id, ""):
                _add_run(log, ordinal, command, result.text, failed=bool(result.is_error or result.exit_code))
    return log


def _labelled(lead: str, text: str) -> str:
    return f"{lead.rstrip(': ')}: {text}" if lead and len(lead) < 60 else text


def _add_run(log: _Log, turn: int, command: str, output: str, *, failed: bool) -> None:
    key = command_key(command)
    error = error_line(output)
    if failed and error:
        if is_read_only(command):
            return
        log.failures.append(_Failure(turn, key, error))
        return
    log.passes.append((turn, key))
    if shell_effect(command) == "preparing" or _MENDING.match(key):
        log.changes.append(_Change(turn, f"`{one_line(key, 120)}`"))


def error_line(output: str) -> str:
    """Return the line of a command's *output* that names its error best: one with the error's own name, the last of
    them, else the first that sounds like one; empty if there is none.
    """
    lines = [line.strip() for line in output[-20_000:].split("\n")]
    telling = [line for line in lines if 8 < len(line) < 400 and not _EMPTY_ERROR.search(line)]
    named = [line for line in telling if _NAMED_ERROR.search(line)]
    return one_line(named[-1], 200) if named else find_error_line("\n".join(telling))


def _program(command: str) -> tuple[str, ...]:
    """Return the words that name what a command runs: its program and the verb."""
    return tuple(word for word in command.split() if not word.startswith("-"))[:2]


def _ended(failure: _Failure, log: _Log) -> HarvestedEntry | None:
    """Return the pair of *failure*, if the same command passed later and something was changed in between."""
    last = min(
        (
            turn
            for turn, command in log.passes
            if failure.turn < turn <= failure.turn + _MAX_BETWEEN
            and (command == failure.command or _program(command) == _program(failure.command))
        ),
        default=0,
    )
    changes = [
        change.text
        for change in log.changes
        if failure.turn <= change.turn <= last and change.text != f"`{one_line(failure.command, 120)}`"
    ]
    changes = list(dict.fromkeys(changes))
    if not last or not changes or len(terms(failure.error)) < _MIN_TERMS:
        return None
    cause = _explanation(failure.error, [text for turn, text in log.sentences if failure.turn <= turn <= last + 1])
    fix = one_line("; ".join(filter(None, (cause, ", ".join(changes[-3:])))), _MAX_TEXT_CHARS)
    return _entry(failure_text(one_line(failure.command, 120), failure.error), fix, failure.error, failure.turn)


def _explanation(error: str, sentences: Sequence[str]) -> str:
    """Return the sentence that explains *error* best: with a cause or a fix, and most of its words; empty if none
    does.
    """
    wanted = terms(error)
    scored = [
        (len(terms(text) & wanted) + 2 * bool(_FIXED_BY.search(text) or _FIX_LABEL.match(text)), -index, text)
        for index, text in enumerate(sentences)
        if 5 <= len(text.split()) <= 70 and _CAUSE.search(text)
    ]
    best = max(scored, default=(0, 0, ""))
    return best[2] if best[0] > 0 else ""


def _told_pairs(sentences: Sequence[tuple[int, str]]) -> Iterator[HarvestedEntry]:
    """Yield the pairs that the agent says: "X is fixed by Y", and "Fix: Y" after the sentence that names the trouble."""
    for index, (turn, text) in enumerate(sentences):
        if (match := _FIXED_BY.search(text)) and match.start() > 8 and not _PROMISED.search(text[: match.start()]):
            yield _entry(
                one_line(text[: match.start()].strip(), _MAX_TEXT_CHARS), one_line(text, _MAX_TEXT_CHARS), text[: match.start()], turn
            )
        elif match := _FIX_LABEL.match(text):
            before = [earlier for at, earlier in sentences[max(0, index - 3) : index] if at == turn and _TROUBLE.search(earlier)]
            if before:
                yield _entry(one_line(before[-1], _MAX_TEXT_CHARS), one_line(text[match.end() :], _MAX_TEXT_CHARS), before[-1], turn)


def _entry(text: str, fix: str, error: str, turn: int) -> HarvestedEntry:
    identity = blake2b(f"{text}\0{fix}".encode(), digest_size=8).hexdigest()
    return HarvestedEntry(
        kind="solution",
        signature=signature(error),
        category=category_of(f"{text} {fix}"),
        text=text,
        error=one_line(error.strip(), _MAX_TEXT_CHARS),
        fix=fix,
        fact_id=f"{PAIR_PREFIX}{identity}",
        turn=turn,
    )
