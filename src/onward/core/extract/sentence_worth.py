"""Sentences of an agent that a handoff should omit: bare names, progress bars, announcements of code, arguments for an option."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from onward.core.extract.trace import RecordedChange
from onward.core.extract.units import Unit
from onward.core.extract.wording import NAME_WITH_PATH

_TAIL_CHARS, _REPLY_CHARS = 30, 600
_PLACE_OPENING = re.compile(
    r"\W*(?:lines?|zeilen?|lignes?|líneas?|linhas?|righ[ea]|baris|dòng|satır\w*|строк\w*|рядк\w*|第|السطر|الأسطر|سطر)\s*\d+|\W*\d+\s*[行行目줄]|"
    r"\W*\d{1,3}[.:)|]",
    re.I,
)
"""How a sentence begins that depends on a line number or on its place in a list."""
_LABEL = re.compile(r"[^:：.。]{2,40}[:：]\s?\S")
_PLACE_FACTOR, _LABEL_FACTOR, _BARE_ITEM_FACTOR = 0.3, 0.75, 0.8
"""Factors on the worth of an earlier sentence that begins with its place, of a label with its text during the work, and of an item of the
last report that is too short to say more than its list.
"""
_ROW_FACTOR, _LAST_ROW_FACTOR = 0.45, 0.75
"""Factors on the worth of a table row, which says little without its head: in an earlier text, in the last report."""
_FEW_STEMS, _FEW_STEMS_FACTOR = 6, 0.6
"""A sentence of the last report with no name and at most this many content words only says that all is done; the factor on its worth."""
_LATER_PART_FACTOR = 0.7
"""Factor on the worth of a further sentence of a list item: the first one names the subject."""
_GAIN_FACTOR = 0.5
"""Factor on the worth of the benefits that an agent lists for its work."""
_BARE_ITEM_WORDS = 7
_PARTED_FACTOR, _STYLE_FACTOR, _DOCUMENT_FACTOR = 0.5, 0.3, 0.7
"""Factors on the worth of an item with a label that the same text repeats, so that it depends on its context; of a sentence on the style of
a page; and of a listed edit in rounds that changed only documents.
"""
_ITEM_LABEL = re.compile(r"([^:：`]{2,30})[:：]\s?\S")
_SPAN = re.compile(r"`([^`]+)`")
_GLOSS = re.compile(r"[(（][^()（）]*[)）]")
_STYLE = re.compile(
    r"(?:[a-z]+:)*-?(?:overflow|h|w|(?:min|max)-[hw]|flex|grid|p[xytrbl]?|m[xytrbl]?|text|bg|border|rounded|shadow|gap|space|z|opacity|items|"
    r"justify|top|left|right|bottom|inset|font|leading|tracking|whitespace|break|cursor)-[\w\[\]()%./-]+|"
    r"(?:min|max)-?(?:height|width)\b.*|(?:overflow|padding|margin|display|position|z-?index|flex|font-?size|line-?height)\s*:.*",
    re.I,
)
"""A class or a property of a style sheet."""
_DOCUMENT = re.compile(r".+\.(?:md|mdx|rst|txt|adoc|org|tex|docx?|pdf)", re.I)
"""The path of a document, which is read and not run."""
_CODE_SPAN = re.compile(r"`[^`]*`")
_MIN_EXAMPLES, _BARE_SHAPE_LETTERS, _EXAMPLE_FACTOR = 4, 12, 0.25
"""Sentences of one arrangement that are examples, the letters below which it says nothing itself, and the factor on their worth."""
_FULL_WORTH_SENTENCES, _CROWD_DECAY = 7, 0.93
"""This many best sentences of the last report have their full worth; each further one has this share of the worth of the one before."""
_PROSE_LETTERS = 0.8
"""A person's sentence with a smaller share of letters and blanks is code, a path or a log line."""
_CODE_MARKS = frozenset("(){}[]=;<>")
_MIN_CODE_MARKS, _CODE_MARK_SHARE = 3, 0.05
"""A person's sentence with this many and this share of such marks is source code."""
_TROUBLE_SHOWN = re.compile(
    r"\b\w*(?:Error|Exception)\b(?:: |\]|$)|\bE[A-Z]{4,}\b|Traceback \(|\bpanic: |app crashed|npm ERR!|\bexit(?:ed with)? (?:code|status) [1-9]|"
    r"\bFAILED\b|[⨯✘] |\b[45]\d\d (?:in \d|Internal|Not Found)|Cannot (?:read|find)|is not (?:defined|a function)|not found in module"
)
"""How a program reports an error in its own words."""
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
"""How a list that weighs an option begins, or its heading."""
_GAINS = re.compile(
    r"\b(?:benefits?|advantages?|highlights?|strengths?|why (?:this|it) (?:works|is|matters)|improvements?|key features|"
    r"manfaat|keuntungan|keunggulan|perbaikan utama|vorteile?|stärken|verbesserungen|avantages?|bénéfices?|points forts|améliorations?|"
    r"ventajas?|beneficios?|mejoras?|puntos fuertes|vantagens|benefícios?|melhorias?|pontos fortes|vantaggi|benefici|miglioramenti|"
    r"punti di forza|lợi ích|ưu điểm|cải tiến|avantajlar\w*|faydalar\w*|iyileştirmeler\w*|преимуществ\w*|улучшени\w*|"
    r"переваг\w*|покращенн\w*)\b|优势|好处|改进|亮点|利点|メリット|改善点|장점|이점|개선 ?사항|فوائد|مزايا|تحسينات",
    re.I,
)
"""The heading or lead-in of a list of benefits."""


