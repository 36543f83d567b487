"""Sentences of an agent's that a handoff is better without: bare names, bars of progress, announcements of code, arguments for an
option.
"""

from __future__ import annotations

import re

from onward.core.extract.units import Unit
from onward.core.extract.wording import NAME_WITH_PATH

_TAIL_CHARS = 30
_PROGRESS_BAR = re.compile("[█▓▒░▰▱■□▮▯]{3}")
_OPTIONS = re.compile(r"(?:^|\s)A[:).] \S.*\sB[:).] \S.*\sC[:).] \S")
_ARGUMENTS = re.compile(
    r"\W*(?:the |your |possible |fix )*(?:options?|alternatives?|approaches|possible (?:fixes|solutions))(?: \(?[\w-]+\)?)?\W*$|"
    r"\W*(?:pros|cons|advantages|disadvantages|arguments? (?:for|against)|vor-? ?(?:und|/) ?nachteile|vorteile?|nachteile?|avantages?|"
    r"inconvénients?|ventajas?|desventajas?|vantagens|vantagem|desvantage(?:m|ns)|vantaggi|svantaggi|kelebihan|kekurangan|ưu điểm|"
    r"nhược điểm|avantajlar\w*|dezavantajlar\w*|плюсы|минусы|плюси|мінуси|преимущества|недостатки|переваги|недоліки)\b|"
    r"\W*(?:优点|缺点|优势|劣势|利点|欠点|メリット|デメリット|장점|단점|مزايا|عيوب|المزايا|العيوب)",
    re.I,
)
"""How a list begins that weighs an option, or its heading."""


def is_stub(unit: Unit, lead_ins: frozenset[tuple[int, str]]) -> bool:
    """Whether an agent's sentence only names what the items after it are about, or shows a bar of progress."""
    text = unit.text
    if _PROGRESS_BAR.search(text) or NAME_WITH_PATH.fullmatch(text):
        return True
    is_lead_in = (unit.statement.position, text) in lead_ins
    return is_lead_in and (text[-1:].isalnum() or text.endswith((")", "`", "）")))


def announces_code(unit: Unit) -> bool:
    """Whether a block of code follows a sentence, with or without the name of its file above."""
    _, tail, following = unit.statement.text.partition(unit.text[-_TAIL_CHARS:])
    lines = [line for line in following.split("\n") if line.strip(" *_")][:2] if tail else []
    return any(line.lstrip().startswith(("```", "~~~")) for line in lines)


def weighs_options(unit: Unit) -> bool:
    """Whether a sentence speaks for or against one of several options, or lists them: once the person has chosen, the choice counts."""
    sentence = unit.sentence
    return _OPTIONS.search(unit.text) is not None or any(
        _ARGUMENTS.match(part) for part in (unit.text, sentence.lead, sentence.heading) if part
    )
