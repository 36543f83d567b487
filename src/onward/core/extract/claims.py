"""Checks an agent's claims against the log: that tests pass, that work is committed, that a file was created.

A claim is `verified` only by the result of a command or a tool. A hedged claim is `assumed`; any other claim stays `claimed`. If the log
contradicts a claim, its line says so. Missing evidence is not a contradiction, because the work may have been done outside the session.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from onward.core.extract.statement_draft import StatementDraft
from onward.core.extract.trace import CommandRun, Trace
from onward.core.facts.fact import Remark
from onward.core.text.prose import identifiers, one_line

_TESTS_PASS = re.compile(
    r"\b(?:all|every|the|\d+(?:/\d+)?)?(?: (?P<which>[\w-]+))? ?\btests? (?:are |is |now |all |suites? |still |have )*(?:pass(?:es|"
    r"ed|ing)?|green|succeed(?:s|ed)?|lulus)\b"
    r"|\btest suite (?:is |now )*(?:pass(?:es|ed|ing)?|green)\b|\b\d+(?:/\d+)? (?:passed|passing)\b"
    r"|\b(?:semua|seluruh) (?:tes|test|pengujian) (?:sudah |telah )?(?:lulus|lolos|berhasil)\b"
    r"|\btous les tests (?:passent|sont verts)\b|\btodos (?:los tests|os testes) (?:pasan|passam|passaram)\b",
    re.I,
)
_COMMITTED = re.compile(
    r"\b(?:i|i've|i have|we|we've) (?:also |now |just |already )?(?:committed|made (?:a|the) commit)\b|^(?:all |"
    r"both )?(?:\w+ ){0,3}(?:is|are|was|were|has been|have been) committed\b"
    r"|^(?:committed|done and committed)\b|\b(?:sudah|telah) (?:saya |di)commit\b|\b(?:j'ai commité|he hecho commit|fiz o commit)\b",
    re.I,
)
_COMMITS = re.compile(
    r"commit|\bgit (?:merge|pull|rebase|cherry-pick|revert)|\b(?:gh|make|npm|just|release)\b[^\n]*\b(?:merge|release|version|publish)", re.I
)
"""Tools and commands that may commit under another name."""
_CREATED = re.compile(r"\b(?:created|wrote|written|added|generated|dibuat|membuat|menulis|créé|criei|creado|creé)\b", re.I)
_NOT_CLAIMED = re.compile(
    r"\?$|\b(?:if|once|until|unless|when|make sure|so that|before|will|must|need(?:s|ed)? to|should|make(?:s)? the|let me|let's|"
    r"to (?:see|check|verify|ensure|make)|not|no|don't|didn't|doesn't|haven't|isn't|"
    r"aren't|without|except|but|jika|kalau|sampai|supaya|agar|belum|tidak|akan)\b",
    re.I,
)
"""Words that turn a claim into a reservation, or into no claim at all."""
_HEDGED = re.compile(
    r"\b(?:should(?: now| all)? (?:work|pass|be)|probably|presumably|i (?:assume|think|believe|guess|suspect)|seems? to|appears to|"
    r"most likely|mungkin|sepertinya|kayaknya|seharusnya|"
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
"""Words that do not limit "tests" to some of them."""


class Verdict(NamedTuple):
    """The log's verdict on a claim: whether it is true (None if the log does not show it), a remark, and the turn that shows it."""

    holds: bool | None
    remark: Remark | None = None
    turn: int = 0


def check_claim(statement: StatementDraft, trace: Trace) -> StatementDraft:
    """Return *statement* with the log's verdict: verified, or with a remark if the log contradicts it."""
    if statement.author != "agent":
        return statement
    if _HEDGED.search(statement.text):
        return statement._replace(evidence="assumed")
    verdict = _judge_claim(statement, trace)
    if verdict.holds is None:
        return statement
    turns = (*statement.turns, verdict.turn) if verdict.turn else statement.turns
    if verdict.holds:
        return statement._replace(evidence="verified", turns=turns)
    return statement._replace(remark=verdict.remark, turns=turns)


