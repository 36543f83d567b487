"""Reads what the program of an agent printed: the answer, its tokens and the model, or what went wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from onward.core.writer_command import AnswerForm

_NO_LOGIN = re.compile(
    r"not logged in|log ?in\b|logged out|auth(?:entication)? (?:method|type|error)|unauthori[sz]ed|\b401\b|invalid api key"
    r"|incorrect api key|api key (?:not|is missing)|credentials",
    re.I,
)
_LIMIT = re.compile(
    r"usage limit|rate.?limit|quota|too many requests|\b429\b|overloaded|\b529\b|budget|credit balance|out of credits", re.I
)
_WRONG_OPTION = re.compile(r"unknown (?:option|argument|flag|feature)|unexpected argument|unrecognized|invalid (?:option|value)", re.I)


@dataclass(slots=True)
class AgentAnswer:
    """An answer. Without a `text`, `error` is what the program said of the failure."""

    text: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    model: str = ""
    error: str = ""


def read_output(form: AnswerForm, output: str, errors: str) -> AgentAnswer:
    """Return the answer in *output*, which has the form *form*. Where it has none, the error is looked for in *errors* too."""
    answer = AgentAnswer()
    for record in _records(output):
        _READERS[form](answer, record)
    if not answer.text and not answer.error:
        for record in _records(errors):
            _READERS[form](answer, record)
        answer.error = answer.error or errors.strip()[-2_000:]
    return answer


def failure_kind(error: str) -> str:
    """Return what *error* says: "no login", "limit", "options", or empty for anything else."""
    patterns = (("no login", _NO_LOGIN), ("options", _WRONG_OPTION), ("limit", _LIMIT))
    return next((kind for kind, pattern in patterns if pattern.search(error)), "")


def _records(text: str) -> Iterator[dict[str, Any]]:
    """Yield the objects in *text*: one document behind other lines, or one object a line."""
    for place in sorted(place for sign in "[{" if (place := text.find(sign)) >= 0):
        if (value := _parse(text[place:])) is not None:
            yield from (item for item in (value if isinstance(value, list) else [value]) if isinstance(item, dict))
            return
    yield from (value for line in text.splitlines() if isinstance(value := _parse(line), dict))


def _parse(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _read_result(answer: AgentAnswer, record: Mapping[str, Any]) -> None:
    """Claude Code and Qwen Code: one record of the type "result"."""
    if record.get("type") != "result":
        return
    text = _text(record.get("result")) or _text(_mapping(record.get("error")).get("message"))
    if record.get("is_error") or record.get("subtype") not in (None, "success"):
        answer.error = text or str(record.get("subtype"))
    else:
        answer.text = text
    usage = _mapping(record.get("usage"))
    cached = _sum(usage, "cache_creation_input_tokens", "cache_read_input_tokens") if "cache_creation_input_tokens" in usage else 0
    answer.input_tokens, answer.output_tokens = _sum(usage, "input_tokens") + cached, _sum(usage, "output_tokens")
    models = _mapping(record.get("modelUsage")) or _mapping(_mapping(record.get("stats")).get("models"))
    answer.model = next(iter(models), "")


def _read_events(answer: AgentAnswer, record: Mapping[str, Any]) -> None:
    """Codex: the last message of the agent, and the usage of its turn."""
    item, usage = _mapping(record.get("item")), _mapping(record.get("usage"))
    if record.get("type") == "item.completed" and item.get("type") == "agent_message":
        answer.text, answer.error = _text(item.get("text")), ""
    elif record.get("type") == "turn.completed":
        answer.input_tokens += _sum(usage, "input_tokens")
        answer.output_tokens += _sum(usage, "output_tokens")
    elif record.get("type") in ("error", "turn.failed") and not answer.text:
        answer.error = _text(record.get("message")) or _text(_mapping(record.get("error")).get("message"))


def _read_response(answer: AgentAnswer, record: Mapping[str, Any]) -> None:
    """Gemini: one record with the response, and the tokens of each model."""
    answer.text = _text(record.get("response")) or answer.text
    answer.error = _text(_mapping(record.get("error")).get("message"))
    for name, stats in _mapping(_mapping(record.get("stats")).get("models")).items():
        tokens = _mapping(_mapping(stats).get("tokens"))
        answer.model = answer.model or name
        answer.input_tokens += _sum(tokens, "prompt")
        answer.output_tokens += _sum(tokens, "candidates", "thoughts")


def _read_parts(answer: AgentAnswer, record: Mapping[str, Any]) -> None:
    """OpenCode: texts in parts, and the tokens of each step."""
    part = _mapping(record.get("part"))
    if record.get("type") == "text":
        answer.text += _text(part.get("text"))
    elif record.get("type") == "step_finish":
        tokens = _mapping(part.get("tokens"))
        answer.input_tokens += _sum(tokens, "input") + _sum(_mapping(tokens.get("cache")), "read", "write")
        answer.output_tokens += _sum(tokens, "output", "reasoning")
    elif record.get("type") == "error":
        error = _mapping(record.get("error"))
        answer.error = _text(_mapping(error.get("data")).get("message")) or _text(error.get("name")) or "error"


_READERS: dict[AnswerForm, Callable[[AgentAnswer, Mapping[str, Any]], None]] = {
    "result": _read_result, "events": _read_events, "response": _read_response, "parts": _read_parts
}  # fmt: skip


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _sum(counts: Mapping[str, Any], *names: str) -> int:
    return sum(value for name in names if isinstance(value := counts.get(name), int) and value > 0)
