"""What a person may say of an account, from whatever edge it comes: names as people write them, values checked, secrets refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from math import isfinite
from typing import Any, Final

from onward.core.accounts import ModelLimit, Period, parse_period
from onward.core.credits import Need
from onward.errors import BadInput
from onward.redact import Redactor

MOST_NAME_CHARS = 100
MOST_TEXT_CHARS = 2000
MOST_ITEMS = 50
MOST_CREDITS = 1e12

_OTHER_NAMES: Final = {
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
_SINCE, _UNTIL = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def fields_of(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was *said* of an account under the house's names, each value checked. Raises `BadInput`, naming the field.

    Times are ISO 8601, in UTC where they do not say; a period is `5h`, `1d`, `2w` or `1mo`; models are names, each with its own limit where it has one
    (`name=40` or `{"model", "credits"}`). A login or a key has no place here, whatever it is called.
    """
    found: dict[str, Any] = {}
    for key, value in said.items():
        plain = _snake(key)
        name = _OTHER_NAMES.get(plain, plain)
        if name not in _READ:
            if _is_login(name):
                raise BadInput(f"Onward holds no logins and no keys of accounts: {key!r} is refused.", "Leave it out.")
            raise BadInput(f"An account has no {key!r}.", f"It has {', '.join(_READ)}.")
        if name in found:
            raise BadInput(f"{name} is said twice.", "Say it once.")
        found[name] = _READ[name](name, value)
    return found


def known(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of *said* is about accounts, for clients of other servers that send more: logins and keys stay in it, so that they are refused and not passed over."""
    return {key: value for key, value in said.items() if (name := _OTHER_NAMES.get(_snake(key), _snake(key))) in _READ or _is_login(name)}


def _is_login(name: str) -> bool:
    return any(word in name for word in _LOGIN_WORDS)


def clean(field: str, value: object, most_chars: int = MOST_TEXT_CHARS) -> str:
    """Return one line of text. Raises `BadInput` where it is too long or looks like it holds a secret."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadInput(f"{field} is {value!r}, which is no text.", "Put it in quotes.")
    text = " ".join(value.replace("\0", "").encode("utf-8", "replace").decode().split())
    if len(text) > most_chars:
        raise BadInput(f"{field} has {len(text):,} characters.", f"Use at most {most_chars:,}.")
    if Redactor(b"").text(text) != text:
        raise BadInput(f"{field} looks like it holds a secret. Onward keeps no logins and no keys of accounts.", "Leave it out.")
    return text


def _snake(key: str) -> str:
    return (
        "".join("_" + letter.lower() if letter.isupper() else letter for letter in key.strip())
        .replace("-", "_")
        .replace(" ", "_")
        .lstrip("_")
    )


def _name(field: str, value: object) -> str:
    name = clean(field, value, MOST_NAME_CHARS)
    if not name or name.isdecimal():
        raise BadInput(f"{name!r} cannot name an account.", f"Use 1 to {MOST_NAME_CHARS} characters, not digits alone.")
    return name


def _number(field: str, value: object) -> float:
    try:
        number = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else -1.0
    except (ValueError, OverflowError):
        number = -1.0
    if not isfinite(number) or not 0 <= number <= MOST_CREDITS:
        raise BadInput(f"{field} is {value!r}.", f"Give a number from 0 to {MOST_CREDITS:,.0f}.")
    return round(number, 6)


def _number_or_none(field: str, value: object) -> float | None:
    return None if value is None or value == "" else _number(field, value)


def time_of(field: str, value: object) -> datetime | None:
    """Return the aware UTC time that *value* is; None for none. Raises `BadInput`."""
    if value is None or value == "":
        return None
    try:
        at = value if isinstance(value, datetime) else datetime.fromisoformat(str(value).strip())
        at = (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        at = None
    if at is None or not _SINCE <= at < _UNTIL:
        raise BadInput(f"{field} is {value!r}.", "Give a time like 2026-03-01T15:00Z.")
    return at


def _period(field: str, value: object) -> Period | None:
    if value is None or value == "":
        return None
    period = parse_period(value) if isinstance(value, str) else None
    if period is None:
        raise BadInput(f"{field} is {value!r}.", "Give how often credits come back: 5h, 1d, 2w, 1mo.")
    return period


def _tags(field: str, value: object) -> tuple[str, ...]:
    items = value.split(",") if isinstance(value, str) else _list(field, value)
    cleaned = [clean(field, one, MOST_NAME_CHARS).lower() for one in items]
    return tuple(dict.fromkeys(one for one in cleaned if one))


def tags_of(value: object) -> tuple[str, ...]:
    """Return tags as an account keeps them: lower case, each once."""
    return _tags("tags", value)


def _models(field: str, value: object) -> tuple[ModelLimit, ...]:
    items = value.split(",") if isinstance(value, str) else list(_pairs(value)) if isinstance(value, Mapping) else _list(field, value)
    found = [_model(field, one) for one in items if one]
    if len({one.model for one in found}) < len(found):
        raise BadInput(f"{field} names a model twice.", "Name each once.")
    return tuple(found)


def _pairs(value: Mapping[Any, Any]) -> list[dict[str, Any]]:
    return [{"model": model, "credits": credits} for model, credits in value.items()]


def _model(field: str, value: object) -> ModelLimit:
    if isinstance(value, Mapping):
        model, credits = value.get("model"), value.get("credits")
    else:
        text = clean(field, value, MOST_NAME_CHARS)
        model, _, said = text.partition("=")
        credits = said or None
    name = clean(field, model, MOST_NAME_CHARS)
    if not name:
        raise BadInput(f"{field} holds {value!r}, which names no model.", "Give names, like claude-opus-4 or claude-opus-4=40.")
    return ModelLimit(name, _number_or_none(f"{field}: {name}", credits))


def _list(field: str, value: object) -> list[object]:
    if value is None:
        return []
    if not isinstance(value, list | tuple) or len(value) > MOST_ITEMS:
        raise BadInput(f"{field} is no list of at most {MOST_ITEMS}.", "Give a list, or one text with commas.")
    return list(value)


def _status(field: str, value: object) -> str:
    if value not in ("active", "paused", "exhausted"):
        raise BadInput(f"{field} is {value!r}.", "Say active, paused or exhausted.")
    return str(value)


_READ: Final[dict[str, Callable[[str, Any], Any]]] = {
    "name": _name,
    "provider": lambda field, value: clean(field, value, MOST_NAME_CHARS),
    "plan": lambda field, value: clean(field, value, MOST_NAME_CHARS),
    "models": _models,
    "tags": _tags,
    "note": clean,
    "credits_total": _number_or_none,
    "credits_used": lambda field, value: _number_or_none(field, value) or 0.0,
    "resets_at": time_of,
    "period": _period,
    "status": _status,
}


def need_of(*, model: str = "", tags: Sequence[str] = (), credits: float | None = None) -> Need:
    """Return what a session needs, its words as accounts have them. Raises `BadInput`."""
    return Need(clean("model", model), tags_of(list(tags)), credits)
