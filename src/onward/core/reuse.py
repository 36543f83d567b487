"""Which earlier facts a session used again: those whose file it looked at or changed, whose command it ran, or whose exact names its agent wrote."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from onward.core.facts import Fact
from onward.core.steps import Step
from onward.core.text import identifiers
from onward.core.transcript import ToolCall, Turn

_NAME = re.compile(r"[\w@~./:#+-]{4,}")
_TELLING = re.compile(r"[./_:#\d-]|[a-z][A-Z]")
_PORT = re.compile(r"[\w.-]+:\d{2,5}\b")
_SHORTEST_CHARS = 5
_MOST_SHARING = 5
"""Facts that may name one thing before the name tells nothing of each."""


def used_again(facts: Iterable[Fact], steps: Sequence[Step], turns: Iterable[tuple[int, Turn]]) -> list[str]:
    """Return the ids of those *facts* that the session used, in order. What a person or a tool wrote is not the agent's use of it."""
    earlier = list(facts)
    touched = {path for step in steps for path in (*step.reads, *(change.path for change in step.changes))}
    ran = {step.key for step in steps if step.command}
    written = {name for text in _written(turns) for name in _names(text)} | ran
    names = {fact.id: frozenset(_telling(fact.text)) for fact in earlier}
    sharing = Counter(name for of_fact in names.values() for name in of_fact)
    return [
        fact.id
        for fact in earlier
        if _is_used(fact, touched, ran) or any(sharing[n] <= _MOST_SHARING and n in written for n in names[fact.id])
    ]


def _is_used(fact: Fact, touched: set[str], ran: set[str]) -> bool:
    of, _, what = fact.subject.partition(":")
    return (of == "file" and what in touched) or (of == "command" and what in ran)


def _telling(text: str) -> Iterator[str]:
    named = (*identifiers(text), *_PORT.findall(text))
    return (name for name in named if len(name) >= _SHORTEST_CHARS and not name.isdigit() and _TELLING.search(name))


def _names(text: str) -> Iterator[str]:
    for found in _NAME.findall(text):
        name = found.strip(".:-/")
        yield name
        if "/" in name:
            yield name.rpartition("/")[2]


def _written(turns: Iterable[tuple[int, Turn]]) -> Iterator[str]:
    for _, turn in turns:
        if turn.role == "assistant" and turn.mark == "said":
            yield turn.text
            for call in turn.calls:
                yield from _given(call)


def _given(call: ToolCall) -> Iterator[str]:
    if isinstance(call.arguments, str):
        yield call.arguments
    else:
        yield from (value for value in call.arguments.values() if isinstance(value, str))
