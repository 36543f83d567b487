"""JSON of one shape, out of whatever a model wrote around it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

T = TypeVar("T", bound=BaseModel)

_FENCE = re.compile(r"```(?:json)?\s*\n(.*?)\n?```", re.S)
_MOST_TRIES = 20
_MOST_SAID_CHARS = 300


class Misshapen(Exception):
    """No JSON of the shape is in an answer; says what is wrong with the nearest."""


def shaped(text: str, shape: type[T]) -> T:
    """Return the first JSON object in *text* that is of the *shape*. Raises `Misshapen`."""
    wrong = "there is no JSON object in it"
    for candidate in _objects(text):
        try:
            return shape.model_validate(candidate)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            wrong = f"{'.'.join(map(str, first['loc'])) or 'the object'}: {first['msg']}"[:_MOST_SAID_CHARS]
    raise Misshapen(wrong)


def _objects(text: str) -> Iterator[dict[str, Any]]:
    """Yield the JSON objects in *text*: as a whole, in a fence, or between words, the outermost only."""
    for whole in (text, *_FENCE.findall(text)):
        found = _parsed(whole.strip())
        if found is not None:
            yield found
            return
    start = text.find("{")
    for _ in range(_MOST_TRIES):
        if start < 0:
            return
        end = start + 1
        try:
            found, end = json.JSONDecoder().raw_decode(text, start)
        except (ValueError, RecursionError):
            found = None
        if isinstance(found, dict):
            yield found
        start = text.find("{", end)


def _parsed(text: str) -> dict[str, Any] | None:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