def is_stub(unit: Unit, lead_ins: frozenset[tuple[int, str]]) -> bool:
    """Whether an agent's sentence only names the topic of the items after it, or is a progress bar."""
    text = unit.text
    if _PROGRESS_BAR.search(text) or NAME_WITH_PATH.fullmatch(text) or _is_bare_span(text):
        return True
    is_lead_in = (unit.statement.position, text) in lead_ins
    return is_lead_in and (text[-1:].isalnum() or text.endswith((")", "`", "）")))


def _is_bare_span(text: str) -> bool:
    """Whether a text is only code in backticks, with or without its name in brackets. A command says enough."""
    spans = _SPAN.findall(text)
    if len(spans) != 1 or ("(" not in spans[0] and set(" /:=") & set(spans[0])):
        return False
    return not any(c.isalnum() for c in _GLOSS.sub("", _SPAN.sub("", text)))


class ReportItems(NamedTuple):
    """List items that say little by themselves.

    These are the position and label of items that share their label with others in the same text ("Level: INFO" below each of its calls),
    and the rounds that changed only documents in a session that also changed other files.
    """

    shared_labels: frozenset[tuple[int, str]]
    document_rounds: frozenset[int]


def read_items(units: Sequence[Unit], changes: Iterable[RecordedChange]) -> ReportItems:
    """Return the list items of a session that say little by themselves."""
    counts = Counter(key for unit in units if not unit.sentence.part and (key := _label_key(unit)))
    paths: dict[int, list[str]] = {}
    for record in changes:
        paths.setdefault(record.round, []).append(record.change.path)
    rounds = frozenset(number for number, names in paths.items() if all(_DOCUMENT.fullmatch(name) for name in names))
    return ReportItems(frozenset(key for key, count in counts.items() if count > 1), rounds if len(rounds) < len(paths) else frozenset())


def item_factor(unit: Unit, items: ReportItems) -> float:
    """Return the factor on the worth of an item with a shared label, or that lists edits of documents."""
    factor = _PARTED_FACTOR if _label_key(unit) in items.shared_labels else 1.0
    is_edit = unit.sentence.is_item and unit.statement.is_closing and unit.statement.round in items.document_rounds
    return factor * _DOCUMENT_FACTOR if is_edit else factor


def _label_key(unit: Unit) -> tuple[int, str] | None:
    label = _ITEM_LABEL.match(unit.text) if unit.sentence.is_item else None
    return (unit.statement.position, label[1].lower()) if label else None


