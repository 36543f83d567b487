"""Rounds of a session: what a person asked, the work on it, what the agent reported, and how the request ended."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from onward.core.extract.phrases import pattern
from onward.core.extract.trace import Statement, Trace
from onward.core.text.sentences import sentences

Fate: TypeAlias = Literal["done", "answered", "refused", "withdrawn", "open", "passed"]
"""How a request ended: reported `done`, `answered` in words, `refused` in the person's next message, `withdrawn`, still `open` at the end
of the session, or `passed` over: the person went on before a report.
"""

_COMMITS = re.compile(r"\bgit\b[^\n|;&]*\b(?:commit|push|merge)\b|\bgh pr (?:create|merge)")
_UNDONE = re.compile(r"Removed: [0-9a-f]{7,40}\b|Commit `[0-9a-f]{7,40}` was reset")
"""How Aider reports that it undid the last commit, now and in 2024."""
_STOPPED = re.compile(r"\[Request interrupted|interrupted by user|operation stopped", re.I)
_UNDOING = re.compile(r"/(?:undo|rewind|revert)\b")
"""The client command that undoes what the agent did last."""
_REFUSAL_MARK = re.compile("[^\\w\\n]{0,3}[❌✗✘👎🚫⛔]")
"""A sign for failure in a person's message, or in the answer they choose."""
_REPLY_CHARS = 400
"""The first characters of a person's text, which show how it answers the agent's report."""
_WITHDRAWAL_CHARS = 60
"""A withdrawal is at most this long; a longer text with such a word asks for something else."""
_SHORT_REPORT_CHARS = 400
"""A longer report lists what is missing itself, which says more than the request."""
_INTERJECTION = re.compile(
    r"(?:(?:ah|aah|oh|eh|uh|um|hm+|mm+|hé|hey|mais|aber|ach|och|but|well|ma|pero|mas|tapi|lho|но|а|ну|ой|ama|ay|à|ừm|ا|آه|لكن|えっ|あの|あ|아|어|哎|呃|啊)"
    r"[\s,.!…、，]+)+",
    re.I,
)
"""An exclamation before a person's sentence: "ah no, it is there"."""
_MIN_REWRITTEN_CHARS, _REWRITTEN_SHARE = 30, 0.6
"""A request is sent again if the next one repeats this many first characters and this share of it."""
_CUT_SHORT_RUNS = 2
"""A round was cut short if more tool runs than this follow its last report."""


@dataclass(slots=True)
class Round:
    """A request and the work on it. The counts are of tool calls; `runs_after` counts commands after the agent's last text of the round;
    `is_handed_in` is whether the last call submits the work.
    """

    number: int
    requests: list[Statement] = field(default_factory=list[Statement])
    closing: Statement | None = None
    texts: int = 0
    edits: int = 0
    runs: int = 0
    failures: int = 0
    commits: int = 0
    runs_after: int = 0
    refuses: bool = False
    is_undone: bool = False
    is_handed_in: bool = False
    fate: Fate = "passed"

    @property
    def request(self) -> str:
        """What the person wrote; empty before their first message."""
        return "\n".join(statement.text for statement in self.requests)


def rounds_of(trace: Trace, languages: frozenset[str]) -> dict[int, Round]:
    """Return the rounds of a session by number, each with its fate. Round 0 comes before the person's first message."""
    rounds: dict[int, Round] = {0: Round(0)}

    def at(number: int) -> Round:
        return rounds.setdefault(number, Round(number))

    for change in trace.changes:
        at(change.round).edits += 1
    for statement in trace.statements:
        current = at(statement.round)
        if statement.author == "user":
            current.requests.append(statement)
            reply = statement.text.strip()[:_REPLY_CHARS]
            current.refuses = _refuses(reply, languages)
        elif not statement.is_summary:
            current.texts += 1
            if statement.is_closing:
                current.closing = statement
    for run in trace.runs:
        current = at(run.round)
        current.runs += 1
        current.failures += bool(run.failed)
        current.commits += bool(_COMMITS.search(run.command))
        current.is_undone = current.is_undone or _UNDONE.match(run.output) is not None
        current.runs_after += current.closing is not None and run.turn > current.closing.turn
    for call in trace.calls:
        at(call.round).is_handed_in = call.hands_in
    _judge(rounds, languages)
    return rounds


def _refuses(reply: str, languages: frozenset[str]) -> bool:
    """Whether a person's message denies or undoes what was reported before it, by a client command or in words."""
    interjection = _INTERJECTION.match(reply)
    openings = (reply, reply[interjection.end() :]) if interjection else (reply,)
    if (
        _UNDOING.match(reply)
        or _REFUSAL_MARK.match(reply)
        or any(pattern("refuse", languages).match(opening[:120]) for opening in openings)
    ):
        return True
    return pattern("broken", languages).search(reply[:160]) is not None


def _judge(rounds: dict[int, Round], languages: frozenset[str]) -> None:
    requested = [rounds[number] for number in sorted(rounds) if rounds[number].requests]
    for position, current in enumerate(requested):
        following = requested[position + 1] if position + 1 < len(requested) else None
        current.fate = _fate(current, following, languages)


def _fate(current: Round, following: Round | None, languages: frozenset[str]) -> Fate:
    if current.is_undone:
        return "withdrawn"
    withdrawal = pattern("withdraw", languages)
    is_short = len(current.request) <= _WITHDRAWAL_CHARS
    if (is_short and withdrawal.search(current.request)) or (following and withdrawal.search(following.request[:_WITHDRAWAL_CHARS])):
        return "withdrawn"
    if following and _is_sent_anew(current, following):
        return "withdrawn"
    if following is None:
        return "open" if _is_cut_short(current, languages) or _is_unfinished(current, languages) else _settled(current)
    if current.closing is None:
        return "passed"
    return "refused" if following.refuses else _settled(current)


def _is_sent_anew(current: Round, following: Round) -> bool:
    """Whether a request had no result and the next one begins in the same way: it was interrupted and written again."""
    if current.closing or current.edits or len(current.request) < _MIN_REWRITTEN_CHARS:
        return False
    opening = current.request[: int(len(current.request) * _REWRITTEN_SHARE)]
    return " ".join(following.request.split()).startswith(" ".join(opening.split()))


def _is_unfinished(last: Round, languages: frozenset[str]) -> bool:
    """Whether a short last report says that part of the request is still missing."""
    report = last.closing.text if last.closing else ""
    return len(report) <= _SHORT_REPORT_CHARS and pattern("unfinished", languages).search(report) is not None


def _settled(current: Round) -> Fate:
    return "done" if current.edits or current.commits else "answered"


def _is_cut_short(last: Round, languages: frozenset[str]) -> bool:
    """Whether the session ended in the middle of its last round: without a report, with an announcement, or with tools running."""
    if last.closing is None or _STOPPED.search(last.request[-200:]) or last.runs_after > _CUT_SHORT_RUNS:
        return True
    return not last.is_handed_in and last_intent(last, languages) is not None


def last_intent(last: Round, languages: frozenset[str]) -> str | None:
    """Return the last sentence of a round if it announces what the agent was about to do."""
    parts = sentences(last.closing.text) if last.closing else []
    return parts[-1].text if parts and pattern("narrate", languages).match(parts[-1].text) else None
