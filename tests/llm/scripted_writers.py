"""Answers of a scripted model that rewrites a handoff: it parses the facts in the request and answers with lines."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

Tell = Callable[[int, str], str]
"""Rewrites a fact, given its place and its text."""

_FACT = re.compile(r"^f(\d+) \(([^)]*)\) (.*)$", re.M)


def facts_of(material: str) -> list[tuple[str, str, str]]:
    """Return the facts of a request as (number, mark, text)."""
    return [(f"f{number}", mark, text) for number, mark, text in _FACT.findall(material)]


def verbatim(_: int, text: str) -> str:
    return text


def lightly(_: int, text: str) -> str:
    """Return a fact with slightly different words."""
    return text.replace("I'll ", "We will ").rstrip(".")


def writes(tell: Tell = lightly) -> Callable[[Any], str]:
    """Return a function that answers a request with one line for each fact."""

    def answer(request: Any) -> str:
        facts = facts_of(request.material)
        lines = [{"facts": [number], "text": tell(place, text)} for place, (number, _, text) in enumerate(facts)]
        if "Write three lines" not in request.instructions:
            return json.dumps({"lines": lines})
        fields = {"GOAL": "goal", "STATE": "state", "DO FIRST": "do_first"}
        return json.dumps({fields[mark]: line for (_, mark, _), line in zip(facts, lines, strict=True) if mark in fields})

    return answer
