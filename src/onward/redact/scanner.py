"""The third-party scanner, for key shapes that are too rare to be known here.

It costs 80 ms and 20 MB to load, so it is asked only where a text holds the beginning of a shape that it knows, and only about that one word.
"""

from __future__ import annotations

import re
from functools import cache

from onward.redact.secret import Secret


@cache
def _words() -> tuple[re.Pattern[str], ...]:
    """Return what may be one word, the longest first: the scanner wants to see where it ends."""
    return tuple(re.compile(word, re.ASCII) for word in (r"[\w.+/~-]{1,4096}={0,2}", r"[\w.+/~-]{0,4096}\w", r"[\w-]{1,4096}"))


def scanned(text: str, start: int) -> Secret | None:
    """Return the secret that begins at *start*, if the scanner is sure of it."""
    import betterleaks

    words = [match.group() for pattern in _words() if (match := pattern.match(text, start))]
    for word in dict.fromkeys(words):
        for finding in betterleaks.scan_string(word):
            if finding.confidence == "high" and finding.secret and word.startswith(finding.secret):
                return Secret(start, start + len(finding.secret), finding.rule_id)
    return None
