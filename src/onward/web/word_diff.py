"""Two texts side by side, with the words marked that only one of them has."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

from markupsafe import Markup, escape

_WORDS = re.compile(r"\s+|[^\s]+")
MAX_WORDS = 600
"""Longer texts are shown unmarked: comparing them takes longer than anybody waits."""
MIN_SIMILARITY = 0.3
"""Texts that are less alike than this (0..1) have nothing to do with each other: marking every word would tell nobody anything."""


def mark_differences(old: str, new: str) -> tuple[Markup, Markup]:
    """Return both texts as HTML, what only the first has in <del>, what only the second has in <ins>."""
    old_words, new_words = _WORDS.findall(old), _WORDS.findall(new)
    if max(len(old_words), len(new_words)) > MAX_WORDS:
        return escape(old), escape(new)
    if SequenceMatcher(None, old.split(), new.split(), autojunk=False).ratio() < MIN_SIMILARITY:
        return escape(old), escape(new)
    matcher = SequenceMatcher(None, old_words, new_words, autojunk=False)
    old_html, new_html = Markup(), Markup()
    for kind, first, last, start, end in matcher.get_opcodes():
        old_part, new_part = "".join(old_words[first:last]), "".join(new_words[start:end])
        old_html += escape(old_part) if kind == "equal" or not old_part else Markup("<del>{}</del>").format(old_part)
        new_html += escape(new_part) if kind == "equal" or not new_part else Markup("<ins>{}</ins>").format(new_part)
    return old_html, new_html
