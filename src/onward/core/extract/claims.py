"""What an agent claims, held against what the log shows: that tests pass, that work is committed, that a file was made.

A claim is `verified` only by the result of a command or a tool; said with a hedge it is `assumed`; the rest stays `claimed`. Where the log says otherwise, the line says so. Told are only contradictions
that the log itself shows: what nobody ran or tried may have been done elsewhere.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from onward.core.extract.spoken import Heard
from onward.core.extract.trace import Ran, Trace
from onward.core.text import identifiers, one_line

_TESTS_PASS = re.compile(
    r"\b(?:all|every|the|\d+(?:/\d+)?)?(?: (?P<which>[\w-]+))? ?\btests? (?:are |is |now |all |suites? |still |have )*(?:pass(?:es|ed|ing)?|green|succeed(?:s|ed)?|lulus)\b"
    r"|\btest suite (?:is |now )*(?:pass(?:es|ed|ing)?|green)\b|\b\d+(?:/\d+)? (?:passed|passing)\b"
    r"|\b(?:semua|seluruh) (?:tes|test|pengujian) (?:sudah |telah )?(?:lulus|lolos|berhasil)\b"
    r"|\btous les tests (?:passent|sont verts)\b|\btodos (?:los tests|os testes) (?:pasan|passam|passaram)\b",
    re.I,
)
_COMMITTED = re.compile(
    r"\b(?:i|i've|i have|we|we've) (?:also |now |just |already )?(?:committed|made (?:a|the) commit)\b|^(?:all |both )?(?:\w+ ){0,3}(?:is|are|was|were|has been|have been) committed\b"
    r"|^(?:committed|done and committed)\b|\b(?:sudah|telah) (?:saya |di)commit\b|\b(?:j'ai commité|he hecho commit|fiz o commit)\b",
    re.I,
)
_MADE = re.compile(r"\b(?:created|wrote|written|added|generated|dibuat|membuat|menulis|créé|criei|creado|creé)\b", re.I)
_NOT_CLAIMED = re.compile(
    r"\?$|\b(?:if|once|until|unless|when|make sure|so that|before|will|must|need(?:s|ed)? to|should|make(?:s)? the|let me|let's|to (?:see|check|verify|ensure|make)|not|no|don't|didn't|doesn't|haven't|isn't|"
    r"aren't|without|except|but|jika|kalau|sampai|supaya|agar|belum|tidak|akan)\b",
    re.I,
)
"""Words beside which nothing of the kind is claimed, or not without its own reservation."""
_HEDGED = re.compile(
    r"\b(?:should(?: now| all)? (?:work|pass|be)|probably|presumably|i (?:assume|think|believe|guess|suspect)|seems? to|appears to|most likely|mungkin|sepertinya|kayaknya|seharusnya|"
    r"probablement|provavelmente|probablemente)\b",
    re.I,
)
_TESTING = re.compile(r"\b(?:tests?|pytest|vitest|jest|mocha|rspec|phpunit|unittest|e2e|spec|check)\b", re.I)
_FAILING = re.compile(
    r"\b[1-9]\d* (?:failed|failing|failures?|tests? failed)\b|\bFAILED\b|(?m:^FAIL\b)|\bFailures: [1-9]|\btests? failed\b|AssertionError"
)
_PASSING = re.compile(
    r"\b[1-9]\d* (?:passed|passing|tests? passed)\b|\bok\s+\S+\s+(?:[\d.]+s|\(cached\))|\bOK \(\d+ tests?|\btest result: ok\b|\b0 fail",
    re.I,
)
_ANY_TESTS = frozenset(("", *"all every the our these those existing other remaining new relevant targeted automated and both of".split()))
"""What a claim may call the tests without meaning some of them alone."""


class Verdict(NamedTuple):
    """What the log says of a claim: whether it is so (None: it does not say), in words, and the turn that shows it."""

    holds: bool | None
    words: str = ""
    turn: int = 0


def checked(said: Heard, seen: Trace) -> Heard:
    """Return *said* with what the log says of it: verified by it, or flagged in plain words where it says otherwise."""
    if said.author != "agent":
        return said
    if _HEDGED.search(said.text):
        return said._replace(evidence="assumed")
    verdict = _verdict(said, seen)
    if verdict.holds is None:
        return said
    turns = (*said.turns, verdict.turn) if verdict.turn else said.turns
    if verdict.holds:
        return said._replace(evidence="verified", turns=turns)
    return said._replace(text=f"{said.text} (the log says otherwise: {verdict.words})", turns=turns)


def _verdict(said: Heard, seen: Trace) -> Verdict:
    if _NOT_CLAIMED.search(said.text):
        return Verdict(None)
    turn = said.turns[0]
    if found := _TESTS_PASS.search(said.text):
        return _tests(seen, turn, (found["which"] or "").lower())
    if _COMMITTED.search(said.text):
        return _commits(seen, turn)
    if _MADE.search(said.text):
        return _files(said.text, seen, turn)
    return Verdict(None)


def _tests(seen: Trace, turn: int, which: str) -> Verdict:
    """Judge "tests pass" by the last run of tests before; by those of its kind, where the claim names one. A run that does not say how it went decides nothing."""
    runs = [ran for ran in seen.ran if ran.shown_in <= turn and _TESTING.search(ran.command)]
    if which not in _ANY_TESTS and not which[0].isdigit():
        runs = [ran for ran in runs if which in ran.command.lower()]
    outcome = _outcome(runs[-1]) if runs else None
    if outcome is None:
        return Verdict(None)
    last = runs[-1]
    if outcome:
        return Verdict(holds=True, turn=last.shown_in)
    told = any(s.author == "user" and last.shown_in < s.turn < turn and _TESTS_PASS.search(s.text) for s in seen.said)
    return Verdict(None) if told else Verdict(holds=False, words=f"`{_named(last)}` failed when it last ran", turn=last.shown_in)


def _outcome(ran: Ran) -> bool | None:
    """Return whether the tests of a run passed, by what it printed; None where it does not say."""
    if _FAILING.search(ran.output):
        return False
    if _PASSING.search(ran.output) and not ran.failed:
        return True
    return None


def _commits(seen: Trace, turn: int) -> Verdict:
    """Judge "committed" by the commits that were tried before."""
    tried = [ran for ran in seen.ran if ran.shown_in <= turn and re.search(r"\bgit\b[^\n|;&]*\bcommit\b", ran.command)]
    made = [ran for ran in tried if not ran.failed]
    if made:
        return Verdict(holds=True, turn=made[-1].shown_in) if made[-1].failed is False else Verdict(None)
    if tried:
        return Verdict(holds=False, words=f"`{_named(tried[-1])}` failed", turn=tried[-1].shown_in)
    if any(re.match(r"\s*git\b", ran.command) for ran in seen.ran):
        return Verdict(holds=False, words="no commit was made in this session")
    return Verdict(None)


def _files(text: str, seen: Trace, turn: int) -> Verdict:
    """Judge "created" by the writes that were refused and never came through; a session without commands could make a file by its tools alone."""
    named = [name for name in identifiers(text) if "." in name.rsplit("/", 1)[-1] and not name.startswith(("http", "-"))]
    for name in named:
        done = [c for c in seen.changed if c.turn <= turn and _ends_with(c.change.path, name)]
        if done:
            continue
        refused = [c for c in seen.refused if c.turn <= turn and _ends_with(c.change.path, name)]
        if refused and not any(name.rsplit("/", 1)[-1] in ran.command for ran in seen.ran):
            return Verdict(holds=False, words=f"writing `{name}` was refused", turn=refused[-1].turn)
    return Verdict(None)


def _ends_with(path: str, name: str) -> bool:
    return f"/{path}".replace("\\", "/").endswith(f"/{name.lstrip('./')}")


def _named(ran: Ran) -> str:
    command = re.sub(r"^(?:cd [^&;]+(?:&&|;)\s*)+", "", ran.command.strip()).split("\n")[0]
    return one_line(command, 60)
