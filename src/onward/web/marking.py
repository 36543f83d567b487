"""Two texts side by side, with the words marked that only one of them has."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

from markupsafe import Markup, escape

_WORDS = re.compile(r"\s+|[^\s]+")
MOST_WORDS = 600
"""Longer texts are shown unmarked: comparing them takes longer than anybody waits."""
LEAST_ALIKE = 0.3
"""Texts that are less alike than this (0..1) have nothing to do with each other: marking every word would tell nobody anything."""


def marked(old: str, new: str) -> tuple[Markup, Markup]:
    """Return both texts as HTML, what only the first has in <del>, what only the second has in <ins>."""
    before, after = _WORDS.findall(old), _WORDS.findall(new)
    if max(len(before), len(after)) > MOST_WORDS:
        return escape(old), escape(new)
    if SequenceMatcher(None, old.split(), new.split(), autojunk=False).ratio() < LEAST_ALIKE:
        return escape(old), escape(new)
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    left, right = Markup(), Markup()
    for kind, first, last, start, end in matcher.get_opcodes():
        gone, come = "".join(before[first:last]), "".join(after[start:end])
        left += escape(gone) if kind == "equal" or not gone else Markup("<del>{}</del>").format(gone)
        right += escape(come) if kind == "equal" or not come else Markup("<ins>{}</ins>").format(come)
    return left, right
