"""The third-party scanner, for key shapes that are too rare to be known here.

It costs 80 ms and 20 MB to load, so it is asked only where a text holds the beginning of a shape that it knows, and only about that one word.
"""

from __future__ import annotations

import re
from functools import cache

from onward.redact.secret import Secret

_FIRST_CHARS, _MAX_CHARS = 512, 4096


@cache
def _word_patterns(longest: int) -> tuple[re.Pattern[str], ...]:
    """Return what may be one word of at most *longest* characters, the longest first: the scanner wants to see where it ends."""
    words = (rf"[\w.+/~-]{{1,{longest}}}={{0,2}}", rf"[\w.+/~-]{{0,{longest - 1}}}\w", rf"[\w-]{{1,{longest}}}")
    return tuple(re.compile(word, re.ASCII) for word in words)


def scan(text: str, start: int, longest: int = _FIRST_CHARS) -> Secret | None:
    """Return the secret that begins at *start*, if the scanner is sure of it in the first *longest* characters; all of it, where it goes on behind them."""
    import betterleaks

    words = [match.group() for pattern in _word_patterns(longest) if (match := pattern.match(text, start))]
    for word in dict.fromkeys(words):
        for finding in betterleaks.scan_string(word):
            if finding.confidence == "high" and finding.secret and word.startswith(finding.secret):
                if len(finding.secret) >= longest and longest < _MAX_CHARS:
                    return scan(text, start, _MAX_CHARS)
                return Secret(start, start + len(finding.secret), finding.rule_id)
    return None
