"""Finds JSON of a given shape in a model's answer."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

T = TypeVar("T", bound=BaseModel)

_FENCE = re.compile(r"```(?:json)?\s*\n(.*?)\n?```", re.S)
_MAX_ATTEMPTS = 20
_MAX_MESSAGE_CHARS = 300


class MalformedAnswer(Exception):
    """An answer contains no JSON of the shape. The text is the problem of the last candidate."""


def parse_answer(text: str, shape: type[T]) -> T:
    """Return the first JSON object in *text* that matches *shape*. Raises `MalformedAnswer`."""
    problem = "there is no JSON object in it"
    for candidate in _find_objects(text):
        try:
            return shape.model_validate(candidate)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            problem = f"{'.'.join(map(str, first['loc'])) or 'the object'}: {first['msg']}"[:_MAX_MESSAGE_CHARS]
    raise MalformedAnswer(problem)


def _find_objects(text: str) -> Iterator[dict[str, Any]]:
    """Yield the outermost JSON objects in *text*: the whole text, in a code fence, or between words."""
    for block in (text, *_FENCE.findall(text)):
        parsed = _parse_object(block.strip())
        if parsed is not None:
            yield parsed
            return
    start = text.find("{")
    for _ in range(_MAX_ATTEMPTS):
        if start < 0:
            return
        end = start + 1
        try:
            parsed, end = json.JSONDecoder().raw_decode(text, start)
        except (ValueError, RecursionError):
            parsed = None
        if isinstance(parsed, dict):
            yield parsed
        start = text.find("{", end)


def _parse_object(text: str) -> dict[str, Any] | None:
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return parsed if isinstance(parsed, dict) else None
