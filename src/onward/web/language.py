"""The languages of the dashboard. Source texts are English; `texts/<language>/<area>.toml` translates them."""

from __future__ import annotations

import tomllib
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Literal, TypeAlias, cast, get_args

from markupsafe import Markup

Language: TypeAlias = Literal["en", "id"]
LANGUAGES: dict[Language, str] = {"en": "English", "id": "Bahasa Indonesia"}
"""The languages, each by its own name."""

TEXTS = Path(__file__).parent / "texts"

current_language: ContextVar[Language] = ContextVar("language", default="en")
"""The language of the current request."""


def _(text: str, /, **values: object) -> str:
    """Return *text* in the language of the request, with `%(name)s` filled in from *values*."""
    translation = catalogue(current_language.get()).get(text, text)
    return translation % values if values else translation


def translate_markup(text: str, /, **values: object) -> Markup:
    """Return *text* like `_`, as markup for templates; the *values* are escaped. Lookups are cached: a page has hundreds of texts."""
    return _translated_markup(current_language.get(), text) % values if values else _formatted_markup(current_language.get(), text)


@cache
def _translated_markup(language: Language, text: str) -> Markup:
    return Markup(catalogue(language).get(text, text))  # noqa: S704 - written by us, in a template


@cache
def _formatted_markup(language: Language, text: str) -> Markup:
    return _translated_markup(language, text) % {}


def ngettext(singular: str, plural: str, number: float, /, **values: object) -> str:
    """Return the plural form for *number*, which `%(num)s` shows. The catalogue is keyed by the singular."""
    return plural_form(singular, plural, number) % {"num": localize_marks(f"{number:,.0f}"), **values}


def plural_form(singular: str, plural: str, number: float) -> str:
    """Return the plural form for *number* without filling in values."""
    english = singular if number == 1 else plural
    return catalogue(current_language.get()).get(singular, english)


def localize_marks(number: str) -> str:
    """Return *number* with the separators of the language: Indonesian swaps comma and point."""
    return number.translate(str.maketrans(",.", ".,")) if current_language.get() == "id" else number


@cache
def catalogue(language: Language) -> dict[str, str]:
    """Return the translations of a language by their English text; empty for English."""
    texts: dict[str, str] = {}
    for path in sorted((TEXTS / language).glob("*.toml")):
        texts.update(tomllib.loads(path.read_text(encoding="utf-8")))
    return texts


def choose_language(cookie: str, accepted: str) -> Language:
    """Return the language of the cookie, else the best match of the *accepted* header (Accept-Language), else English."""
    if cookie in get_args(Language):
        return cast("Language", cookie)
    candidates = []
    for position, part in enumerate(accepted.split(",")):
        name, _sep, weight = part.partition(";q=")
        try:
            candidates.append((-float(weight or 1), position, name.strip().lower().partition("-")[0]))
        except ValueError:
            continue
    # Some programs still use the old code "in" for Indonesian.
    names = [{"in": "id"}.get(name, name) for weight, _place, name in sorted(candidates) if weight < 0]
    return cast("Language", next((name for name in names if name in get_args(Language)), "en"))
