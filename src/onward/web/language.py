"""The languages of the dashboard. A text is written in English where it stands; `texts/<language>/<area>.toml` says it in another language."""

from __future__ import annotations

import tomllib
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Literal, TypeAlias, cast, get_args

from markupsafe import Markup

Language: TypeAlias = Literal["en", "id"]
LANGUAGES: dict[Language, str] = {"en": "English", "id": "Bahasa Indonesia"}
"""Each language by its own name."""

TEXTS = Path(__file__).parent / "texts"

current: ContextVar[Language] = ContextVar("language", default="en")
"""The language of the request that is being answered."""


def _(text: str, /, **values: object) -> str:
    """Return *text* in the language of the request, `%(name)s` filled in from *values*."""
    said = catalogue(current.get()).get(text, text)
    return said % values if values else said


def shown(text: str, /, **values: object) -> Markup:
    """Return *text* as `_` does, for templates: it is markup already, and what is filled in is not. A page says hundreds, so each is looked up once."""
    return _markup(current.get(), text) % values if values else _alone(current.get(), text)


@cache
def _markup(language: Language, text: str) -> Markup:
    return Markup(catalogue(language).get(text, text))  # noqa: S704 - written by us, in a template


@cache
def _alone(language: Language, text: str) -> Markup:
    return _markup(language, text) % {}


def ngettext(one: str, many: str, number: float, /, **values: object) -> str:
    """Return the form of a text that goes with *number*, which `%(num)s` shows. The catalogue names the singular; Indonesian has one form for all."""
    from onward.web.figures import whole

    return form(one, many, number) % {"num": whole(number), **values}


def form(one: str, many: str, number: float) -> str:
    """Return the form of a text that goes with *number*, nothing filled in."""
    english = one if number == 1 else many
    return catalogue(current.get()).get(one, english)


@cache
def catalogue(language: Language) -> dict[str, str]:
    """Return every text of a language by its English; nothing for English."""
    found: dict[str, str] = {}
    for path in sorted((TEXTS / language).glob("*.toml")):
        found.update(tomllib.loads(path.read_text(encoding="utf-8")))
    return found


def chosen(cookie: str, accepted: str) -> Language:
    """Return the language that a person chose, else the first one of *accepted* (Accept-Language) that there is, else English."""
    if cookie in get_args(Language):
        return cast("Language", cookie)
    weighted = []
    for place, part in enumerate(accepted.split(",")):
        name, _sep, weight = part.partition(";q=")
        try:
            weighted.append((-float(weight or 1), place, name.strip().lower().partition("-")[0]))
        except ValueError:
            continue
    # "in" is what some programs still call Indonesian.
    names = [{"in": "id"}.get(name, name) for weight, _place, name in sorted(weighted) if weight < 0]
    return cast("Language", next((name for name in names if name in get_args(Language)), "en"))
