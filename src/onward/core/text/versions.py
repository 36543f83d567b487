"""Versions of programs, compared by their numbers."""

from __future__ import annotations


def version_numbers(version: str) -> tuple[int, ...]:
    """Return the leading numbers of *version*: (2, 1, 332) of "2.1.332-beta.1"; none of a word."""
    numbers: list[int] = []
    for part in version.strip().lstrip("vV").split("."):
        digits = part[: next((index for index, sign in enumerate(part) if sign not in "0123456789"), len(part))]
        if digits:
            numbers.append(int(digits[:9]))
        if digits != part:
            break
    return tuple(numbers)


def is_newer(version: str, other: str) -> bool:
    """Return whether *version* is of a later release than *other*; a version without numbers is not."""
    return version_numbers(version) > version_numbers(other)
