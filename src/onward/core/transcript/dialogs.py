"""Dialogs of tools with a person: a question and its answer are one exchange, in the person's words; an approved plan is their decision."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, cast

from onward.core.text.prose import one_line
from onward.core.transcript.tools import classify_call, is_asking_tool, is_plan_tool
from onward.core.transcript.transcript import ToolCall, ToolResult, Turn

_PAIR = re.compile(r'"([^"]+)"\s*=\s*"([^"]+)"')
_ANSWER = re.compile(r"\s*(?:User (?:selected|responded|answered|chose)[^:\n]*:|<answer>)?\s*(.+?)\s*(?:</answer>)?\s*$", re.S)
_APPROVED = re.compile(r"(?i)(?<!not )\bapproved\b")
_APPROVAL_CHARS = 100
"""The words of an approval are at the beginning of its result."""
_BULLET = re.compile(r"^\s*(?:[-*+•]|\d{1,3}[.)]|#+)\s+")
_MAX_PLAN_CHARS = 300


def join_dialogs(turns: Sequence[tuple[int, Turn]]) -> Sequence[tuple[int, Turn]]:
    """Return *turns* with each answered question as one turn of the person's, "question: answer", and each approved plan as "We
    decided on this plan: its steps"; a refused or unanswered one stays as it is.
    """
    calls = {
        call.id: call for _, turn in turns for call in turn.calls if call.id and (is_asking_tool(call.name) or is_plan_tool(call.name))
    }
    if not calls:
        return turns
    exchanges = {
        result.call_id: words
        for _, turn in turns
        for result in turn.results
        if not result.is_error and result.call_id in calls and (words := _exchange(calls[result.call_id], result))
    }
    return list(_joined(turns, exchanges)) if exchanges else turns


def _joined(turns: Iterable[tuple[int, Turn]], exchanges: dict[str, str]) -> Iterator[tuple[int, Turn]]:
    for ordinal, turn in turns:
        words = [exchanges[result.call_id] for result in turn.results if result.call_id in exchanges]
        if words or any(call.id in exchanges for call in turn.calls):
            rest = replace(
                turn,
                calls=tuple(call for call in turn.calls if call.id not in exchanges),
                results=tuple(result for result in turn.results if result.call_id not in exchanges),
            )
            if rest.text or rest.calls or rest.results or rest.thinking:
                yield ordinal, rest
            if words:
                yield (
                    ordinal,
                    Turn(role="user", text="\n\n".join(words), at=turn.at, mark="answered", sidechain=turn.sidechain, line=turn.line),
                )
        else:
            yield ordinal, turn


def _exchange(call: ToolCall, result: ToolResult) -> str:
    """Return what the person said in a dialog; empty if they said nothing."""
    if is_plan_tool(call.name):
        return (
            f"We decided on this plan: {steps}" if _APPROVED.search(result.text[:_APPROVAL_CHARS]) and (steps := _plan_steps(call)) else ""
        )
    questions = classify_call(call).questions
    pairs = list(_quoted_answers(questions, result.text)) or _PAIR.findall(result.text) or list(_recorded_answers(questions, result.text))
    return "\n\n".join(f"{question.strip().rstrip('?？ :：')}: {answer.strip()}" for question, answer in pairs if answer.strip())


def _quoted_answers(questions: Sequence[str], text: str) -> Iterator[tuple[str, str]]:
    """Yield (question, answer) from `"question"="answer"` of the questions that were asked, which may have quotes in them."""
    marks = [(start, f'"{question}"="', question) for question in questions if (start := text.find(f'"{question}"="')) >= 0]
    ends = [*(start for start, _, _ in marks[1:]), len(text)]
    for (start, mark, question), end in zip(marks, ends, strict=False):
        answer, quote, _ = text[start + len(mark) : end].rpartition('"')
        if quote:
            yield question, answer


def _recorded_answers(questions: Sequence[str], text: str) -> Iterator[tuple[str, str]]:
    """Yield (question, answer) from a result in JSON, or from one that is the answer to the last question."""
    try:
        value = json.loads(text) if text.lstrip().startswith("{") else None
    except ValueError:
        value = None
    recorded = cast("dict[str, Any]", value).get("answers") if isinstance(value, dict) else None
    if isinstance(recorded, dict):
        for question, (key, answer) in zip([*questions, *[""] * len(recorded)], cast("dict[str, Any]", recorded).items(), strict=False):
            chosen = cast("dict[str, Any]", answer).get("answers") if isinstance(answer, dict) else answer
            yield question or key, ", ".join(map(str, chosen)) if isinstance(chosen, list) else str(chosen or "")
    elif questions and (match := _ANSWER.match(text)):
        yield questions[-1], match[1]


def _plan_steps(call: ToolCall) -> str:
    """Return the title and steps of a plan on one line."""
    plan = call.arguments.get("plan") if isinstance(call.arguments, dict) else call.arguments
    lines = [line for line in plan.split("\n") if line.strip()] if isinstance(plan, str) else []
    steps = [_BULLET.sub("", line).strip() for line in lines if _BULLET.match(line)] or [line.strip() for line in lines]
    return one_line("; ".join(steps), _MAX_PLAN_CHARS)
