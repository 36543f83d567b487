"""Pairs of an error and what ended it: from commands that failed and later passed, from errors in logs and pasted ones
that did not come back, and from sentences that say so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import NamedTuple

from onward.core.effort.shell_effects import is_read_only, shell_effect
from onward.core.extract.command_lines import command_key
from onward.core.extract.trace import was_not_run
from onward.core.facts.phrases import FAILED_WITH, failure_text
from onward.core.knowledge.categories import category_of
from onward.core.knowledge.cues import cue_bit, cue_bits
from onward.core.knowledge.entry import PAIR_PREFIX, HarvestedEntry
from onward.core.knowledge.error_lines import error_text, failure_line, logged_error, pasted_error
from onward.core.knowledge.signature import signature, terms
from onward.core.text.prose import clauses, one_line, words
from onward.core.transcript.tools import classify_call
from onward.core.transcript.transcript import Turn

MAX_PAIRS = 16
"""The most pairs of one session, the best explained."""
_MAX_BETWEEN, _MAX_AFTER_SHOWN, _MAX_AFTER_CALL = 80, 30, 6
"""Turns between a failure and the pass that ended it; between an error that was shown and what was changed for it; and between a failure
and the call with other arguments that was made instead.
"""
_MAX_TEXT_CHARS, _MAX_FIX_CHARS = 320, 480
_MAX_EXPLANATIONS, _MAX_CHANGES = 2, 3
_MIN_TERMS = 2
"""An error with fewer words cannot be distinguished from others."""

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
    r"|docker (?:build|compose build|system)\b|git (?:config|lfs|update-index|pull|stash|reset|clean|remote|submodule)\b|(?:sudo )?(?:systemctl|service) (?:re)?start\b|rm\b"
)
"""Commands that repair the environment instead of working in it."""
_QUOTED_ERROR = re.compile(r"`([^`\n]{8,200})`")
_PROMISED = re.compile(r"\b(?:to|be|will|would|can|could|should|not|akan|bisa|belum)\W*$", re.I)
"""Words before a fix that was not made."""
_FIX_LABEL = re.compile(r"^\W*(?:the )?(?:fix|solution|resolution|workaround|remedy|perbaikan|solusi)\b[^:]{0,20}:\s*(?=\S)", re.I)
_TROUBLE = re.compile(
    r"\b(?:error|fail(?:s|ed|ure|ing)?|crash\w*|broke\w*|cannot|can't|locked|refused|timed? ?out|denied|cause|missing|gagal|galat)\b", re.I
)


_LOG_COMMAND = re.compile(r"(?<!git )\blogs?\b|\.log\b|\bjournalctl\b|\bdmesg\b|\btail\b")
"""Commands that print what happened elsewhere."""
_CHECKING = re.compile(
    r"\b(?:tests?|specs?|\w*test|jest|vitest|lint|\w*lint|ruff|mypy|tsc|check|build|compile|fmt|format|clippy|vet)\b"
    r"|\bgit (?:commit|add|push|tag|merge|rebase)\b|\bgh \w"
)
"""Commands that try or record a change and make none."""
_TRYING = re.compile(r"\b(?:tests?|specs?|\w*test|jest|vitest|lint|\w*lint|ruff|mypy|tsc|check|build|compile|fmt|format|clippy|vet)\b")
"""Commands that try what there is."""
_NO_CHANGE = re.compile(r"cd \S+$|(?:do|then|else|for|while|if)\b|(?:python\S*|node|ruby|perl) - ?<<|source |\. ")
"""Commands that change nothing that outlives them, and ones whose first line does not say what they do."""
_CONTINUED_LINE = re.compile(r"\\\n\s*")
_PART_END = re.compile(r"\s*(?:&&|\|\||;)\s*")
_ASSIGNMENT = re.compile(r"[A-Z_][A-Z\d_]*=\S*")
_SHOWING_OPTIONS = frozenset(
    "--verbose --quiet --silent --debug --watch --reporter --no-color --color --trace --help --version --tail --lines".split()
)
"""Options that change what a command prints."""


class _Change(NamedTuple):
    """Something done after an error: an edited file, or a command that changes something. `name` is the file's."""

    turn: int
    text: str
    name: str = ""


