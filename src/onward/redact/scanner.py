"""The third-party scanner, for key shapes that are too rare to be known here.

Loading it costs 80 ms and 20 MB, so it is used only where a text contains the start of a shape that it knows, and only on that word.
"""

from __future__ import annotations

import re
from functools import cache

from onward.redact.secret import Secret

_FIRST_CHARS, _MAX_CHARS = 512, 4096


@cache
def _word_patterns(longest: int) -> tuple[re.Pattern[str], ...]:
    """Return patterns for one word of at most *longest* characters, longest first: the scanner has to see where the word ends."""
    words = (rf"[\w.+/~-]{{1,{longest}}}={{0,2}}", rf"[\w.+/~-]{{0,{longest - 1}}}\w", rf"[\w-]{{1,{longest}}}")
    return tuple(re.compile(word, re.ASCII) for word in words)


def scan(text: str, start: int, longest: int = _FIRST_CHARS) -> Secret | None:
    """Return the secret that starts at *start* if the scanner is sure of it in the first *longest* characters.

    A secret that is longer than that is returned in full.
    """
    import betterleaks

    words = [match.group() for pattern in _word_patterns(longest) if (match := pattern.match(text, start))]
    for word in dict.fromkeys(words):
        for finding in betterleaks.scan_string(word):
            if finding.confidence == "high" and finding.secret and word.startswith(finding.secret):
                if len(finding.secret) >= longest and longest < _MAX_CHARS:
                    return scan(text, start, _MAX_CHARS)
                return Secret(start, start + len(finding.secret), finding.rule_id)
    return None
