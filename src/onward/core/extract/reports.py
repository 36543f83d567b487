"""Reports: what an agent wrote last in a round, and its opening claim, which gives a reader the current state."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from onward.core.extract.labels import OPEN_LABELS, label_kind
from onward.core.extract.phrases import PhraseGroup
from onward.core.extract.sentence_phrases import tells_outcome
from onward.core.extract.units import Unit
from onward.core.extract.wording import GENERIC_LEAD, NAME_WITH_PATH
from onward.core.text.prose import words

MIN_CLAIM_WORDS = 2
"""A shorter sentence claims nothing: "Done."."""
_OPENING_CHARS, _ENOUGH_CHARS, _MAX_OPENING_UNITS = 360, 150, 4
"""The most characters of an opening, the characters after which no further sentence is added, and the most sentences."""
_BARE_CHARS = 80
"""A shorter opening ("Committed.") says too little, so the list under the next heading is added."""
_FIRST_CLAIMS, _PROSE_SHARE, _ITEM_SHARE = 5, 0.8, 0.5
"""An opening may start at one of this many first claims, because a courtesy may come first, if its worth is this share of the best one's:
of prose, of items.
"""
_MIN_PROSE_WORDS = 6
"""A sentence of this many words says more than list items under a heading."""
_MAX_REPEATS = 2
"""A sentence repeated more often is a habit of the agent: "Calling the function"."""
_CODE, _MAX_CODE_SHARE = re.compile(r"`[^`]*`"), 0.6
_COURTESY_WORDS = 6
"""An agreement up to this many words claims nothing: "Yes, agreed."."""
_GOES_ON_TO_CLAIM = re.compile(r".{0,40} [—–-] (?:\S+ ){4}")
"""A claim after an opening courtesy: "Bravo — the page is there and prints every receipt."."""
_CLAUSE_END = re.compile(r"[,;—–]\s+(?:(?:so|and|but|then)\s+)?")
_ENTRY = re.compile(r"[^\s:`]{1,40}(?: [^\s:`]{1,40}){0,2}: |`[^`]*`(?: \([^)]*\))?\s*(?:[—–:-]|→|->) ")
"""How a list entry that names its subject first begins."""
_POINTS_BACK = re.compile(
    r"(?:it|it['’]s|its|this|that|these|those|they|since|because|also|but|so|which|however|otherwise|es|das|dies\w*|cela|ça|c['’]est|это|"
    r"esto|eso|isso|isto|questo|これ|それ|その|この|이것|그것|这|那|它|ця|це|вона|він|itu|ini|bu|şu|هذا|هذه)\b",
    re.I,
)
_ORDER = re.compile(
    r"(?:now,? |then,? |next,? |please |first,? |finally,? )*(?:re-?)?(?:run|start|try|watch|save|open|click|check|reload|refresh|visit|"
    r"navigate|paste|retry) (?:it|this|that|the|your|again|a|an|to|`)",
    re.I,
)
"""How an English sentence that gives the person an order begins."""
_QUOTED = re.compile(r"`[^`]*`|\"[^\"]*\"|“[^”]*”|«[^»]*»")
_TORN_SPAN = re.compile(r"`[^`\s][^`]*\s`\w")
GUESS = re.compile(
    r"\b(?:seems?|appears?) (?:\w+ )?(?:to|like|that|directly|un|related)|\b(?:looks? like|probably|presumably|most likely|"
    r"sepertinya|kayaknya|tampaknya|mungkin|scheint?|wahrscheinlich|vermutlich|vielleicht|semble(?:nt)?|probablement|sans doute|"
    r"parece[nm]?|probablemente|quizás|tal vez|provavelmente|talvez|sembra(?:no)?|probabilmente|forse|"
    r"кажется|похоже|вероятно|возможно|наверное|здається|схоже|мабуть|можливо|có lẽ|có vẻ|hình như|galiba|muhtemelen|belki|görünüyor)\b|"
    r"似乎|可能|看起来|大概|ようです|かもしれ|と思われ|것 같|듯합|아마|يبدو|ربما|على الأرجح",
    re.I,
)
"""Words of a guess: what an agent only supposes at work is no state."""


def report_of(units: Sequence[Unit], opens: Callable[[PhraseGroup, str], bool]) -> list[Unit]:
    """Return the sentences of an agent's text that report: those after its last announcement of work, or all before it if none follows."""
    end = next((place for place in range(len(units), 0, -1) if not tells_intent(units[place - 1], opens)), 0)
    last = next((place for place in range(end - 1, -1, -1) if units[place].is_narration), -1)
    following = [unit for unit in units[last + 1 : end] if unit.size >= MIN_CLAIM_WORDS]
    if following or last < 0:
        return list(units[last + 1 : end])
    before = next((place for place in range(last - 1, -1, -1) if not units[place].is_narration), -1)
    start = next((place + 1 for place in range(before, -1, -1) if units[place].is_narration), 0)
    return list(units[start : before + 1])


def opening_of(report: Sequence[Unit], worths: Sequence[float], opens: Callable[[PhraseGroup, str], bool]) -> list[Unit]:
    """Return the opening claim of a report: its first complete sentences with a claim, in order, or the first items of a list. *worths* are
    the worths of the session's sentences, by their order.
    """
    claims = [unit for unit in report if _is_claim(unit, opens)]
    claims = [unit for place, unit in enumerate(claims) if not _introduces(unit, claims[place + 1 : place + 2])]
    claims = _from_first_telling(claims, worths)
    chosen: list[Unit] = []
    length = 0
    for unit in claims:
        if chosen and (length + len(unit.text) > _OPENING_CHARS or not (_goes_on(chosen[-1], unit) or _fills_in(length, unit))):
            break
        chosen.append(unit)
        length += len(unit.text)
        if length >= _ENOUGH_CHARS or len(chosen) == _MAX_OPENING_UNITS:
            break
    return chosen


