"""Replies: a person's answer to an agent's question, mere agreement, and what the names and numbers of a request refer to."""

from __future__ import annotations

import re

from onward.core.extract.phrases import pattern
from onward.core.extract.trace import Statement, Trace
from onward.core.extract.units import Unit
from onward.core.extract.wording import clean
from onward.core.text.prose import content_words, one_line, stem

REPLY_WORDS, _AGREEMENT_WORDS = 12, 6
"""A text up to the first number of words is a reply to the question before it; an agreement up to the second asks for nothing."""
_AGREEMENT_LETTERS = 8
"""In scripts without blanks, an agreement with at most this many letters beside its phrases asks for nothing."""
_NUMBER = re.compile(r"(?<![\w.])\d{1,2}(?![\w.%])")
_NUMBERED_ITEMS = tuple(
    re.compile(rf"(?m)^[ \t*#>|-]*{number}[ \t*|]+(\S[^\n]{{3,300}})")
    for number in (r"\((\d{1,2})\)", r"(\d{1,2})[.)]", r"(?:[^\W\d]{3,12} )?#?(\d{1,2})\**(?:[:|]|[ \t]+[—–-])")
)
"""How a list numbers its items, the most reliable form first."""
_MARKS = re.compile(r"\*\*|__")
_FEW_WORDS, _NUMBERED_WORDS, _NUMBERED_CHARS, _MAX_NUMBERED, _ITEM_CHARS = 3, 8, 160, 5, 70
REPLY_MARK = " — the user:"


def is_mere_agreement(unit: Unit, languages: frozenset[str]) -> bool:
    """Whether a person only agrees ("yes, go on"): what follows the agreement would be a request."""
    if unit.names or not pattern("agree", languages).match(unit.text):
        return False
    rest = pattern("agree", languages).sub("", unit.text.lower())
    return unit.size <= _AGREEMENT_WORDS or sum(map(str.isalpha, rest)) <= _AGREEMENT_LETTERS


def reply_lead(unit: Unit, trace: Trace) -> tuple[str, tuple[int, ...]]:
    """Return the agent's question that a terse reply answers, and the turns that show both."""
    statement = unit.statement
    if statement.position and unit.size <= REPLY_WORDS and len(statement.text) < 200 and not unit.text.endswith(("?", "？")):
        previous: Statement = trace.statements[statement.position - 1]
        question = last_question(previous.text) if previous.author == "agent" else ""
        if question:
            return one_line(question, 160) + REPLY_MARK, (statement.turn, previous.turn)
    return "", (statement.turn,)


def last_question(text: str) -> str:
    """Return the question that a text ends with, else empty."""
    lines = [line.strip("-* #>") for line in text.split("\n") if line.strip("-* #>`|")]
    question = next((line for line in reversed(lines[-4:]) if line.endswith(("?", "？"))), "")
    return re.split(r"(?<=[.!])\s+|(?<=[。！])", question)[-1] if question else ""


def numbered_note(unit: Unit, trace: Trace) -> str:
    """Return what the numbers of a terse request refer to ("address 3, 8 and 11"): the items of the last list with these numbers."""
    numbers = _NUMBER.findall(unit.text)
    plain = _NUMBER.sub("", unit.text).split()
    is_list = len(numbers) > 1 or len(plain) <= _FEW_WORDS
    if (
        not numbers
        or not is_list
        or unit.text.endswith(("?", "？"))
        or len(plain) > _NUMBERED_WORDS
        or len(unit.statement.text) > _NUMBERED_CHARS
    ):
        return ""
    for statement in reversed(trace.statements[: unit.statement.position]):
        for form in _NUMBERED_ITEMS if statement.author == "agent" else ():
            items = dict(reversed(form.findall(statement.text)))  # Of several items with one number the first counts.
            if all(number in items for number in numbers):
                named = (f"{number}: {one_line(clean(_MARKS.sub('', items[number])), _ITEM_CHARS)}" for number in numbers[:_MAX_NUMBERED])
                return f" ({'; '.join(named)})"
    return ""


def created_path(unit: Unit, trace: Trace) -> str:
    """Return the path under which a file that the person named was created, if it differs: "docs/plan.md" became `docs/plan-v2.md`."""
    for name in unit.names:
        if "/" not in name or "." not in name or any(name in c.change.path.lower() for c in trace.changes):
            continue
        named_stems = set(map(stem, content_words(name)))
        for c in trace.changes:
            is_created_here = c.round == unit.statement.round and c.change.kind == "created"
            if is_created_here and len(named_stems) > 2 and named_stems < set(map(stem, content_words(c.change.path))):
                return c.change.path
    return ""