class _Failure(NamedTuple):
    """An error. `command` failed with it; it is empty if the error was read in a log or pasted. `line` names the error, `text` has the
    lines that belong to it, and `script` is the whole command.
    """

    turn: int
    command: str
    line: str
    text: str
    script: str = ""


class _Run(NamedTuple):
    """A command that passed, or that failed with another error than before. `script` is the whole command."""

    turn: int
    command: str
    script: str


class _End(NamedTuple):
    """How an error ended: after how many turns, and its pair."""

    turns: int
    pair: HarvestedEntry


@dataclass(slots=True)
class _Log:
    """What a session ran, changed and said, by turn."""

    failures: list[_Failure] = field(default_factory=list["_Failure"])
    passes: list[_Run] = field(default_factory=list["_Run"])
    changes: list[_Change] = field(default_factory=list[_Change])
    sentences: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])
    requests: list[int] = field(default_factory=list[int])


def harvest_pairs(turns: Iterable[tuple[int, Turn]]) -> list[HarvestedEntry]:
    """Return the errors of a session with what ended them, each signature once, the best explained first."""
    log = _read(turns)
    # Of an error that was met several times, the one that ended soonest shows best what ended it.
    ended = sorted((end for failure in log.failures if (end := _ended(failure, log))), key=lambda end: end.turns)
    soonest = {end.pair.signature: end.pair for end in reversed(ended)}
    pairs = [*_told_pairs(log.sentences), *soonest.values()]
    unique: dict[str, HarvestedEntry] = {}
    for pair in sorted(pairs, key=lambda entry: (-len(terms(f"{entry.text} {entry.fix}")), entry.turn)):
        unique.setdefault(pair.signature, pair)
    return [pair for pair in unique.values() if pair.signature][:MAX_PAIRS]


def join_pairs(entries: Sequence[HarvestedEntry], pairs: Sequence[HarvestedEntry]) -> list[HarvestedEntry]:
    """Return *entries* of facts with those of *pairs* that they do not contain. A pair replaces the entry that says the same without a
    separate fix, and gives its words to one that explains less.
    """
    pairs_of_entries = {entry: pair for entry in entries if entry.fix and (pair := _same_failure(entry, pairs))}
    new_pairs = [pair for pair in pairs if pair not in pairs_of_entries.values()]
    sentences = {text for pair in new_pairs for text in (pair.text, pair.fix)}
    joined = [
        _join(entry, pairs_of_entries[entry]) if entry in pairs_of_entries else entry
        for entry in entries
        if entry.fix or entry.text not in sentences
    ]
    return list({(entry.kind, entry.signature): entry for entry in reversed(joined + new_pairs)}.values())[::-1]


def _same_failure(entry: HarvestedEntry, pairs: Sequence[HarvestedEntry]) -> HarvestedEntry | None:
    """Return the pair of the failure that *entry* is about: of the same error, or of the same command at the same place."""
    command = entry.text.partition(FAILED_WITH)[0]
    return next(
        (
            pair
            for pair in pairs
            if pair.signature == entry.signature or (abs(pair.turn - entry.turn) <= 1 and pair.text.startswith(command + FAILED_WITH))
        ),
        None,
    )


def _join(entry: HarvestedEntry, pair: HarvestedEntry) -> HarvestedEntry:
    """Return *pair* as the knowledge of the fact behind *entry*: what ended the error, and then what the fact says more."""
    own_terms, pair_terms = terms(entry.fix), terms(pair.fix)
    if pair_terms <= own_terms:
        fix = entry.fix
    else:
        fix = pair.fix if own_terms <= pair_terms else one_line(f"{pair.fix}; {entry.fix}", _MAX_FIX_CHARS)
    return pair._replace(fact_id=entry.fact_id, turn=entry.turn, fix=fix)


