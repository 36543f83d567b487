"""Checks the states that a line asserts: merged or open, passing or failing, pending or done, added or removed."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from functools import cache
from typing import NamedTuple

from onward.core.evidence.session import SessionState
from onward.core.facts.fact import Handle
from onward.core.handoff.writer_sections import COMMANDS, DO_FIRST, DONE, FIXES, GOAL, NEXT, STATE, TRIED
from onward.llm.checks.evidence import Evidence, EvidenceText
from onward.llm.checks.git_check import find_branch_problem, find_git_problem
from onward.llm.checks.tokens import NOT, normal, stems, words
from onward.llm.checks.values import LineValue, exact_values, occurrences

_SUPPOSED = (
    r"\b(?:(?:when|once|until|till|if|unless|whether|as soon as|jika|kalau|bila|sampai|apakah|quand|jusqu'à|cuando|hasta|quando|até"
    r"|wenn|falls|sobald|bis)(?: [^.;:,→—]*)?|after|before|setelah|sebelum|be|to|shall|should|must|get(?:s|ting)?(?: \S+){0,3}) $"
)
"""What makes a state a condition or an aim."""
_CLAUSE_CHARS = 90
"""Characters before a state among which its condition is looked for."""


class _Opposites(NamedTuple):
    """Two opposite states: how a line asserts each, and how evidence shows each in more ways. `is_either` says that what is not the one is
    the other: what was not removed need not have been added.
    """

    line: tuple[str, str]
    shown: tuple[str, str]
    is_either: bool


_OPPOSITES = tuple(
    _Opposites((positive, negative), (f"{positive}|{more_positive}", f"{negative}|{more_negative}"), "add" not in positive)
    for positive, negative, more_positive, more_negative in (
        (r"\bmerged\b", r"\bopen(?:ed)?\b|unmerged", r"\bmerge|landed|fast-forward", r"draft|awaiting|review"),
        (r"\bpushed\b", r"unpushed", r"\bpush|->", r"locally|local only|\bahead\b"),
        (
            r"\bpass(?:es|ed|ing)?\b|succeed\w*|\bworks\b(?! around)",
            r"\bfail(?:s|ed|ing)?\b|\bbroken?\b|crash\w*",
            r"\bok\b|✓|✅|green|success\w*|\b0 (?:failed|failures|errors|issues)|clean|verified",
            r"✗|❌|failure|error|denied|reject\w*|cannot|refus\w*|gagal|échou",
        ),
        (
            r"(?<!` )\bdone\b|complete[d]?\b|finished|closed|resolved|implemented|selesai",
            r"\bpending\b|in progress|unfinished",
            r"✓|✅|fixed",
            r"\bto do\b|remain|in_progress|awaiting|not begun|\bopen\b|belum|stub|placeholder",
        ),
        (r"\bfixed\b|\bworks?\b(?! around)", r"\bbroken\b", r"\bfix|\bok\b|pass|resolv|correct", r"broke|bug|fail|crash|wrong"),
        (
            r"\badd(?:s|ed|ing)?\b",
            r"\bremov(?:es|ed|ing)\b|\bdelet(?:es|ed|ing)\b|\bdropped\b",
            r"creat|introduc|insert|includ|extend|ajout|dibuat|\bnew\b|\+ ",
            r"remov|delet|\bgone\b|\brm\b|strip|revert|clean|extract|dihapus|supprim|no longer|replac|− |(?:⏎|patch:) ?- ",
        ),
        (r"\benabled?\b", r"\bdisabled?\b", r"turn\w* on|activ", r"turn\w* off|inactiv|deactiv"),
        (
            r"\ballow(?:s|ed)?\b|\baccept(?:s|ed)?\b|approved",
            r"\bforbid(?:s|den)?\b|\breject(?:s|ed)?\b|\bblock(?:s|ed)?\b|denied",
            r"permit|grant",
            r"deny|denies|refus|disallow",
        ),
    )
)
_OPEN_SECTIONS = (FIXES, TRIED, NEXT, DO_FIRST)
"""Sections of what failed or is open: that needs no proof there."""
_REACH_CHARS = 260
_CONTRADICTING_SHARE, _MARGIN, _ONLY_AGAINST_SHARE = 0.25, 0.1, 0.16
_COUNTED_STATE = re.compile(r"\b(\d+)(?:/\d+)? (?:\w+ ){0,2}(passed|failed|passing|failing)\b")
_MERGED = (
    r"\bmerged\b|\bdi-?merge\b|fusionnée?\b|\bmergée?\b|\bgemergt\b|\bmergead[oa]\b|\bfusionad[oa]\b",
    r"\bopen\b|unmerged|\bdraft\b",
)
_SHOWN_MERGED = (rf"(?<!\bthe )(?<!\ba )(?:{_MERGED[0]})", rf"{_MERGED[1]}|\bopened\b")
_DONE, _REMOVED = 3, 5
_SHOWN_BESIDE = {
    _DONE: (r"\bdone\b|completed?\b|finished|closed", r"\bpending\b|unfinished|\bopen\b"),
    _REMOVED: (r"\badd(?:s|ed|ing)?\b", r"\bremov\w+|\bdelet\w+|\bdrop(?:s|ped|ping)?\b"),
}
"""The opposites, by their number, that a word beside them can decide: "pending todos", "removed the token"."""
_BESIDE_WORDS, _BESIDE_CHARS = 3, 60
_REQUEST_STEMS = stems("pull request pr merged open opened draft branch main")
_REQUEST = re.compile(r"#\d|/pull/\d|\bpr \d")
_REQUEST_WORDS = re.compile(r"\b(?:pull requests?|prs?|merge requests?|mrs?|draft|review\w*|branch)\b")
"""Words that show that "open" describes a request, because one can also open a page."""
_CLAUSES = re.compile(r"(?<=[.,;])\s|→")
_CODE = re.compile(r"`[^`]*`")
_PATHS = re.compile(r"(?<!\S)[^\s`\"]*[\w.-]/[^\s`\"]+|\b[\w-]+\.(?:md|py|tsx?|jsx?|go|rs|json|ya?ml|toml|sh)\b")
_LAST_RUN = re.compile(r"^\s*(?:passed|passes|failed|fails) when it last ran")
_RUN_RESULT = re.compile(
    r"`([^`]+)` (?:now |still |alone |all )?(passe[sd]|ok|fails)\b(?! (?:on|in|when|if|unless|because|only|without|with)\b)"
)
"""A command and its result right behind it, without a condition."""
_COMMAND_JOINTS = re.compile(r"&&|\|\||[;|]")
_ALL_DONE = re.compile(r"(?:also |other |all )?(?:done|finished|completed)\b(?: [^\W_]+)?:")
_CHOSEN = re.compile(r"[,:;] (?:and )?(chosen|accepted|approved|adopted)\W*$")
_PASSES_WITH_ERROR = re.compile(
    r"\b(?:pass(?:es|ed)?|succeed(?:s|ed)?|works) with [^.;:,→]{0,20}(?:\be[a-z]*(?:perm|acces|noent|exist)\b|denied|exception)"
)
_FAILS_WITHOUT_ERROR = re.compile(
    r"\bfail(?:s|ed)?\b(?: \w+){0,2}(?: with|:| \()? ?(?:0|no|zero) (?:issues|errors|failures|problems|failed)\b(?! (?:shown|in|on)\b)"
)
_ENDS_BROKEN = re.compile(r"\b(?:and|now|it|still) (?:(?:is|are) )?(fails|broken)\W*$")
_ENDED = re.compile(r"[,:;] (?:answered|done|tested|decided|merged|pushed|committed)\W*$")
_PASSES, _FAILS = re.compile(r"\b(?:pass(?:es|ed|ing)?|succeed\w*)\b"), re.compile(r"\bfail(?:s|ed|ing)?\b")
_WORKS, _BREAKS = re.compile(r"\b(?:passes|passed|works|succeeds)\b"), re.compile(r"\b(?:broken|fails|failed later)\b")


class StateProblem(NamedTuple):
    """A state that the line asserts and the evidence contradicts, and the evidence, or what git shows."""

    state: str
    source: EvidenceText | None
    shown: str = ""


def find_state_problem(
    section: str, text: str, handles: Sequence[Handle], cited: Iterable[EvidenceText], evidence: Evidence
) -> StateProblem | None:
    """Return a state asserted by *text*, which cites *handles*, that git, tools or the evidence contradict; None if there is none."""
    bare = normal(re.sub(r"`[^`]*`|\"[^\"]*\"|\((?:verified|claimed)[^)]*\)", " ", text))
    states = [state for state in evidence.states if any(handle.session == state.number for handle in handles)]
    for state in states:
        if shown := find_git_problem(normal(text), state):
            return StateProblem(shown[0], None, shown[1])
    cited = list(cited)
    if section == STATE and (other_branch := find_branch_problem(text, states, cited)):
        return StateProblem(other_branch[0], None, other_branch[1])
    if (
        problem := _against_section(section, bare, normal(text))
        or _against_counts(bare, cited)
        or _against_run(section, text, bare, states)
    ):
        return problem
    sessions = {handle.session for handle in handles}
    problem, is_shown = _against_latest(text, handles, evidence)
    if problem or (problem := _against_neighbours(bare, evidence, sessions)):
        return problem
    return None if section == GOAL else _against_words(section, bare, normal(text), cited, evidence, _OPPOSITES[is_shown:])


def _against_section(section: str, bare: str, whole: str) -> StateProblem | None:
    """Return a state that does not belong in *section*: something finished among what is open, an error that passes, a fix that fails."""
    if section in (NEXT, DO_FIRST) and (match := _ENDED.search(bare)) and not _compiled(NOT).search(bare):
        return StateProblem(match[0].strip(" ,:;."), None, "what is finished is not open")
    if section == NEXT and (match := _ALL_DONE.match(bare)):
        return StateProblem(match[0].strip(" :"), None, "what is finished is not open")
    if section == TRIED and (match := _CHOSEN.search(bare)) and not _compiled(NOT + "$").search(bare[: match.start()]):
        return StateProblem(match[1], None, "what was turned down is told here")
    if match := _PASSES_WITH_ERROR.search(whole):
        return StateProblem(match[0], None, "an error is no success")
    if match := _FAILS_WITHOUT_ERROR.search(whole):
        return StateProblem(match[0], None, "a run without errors did not fail")
    if section == DONE and (match := _ENDS_BROKEN.search(bare)) and not _compiled(NOT).search(bare):
        return StateProblem(match[1], None, "what is finished does not fail")
    if section == FIXES and "→" in bare:
        first, last = bare.split("→", maxsplit=1)[0], bare.rsplit("→", maxsplit=1)[-1]
        if (match := _WORKS.search(first)) and not _BREAKS.search(first) and not _compiled(NOT + "|without|error|fail").search(first):
            return StateProblem(match[0], None, "an error is told here")
        if (match := _BREAKS.search(last)) and not _compiled(NOT).search(last):
            return StateProblem(match[0], None, "a fix is told here")
    return None


def _against_counts(bare: str, cited: Sequence[EvidenceText]) -> StateProblem | None:
    """Return a counted result ("3 failed") that the evidence only shows the other way round."""
    shown = {(count, word[:4]): source for source in cited for count, word in _COUNTED_STATE.findall(source.text)}
    for count, word in _COUNTED_STATE.findall(bare):
        opposite = (count, "fail" if word.startswith("pass") else "pass")
        if (count, word[:4]) not in shown and opposite in shown:
            return StateProblem(f"{count} {word}", shown[opposite])
    return None


def _against_run(section: str, text: str, bare: str, states: Iterable[SessionState]) -> StateProblem | None:
    """Return how a line says that a command ended, the one that it begins with or one with its result right after it, where the last run
    of that command ended the other way.
    """
    claims = [(match[1], match[2].startswith("pass") or match[2] == "ok") for match in _RUN_RESULT.finditer(text)]
    command = re.match(r"`([^`]+)`", text)
    says_passes, says_fails = bool(_PASSES.search(bare)), bool(_FAILS.search(bare)) and not _compiled(NOT + "fail").search(bare)
    if command and says_passes is not says_fails and (section in (COMMANDS, DONE) or _LAST_RUN.search(bare)):
        claims.append((command[1], says_passes))
    for run, is_passing in claims:
        for state in states:
            has_failed, handle = _last_outcome(run, state)
            if has_failed is not None and has_failed is is_passing:
                return StateProblem("passes" if is_passing else "fails", None, f"{handle} ran it: {'failed' if has_failed else 'ok'}")
    return None


def _last_outcome(command: str, state: SessionState) -> tuple[bool | None, Handle | None]:
    """Return how *command* ended last, alone or as a part of a longer one, and where; None if it was not run or the log does not say."""
    if command in state.outcomes:
        return state.outcomes[command]
    parts = [
        outcome
        for run, outcome in state.outcomes.items()
        if len(command.split()) > 1 and command in (part.strip() for part in _COMMAND_JOINTS.split(run))
    ]
    return max(parts, key=lambda outcome: outcome[1], default=(None, None))


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _sides(text: str, positive: str, negative: str, *, is_either: bool = True) -> tuple[bool, bool]:
    """Return whether *text* asserts the positive and the negative side; a denied side counts for the other where it *is_either*."""
    is_positive = is_negative = False
    for pattern, is_for in ((positive, True), (negative, False)):
        for match in _compiled(pattern).finditer(text):
            before = text[max(0, match.start() - _CLAUSE_CHARS) : match.start()]
            if _compiled(_SUPPOSED).search(before):
                continue
            denied = bool(_compiled(NOT + r"$").search(before)) or text[match.end() :].startswith((" no ", " nothing", " neither"))
            if denied and not is_either:
                continue
            is_positive |= is_for is not denied
            is_negative |= is_for is denied
    return is_positive, is_negative


def _against_words(
    section: str, bare: str, whole: str, cited: Sequence[EvidenceText], evidence: Evidence, all_opposites: Sequence[_Opposites]
) -> StateProblem | None:
    line_stems = stems(whole)
    windows: list[tuple[float, EvidenceText, str]] | None = None
    for opposites in all_opposites:
        is_positive, is_negative = _sides(bare, *opposites.line, is_either=opposites.is_either)
        if is_positive == is_negative or (is_negative and section in _OPEN_SECTIONS):
            continue
        if windows is None:
            windows = _windows(cited, line_stems, evidence)
        best_for = best_against = 0.0
        against: EvidenceText | None = None
        for share, source, window in windows:
            shown = _sides(window, *opposites.shown)
            if shown[is_negative]:
                best_for = max(best_for, share)
            elif shown[is_positive] and share > best_against:
                best_against, against = share, source
        # The state of a session has many clauses: a word of one says little about another.
        is_only_against = section != STATE and not best_for and best_against >= _ONLY_AGAINST_SHARE
        if against is not None and (is_only_against or (best_against >= _CONTRADICTING_SHARE and best_against > best_for + _MARGIN)):
            match = re.search("|".join(opposites.line), bare)
            return StateProblem(match[0] if match else "", against)
    return None


def _windows(cited: Sequence[EvidenceText], line_stems: frozenset[str], evidence: Evidence) -> list[tuple[float, EvidenceText, str]]:
    """Return the pieces of the cited texts that speak of the line's words, without code and paths, the closest first."""
    windows: list[tuple[float, EvidenceText, str]] = []
    for source in cited:
        if "diff --git" in source.text:
            # A diff contains both states, and no words.
            continue
        for piece in _pieces(source.raw):
            share = evidence.share(line_stems, stems(piece))
            if share >= 0.12:
                windows.append((share, source, _without_code(piece)))
    return sorted(windows, key=lambda window: -window[0])


