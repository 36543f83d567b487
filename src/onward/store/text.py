"""Text that every database can store."""

from __future__ import annotations


def storable_text(text: str) -> str:
    """Return *text* without what databases refuse: NUL (PostgreSQL) and lone surrogates (both)."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()
