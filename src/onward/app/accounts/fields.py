"""The fields of an account as users and programs write them: names in several spellings, values checked, secrets refused."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from math import isfinite
from typing import Any, Final

from onward.core.accounts.accounts import ModelLimit
from onward.core.accounts.periods import Period, parse_period
from onward.core.accounts.rank import AccountNeed
from onward.core.accounts.windows import AccountWindow
from onward.core.text.known_names import find_name, snake_case
from onward.errors import BadInput
from onward.message import Message
from onward.redact import Redactor

MAX_NAME_CHARS = 100
MAX_TEXT_CHARS = 2000
MAX_ITEMS = 50
MAX_CREDITS = 1e12

_ALIASES: Final = {
    "credits": "credits_total",
    "total_credits": "credits_total",
    "used_credits": "credits_used",
    "reset_at": "resets_at",
    "reset_time": "resets_at",
    "reset_period": "period",
    "specialization": "tags",
    "specialisation": "tags",
    "specializations": "tags",
    "notes": "note",
}
_LOGIN_WORDS = ("mail", "user", "pass", "secret", "token", "key", "cookie", "login", "credential", "auth", "session")
_WINDOW = re.compile(
    r"(?P<period>\w+)(?: of (?P<model>[^=]+?))? ?= ?(?P<used>[\d.]+)(?: ?/ ?(?P<total>[\d.]+)| ?%)?(?: until (?P<resets_at>\S+))?"
)
_EARLIEST, _LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def parse_fields(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return *values* under the field names that accounts use, each value checked. Raises `BadInput`, which names the field.

    Times are ISO 8601, in UTC if they have no offset. A period is `5h`, `1d`, `2w` or `1mo`. Models are names, each with its own limit if
    it has one (`name=40` or `{"model", "credits"}`). Logins and keys are refused, whatever the field is called.
    """
    fields: dict[str, Any] = {}
    for key, value in values.items():
        snake_key = snake_case(key)
        name = _ALIASES.get(snake_key, snake_key)
        if name not in _PARSERS:
            if _is_login(name):
                raise BadInput(Message("Onward stores no logins or keys of accounts, so {key!r} is refused.", key=key), "Leave it out.")
            raise BadInput(
                Message("An account has no field {key!r}.", key=key),
                Message("Did you mean {known}?", known=nearest)
                if (nearest := find_name(key, (*_PARSERS, *_ALIASES)))
                else Message("The fields are: {fields}.", fields=", ".join(_PARSERS)),
            )
        if name in fields:
            raise BadInput(Message("{name} is given twice.", name=name), "Give it only once.")
        fields[name] = _PARSERS[name](name, value)
    return fields


def _is_login(name: str) -> bool:
    return any(word in name for word in _LOGIN_WORDS)


