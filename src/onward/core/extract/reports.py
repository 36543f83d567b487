"""Reports: what an agent said last in a round, and how it opens: the claim that gives a reader the current state."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from onward.core.extract.labels import label_kind
from onward.core.extract.phrases import PhraseGroup
from onward.core.extract.units import Unit

MIN_CLAIM_WORDS = 2
"""Words below which a sentence claims nothing, as "Done." does not."""
_OPENING_CHARS, _ENOUGH_CHARS, _MAX_OPENING_UNITS = 360, 150, 4
"""Characters of an opening at most, characters from which on it says enough, and the sentences that it takes at most."""
_FIRST_CLAIMS, _PROSE_SHARE, _ITEM_SHARE = 5, 0.45, 0.5
"""The first claims, one of which opens a report (a courtesy may come before it), and the share of the best one's worth that it needs."""
_MAX_REPEATS = 2
"""What an agent says more often is its way of going on: "Calling the function"."""
_CODE, _MAX_CODE_SHARE = re.compile(r"`[^`]*`"), 0.6
_OPEN_KINDS = frozenset(("next_step", "blocker", "question"))
_ENTRY = re.compile(r"[^\s:`]{1,40}(?: [^\s:`]{1,40}){0,2}: |`[^`]*`(?: \([^)]*\))?\s*(?:[—–:-]|→|->) ")
"""How an entry of a list begins that names its subject first."""
_POINTS_BACK = re.compile(
    r"(?:it|it['’]s|its|this|that|these|those|they|since|because|also|but|so|which|however|otherwise|es|das|dies\w*|cela|ça|c['’]est|это|"
    r"esto|eso|isso|isto|questo|これ|それ|その|この|이것|그것|这|那|它|ця|це|вона|він|itu|ini|bu|şu|هذا|هذه)\b",
    re.I,
)


def report_of(units: Sequence[Unit]) -> list[Unit]:
    """Return the sentences of one text of an agent's that report: those after its last announcement of work, or all before it where
    nothing follows.
    """
    last = next((place for place in range(len(units) - 1, -1, -1) if units[place].is_narration), -1)
    following = [unit for unit in units[last + 1 :] if unit.size >= MIN_CLAIM_WORDS]
    if following or last < 0:
        return list(units[last + 1 :])
    before = next((place for place in range(last - 1, -1, -1) if not units[place].is_narration), -1)
    start = next((place + 1 for place in range(before, -1, -1) if units[place].is_narration), 0)
    return list(units[start : before + 1])


def opening_of(report: Sequence[Unit], worths: Sequence[float], opens: Callable[[PhraseGroup, str], bool]) -> list[Unit]:
    """Return the opening claim of a report: its first sentences that claim something, whole and in order; of a list, its first items.
    *worths* are those of the session's sentences, by their order.
    """
    claims = [unit for unit in report if _is_claim(unit, opens)]
    claims = _from_first_telling(claims, worths)
    chosen: list[Unit] = []
    length = 0
    for unit in claims:
        if chosen and (length + len(unit.text) > _OPENING_CHARS or not _goes_on(chosen[-1], unit)):
            break
        chosen.append(unit)
        length += len(unit.text)
        if length >= _ENOUGH_CHARS or len(chosen) == _MAX_OPENING_UNITS:
            break
    return chosen


def points_back(text: str) -> bool:
    """Whether a sentence begins with a word that refers to something named before it."""
    return _POINTS_BACK.match(text) is not None


def _is_claim(unit: Unit, opens: Callable[[PhraseGroup, str], bool]) -> bool:
    text = unit.text
    is_prose = unit.size >= MIN_CLAIM_WORDS and not unit.is_narration and not unit.sentence.is_row and unit.repeats <= _MAX_REPEATS
    is_code = text.startswith("`") and sum(map(len, _CODE.findall(text))) >= _MAX_CODE_SHARE * len(text)
    is_statement = not text.endswith(("?", "？", ":", "：")) and not is_code
    return (
        is_prose
        and is_statement
        and not opens("offer", text)
        and not opens("praise", text)
        and label_kind(unit.sentence.lead.rstrip(":： ")) not in _OPEN_KINDS
        and label_kind(unit.sentence.heading) not in _OPEN_KINDS
    )


def _from_first_telling(claims: list[Unit], worths: Sequence[float]) -> list[Unit]:
    """Return *claims* from the first one on that reads by itself and is worth as much as those beside it; all where none does."""
    first = claims[:_FIRST_CLAIMS]
    most = max((worths[unit.order] for unit in first), default=0.0)
    for is_any in (False, True):
        for place, unit in enumerate(first):
            share = _ITEM_SHARE if unit.sentence.is_item else _PROSE_SHARE
            is_worthy = is_any or worths[unit.order] >= share * most
            if is_worthy and not points_back(unit.text) and not _ENTRY.match(unit.text):
                return claims[_list_start(claims, place) :]
    return claims


def _list_start(claims: Sequence[Unit], place: int) -> int:
    """Return where the list begins to which the claim at *place* belongs; *place* where it belongs to none."""
    unit = claims[place]
    while place and unit.sentence.is_item and claims[place - 1].sentence.is_item and _goes_on(claims[place - 1], unit):
        place -= 1
    return place


def _goes_on(previous: Unit, unit: Unit) -> bool:
    """Whether *unit* belongs to what *previous* says: it is under the same heading, and in the same list or in none."""
    before, after = previous.sentence, unit.sentence
    if before.heading != after.heading:
        return False
    return before.lead == after.lead or (not before.is_item and after.is_item)
