"""An estimate of cl100k tokens that is cheap enough to make for every candidate line."""

from __future__ import annotations

import re

_PIECE = re.compile(r"[A-Za-z]+|[0-9]+|[^\x00-\x7f]+|\s+|[^\sA-Za-z0-9]")


def count_tokens(text: str) -> int:
    """Return about how many cl100k tokens *text* is: rather too many than too few."""
    tokens = 0
    for piece in _PIECE.findall(text):
        first, length = piece[0], len(piece)
        if first.isascii() and first.isalpha():
            tokens += 1 if length <= 7 else (length + 4) // 5
        elif first.isascii() and first.isdigit():
            tokens += (length + 2) // 3
        elif first.isspace():
            tokens += 0 if piece == " " else 1
        elif not first.isascii():
            tokens += 2 * length
        else:
            tokens += 1
    return tokens
