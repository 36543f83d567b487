"""Checks the states that a line asserts: merged or open, passing or failing, pending or done, added or removed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from typing import NamedTuple

from onward.core.evidence.session import SessionState
from onward.core.facts.fact import Handle
from onward.core.handoff.writer_sections import COMMANDS, DO_FIRST, DONE, FIXES, GOAL, NEXT, STATE, TRIED
from onward.llm.checks.evidence import Evidence, EvidenceText
from onward.llm.checks.git_check import find_git_problem
from onward.llm.checks.tokens import NOT, normal, stems

_SUPPOSED = r"(?:\b(?:when|once|until|if|after|before|be|to|get(?:s|ting)?(?: \S+){0,3}) )$"
"""What makes a state a condition or an aim."""


class _Opposites(NamedTuple):
    """Two opposite states: how a line asserts each, and how evidence shows each in more ways."""

    line: tuple[str, str]
    shown: tuple[str, str]


_OPPOSITES = tuple(
    _Opposites((f"{positive}", f"{negative}"), (f"{positive}|{more_positive}", f"{negative}|{more_negative}"))
    for positive, negative, more_positive, more_negative in (
        (r"\bmerged\b", r"\bopen(?:ed)?\b|unmerged", r"\bmerge|landed|fast-forward", r"draft|awaiting|review"),
        (r"\bpushed\b", r"unpushed", r"\bpush|->", r"locally|local only|\bahead\b"),
        (
            r"\bpass(?:es|ed|ing)?\b|succeed\w*|\bworks\b",
            r"\bfail(?:s|ed|ing)?\b|\bbroken?\b|crash\w*",
            r"\bok\b|✓|✅|green|success\w*|\b0 (?:failed|failures|errors|issues)|clean|verified",
            r"✗|❌|failure|error|denied|reject\w*|cannot|refus\w*|gagal|échou",
        ),
        (
            r"(?<!` )\bdone\b|complete[d]?\b|finished|closed|resolved|implemented|selesai",
            r"\bpending\b|in progress|unfinished",
            r"✓|✅|fixed",
            r"to ?do\b|remain|in_progress|awaiting|not begun|\bopen\b|belum|stub|placeholder",
        ),
        (r"\bfixed\b|\bworks?\b", r"\bbroken\b", r"\bfix|\bok\b|pass|resolv|correct", r"broke|bug|fail|crash|wrong"),
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
_COUNTED_STATE = re.compile(r"\b(\d+)(?:/\d+)? (?:\w+ )?(passed|failed|passing|failing)\b")
_ENDED = re.compile(r"[,:;] (?:answered|done|tested|decided|merged|pushed|committed)\W*$")
_PASSES, _FAILS = re.compile(r"\b(?:pass(?:es|ed|ing)?|succeed\w*)\b"), re.compile(r"\bfail(?:s|ed|ing)?\b")
_WORKS, _BREAKS = re.compile(r"\b(?:passes|passed|works|succeeds)\b"), re.compile(r"\b(?:broken|fails)\b")


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
    if problem := _against_section(section, bare) or _against_counts(bare, cited) or _against_run(section, text, bare, states):
        return problem
    return None if section == GOAL else _against_words(section, bare, normal(text), cited, evidence)


def _against_section(section: str, bare: str) -> StateProblem | None:
    """Return a state that does not belong in *section*: something finished among what is open, an error that passes, a fix that fails."""
    if section in (NEXT, DO_FIRST) and (match := _ENDED.search(bare)) and not _compiled(NOT).search(bare):
        return StateProblem(match[0].strip(" ,:;."), None, "what is finished is not open")
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
    """Return how a line says that the command which it begins with ended, where its last run ended the other way."""
    command = re.match(r"`([^`]+)`", text)
    says_passes, says_fails = bool(_PASSES.search(bare)), bool(_FAILS.search(bare)) and not _compiled(NOT + "fail").search(bare)
    if section not in (COMMANDS, DONE) or not command or says_passes is says_fails:
        return None
    for state in states:
        has_failed, handle = state.outcomes.get(command[1], (None, None))
        if has_failed is not None and has_failed is says_passes:
            return StateProblem("passes" if says_passes else "fails", None, f"{handle} ran it: {'failed' if has_failed else 'ok'}")
    return None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _sides(text: str, positive: str, negative: str) -> tuple[bool, bool]:
    """Return whether *text* asserts the positive and the negative side; a denied side counts for the other."""
    is_positive = is_negative = False
    for pattern, is_for in ((positive, True), (negative, False)):
        for match in _compiled(pattern).finditer(text):
            before = text[max(0, match.start() - 24) : match.start()]
            if _compiled(_SUPPOSED).search(before):
                continue
            denied = bool(_compiled(NOT + r"$").search(before)) or text[match.end() :].startswith((" no ", " nothing", " neither"))
            is_positive |= is_for is not denied
            is_negative |= is_for is denied
    return is_positive, is_negative


def _against_words(section: str, bare: str, whole: str, cited: Sequence[EvidenceText], evidence: Evidence) -> StateProblem | None:
    line_stems = stems(whole)
    windows: list[tuple[float, EvidenceText, str]] | None = None
    for opposites in _OPPOSITES:
        is_positive, is_negative = _sides(bare, *opposites.line)
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
    """Return the pieces of the cited texts that contain words of the line, the closest first."""
    windows: list[tuple[float, EvidenceText, str]] = []
    for source in cited:
        if "diff --git" in source.text:
            # A diff contains both states, and no words.
            continue
        pieces = re.split(r"\n|(?<=[.!?])\s|[⏎␞|]", source.text) if len(source.text) > _REACH_CHARS else [source.text]
        for piece in pieces:
            share = evidence.share(line_stems, stems(piece))
            if share >= 0.12:
                windows.append((share, source, piece))
    return sorted(windows, key=lambda window: -window[0])