def _read(turns: Iterable[tuple[int, Turn]]) -> _Log:
    log = _Log()
    commands: dict[str, str] = {}
    for ordinal, turn in turns:
        if turn.sidechain is None and turn.mark == "said":
            if turn.role == "assistant":
                log.sentences += ((ordinal, _labelled(clause.lead, clause.text)) for clause in clauses(turn.text))
            elif turn.role == "user" and turn.text:
                log.requests.append(ordinal)
                if line := pasted_error(turn.text):
                    log.failures.append(_Failure(turn=ordinal, command="", line=line, text=error_text(turn.text, line)))
        for call in turn.calls:
            act = classify_call(call)
            names = dict.fromkeys(change.path.rsplit("/", 1)[-1] for change in act.changes)
            log.changes += (_Change(ordinal, f"a change of `{name}`", name) for name in names)
            if act.command:
                commands[call.id] = act.command
        for result in turn.results:
            if command := commands.pop(result.call_id, ""):
                _add_run(log, ordinal, command, result.text, failed=bool(result.is_error or result.exit_code))
    return log


def _labelled(lead: str, text: str) -> str:
    return f"{lead.rstrip(': ')}: {text}" if lead and len(lead) < 60 else text


def _add_run(log: _Log, turn: int, command: str, output: str, *, failed: bool) -> None:
    command = _CONTINUED_LINE.sub(" ", command)
    key = command_key(command)
    if was_not_run(output):
        return
    if failed:
        if not is_read_only(command) and (line := failure_line(output)):
            log.failures.append(_Failure(turn=turn, command=key, line=line, text=error_text(output, line), script=command))
        return
    log.passes.append(_Run(turn, key, command))
    # Not the whole command: the output of any may be cut by `| tail`.
    if _LOG_COMMAND.search(key):
        if line := logged_error(output):
            log.failures.append(_Failure(turn=turn, command="", line=line, text=error_text(output, line)))
    elif _changes_something(command, key):
        log.changes.append(_Change(turn, f"`{one_line(key, 160)}`"))


def _changes_something(command: str, key: str) -> bool:
    if _MENDING.match(key):
        return True
    effect = shell_effect(command)
    return effect != "reading" and " " in key and not _NO_CHANGE.match(key) and (effect == "preparing" or not _CHECKING.search(key))


def _program(command: str) -> tuple[str, ...]:
    """Return the words that name what a command runs: its program and the verb."""
    return tuple(word for word in command.split() if not word.startswith("-") and not _ASSIGNMENT.fullmatch(word))[:2]


def _ended(failure: _Failure, log: _Log) -> _End | None:
    """Return the end of *failure*, if it ended and something was changed before."""
    if len(terms(failure.text)) < _MIN_TERMS:
        return None
    first, last, changes = (_changes_before_pass if failure.command else _changes_before_request)(failure, log)
    if not changes:
        return None
    sentences = [(turn, text) for turn, text in log.sentences if first <= turn <= last]
    explanations = _explanations(failure.text, sentences, changes)
    texts = list(dict.fromkeys(change.text for change in changes))[-_MAX_CHANGES:]
    fix = one_line("; ".join((*explanations, ", ".join(texts))), _MAX_FIX_CHARS)
    text = failure_text(one_line(failure.command, 120), failure.line) if failure.command else failure.line
    return _End(last - first, _entry(text, fix, failure.line, failure.turn, error=failure.text))


def _changes_before_pass(failure: _Failure, log: _Log) -> tuple[int, int, list[_Change]]:
    """Return the turns between *failure* and the run that shows its end, and what was changed there: in the command, too."""
    for run in _ending_runs(failure, log):
        if changes := _changes_until(run, failure, log):
            return failure.turn, run.turn + 1, changes
    return failure.turn, failure.turn, []


