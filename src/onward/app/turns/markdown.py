"""Turns as Markdown."""

from __future__ import annotations

from datetime import datetime

import orjson

from onward.core.text.printable import printable
from onward.core.transcript.transcript import Rewind, SessionHead, ToolCall, TranscriptItem

SPEAKERS = {"user": "User", "assistant": "Agent", "tool": "Tool result", "system": "System"}
MARKS = {"queued": "typed while the agent worked", "injected": "injected by a program", "summary": "compaction summary"}


def markdown(item: TranscriptItem, ordinal: int) -> str:
    """Return *item* as Markdown that ends in a blank line. *ordinal* is the 1-based position of a turn in its session."""
    if isinstance(item, SessionHead):
        return _head_markdown(item)
    if isinstance(item, Rewind):
        return "*The user went back: what follows replaces the turns above" + (f", after `{item.to}`" if item.to else "") + ".*\n\n"
    details = [mark for mark in (MARKS.get(item.mark), item.sidechain and f"sub-agent {item.sidechain}", _format_time(item.at)) if mark]
    parts = [f"## {ordinal} · {SPEAKERS[item.role]}" + (f" · {' · '.join(details)}" if details else "")]
    if item.text:
        parts.append(item.text)
    parts += [_call_markdown(call) for call in item.calls]
    for result in item.results:
        failed = result.is_error or bool(result.exit_code)
        code = f"exit code {result.exit_code}" if result.exit_code is not None else "failed"
        parts.append((f"*{code}*\n" if failed else "") + _code_block(result.text))
    return printable("\n\n".join(parts)) + "\n\n"


def _head_markdown(head: SessionHead) -> str:
    details = {
        "session": head.id,
        "started": head.started_at and head.started_at.isoformat(timespec="seconds"),
        "folder": head.cwd,
        "branch": head.branch,
        "remote": head.remote,
        "continues": head.parent_id,
    }
    lines = "".join(f"- {name}: {value}\n" for name, value in details.items() if value)
    return printable(f"# {head.title or 'Session'} ({head.agent})\n\n{lines}") + ("\n" if lines else "")


def _call_markdown(call: ToolCall) -> str:
    if isinstance(call.arguments, str):
        return f"**{call.name}**\n" + _code_block(call.arguments)
    words = [f"{name}: {value if isinstance(value, str) else orjson.dumps(value).decode()}" for name, value in call.arguments.items()]
    return f"**{call.name}**\n" + _code_block("\n".join(words)) if words else f"**{call.name}**"


def _code_block(text: str) -> str:
    """Return *text* in a code block whose fence is longer than any fence in the text."""
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}\n{text.rstrip()}\n{fence}"


def _format_time(at: datetime | None) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S") if at else ""