def style_factor(text: str) -> float:
    """Return the factor on the worth of a sentence that names nothing but classes or properties of a style sheet."""
    spans = _SPAN.findall(text)
    return _STYLE_FACTOR if spans and all(_STYLE.fullmatch(span.strip(" ;")) for span in spans) else 1.0


def announces_code(unit: Unit) -> bool:
    """Whether a code block follows a sentence, with or without a line for its file name between them."""
    _, tail, following = unit.statement.text.partition(unit.text[-_TAIL_CHARS:])
    lines = [line for line in following.split("\n") if line.strip(" *_")][:2] if tail else []
    return any(line.lstrip().startswith(("```", "~~~")) for line in lines)


def weighs_options(unit: Unit) -> bool:
    """Whether a sentence argues for or against an option, or lists options. After the person's choice, only the choice counts."""
    sentence = unit.sentence
    return _OPTIONS.search(unit.text) is not None or any(
        _ARGUMENTS.match(part) for part in (unit.text, sentence.lead, sentence.heading) if part
    )


def form_factor(unit: Unit, *, is_last: bool) -> float:
    """Return the factor on the worth of an agent's sentence for its form: rows, stubs and places are worth less than a full sentence."""
    sentence, factor = unit.sentence, 1.0
    if not is_last and _PLACE_OPENING.match(unit.text):
        factor *= _PLACE_FACTOR
    if sentence.is_row:
        factor *= _LAST_ROW_FACTOR if is_last else _ROW_FACTOR
    elif sentence.is_item and is_last and unit.size <= _BARE_ITEM_WORDS:
        factor *= _BARE_ITEM_FACTOR
    if is_last and not unit.names and len(unit.stems) <= _FEW_STEMS:
        factor *= _FEW_STEMS_FACTOR
    if sentence.is_item and sentence.part:
        factor *= _LATER_PART_FACTOR
    if not unit.statement.is_closing and _LABEL.match(unit.text):
        factor *= _LABEL_FACTOR
    if any(_GAINS.search(part) for part in (sentence.lead, sentence.heading) if part):
        factor *= _GAIN_FACTOR
    return factor


def crowded(units: Sequence[Unit], worths: Sequence[float], last_closing: int) -> list[float]:
    """Return *worths* with those of a long last report reduced from its best sentences on, because the best ones say most of it."""
    places = sorted((i for i, unit in enumerate(units) if unit.statement.position == last_closing), key=lambda i: (-worths[i], -i))
    thinned = list(worths)
    for rank, place in enumerate(places[_FULL_WORTH_SENTENCES:], start=1):
        thinned[place] *= _CROWD_DECAY**rank
    return thinned


def without_examples(units: Sequence[Unit], worths: Sequence[float]) -> list[float]:
    """Return *worths* with those of an agent's examples reduced.

    Of the sentences of one text that are nothing but code in the same arrangement, as "`.a-b` → `.aB`" for each name, the best one keeps
    its worth.
    """
    by_shape: dict[tuple[int, str], list[int]] = defaultdict(list)
    for place, unit in enumerate(units):
        shape = _CODE_SPAN.sub("…", unit.text)
        if not unit.by_user and "…" in shape and sum(map(str.isalpha, shape)) < _BARE_SHAPE_LETTERS:
            by_shape[unit.statement.position, shape].append(place)
    reduced = list(worths)
    for places in by_shape.values():
        if len(places) >= _MIN_EXAMPLES:
            for place in sorted(places, key=lambda i: (-worths[i], -i))[1:]:
                reduced[place] *= _EXAMPLE_FACTOR
    return reduced


def is_code(text: str) -> bool:
    """Whether a text is source code, by its share of brackets, semicolons and equals signs."""
    return sum(c in _CODE_MARKS for c in text) >= max(_MIN_CODE_MARKS, _CODE_MARK_SHARE * len(text))


def is_prose(text: str) -> bool:
    """Whether a text is mostly letters and blanks, unlike a path or a log line."""
    return sum(c.isalpha() or c.isspace() for c in text) >= _PROSE_LETTERS * max(1, len(text))


def shows_trouble(reply: str) -> bool:
    """Whether a person answers a report with the error output of a program."""
    return _TROUBLE_SHOWN.search(reply[:_REPLY_CHARS]) is not None
