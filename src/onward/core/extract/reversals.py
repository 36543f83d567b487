"""Old values that a clause calls replaced, by phrases of each language.

Only a value that the text itself names is retired ("instead of X", "switched from X to Y"); a change of mind without
the old value retires nothing.
"""

from __future__ import annotations

import re
from functools import cache

from onward.core.text.prose import STOPWORDS

_OLD = r"[`\"']?([\w./:@#+-]+(?: [\w./:@#+-]+){0,2}?)[`\"']?"
_CHANGING = r"switch\w*|chang\w+|renam\w+|bump\w*|upgrad\w+|updat\w+|ganti|mengganti|diganti|ubah|mengubah|diubah"
_PHRASINGS = (
    (
        r"\b(?:instead of|rather than|in place of)(?: using| the| a)? ([^,.;:()\n]{2,60}?)(?=[,.;:()\n]| (?:and|because|so|since|we|it|"
        r"is|was)\b|$)"
    ),
    rf"\b(?:replac\w+|swap\w*)(?: the| our)? {_OLD} (?:with|by|for)\b",
    rf"\b(?:switch\w*|mov\w+|migrat\w+|chang\w+|renam\w+)(?: it| them| over)?(?: from)?(?: the)? {_OLD} (?:to|into|→|->)(?=\s)",
    rf"\b(?:{_CHANGING})\b[^.;\n]{{0,40}}? (?:from|dari) (?:the )?{_OLD} (?:to|into|ke|jadi|menjadi|→|->)(?=\s)",
    rf"\b(?:no longer|not)(?: use| uses| using| need| needs) {_OLD}(?=[\s,.;:)]|$)",
    rf"\b{_OLD} (?:is|are|was|were) (?:no longer|not) (?:appropriate|needed|used|required|valid|correct|wanted|an option|supported)\b",
    rf"\b(?:ganti|mengganti|diganti|ubah|mengubah|diubah)(?: dari)? {_OLD} (?:jadi|dengan|ke|pakai|menjadi)\b",
    rf"\b(?:tidak|ga|gak|nggak) (?:jadi|lagi) (?:pakai|pake|menggunakan) {_OLD}(?=[\s,.;:)]|$)",
    rf"\b(?:au lieu de|en lugar de|em vez de) {_OLD}(?=[\s,.;:)]|$)",
)


@cache
def _patterns() -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(p, re.I) for p in _PHRASINGS)


@cache
def _change_pattern() -> re.Pattern[str]:
    return re.compile(rf"\b(?:{_CHANGING})\b[^.;\n]{{0,40}} (?:from|dari) ", re.I)


def changes_value(text: str) -> bool:
    """Return whether *text* mentions a change from one value to another."""
    return (" from " in text or " dari " in text) and _change_pattern().search(text) is not None


def retired_values(text: str) -> tuple[str, ...]:
    """Return the old values that *text* says are replaced, in its order."""
    values = (match.group(1).strip(".,;:`\"' ") for pattern in _patterns() for match in pattern.finditer(text))
    return tuple(dict.fromkeys(old for old in values if any(len(w) > 2 and w.lower() not in STOPWORDS for w in old.split())))
