"""Exact values in prose: paths, urls, versions, ports, flags, environment names, code names, anything in backticks.

They are found by shape, word by word, without patterns: a fast second opinion on what `core.text.prose` finds.
"""

from __future__ import annotations

from collections.abc import Iterator

from onward.core.preservation.words import normalise
from onward.core.text.prose import PieceCache

LONGEST_VALUE = 90
"""Characters; a longer text is code, not a value."""
_TELLING = frozenset("/\\_@#0123456789")
_AROUND = ".,:;!?()[]{}\"'“”‘’*<>…—"


def find_values(text: str) -> tuple[str, ...]:
    """Return the exact values in *text*, normalised, each once, in order; single digits are left out."""
    values: dict[str, None] = {}
    parts = text.split("`")
    for index, part in enumerate(parts):
        if index % 2 and index < len(parts) - 1:
            value = normalise(part).rstrip(".,:;")
            if 2 < len(value) <= LONGEST_VALUE and value.count(" ") < 5:
                values[value] = None
            continue
        for value in _VALUES.find_all(part):
            values[value] = None
    return tuple(values)


def _read_value(written: str) -> Iterator[str]:
    if written.isalpha() and written[1:].islower():
        return
    word = written.strip(_AROUND)
    if _is_value(word) and (value := normalise(word).rstrip("/")):
        yield value


_VALUES = PieceCache(_read_value)


def _is_value(word: str) -> bool:
    if not 1 < len(word) <= LONGEST_VALUE or not word.isascii():
        return False
    if word.isalpha():
        return len(word) > 3 and not word[1:].islower() and not word.isupper()
    if not _TELLING.isdisjoint(word):
        return not (word[0] == "-" and word[1] != "-")
    if "." in word:
        return not word.endswith(("e.g", "i.e")) and len(word) > 4
    return word.startswith("--") and len(word) > 3


def is_small_number(value: str) -> bool:
    """Return whether *value* is a number that identifies nothing: ports have four digits, issues a mark."""
    return len(value) < 4 and value.isdigit()


def specificity(value: str) -> float:
    """Return how strongly (−0.2..0.3) the shape of *value* suggests that it must be exact."""
    if "://" in value or value.startswith("#"):
        return 0.3
    if value.isdigit():
        return 0.0
    if value.isalpha() or " " in value:
        return -0.2
    return 0.1 if _TELLING.isdisjoint(value) else 0.2


def spellings(value: str) -> tuple[str, ...]:
    """Return the spellings of one value: a url also without its scheme, a pull request also by its number."""
    forms = [value]
    if "://" in value:
        if address := value.split("://", 1)[1]:
            forms.append(address)
        parts = value.rsplit("/", 2)
        if parts[-1].isdigit() and parts[-2] in ("pull", "issues", "merge_requests"):
            forms += [f"#{parts[-1]}", f"{parts[-2]}/{parts[-1]}", f"pr {parts[-1]}"]
    return tuple(forms)