def _ending_runs(failure: _Failure, log: _Log) -> Iterator[_Run]:
    """Yield the first run of each kind that may show the end of *failure*, the best proof first: a pass of the same command, or of it with
    more; a failure of it with more that no longer met the error, but another; a pass of the same program.
    """
    end = failure.turn + _MAX_BETWEEN
    passes, others = ([run for run in runs if failure.turn < run.turn <= end] for runs in (log.passes, _other_failures(failure, log)))
    whole = next((run for run in passes if run.command == failure.command), None)
    with_more = next((run for run in passes if failure.command in run.command), None)
    programs = set(map(_program, (failure.command, *_PART_END.split(failure.command))))
    of_program = next((run for run in passes if _program(run.command) in programs and not is_read_only(run.command)), None)
    by_turn = sorted({run for run in (whole, with_more) if run}, key=lambda run: run.turn)
    yield from (run for run in (*by_turn, *others[:1], of_program) if run)


def _changes_until(run: _Run, failure: _Failure, log: _Log) -> list[_Change]:
    """Return what was changed between *failure* and *run*, and what *run* does otherwise."""
    own_texts = {f"`{one_line(text, 160)}`" for text in (failure.command, run.command)}
    changes = [change for change in log.changes if failure.turn <= change.turn <= run.turn and change.text not in own_texts]
    is_other = _is_other_call(failure.command, run.command)
    if not changes and run.turn <= failure.turn + _MAX_AFTER_CALL:
        changes += (_Change(run.turn, f"`{line}`") for line in _new_lines(failure.script, run.script))
        # Nothing else was done: the other arguments ended it. Another test that passes ends nothing.
        is_other = is_other or (not changes and _arguments(failure.command) != _arguments(run.command) and not _TRYING.search(run.command))
    if is_other:
        changes.append(_Change(run.turn, f"`{one_line(run.command, 160)}`"))
    return changes


def _arguments(command: str) -> list[str]:
    return [word for word in command.split() if word.split("=")[0] not in _SHOWING_OPTIONS]


def _other_failures(failure: _Failure, log: _Log) -> Iterator[_Run]:
    """Yield the runs that did more than the failed command and no longer met its error, but another."""
    name, wanted = signature(failure.line), terms(failure.line)
    for other in log.failures:
        is_longer = failure.command != other.command and failure.command in other.command
        if is_longer and signature(other.line) != name and not wanted <= terms(other.text):
            yield _Run(other.turn, other.command, other.script)


def _new_lines(failed: str, passed: str) -> list[str]:
    """Return the first lines that a script has since it failed, if it is the same one: most of its lines stayed."""
    old_lines, lines = ([line.strip() for line in script.split("\n") if line.strip()] for script in (failed, passed))
    new_lines = [line for line in lines if line not in old_lines]
    is_same = len(lines) > 2 and len(new_lines) * 2 < len(lines)
    return [one_line(line, 120) for line in new_lines[:_MAX_CHANGES]] if is_same else []


def _is_other_call(failed: str, passed: str) -> bool:
    """Return whether the command that passed sets a variable or an option that the one that failed does not, asks for another
    version, or runs it by another program.
    """
    if failed != passed and failed in passed:
        return passed.index(failed) > 0 or passed[len(failed)] in "@=:"
    new_words = [word for word in passed.split() if word not in failed.split()]
    return any(
        bool(_ASSIGNMENT.fullmatch(word)) or (word.startswith("-") and word.split("=")[0] not in _SHOWING_OPTIONS and len(word) > 2)
        for word in new_words
    )


def _changes_before_request(failure: _Failure, log: _Log) -> tuple[int, int, list[_Change]]:
    """Return the turns after an error that was shown until the person speaks again, and what was changed there. No change counts
    if the error was met again later.
    """
    name = signature(failure.line)
    later = [change for change in log.changes if failure.turn < change.turn <= failure.turn + _MAX_AFTER_SHOWN]
    if not later or any(other.turn > failure.turn and signature(other.line) == name for other in log.failures):
        return failure.turn, failure.turn, []
    end = next((turn for turn in log.requests if turn > later[0].turn), failure.turn + _MAX_AFTER_SHOWN)
    return failure.turn, end + 1, [change for change in later if change.turn <= end]


