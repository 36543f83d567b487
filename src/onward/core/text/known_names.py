"""The nearest known name to one that was written wrongly."""

from __future__ import annotations

from collections.abc import Iterable

_SIMILARITY = 0.6
"""The least share of common characters, as `difflib` counts it."""


def find_name(name: str, known_names: Iterable[str]) -> str:
    """Return the known name that *name*, in any spelling of its words, is likely to mean; empty if none is near."""
    # Rarely needed.
    from difflib import get_close_matches

    return next(iter(get_close_matches(snake_case(name), list(known_names), 1, _SIMILARITY)), "")


def snake_case(name: str) -> str:
    """Return *name* in snake_case, whatever separates its words."""
    words = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name.strip())
    return words.replace("-", "_").replace(" ", "_").lstrip("_")
