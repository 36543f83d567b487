"""Standing orders of a person's, told from one-off requests by their scope and object, not by modal verbs.

"The save button must be blue" is a request; "from now on use pnpm", "don't touch the legacy folder", "I prefer short commits" are rules:
they speak of always or never, or order how the work itself is done.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

from onward.core.extract.phrases import pattern

_MAX_CHARS = 300
_UNIVERSAL_WORDS = frozenset("always never selalu jangan toujours jamais sempre nunca siempre".split())
_AMBIGUOUS_WORDS = frozenset("always never".split())
_DEMAND_OPENINGS = frozenset("please also and but or then so you we should must shall".split()) | {""}
"""Words before "always" or "never" in an order; after any other word they may describe: "the callback is never reached"."""
_OBSERVATION_OPENINGS = frozenset(
    "is are was were be been has have had it they which will would almost still i he she this that to".split()
)
_NARRATIVE_OPENINGS = frozenset("this that it when if because since still as he she they".split())
_SHORT_ORDER_WORDS = 12
"""The most words of a plain statement that counts as an order, as "prices never are floats" does."""


@lru_cache(maxsize=4096)
def is_standing_order(text: str, languages: frozenset[str]) -> bool:
    """Return whether a person's sentence orders something for good: always or never, in a scope ("every commit"), or on how to work."""
    text = text.strip()
    if not text or len(text) > _MAX_CHARS or text.endswith(("?", "？")):
        return False
    forbids = pattern("forbid", languages).match(text) is not None
    prefers = pattern("prefer", languages).match(text) is not None
    scoped = pattern("scope", languages).search(text) is not None
    if (scoped and (forbids or prefers)) or _is_universal(text):
        return True
    return forbids and pattern("object", languages).search(text) is not None


def _is_universal(text: str) -> bool:
    """Return whether *text* demands something always or never; an observation does not."""
    tokens = text.lower().replace(",", " ").split()
    if _UNIVERSAL_WORDS.isdisjoint(tokens):
        return False
    is_plain = len(tokens) <= _SHORT_ORDER_WORDS and tokens[0] not in _NARRATIVE_OPENINGS
    return any(
        word not in _AMBIGUOUS_WORDS
        or previous in _DEMAND_OPENINGS
        or previous.endswith((".", "!", ";", ":", "-"))
        or (is_plain and previous not in _OBSERVATION_OPENINGS)
        for previous, word in pairwise(("", *tokens))
        if word in _UNIVERSAL_WORDS
    )