def _explanations(error: str, sentences: Sequence[tuple[int, str]], changes: Sequence[_Change]) -> list[str]:
    """Return the sentences that explain *error* best, in order: those with its words, with a cause or a fix, or with the name of a changed
    file. Without any, return the sentence before the first of the *changes*.
    """
    wanted = terms(error)
    names = [change.name for change in changes if change.name]
    closing = next((place for place, (turn, text) in enumerate(sentences) if turn > changes[-1].turn and text.count("`") > 1), -1)
    scored = [
        (_worth(text, wanted, names, is_closing=place == closing), -place, text)
        for place, (_, text) in enumerate(sentences)
        if _is_whole(text)
    ]
    if best := sorted((entry for entry in scored if entry[0] > 0), reverse=True)[:_MAX_EXPLANATIONS]:
        return [text for _, _, text in sorted(best, key=lambda entry: -entry[1])]
    before = [(turn, text) for turn, text in sentences if turn <= changes[0].turn and _is_whole(text)]
    return [text for turn, text in before if turn == before[-1][0]][:1]


def _is_whole(text: str) -> bool:
    """Return whether a sentence says something by itself: not one that leads to a list."""
    return 12 <= len(text) <= _MAX_TEXT_CHARS and not text.rstrip(" *").endswith(":")


def _worth(text: str, wanted: frozenset[str], names: Sequence[str], *, is_closing: bool) -> int:
    """Return how much a sentence explains an error of the terms *wanted*. The first sentence after the change that has a name in code
    (*is_closing*) says what was done.
    """
    narrates = bool(cue_bits(text.lower(), words(text)) & cue_bit("narrate"))
    says_fix = bool(_FIXED_BY.search(text) or _FIX_LABEL.match(text))
    says_cause, names_change = bool(_CAUSE.search(text)), any(name in text for name in names)
    shared = len(terms(text) & wanted)
    return shared + says_cause + is_closing + 2 * says_fix + 2 * names_change - 2 * narrates


def _told_pairs(sentences: Sequence[tuple[int, str]]) -> Iterator[HarvestedEntry]:
    """Yield the pairs that the agent says: "X is fixed by Y", and "Fix: Y" after the sentence that names the trouble."""
    for index, (turn, text) in enumerate(sentences):
        if (match := _FIXED_BY.search(text)) and match.start() > 8 and not _PROMISED.search(text[: match.start()]):
            trouble = text[: match.start()].strip()
            if len(terms(trouble)) < _MIN_TERMS:
                continue
            quotes = [quote for quote in _QUOTED_ERROR.findall(trouble) if len(terms(quote)) >= _MIN_TERMS]
            yield _entry(one_line(trouble, _MAX_TEXT_CHARS), one_line(text, _MAX_TEXT_CHARS), quotes[0] if quotes else trouble, turn)
        elif match := _FIX_LABEL.match(text):
            before = [earlier for at, earlier in sentences[max(0, index - 3) : index] if at == turn and _TROUBLE.search(earlier)]
            if before and _is_whole(text[match.end() :]):
                yield _entry(one_line(before[-1], _MAX_TEXT_CHARS), one_line(text[match.end() :], _MAX_TEXT_CHARS), before[-1], turn)


def _entry(text: str, fix: str, named: str, turn: int, *, error: str = "") -> HarvestedEntry:
    """Return the entry of an error that *named* identifies; *error* has more of its words."""
    identity = blake2b(f"{text}\0{fix}".encode(), digest_size=8).hexdigest()
    return HarvestedEntry(
        kind="solution",
        signature=signature(named),
        category=category_of(f"{text} {fix}"),
        text=text,
        error=one_line((error or named).strip(), _MAX_TEXT_CHARS),
        fix=fix,
        fact_id=f"{PAIR_PREFIX}{identity}",
        turn=turn,
    )
