"""Which sentence of a session says what to do first in the next one: the request that was cut off, the first announced step, the question
that waits for an answer, or what the last report names as missing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from onward.core.extract.labels import label_kind
from onward.core.extract.phrases import PhraseGroup, pattern, tells_action
from onward.core.extract.rounds import Round
from onward.core.extract.units import Unit
from onward.core.facts.fact import FactKind

_MIN_QUESTION_WORDS = 3
"""Words that a question needs to ask for something: "anything else?" asks for nothing."""
_CLOSING_QUESTIONS = 3
"""Sentences at the end of a report, but for a list that closes it, among which its question to the person stands."""
_MIN_REQUEST_STEMS = 3
"""Content words with which a request says by itself what to do: "go on" does not."""


class FirstStep(NamedTuple):
    """The sentence that says what to do first, and what kind of fact it is."""

    unit: Unit
    kind: FactKind


def find_first_step(
    units: Sequence[Unit],
    worths: Sequence[float],
    rounds: dict[int, Round],
    last_closing: int,
    languages: frozenset[str],
    announced: Callable[[Unit], FactKind | None],
    goal: Unit | None,
) -> FirstStep | None:
    """Return what to do first; None where the session leaves nothing open. *announced* tells what a sentence stands under, and
    *last_closing* is the position of the last report. The *goal* is told already.
    """
    last = max((number for number, current in rounds.items() if current.requests), default=0)
    if rounds[last].fate == "open" and (cut_off := _cut_off(units, worths, last, last_closing)) and cut_off.unit is not goal:
        return cut_off
    report = [unit for unit in units if unit.statement.position == last_closing and not unit.by_user]

    def says(group: PhraseGroup, unit: Unit) -> bool:
        return pattern(group, languages).search(unit.text) is not None

    steps = [unit for unit in report if announced(unit) == "next_step" and not _is_mere_lead(unit)]
    steps = [unit for unit in steps if unit.sentence.is_item] or steps
    if steps:
        return FirstStep(steps[0], "next_step")
    end = next((place for place in range(len(report), 0, -1) if not report[place - 1].sentence.is_item), 0)
    questions = [unit for unit in report[max(0, end - _CLOSING_QUESTIONS) :] if _asks(unit)]
    if questions:
        return FirstStep(questions[-1], "question")
    blocked = [(worths[unit.order], -unit.order, unit) for unit in report if announced(unit) == "blocker" or says("unfinished", unit)]
    if blocked:
        return FirstStep(max(blocked)[2], "blocker")
    orders = [unit for unit in report if tells_action(unit.text) and says("next", unit)]
    return FirstStep(orders[0], "next_step") if orders else None


def _cut_off(units: Sequence[Unit], worths: Sequence[float], last: int, last_closing: int) -> FirstStep | None:
    """Return the request of the *last* round, which was not finished; what the agent was about to do where the request says too little."""
    requests = [unit for unit in units if unit.by_user and unit.statement.round == last]
    telling = [unit for unit in requests if len(unit.stems) >= _MIN_REQUEST_STEMS]
    if telling:
        return FirstStep(max(telling, key=lambda unit: worths[unit.order]), "requirement")
    intents = [unit for unit in units if unit.statement.position == last_closing and unit.statement.round == last and unit.is_narration]
    if intents:
        return FirstStep(intents[-1], "next_step")
    return FirstStep(requests[-1], "requirement") if requests else None


def _asks(unit: Unit) -> bool:
    return unit.text.endswith(("?", "？")) and unit.text.count("`") % 2 == 0 and unit.size >= _MIN_QUESTION_WORDS


def _is_mere_lead(unit: Unit) -> bool:
    return unit.text.endswith((":", "：")) or label_kind(unit.text) is not None