@cache
def _pieces(raw: str) -> tuple[str, ...]:
    """Return a text as its sentences and lines where it is long."""
    return tuple(re.split(r"\n|(?<=[.!?])\s|[⏎␞|]", raw)) if len(raw) > _REACH_CHARS else (raw,)


@cache
def _without_code(text: str) -> str:
    """Return the normal form of *text* without code and paths: a folder named "done" is no state."""
    return normal(_PATHS.sub(" ", _CODE.sub(" ", text)))


def _against_latest(text: str, handles: Sequence[Handle], evidence: Evidence) -> tuple[StateProblem | None, bool]:
    """Return what a clause says of a pull request, merged or open, where the last evidence of it shows the other: what names its number,
    or is cited, is about the same and names no other. Also return whether the last evidence shows the claim.
    """
    is_shown = False
    sessions = {handle.session for handle in handles}
    all_numbers = {_request_number(value).normal for value in _requests(text)}
    numbers: list[LineValue] = []
    for clause in _CLAUSES.split(text):
        claim = _sides(_without_code(clause), *_MERGED)
        numbers = list(map(_request_number, _requests(clause))) or numbers
        if claim[0] == claim[1] or not numbers:
            continue
        own_stems = stems(clause) - _REQUEST_STEMS
        last: tuple[EvidenceText, bool] | None = None
        for source in evidence.texts:
            if source.handle.session not in sessions:
                continue
            for piece in map(normal, _pieces(source.raw)):
                is_named = any(next(occurrences(number, piece), None) for number in numbers)
                if not is_named and (source.handle not in handles or _REQUEST.search(piece)):
                    continue
                shown = _sides(piece, *_SHOWN_MERGED)
                is_about = (len(all_numbers) == 1 or own_stems & stems(piece)) and (shown[0] or _REQUEST_WORDS.search(piece))
                if not is_named and not is_about:
                    continue
                if shown[0] != shown[1] and (last is None or source.handle >= last[0].handle):
                    last = (source, shown[0])
        if last and last[1] is not claim[0]:
            return StateProblem("merged" if claim[0] else "open", last[0]), False
        is_shown |= last is not None
    return None, is_shown


