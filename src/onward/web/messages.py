"""Messages of the layers below, in the reader's language: errors and their hints, reasons, findings, progress.

A `Message` is looked up by its template in `texts/<language>/messages/*.toml`; a constant string is its own template. Values that are
messages are translated, numbers and times take the reader's form, and anything else is shown as it is.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from string import Formatter

from onward.errors import EditConflict, OnwardError
from onward.message import Message
from onward.redact import DISTILL_KEY, Redactor
from onward.web.format_values import format_date
from onward.web.language import TEXTS, Language, _, current_language, localize_marks

_PLACE = re.compile(r"\{(\w+)[^{}]*\}")


def translate_message(message: Message | str | None) -> str:
    """Return *message* in the language of the request; in English if it has no translation. None is empty."""
    if message is None:
        return ""
    if not isinstance(message, Message):
        return message_catalogue(current_language.get()).get(message, message)
    fields = {name: (conversion, spec or "") for _text, name, spec, conversion in Formatter().parse(message.template) if name}
    values = {name: _format_value(message.values[name], conversion, spec) for name, (conversion, spec) in fields.items()}
    template = plain_template(message.template)
    return message_catalogue(current_language.get()).get(template, template).format(**values)


def translate_error(error: OnwardError) -> str:
    """Return what went wrong and what to do about it, in the language of the request. A secret in what it quotes is redacted."""
    text = Redactor(DISTILL_KEY).text(f"{translate_message(error.message)} {translate_message(error.hint)}".rstrip())
    stored_texts = [str(detail["stored"]) for detail in error.details if detail["stored"]] if isinstance(error, EditConflict) else []
    return f"{text} {_('Current text: %(text)s', text='; '.join(stored_texts))}" if stored_texts else text


def translate_all(messages: Iterable[Message | str]) -> list[str]:
    """Return each of *messages* in the language of the request."""
    return [translate_message(message) for message in messages]


def plain_template(template: str) -> str:
    """Return *template* with bare places: `{name!r}` becomes `{name}`. The catalogue has this form only."""
    return _PLACE.sub(r"{\1}", template)


@cache
def message_catalogue(language: Language) -> dict[str, str]:
    """Return the translations of a language by plain template; nothing for English."""
    texts: dict[str, str] = {}
    for path in sorted((TEXTS / language / "messages").glob("*.toml")):
        texts.update(tomllib.loads(path.read_text(encoding="utf-8")))
    return texts


def _format_value(value: object, conversion: str | None, spec: str) -> str:
    if isinstance(value, Message):
        return translate_message(value)
    if isinstance(value, datetime):
        return f"{format_date(value)}, {value.astimezone(UTC):%H:%M}" if "%H" in spec or not spec else format_date(value)
    if conversion in ("r", "a"):
        return format(repr(value), spec)
    text = format(value, spec)
    return localize_marks(text) if isinstance(value, int | float) and not isinstance(value, bool) else text
