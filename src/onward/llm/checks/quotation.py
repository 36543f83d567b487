"""Whether a text is a quotation: with a few words changed or left out, or, for a rule, in the words of a person."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from onward.llm.checks.tokens import is_negator, normal, words
from onward.llm.checks.values import exact_values

_QUOTED_SHARE = 0.75
"""The share of a quotation's words that must be in order in its source."""
_RULE_SHARE = 0.6
"""The share of a rule's words of meaning that are in the same order in what a person said, where it has no quotation marks."""
_WORD = re.compile(r"[^\W_]+(?:'t\b)?")
_STATE = re.compile(r"pass(?:es|ed)|fail(?:s|ed)|merged|open|pending|done|added|removed|(?:en|dis)abled|fixed|broken")
_ELLIPSIS = re.compile(r"…|\.\.\.|\[\.\.\.\]")


def is_quoted_from(quote: str, text: str) -> bool:
    """Whether *text* has every piece of *quote* between ellipses, nearly word for word. Both are in normal form."""
    return all(_has_most_words(piece, text) for piece in _ELLIPSIS.split(quote) if piece.strip())


def is_rule_quoted(rule: str, sources: Iterable[str], spoken: Iterable[str]) -> bool:
    """Whether the quotations in *rule* are all in *sources*, or, if it has none, most of its words in order in a *spoken* text."""
    flat_sources = [_flat(source) for source in sources]
    quotes = [value.normal for value in exact_values(rule) if value.kind == "quote"]
    if quotes:
        return all(any(_flat(quote) in source for source in flat_sources) for quote in quotes)
    stems = [word.stem for word in words(rule)]
    return any(_shared_length(stems, [word.stem for word in words(text)]) >= _RULE_SHARE * len(stems) for text in spoken)


def _has_most_words(quote: str, text: str) -> bool:
    """Whether most words of *quote* follow each other in *text*, with few others between them: every number and state, and no denial
    left out.
    """
    wanted, matches = _WORD.findall(quote), _WORD.findall(text)
    for start in (index for index, word in enumerate(matches) if word in wanted[:2]):
        position, matched = start, 0
        for word in wanted:
            if word in matches[position : position + 4]:
                place = matches.index(word, position)
                if any(map(is_negator, matches[position:place])):
                    break
                position = place + 1
                matched += 1
            elif any(map(str.isdigit, word)) or _STATE.fullmatch(word):
                break
        else:
            if matched >= _QUOTED_SHARE * len(wanted):
                return True
    return False


def _shared_length(first: Sequence[str], second: Sequence[str]) -> int:
    """Return the length of the longest sequence of words that both have in the same order."""
    lengths = [0] * (len(second) + 1)
    for word in first:
        previous = 0
        for index, other in enumerate(second):
            previous, lengths[index + 1] = lengths[index + 1], previous + 1 if word == other else max(lengths[index + 1], lengths[index])
    return lengths[-1]


def _flat(text: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", normal(text)))
