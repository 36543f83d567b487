"""Word-level differences between two texts, as HTML."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

from markupsafe import Markup, escape

_WORDS = re.compile(r"\s+|[^\s]+")
MAX_WORDS = 600
"""Longer texts are not compared: that takes too long."""
MIN_SIMILARITY = 0.3
"""Texts with a lower similarity (0..1) are shown without marks, because nearly every word would be marked."""


def mark_differences(old: str, new: str) -> tuple[Markup, Markup]:
    """Return both texts as HTML: words only in the first are in <del>, words only in the second in <ins>."""
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