def clean_text(field: str, value: object, max_chars: int = MAX_TEXT_CHARS) -> str:
    """Return *value* as one line of text. Raises `BadInput` if it is too long or seems to contain a secret."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadInput(Message("{field} is {value!r}, which is not a text.", field=field, value=value), "Put it in quotes.")
    text = " ".join(value.replace("\0", "").encode("utf-8", "replace").decode().split())
    if len(text) > max_chars:
        raise BadInput(
            Message("{field} has {count:,} characters.", field=field, count=len(text)),
            Message("Use at most {limit:,} characters.", limit=max_chars),
        )
    if Redactor(b"").text(text) != text:
        raise BadInput(
            Message("{field} seems to contain a secret. Onward stores no logins or keys of accounts.", field=field), "Leave it out."
        )
    return text


def _name(field: str, value: object) -> str:
    name = clean_text(field, value, MAX_NAME_CHARS)
    if not name or name.isdecimal():
        raise BadInput(
            Message("{name!r} is not a valid account name.", name=name),
            Message("Use 1 to {limit} characters, not only digits.", limit=MAX_NAME_CHARS),
        )
    return name


def _number(field: str, value: object) -> float:
    try:
        number = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else -1.0
    except (ValueError, OverflowError):
        number = -1.0
    if not isfinite(number) or not 0 <= number <= MAX_CREDITS:
        raise BadInput(
            Message("{field} is {value!r}.", field=field, value=value), Message("Give a number from 0 to {limit:,.0f}.", limit=MAX_CREDITS)
        )
    return round(number, 6)


def _number_or_none(field: str, value: object) -> float | None:
    return None if value is None or value == "" else _number(field, value)


def parse_time(field: str, value: object) -> datetime | None:
    """Return *value* as a UTC time; None for no value. Raises `BadInput`."""
    if value is None or value == "":
        return None
    try:
        time = value if isinstance(value, datetime) else datetime.fromisoformat(str(value).strip())
        time = (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        time = None
    if time is None or not _EARLIEST <= time < _LATEST:
        raise BadInput(Message("{field} is {value!r}.", field=field, value=value), "Give a time like 2026-03-01T15:00Z.")
    return time


def _period(field: str, value: object) -> Period | None:
    if value is None or value == "":
        return None
    period = parse_period(value) if isinstance(value, str) else None
    if period is None:
        raise BadInput(Message("{field} is {value!r}.", field=field, value=value), "Give how often the credits reset: 5h, 1d, 2w, 1mo.")
    return period


def _tags(field: str, value: object) -> tuple[str, ...]:
    items = value.split(",") if isinstance(value, str) else _list(field, value)
    tags = [clean_text(field, item, MAX_NAME_CHARS).lower() for item in items]
    return tuple(dict.fromkeys(tag for tag in tags if tag))


def normalize_tags(value: object) -> tuple[str, ...]:
    """Return tags as accounts store them: lower case, without duplicates."""
    return _tags("tags", value)


def _models(field: str, value: object) -> tuple[ModelLimit, ...]:
    items = value.split(",") if isinstance(value, str) else list(_pairs(value)) if isinstance(value, Mapping) else _list(field, value)
    limits = [_model(field, item) for item in items if item]
    if len({limit.model for limit in limits}) < len(limits):
        raise BadInput(Message("{field} names a model twice.", field=field), "Name each model once.")
    return tuple(limits)


def _pairs(value: Mapping[Any, Any]) -> list[dict[str, Any]]:
    return [{"model": model, "credits": credits} for model, credits in value.items()]


def _model(field: str, value: object) -> ModelLimit:
    if isinstance(value, Mapping):
        model, credits = value.get("model"), value.get("credits")
    else:
        text = clean_text(field, value, MAX_NAME_CHARS)
        model, _, amount = text.partition("=")
        credits = amount or None
    name = clean_text(field, model, MAX_NAME_CHARS)
    if not name:
        raise BadInput(
            Message("{field} contains {value!r}, which is not the name of a model.", field=field, value=value),
            "Give names, like claude-opus-4 or claude-opus-4=40.",
        )
    return ModelLimit(name, _number_or_none(f"{field}: {name}", credits))


def _list(field: str, value: object) -> list[object]:
    if value is None:
        return []
    if not isinstance(value, list | tuple) or len(value) > MAX_ITEMS:
        raise BadInput(
            Message("{field} must be a list of at most {limit} items.", field=field, limit=MAX_ITEMS),
            "Give a list, or values separated by commas.",
        )
    return list(value)


def _windows(field: str, value: object) -> tuple[AccountWindow, ...]:
    items = value.split(",") if isinstance(value, str) else _list(field, value)
    windows = [_window(field, item) for item in items if item]
    if len({(window.model, window.hours) for window in windows}) < len(windows):
        raise BadInput(Message("{field} names a window twice.", field=field), "Give each period and model once.")
    return tuple(windows)


def _window(field: str, value: object) -> AccountWindow:
    """Return a window written as `5h=40/100`, `1w of opus=30/100 until 2026-03-01T15:00Z`, or as an object. It is counted now."""
    if isinstance(value, Mapping):
        parts = {name: value.get(name) for name in ("period", "model", "used", "total", "resets_at")}
    else:
        match = _WINDOW.fullmatch(clean_text(field, value, MAX_TEXT_CHARS))
        parts = match.groupdict() if match else {}
    period = _period(field, parts.get("period"))
    if period is None:
        raise BadInput(
            Message("{field} contains {value!r}, which is not a window.", field=field, value=value),
            "Write 5h=40/100, 1w=30/100 until 2026-03-01T15:00Z, or 1w of opus=20/50.",
        )
    total = _number_or_none(field, parts.get("total"))
    return AccountWindow(
        model=clean_text(field, parts.get("model"), MAX_NAME_CHARS),
        period=str(period),
        used=_number_or_none(field, parts.get("used")) or 0.0,
        total=100.0 if total is None else total,
        resets_at=parse_time(field, parts.get("resets_at")),
        at=datetime.now(UTC),
        source="estimated",
    )


def _profile(field: str, value: object) -> str:
    path = clean_text(field, value)
    folder = os.path.abspath(os.path.expanduser(path)) if path else ""  # noqa: PTH100, PTH111 - stored as text
    return folder.replace("\\", "/")


def _status(field: str, value: object) -> str:
    if value not in ("active", "paused", "exhausted"):
        raise BadInput(Message("{field} is {value!r}.", field=field, value=value), "Use active, paused or exhausted.")
    return str(value)


_PARSERS: Final[dict[str, Callable[[str, Any], Any]]] = {
    "name": _name,
    "provider": lambda field, value: clean_text(field, value, MAX_NAME_CHARS),
    "plan": lambda field, value: clean_text(field, value, MAX_NAME_CHARS),
    "models": _models,
    "tags": _tags,
    "note": clean_text,
    "credits_total": _number_or_none,
    "credits_used": lambda field, value: _number_or_none(field, value) or 0.0,
    "resets_at": parse_time,
    "period": _period,
    "status": _status,
    "windows": _windows,
    "profile": _profile,
}


def parse_need(*, model: str = "", tags: Sequence[str] = (), credits: float | None = None) -> AccountNeed:
    """Return what a session needs from an account, with names normalized as accounts store them. Raises `BadInput`."""
    return AccountNeed(clean_text("model", model), normalize_tags(list(tags)), credits)