def tells_intent(unit: Unit, opens: Callable[[PhraseGroup, str], bool]) -> bool:
    """Whether a sentence, its last clause or its lead-in announces what the agent is about to do: "it is old, so I'll write a new one"."""
    clauses = (*_CLAUSE_END.split(unit.sentence.lead), *_CLAUSE_END.split(unit.text)[1:])
    return unit.is_narration or any(opens("narrate", clause) for clause in clauses)


def _introduces(unit: Unit, following: Sequence[Unit]) -> bool:
    """Whether a sentence that ends in a colon belongs to the item after it."""
    return unit.text.endswith((":", "：")) and any(unit.text == item.sentence.lead for item in following)


def points_back(text: str) -> bool:
    """Whether a sentence begins with a word that refers to something earlier."""
    return _POINTS_BACK.match(text) is not None


def _is_claim(unit: Unit, opens: Callable[[PhraseGroup, str], bool]) -> bool:
    text = unit.text
    is_prose = unit.size >= MIN_CLAIM_WORDS and not unit.sentence.is_row and unit.repeats <= _MAX_REPEATS
    is_code = text.startswith("`") and sum(map(len, _CODE.findall(text))) >= _MAX_CODE_SHARE * len(text)
    return (
        is_prose
        and not is_code
        and not is_only_names(unit)
        and not tells_intent(unit, opens)
        and not text.endswith(("?", "？"))
        and not _is_torn(text)
        and not _advises(text, opens)
        and (not text.endswith((":", "：")) or _claims_before_list(unit))
        and not any(opens(group, text) for group in ("offer", "praise", "need"))
        and not (opens("courtesy", text) and not _GOES_ON_TO_CLAIM.match(text))
        and not (unit.size <= _COURTESY_WORDS and opens("agree", text))
        and not any(label_kind(label) in OPEN_LABELS for label in (unit.sentence.lead, unit.sentence.heading, text.partition(":")[0]))
    )


def _is_torn(text: str) -> bool:
    """Whether a code span of a sentence is open or ends in the middle of a word, as after a bad join of two texts."""
    return text.count("`") % 2 == 1 or _TORN_SPAN.search(text) is not None


def _advises(text: str, opens: Callable[[PhraseGroup, str], bool]) -> bool:
    """Whether a sentence tells the person what to do and claims nothing: "Run the server once"."""
    is_order = _ORDER.match(text) is not None or opens("instruct", text)
    return is_order and not tells_outcome(_QUOTED.sub("", text))


def is_only_names(unit: Unit) -> bool:
    """Whether a sentence only lists paths or other names."""
    if NAME_WITH_PATH.fullmatch(unit.text):
        return True
    return bool(unit.names) and unit.size - sum(len(words(name)) for name in unit.names) < MIN_CLAIM_WORDS


def _claims_before_list(unit: Unit) -> bool:
    """Whether a sentence that ends in a colon says what was done, rather than only what kind of list follows."""
    return unit.size > MIN_CLAIM_WORDS and not GENERIC_LEAD.match(unit.text.rstrip(":： ")) and tells_outcome(unit.text)


def _from_first_telling(claims: list[Unit], worths: Sequence[float]) -> list[Unit]:
    """Return *claims* from the first one that is clear by itself and has about the worth of those beside it; all if none does."""
    first = _prose_after_list(claims) or claims[:_FIRST_CLAIMS]
    most = max((worths[unit.order] for unit in first), default=0.0)
    for is_any in (False, True):
        for unit in first:
            share = _ITEM_SHARE if unit.sentence.is_item else _PROSE_SHARE
            is_worthy = is_any or worths[unit.order] >= share * most
            if is_worthy and not points_back(unit.text) and not _ENTRY.match(unit.text):
                return claims[_list_start(claims, claims.index(unit)) :]
    return claims


def _prose_after_list(claims: Sequence[Unit]) -> list[Unit]:
    """Return the sentences after the lists that open a report, if the first list is introduced only by a heading."""
    opening = claims[0].sentence if claims else None
    if opening is None or not opening.is_item or not opening.heading or _tells_of_list(opening.lead):
        return []
    prose = (unit for unit in claims if not unit.sentence.is_item and unit.size >= _MIN_PROSE_WORDS)
    return [unit for unit in prose if not points_back(unit.text) and not unit.text[:1].islower()]


def _tells_of_list(lead: str) -> bool:
    return bool(lead) and not GENERIC_LEAD.match(lead.rstrip(":： "))


def _list_start(claims: Sequence[Unit], place: int) -> int:
    """Return the position where the list around the claim at *place* begins; *place* if the claim is in no list."""
    unit = claims[place]
    while place and unit.sentence.is_item and claims[place - 1].sentence.is_item and _goes_on(claims[place - 1], unit):
        place -= 1
    return place


def _fills_in(length: int, unit: Unit) -> bool:
    """Whether an item completes a bare opening of *length* characters, as the list after "Committed." does."""
    return length < _BARE_CHARS and unit.sentence.is_item


def _goes_on(previous: Unit, unit: Unit) -> bool:
    """Whether *unit* continues *previous*: under the same heading, and in the same list or in none."""
    before, after = previous.sentence, unit.sentence
    if before.heading != after.heading:
        return False
    return before.lead == after.lead or (not before.is_item and after.is_item)
