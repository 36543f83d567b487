"""A secret is found in every spelling, and nothing but the secret is replaced."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest

from onward.store.secret_spellings import SecretSpellings

# The quote, the slash, the ampersand and the non-ASCII letter are written differently in JSON, pages and addresses.
SECRET = 'kumbang"merah/sé&nja-' + "4417"
SPELLINGS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "escaped once": json.dumps,
    "escaped twice": lambda text: json.dumps(json.dumps(text)),
    "escaped three times": lambda text: json.dumps(json.dumps(json.dumps(text))),
    "escaped without ASCII": lambda text: json.dumps(text, ensure_ascii=False),
    "escaped slashes": lambda text: json.dumps(text).replace("/", "\\/"),
    "page": html.escape,
    "page with decimal codes": lambda text: html.escape(text).replace("&quot;", "&#34;"),
    "address": lambda text: quote(text, safe=""),
    "path": quote,
    "form": quote_plus,
    "address in small letters": lambda text: quote(text, safe="").replace("%C3%A9", "%c3%a9").replace("%2F", "%2f").replace("%22", "%22"),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64 of addresses": lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
    "one colour": lambda text: f"{text[:6]}\x1b[1;31m{text[6:]}\x1b[0m",
    "a colour for each character": lambda text: "\x1b[0m".join(f"\x1b[32m{character}" for character in text),
    "colours in JSON": lambda text: json.dumps(f"{text[:9]}\x1b[31m{text[9:]}"),
    "written colours": lambda text: f"{text[:9]}\\x1b[31m{text[9:]}",
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_spelling_is_replaced(spelling: str) -> None:
    spell = SPELLINGS[spelling]
    text = f"before {spell(SECRET)} after"
    clean = SecretSpellings(SECRET).replace(text, "[gone]")
    assert "[gone]" in clean
    assert clean.startswith("before ")
    assert clean.endswith(" after")
    assert "4417" not in clean
    assert spell(SECRET) not in clean


def test_a_text_without_it_stays_the_same_object() -> None:
    text = "\x1b[31mkumbang merah\x1b[0m, sénja and 4417"
    assert SecretSpellings(SECRET).replace(text, "[gone]") is text
