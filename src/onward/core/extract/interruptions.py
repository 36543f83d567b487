"""What stopped an agent before it could report: an interruption by the person, a failing model, or a limit."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple, TypeAlias

from onward.core.text.prose import one_line
from onward.core.transcript.transcript import Turn

InterruptionCause: TypeAlias = Literal["interrupted", "failed", "limit"]
"""Why an agent stopped: the person `interrupted` it or refused a call, its model `failed`, or the account reached a `limit`."""

_MAX_CHARS = 600
"""A longer text of an agent is a report, whatever words it contains."""
_REFUSED = re.compile(
    r"\[?request (?:was )?(?:interrupted|aborted|cancell?ed)|\binterrupted by (?:the )?user|"
    r"\boperation (?:was )?(?:stopped|cancell?ed|aborted)|(?:^|\n)\W*cancell?ed\W*$|user (?:aborted|cancell?ed) the|"
    r"tool use was rejected|"
    r"user (?:doesn['’]t|does not) want to proceed|rejected by (?:the )?user|user (?:denied|rejected|refused)",
    re.I,
)
"""What a program writes in the result of a refused call. Agents may discuss such words, so elsewhere only a complete notice line counts."""
_LINE = r"^[^\w\n<]*"
"""The beginning of a line, with any bracket or bullet before its words."""
_INTERRUPTED = re.compile(
    rf"{_LINE}(?:(?:the )?(?:request|operation) (?:was )?(?:interrupted|stopped|cancell?ed|aborted)(?: by (?:the )?user[^\n]*)?[^\w\n]*$|"
    r"interrupted by (?:the )?user\b|<turn_aborted>|cancell?ed\W*\Z|(?:the )?user (?:aborted|cancell?ed|denied|rejected|refused)[^\n]{0,40}$)",
    re.I | re.M,
)
_LIMIT = re.compile(
    rf"{_LINE}(?:(?:sorry|(?:[\w.]+ )?\w*(?:error|exception))\b[^\n]{{0,80}}?)?"  # the error's name before the notice
    r"\b(?:you(?:['’]ve| have)?(?: already)? (?:hit|reach(?:ed)?|exceeded|exhausted|used (?:up|all)|run out of|are out of)\b"
    r"[^\n]{0,60}?(?:limits?|quota|credits?|allowance|tokens)\b|"
    r"(?:[\w-]+ ){0,4}limit (?:was )?(?:reached|exceeded)(?: for\b|[^\w\n]*(?:$|\d|resets?)|[.|:;(·∙])|"
    r"(?:\w+ )?quota (?:was )?exceeded\b(?! (?:errors?|exceptions?|responses?)\b)|(?:your )?credit balance is too low|"
    r"(?:exceeded retry limit[^\n]{0,40}?|\(?\d{3}\)?:? )?too many requests\b(?! (?:to|are|from|for)\b)|"
    r"insufficient (?:credits?|quota|balance)\b)|"
    rf"{_LINE}(?:[\w.]+\.)?RateLimitError\b",
    re.I | re.M,
)
_FAILED = re.compile(
    r"\A\W*(?:api error|request timed out|request failed|connection error|overloaded|provider error|internal server error)\b|"
    rf"{_LINE}(?:(?:[\w.]+\.)?\w*(?:APIError|APIConnectionError|BadRequestError|AuthenticationError|InternalServerError|"
    r"ServiceUnavailableError|APIStatusError|ConnectionError|Timeout)\b\s*[:(]|(?:[\w. ]*error\b[^\n:]{0,40}:[^\n]{0,120}? )?error (?:code:? )?[45]\d\d\b|"
    r"your request was blocked)",
    re.I | re.M,
)
_CLOSING_MARK = re.compile(r"[^\n]\s*\n+\W*cancell?ed\W*$", re.I)
"""What a client appends to the agent's text when a person refuses the next call."""
_CAUSE_LINE = re.compile(r"error|limit|exception|timed? ?out|blocked|overloaded|denied", re.I)


class Interruption(NamedTuple):
    """Where an agent was stopped: the turn that shows it, the round, the cause, and the notice line."""

    turn: int
    round: int
    cause: InterruptionCause
    text: str


def find_interruption(turn: Turn, ordinal: int, round_number: int) -> Interruption | None:
    """Return how *turn* shows that the agent was stopped, else None. A person's own words never show it; a client's words in their place
    may.
    """
    if turn.role == "user" and turn.mark == "said" and not turn.text.startswith("["):
        return None
    results = "\n".join(result.text for result in turn.results if len(result.text) <= _MAX_CHARS)
    if turn.role == "tool" or results:
        is_refused = _REFUSED.search(results) is not None
        return Interruption(ordinal, round_number, "interrupted", "") if is_refused else None
    is_short = len(turn.text) <= _MAX_CHARS
    ending = turn.text if is_short or turn.mark == "injected" else turn.text[-40:]
    if _INTERRUPTED.search(ending):
        return Interruption(ordinal, round_number, "interrupted", "")
    if not is_short and turn.mark != "injected":
        return None
    cause: InterruptionCause | None = "limit" if _LIMIT.search(ending) else "failed" if _FAILED.search(ending) else None
    return Interruption(ordinal, round_number, cause, _cause_line(ending)) if cause else None


def is_bare_interruption(turn: Turn) -> bool:
    """Whether an agent's turn contains nothing but the notice of an interruption."""
    return turn.role == "assistant" and len(turn.text) <= _MAX_CHARS and not _CLOSING_MARK.search(turn.text)


def _cause_line(text: str) -> str:
    """Return the last line of *text* that names the cause: a stack trace ends with it."""
    lines = [line.strip() for line in text.split("\n") if _CAUSE_LINE.search(line)]
    return one_line(lines[-1] if lines else text, 160)