def _judge_claim(statement: StatementDraft, trace: Trace) -> Verdict:
    if _NOT_CLAIMED.search(statement.text):
        return Verdict(None)
    turn = statement.turns[0]
    if match := _TESTS_PASS.search(statement.text):
        return _judge_tests(trace, turn, (match["which"] or "").lower())
    if _COMMITTED.search(statement.text):
        return _judge_commit(trace, turn)
    if _CREATED.search(statement.text):
        return _judge_files(statement.text, trace, turn)
    return Verdict(None)


def _judge_tests(trace: Trace, turn: int, kind: str) -> Verdict:
    """Judge "tests pass" by the last earlier run of the tests that the claim names. A run without a clear result decides nothing."""
    runs = [run for run in trace.runs if run.result_turn <= turn and _TESTING.search(run.command)]
    if kind not in _ANY_TESTS and not kind[0].isdigit():
        runs = [run for run in runs if kind in run.command.lower()]
    has_passed = tests_passed(runs[-1]) if runs else None
    if has_passed is None:
        return Verdict(None)
    last = runs[-1]
    if has_passed:
        return Verdict(holds=True, turn=last.result_turn)
    is_confirmed = any(s.author == "user" and last.result_turn < s.turn < turn and _TESTS_PASS.search(s.text) for s in trace.statements)
    return (
        Verdict(None) if is_confirmed else Verdict(holds=False, remark=Remark("tests_failed", _short_command(last)), turn=last.result_turn)
    )


def tests_passed(run: CommandRun) -> bool | None:
    """Return whether the output of a run shows that its tests passed; None if it does not show a result."""
    if _FAILING.search(run.output):
        return False
    if _PASSING.search(run.output) and not run.failed:
        return True
    return None


def _judge_commit(trace: Trace, turn: int) -> Verdict:
    """Judge "committed" by the earlier attempts to commit. Without any attempt, the claim is contradicted only if the log is complete and
    nothing else in it can commit.
    """
    attempts = [run for run in trace.runs if run.result_turn <= turn and re.search(r"\bgit\b[^\n|;&]*\bcommit\b", run.command)]
    commits = [run for run in attempts if not run.failed]
    if commits:
        return Verdict(holds=True, turn=commits[-1].result_turn) if commits[-1].failed is False else Verdict(None)
    if attempts:
        return Verdict(holds=False, remark=Remark("commit_failed", _short_command(attempts[-1])), turn=attempts[-1].result_turn)
    may_commit_otherwise = any(_COMMITS.search(name) for name in (*trace.tool_names, *(run.command for run in trace.runs)))
    if trace.is_whole and not may_commit_otherwise and any(re.match(r"\s*git\b", run.command) for run in trace.runs):
        return Verdict(holds=False, remark=Remark("not_committed"))
    return Verdict(None)


def _judge_files(text: str, trace: Trace, turn: int) -> Verdict:
    """Judge "created" by refused writes that never succeeded later. Without shell commands, a tool may still have created the file."""
    names = [name for name in identifiers(text) if "." in name.rsplit("/", 1)[-1] and not name.startswith(("http", "-"))]
    for name in names:
        changes = [c for c in trace.changes if c.turn <= turn and _ends_with(c.change.path, name)]
        if changes:
            continue
        refusals = [c for c in trace.refused_changes if c.turn <= turn and _ends_with(c.change.path, name)]
        if refusals and not any(name.rsplit("/", 1)[-1] in run.command for run in trace.runs):
            return Verdict(holds=False, remark=Remark("write_refused", name), turn=refusals[-1].turn)
    return Verdict(None)


def _ends_with(path: str, name: str) -> bool:
    return f"/{path}".replace("\\", "/").endswith(f"/{name.lstrip('./')}")


def _short_command(run: CommandRun) -> str:
    command = re.sub(r"^(?:cd [^&;]+(?:&&|;)\s*)+", "", run.command.strip()).split("\n")[0]
    return one_line(command, 60)