def _requests(text: str) -> list[LineValue]:
    return [value for value in exact_values(text) if value.kind == "reference" or "/pull/" in value.normal]


def _request_number(value: LineValue) -> LineValue:
    """Return the number of the issue or pull request that *value* names."""
    return value._replace(normal=f"#{re.split('[/#]', value.normal)[-1]}", kind="reference")


def _against_neighbours(bare: str, evidence: Evidence, sessions: Collection[int]) -> StateProblem | None:
    """Return a state beside a word ("removed token") that the evidence of *sessions* never has there, where it has its opposite there."""
    for claim in _states_beside(bare):
        supported, against = False, None
        for source in evidence.texts:
            if source.handle.session not in sessions or not claim.words & stems(source.text):
                continue
            for shown in _states_beside(source.text):
                if shown.number == claim.number and shown.words & claim.words:
                    supported |= shown.is_positive is claim.is_positive
                    against = source if shown.is_positive is not claim.is_positive else against
        if against and not supported:
            return StateProblem(claim.state, against)
    return None


class _StateBeside(NamedTuple):
    """A state in a text: the word, which opposites, which side, and the stems of the words that it is about."""

    state: str
    number: int
    is_positive: bool
    words: frozenset[str]


@cache
def _states_beside(text: str) -> tuple[_StateBeside, ...]:
    beside: list[_StateBeside] = []
    for number, patterns in _SHOWN_BESIDE.items():
        for side, pattern in zip((True, False), patterns, strict=True):
            for match in _compiled(pattern).finditer(text):
                before = text[max(0, match.start() - _CLAUSE_CHARS) : match.start()]
                after = re.split(r"[.;:,→—]", text[match.end() : match.end() + _BESIDE_CHARS])[0]
                if _compiled(_SUPPOSED).search(before):
                    continue
                if number == _DONE:
                    near = re.match(r"[ -]([^\W_]{3,})\b", after)
                    near_words = stems(near[1]) if near else frozenset[str]()
                else:
                    first = re.split(r"[.;:,→—]", before[-_BESIDE_CHARS:])[-1]
                    near_words = frozenset(word.stem for word in (*words(first)[-_BESIDE_WORDS:], *words(after)[:_BESIDE_WORDS]))
                if near_words:
                    is_denied = bool(_compiled(NOT + "$").search(before))
                    beside.append(_StateBeside(match[0], number, side is not is_denied, near_words))
    return tuple(beside)
