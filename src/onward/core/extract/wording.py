"""How a sentence of a session becomes a line: on one line, complete, without ornaments."""

from __future__ import annotations

import re

from onward.core.text.prose import one_line

_MAX_CHARS = 420
_ORNAMENT = re.compile(r"^(?:[✅❌⚠️🎯🔧📁📊🚀✓✔•→↳☑🟢🔴🟡\ufe0f]+\s*|\[[ xX]\]\s+)+")
GENERIC_LEAD = re.compile(
    r"^(?:summary|overview|recap|results?|details?|notes?|changes?(?: made)?|what (?:was|i|changed).*|done|status|here.?s.*|here (?:are|is).*|this .*|"
    r"the following.*|key .*|"
    r"why .*|benefits?\b.*|advantages?\b.*|how (?:it|this) .*|(?:the )?(?:problem|issue)|files? .*|next.*|all .*|.*:.*:.*)$",
    re.I,
)
"""A lead-in that only names the kind of list that follows."""
NAME_WITH_PATH = re.compile(r"\W*[^`.:!?()（）]{1,40}[(（]`[^`]+`[)）]\W*")
"""A name with a path in brackets and nothing else."""
_ENDS = ".!?…。！？"


def clean(text: str, max_chars: int = _MAX_CHARS) -> str:
    """Return *text* on one line, without leading ornaments, a final colon or an open code span."""
    text = _ORNAMENT.sub("", " ".join(text.split())).strip(" –—*_").removeprefix("- ")
    if text.endswith((":", "：")):
        text = text[:-1] + "."
    line = one_line(text, max_chars)
    is_cut_in_code = len(line) < len(text) and line.count("`") % 2 == 1 and text.count("`") % 2 == 0
    return f"{line.rpartition('`')[0].rstrip(' ,;:(')} …" if is_cut_in_code else line


def whole(text: str) -> str:
    """Return *text*, cleaned, with a full stop if it needs one."""
    text = clean(text)
    return text if text[-1:] in _ENDS else f"{text}."
