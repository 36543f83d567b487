"""How the measure compares: spellings made equal, words cut to a stem."""

from __future__ import annotations

from onward.core.text import STOPWORDS, words

STEM = 6
"""Characters; a crude stem that makes *notify*, *notifies* and *notification* one word in any language of this alphabet."""


def stem_list(text: str) -> list[str]:
    """Return the stem of every content word of *text*, in order."""
    return [w[:STEM] for w in words(text) if w not in STOPWORDS and (len(w) > 1 or w.isdigit())]


def stems(text: str) -> frozenset[str]:
    """Return the different stems of *text*."""
    return frozenset(stem_list(text))


def plain(text: str) -> str:
    """Return *text* in the spelling in which hard values are compared: lower case, single spaces, no Markdown marks."""
    return " ".join(text.replace("`", "").replace("*", "").replace("’", "'").lower().split())


def place_of(value: str, text: str, start: int = 0) -> int:
    """Return where *value* stands in *text* as a whole word, from *start* on; -1 when it does not. Both are `plain`."""
    at = text.find(value, start)
    while at >= 0:
        end = at + len(value)
        if not (at and text[at - 1].isalnum() and value[0].isalnum()) and not (
            end < len(text) and text[end].isalnum() and value[-1].isalnum()
        ):
            return at
        at = text.find(value, at + 1)
    return -1
