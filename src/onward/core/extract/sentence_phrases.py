"""How English sentences begin that say what was done or what to do next."""

from __future__ import annotations

import re

from onward.core.extract.phrases import PHRASES, pattern

_ACTION = re.compile(
    r"^\W*(?:(?:please|ok|okay|and|also|then|now)[, ]+)*(?:you (?:should|need to)|next\b(?!\.\w)|remaining|run|push|"
    r"open(?! (?:questions?|issues?|items?|points?|tasks?)\b)|merge|deploy|test|verify|restart|"
    r"review|add|update|implement|create|fix|check|configure|set|re-?run|write|remove|move|continue|start|investigate|make|build|find|"
    r"look|read|use|change|commit|"
    r"finish|wait|ask|decide|confirm|try|install|rename|replace|refactor|clean|document)\b",
    re.I,
)
"""How an English sentence that says what to do begins."""

_CONDITION = re.compile(r"(?:then|before|after|still|you can)\b", re.I)
"""How an English sentence begins that looks like an order but states a condition or a possibility."""


PAST = re.compile(
    r"^(?:(?:I|We|I've|We've|Also|Now|Successfully|Done[.:!]?)\s+)*"
    r"(?:(?!(?:[Tt]ried|[Aa]ttempted)\b)[A-Z]?[a-z]+ed|[Ww]rote|[Ss]et|[Bb]uilt|[Mm]ade|[Rr]an|[Pp]ut|[Cc]ut)\b(?! (?:to|by|in|from|on|that)\b)"
)
"""How an English sentence that says what was done begins."""

_WHEN = re.compile(
    r"\b(?:when|whenever|if|wenn|falls|als|quand|lorsque|si|cuando|quando|se|когда|если|khi|nếu|saat|ketika|kalau|jika|eğer|إذا|عندما)\b|"
    r"[当如]|避免|防止",
    re.I,
)
"""Words for a condition or a precaution before a phrase for a failed try."""


def tells_outcome(text: str, languages: frozenset[str] = frozenset(PHRASES)) -> bool:
    """Return whether *text* says what was done: by its beginning, or by a phrase of one of *languages*."""
    return PAST.match(text) is not None or pattern("did", languages).search(text) is not None


def tells_action(text: str) -> bool:
    """Return whether *text* says what to do next: it begins with an order or with a phrase like "next"."""
    if _ACTION.match(text):
        return True
    return pattern("next", frozenset(PHRASES)).match(text) is not None and not _CONDITION.match(text)


def tells_dead_end(text: str, languages: frozenset[str]) -> bool:
    """Return whether *text* says that something was tried or proposed and does not work; what happens when one tries is only an error."""
    tried = pattern("tried", languages).search(text)
    if tried is None or pattern("offer", languages).match(text) or any(PAST.match(part) for part in text.split(": ")):
        return False
    return _WHEN.search(text[: tried.start()]) is None
