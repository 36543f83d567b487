"""Finding the places in a text that hold a secret.

Almost every text is clean, so the search is built around a cheap no. A text is folded into bytes of equal length, in which a few plain
substring scans show every *site* where a secret could stand: the end of a telling name (`…token`, `…secret`, `…key`, `passw…`), a URL's `@`,
an `authoriz…` header, and the start of every unbroken run of twenty or more characters. Patterns are only matched at such sites.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from onward.redact import rules
from onward.redact.rules import Secret

if TYPE_CHECKING:
    from collections.abc import Iterator

RUN_LENGTH = 20
"""The shortest unbroken run that a key shape has (an AWS access key id is exactly this long)."""


def _table(classes: dict[str, str], other: int | None = None) -> bytes:
    """Return a translation table that maps each character of a key of *classes* to its value, and the rest to *other* or itself."""
    table = bytearray(range(256)) if other is None else bytearray([other] * 256)
    for characters, image in classes.items():
        for character in characters:
            table[ord(character)] = ord(image)
    return bytes(table)


_WORD = _table({"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-": "w"}, other=ord(" "))
_RUN = b"w" * RUN_LENGTH

# One scan for four endings: `oken`, `cret`, `_key` (`-key`, ` key`, `.key`) and `ikey` all become `cret` when the letters that
# stand at the same place in them are made one. The other letters keep themselves, so few other words do ("socket", "ticket").
_NAME = _table(
    {"OoCc_-Ii. ": "c", "KkRr": "r", "Ee": "e", "NnTtYy": "t", "Aa": "a", "Pp": "p", "Ss": "s", "Ww": "w", "Hh": "h", "Uu": "u", "Zz": "z"}
)
_NAME_END = b"cret"
_PASSWORD = b"passw"
_AUTHORIZATION = b"authcrcz"


def find_secrets(text: str) -> list[Secret]:
    """Return the secrets in *text*, in order, none overlapping another."""
    if len(text) < rules.SHORTEST:
        return []
    # One byte per character, so that a place in the bytes is the same place in the text.
    octets = text.encode("ascii", "replace")
    found = [*_at_runs(text, octets), *_at_names(text, octets), *_at_urls(text)]
    return _apart(text, found) if found else []


def _at_runs(text: str, octets: bytes) -> Iterator[Secret]:
    """Yield the secrets that have a shape of their own."""
    words = octets.translate(_WORD)
    start = words.find(_RUN)
    while start >= 0:
        end = words.find(b" ", start + RUN_LENGTH)
        if end < 0:
            end = len(words)
        # In text that is itself JSON, the n of a written-out "\n" sticks to the word behind it.
        escaped = start > 0 and text[start - 1] == "\\"
        yield from rules.shaped(text, start + 1 if escaped else start, end)
        start = words.find(_RUN, end)


def _at_names(text: str, octets: bytes) -> Iterator[Secret]:
    """Yield the secrets that are known by the name that stands before them."""
    names = octets.translate(_NAME)
    for needle, judge in ((_NAME_END, rules.named), (_PASSWORD, rules.named), (_AUTHORIZATION, rules.authorized)):
        at = names.find(needle)
        while at >= 0:
            yield from judge(text, at)
            at = names.find(needle, at + 1)


def _at_urls(text: str) -> Iterator[Secret]:
    """Yield the passwords in URLs."""
    at = text.find("@")
    while at >= 0:
        yield from rules.userinfo(text, at)
        at = text.find("@", at + 1)


def _apart(text: str, found: list[Secret]) -> list[Secret]:
    """Return *found* in order, overlapping ones made one under the first's kind, and nothing that stands in a placeholder."""
    kept: list[Secret] = []
    spared = [match.span() for match in rules.placeholder().finditer(text)] if rules.PLACEHOLDER_HEAD in text else []
    for secret in sorted(found, key=lambda each: (each.start, -each.end)):
        if any(secret.start < end and start < secret.end for start, end in spared):
            continue
        if kept and secret.start < kept[-1].end:
            kept[-1] = kept[-1]._replace(end=max(kept[-1].end, secret.end))
        else:
            kept.append(secret)
    return kept
