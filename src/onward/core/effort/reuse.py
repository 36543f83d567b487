"""Which earlier facts a session used: facts whose file it read or changed, whose command it ran, or whose exact
names its agent wrote.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from onward.core.effort.steps import Step
from onward.core.facts.fact import Fact
from onward.core.text.prose import identifiers
from onward.core.transcript.transcript import ToolCall, Turn

_NAME = re.compile(r"[\w@~./:#+-]{4,}")
_DISTINCTIVE = re.compile(r"[./_:#\d-]|[a-z][A-Z]")
_PORT = re.compile(r"[\w.-]+:\d{2,5}\b")
_MIN_NAME_CHARS = 5
_MAX_SHARING_FACTS = 5
"""Facts that may share a name before the name identifies none of them."""


def reused_fact_ids(facts: Iterable[Fact], steps: Sequence[Step], turns: Iterable[tuple[int, Turn]]) -> list[str]:
    """Return the ids of those *facts* that the session used, in order. Only what the agent itself wrote counts as
    use.
    """
    earlier_facts = list(facts)
    touched_paths = {path for step in steps for path in (*step.reads, *(change.path for change in step.changes))}
    command_keys = {step.key for step in steps if step.command}
    written_names = {name for text in _agent_texts(turns) for name in _split_names(text)} | command_keys
    names = {fact.id: frozenset(_distinctive_names(fact.text)) for fact in earlier_facts}
    sharing = Counter(name for fact_names in names.values() for name in fact_names)
    return [
        fact.id
        for fact in earlier_facts
        if _is_used(fact, touched_paths, command_keys)
        or any(sharing[n] <= _MAX_SHARING_FACTS and n in written_names for n in names[fact.id])
    ]


def _is_used(fact: Fact, touched_paths: set[str], command_keys: set[str]) -> bool:
    kind, _, key = fact.subject.partition(":")
    return (kind == "file" and key in touched_paths) or (kind == "command" and key in command_keys)


def _distinctive_names(text: str) -> Iterator[str]:
    candidates = (*identifiers(text), *_PORT.findall(text))
    return (name for name in candidates if len(name) >= _MIN_NAME_CHARS and not name.isdigit() and _DISTINCTIVE.search(name))


def _split_names(text: str) -> Iterator[str]:
    for piece in _NAME.findall(text):
        name = piece.strip(".:-/")
        yield name
        if "/" in name:
            yield name.rpartition("/")[2]


def _agent_texts(turns: Iterable[tuple[int, Turn]]) -> Iterator[str]:
    for _, turn in turns:
        if turn.role == "assistant" and turn.mark == "said":
            yield turn.text
            for call in turn.calls:
                yield from _argument_texts(call)


def _argument_texts(call: ToolCall) -> Iterator[str]:
    if isinstance(call.arguments, str):
        yield call.arguments
    else:
        yield from (value for value in call.arguments.values() if isinstance(value, str))
