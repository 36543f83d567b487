"""The last message of a person, in their own words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from onward.core.extract.goal import is_chore, is_terminal_line, is_trial, wants
from onward.core.extract.orders import is_standing_order
from onward.core.extract.replies import is_mere_agreement, reply_lead
from onward.core.extract.rounds import Round
from onward.core.extract.trace import Trace
from onward.core.extract.units import Unit
from onward.core.extract.wording import clean, whole

_MAX_CHARS, _MAX_UNIT_CHARS = 320, 240
"""The most characters of the last message, and of one sentence of it."""
_MIN_STEMS, _MAX_MESSAGES = 5, 3
"""Messages with fewer content words together outside of questions ("still 404") need the one before them, up to this many."""
_MIN_LETTER_SHARE = 0.5
"""A sentence with a smaller share of letters and blanks is a path, a log line or code."""
_ECHO_SHARE = 0.8
"""A sentence repeats the goal if the goal has this share of its words."""


class LastMessage(NamedTuple):
    """What the person wrote last, and the turns of the messages."""

    text: str
    turns: tuple[int, ...]


def find_last_message(
    goal: Unit,
    step: Unit | None,
    units: Sequence[Unit],
    worths: Sequence[float],
    trace: Trace,
    rounds: Mapping[int, Round],
    templates: frozenset[int],
    languages: frozenset[str],
) -> LastMessage | None:
    """Return what the person wrote after the *goal* in their last message, without the first *step*, which the handoff says itself.

    A message of a few words comes with the one before it. None if the goal is in the last message, or nothing but agreement follows it.
    """
    messages: list[list[Unit]] = []
    stems: set[str] = set()
    for number in sorted(rounds, reverse=True):
        if number <= goal.statement.round or len(messages) == _MAX_MESSAGES or len(stems) >= _MIN_STEMS:
            break
        if rounds[number].fate == "withdrawn":
            continue
        asking = [unit for unit in _asking(units, number, templates, languages) if not _repeats(unit, goal)]
        if all(reply_lead(unit, trace)[0] and not wants(unit, languages) for unit in asking):
            continue
        stems.update(*(unit.stems for unit in asking if not unit.text.endswith(("?", "？"))))
        if remaining := [unit for unit in asking if unit is not step]:
            messages.insert(0, remaining)
    if not messages:
        return None
    texts = [_text(_fitting(message, worths, languages)) for message in messages]
    return LastMessage(
        " Then: ".join((*map(whole, texts[:-1]), texts[-1])), tuple(dict.fromkeys(message[0].statement.turn for message in messages))
    )


def _asking(units: Sequence[Unit], number: int, templates: frozenset[int], languages: frozenset[str]) -> Iterator[Unit]:
    """Yield the sentences of a round that ask for something in words: no rule, chore, agreement, paste, template or greeting."""
    for unit in units:
        if not unit.by_user or unit.statement.round != number or unit.statement.position in templates or unit.statement.is_answer:
            continue
        letters = sum(c.isalpha() or c.isspace() for c in unit.text)
        if letters < _MIN_LETTER_SHARE * len(unit.text) or is_terminal_line(unit.text) or is_trial(unit.statement.text):
            continue
        if not is_standing_order(unit.text, languages) and not is_chore(unit) and not is_mere_agreement(unit, languages):
            yield unit


def _repeats(unit: Unit, goal: Unit) -> bool:
    return bool(unit.stems) and len(unit.stems & goal.stems) >= _ECHO_SHARE * len(unit.stems)


def _fitting(message: Sequence[Unit], worths: Sequence[float], languages: frozenset[str]) -> list[Unit]:
    """Return the sentences of a message that fit, in order: first its wishes and its last words, then those of the highest worth."""

    def rank(unit: Unit) -> tuple[bool, bool, float]:
        return unit.sentence.is_item, not wants(unit, languages) and unit is not message[-1], -worths[unit.order]

    chosen: list[Unit] = []
    room = _MAX_CHARS
    for unit in sorted(message, key=rank):
        size = min(len(unit.text), _MAX_UNIT_CHARS)
        if not chosen or size <= room:
            chosen.append(unit)
            room -= size
    return sorted(chosen, key=lambda unit: unit.order)


def _text(chosen: Sequence[Unit]) -> str:
    """Return the sentences as one text, with an ellipsis where some between them are left out."""
    text = clean(chosen[0].text, _MAX_UNIT_CHARS)
    for previous, unit in pairwise(chosen):
        gap = "… " if unit.order > previous.order + 1 else ""
        text = f"{whole(text)} {gap}{clean(unit.text, _MAX_UNIT_CHARS)}"
    return text
