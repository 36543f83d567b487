"""Text as every database keeps it."""

from __future__ import annotations


def storable_text(text: str) -> str:
    """Return *text* without what cannot be kept: PostgreSQL knows no NUL, and no database a lone surrogate."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()
