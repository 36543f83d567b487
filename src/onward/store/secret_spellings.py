"""How a secret may be written: as it is, escaped, quoted for an address or a page, in base64, or with colours between its characters."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterator
from functools import cached_property
from urllib.parse import quote, quote_plus

_ESCAPED_TIMES = 3
_COLOUR = r"(?:(?:\x1b|\\+(?:u001[bB]|x1[bB]|033|e))\[[0-9;]*[A-Za-z])"
COLOUR_MARKS = ("\x1b[", "001b[", "001B[", "x1b[", "x1B[", "033[", "\\e[")
"""A text without any of these has no colours in it."""


class SecretSpellings:
    """Every spelling of one secret, and their replacement."""

    def __init__(self, secret: str) -> None:
        self._secret = secret
        self.texts: tuple[str, ...] = tuple(sorted(set(_spell(secret)), key=lambda spelling: (-len(spelling), spelling)))
        """Without the coloured ones, longest first."""

    def replace(self, text: str, placeholder: str) -> str:
        """Return *text* with *placeholder* in place of the secret in any spelling; the same object without one."""
        clean = text
        for spelling in self.texts:
            clean = clean.replace(spelling, placeholder)
        if any(mark in clean for mark in COLOUR_MARKS):
            clean = self._coloured.sub(lambda _: placeholder, clean)
        return text if clean == text else clean

    @cached_property
    def _coloured(self) -> re.Pattern[str]:
        characters = ("|".join(re.escape(spelling) for spelling in sorted(set(_escape(character)), key=len)) for character in self._secret)
        return re.compile(f"{_COLOUR}*".join(f"(?:{character})" for character in characters))


def _spell(secret: str) -> Iterator[str]:
    yield from _escape(secret)
    for text in (secret, quote(secret, safe=""), quote(secret), quote_plus(secret)):
        yield text
        yield re.sub(r"%[0-9A-F]{2}", lambda match: match.group().lower(), text)
    for page in (html.escape(secret), html.escape(secret, quote=False)):
        yield from (page, page.replace("&#x27;", "&#39;"), page.replace("&#x27;", "&apos;").replace("&quot;", "&#34;"))
        yield json.dumps(page)[1:-1]
    yield "".join(character if character.isascii() else f"&#{ord(character)};" for character in html.escape(secret))
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        coded = encode(secret.encode()).decode()
        yield from (coded, coded.rstrip("="), quote(coded, safe=""), json.dumps(coded.replace("/", "\\/"))[1:-1].replace("\\\\", "\\"))


def _escape(text: str) -> Iterator[str]:
    """Yield *text* as it is, and as a JSON string, up to `_ESCAPED_TIMES` times over."""
    ascii_text = plain_text = text
    yield text
    yield text.encode("unicode_escape").decode()
    for _ in range(_ESCAPED_TIMES):
        ascii_text, plain_text = json.dumps(ascii_text)[1:-1], json.dumps(plain_text, ensure_ascii=False)[1:-1]
        yield from (ascii_text, plain_text, ascii_text.replace("/", "\\/"), plain_text.replace("/", "\\/"))
