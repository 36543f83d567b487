"""Cursor's transcripts as files: an agent's as JSON lines or as text (`~/.cursor/projects/…/agent-transcripts`), and a chat exported as
Markdown.

JSON lines are `{role, message: {content: […]}}`; in text, `user:` and `assistant:` are lines of their own, and `[Tool call] name` opens
a call with its arguments indented below. None of them has times or ids. The user's words are inside `<user_query>`; the editor adds
text around it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from onward.core.transcript.transcript import ImportReport, SessionHead, ToolCall, ToolResult, TranscriptItem, Turn
from onward.formats.blocks import content_text, parse_call, parse_result
from onward.formats.fields import as_list, as_object, as_text, first_record, skip_reason
from onward.formats.source import TranscriptSource

NAME = "cursor"
VERSIONS = ("1.2.1",)

_QUERY, _QUERY_END = "<user_query>", "</user_query>"
_CALL, _RESULT, _THINKING = "[Tool call] ", "[Tool result] ", "[Thinking] "
_EXPORTED = b"_Exported on "
_SPEAKERS = {"**User**": "user", "**Cursor**": "assistant"}


def detect(head: bytes) -> bool:
    """Whether *head* is one of the three."""
    start = head[:4096].replace(b"\0", b"").lstrip()
    flat = start.replace(b'": ', b'":').partition(b"\n")[0]
    if flat.startswith((b'{"role":"user","message":{"content":', b'{"role":"assistant","message":{"content":')):
        return True
    record = first_record(head)
    if {"role", "message"} <= record.keys() and "type" not in record and "content" in as_object(record["message"]):
        return True
    if _EXPORTED in start and b"from Cursor" in start:
        return True
    return start.startswith((b"user:\n", b"user:\r\n")) and (b"<user_query>" in start or b"\n[Tool call] " in head)


def read(source: TranscriptSource, report: ImportReport) -> Iterator[TranscriptItem]:
    """Yield the session."""
    start = source.head.lstrip()
    if start.startswith(b"{"):
        yield SessionHead(agent=NAME)
        for number, record in source.records(report):
            yield from _record_turns(number, record, report)
    elif start.startswith(b"user:"):
        yield SessionHead(agent=NAME)
        waiting_calls: list[ToolCall] = []
        for number, speaker, lines in _read_sections(source):
            yield from _section_turns(number, speaker, lines, waiting_calls, report)
    else:
        yield from _read_export(source, report)


def _record_turns(number: int, record: dict[str, Any], report: ImportReport) -> Iterator[Turn]:
    role, content = record.get("role"), as_object(record.get("message")).get("content")
    if role == "user":
        turns = list(_prompt_turns(content_text(content)))
    elif role == "assistant":
        turn = Turn(role="assistant", text="" if isinstance(content, list) else content_text(content).strip())
        texts: list[str] = []
        results: list[ToolResult] = []
        for block in map(as_object, as_list(content)):
            if block.get("type") == "tool_use":
                call = parse_call(block)
                turn.calls += (ToolCall(call.id or f"line:{number}:{len(turn.calls)}", call.name, call.arguments),)
            elif block.get("type") == "tool_result":
                results.append(parse_result(block))
            elif block.get("type") == "thinking":
                turn.thinking = as_text(block.get("thinking"))
            else:
                texts.append(content_text(block).strip())
        turn.text = "\n\n".join(filter(None, [turn.text, *texts]))
        turns = [turn] if turn.text or turn.calls or turn.thinking else []
        turns += [Turn(role="tool", results=tuple(results))] if results else []
    else:
        report.skip(skip_reason(report.skipped, f"record: {as_text(record.get('type')) or as_text(role) or 'unknown'}"))
        return
    yield from _report_turns(turns, number, report)


def _report_turns(turns: list[Turn], number: int, report: ImportReport, records: int = 1) -> Iterator[Turn]:
    if turns:
        report.keep(records)
    else:
        report.skip("empty message", records)
    for turn in turns:
        turn.line = number
        yield turn


def _prompt_turns(text: str) -> Iterator[Turn]:
    """Yield the user's words, and the editor's additions."""
    typed_texts: list[str] = []
    surroundings: list[str] = []
    while _QUERY in text:
        before, _, rest = text.partition(_QUERY)
        words, _, text = rest.partition(_QUERY_END)
        surroundings.append(before.strip())
        typed_texts.append(words.strip())
    (surroundings if typed_texts else typed_texts).append(text.strip())
    if any(typed_texts):
        yield Turn(role="user", text="\n\n".join(filter(None, typed_texts)))
    if any(surroundings):
        yield Turn(role="user", text="\n\n".join(filter(None, surroundings)), mark="injected")


def _read_sections(source: TranscriptSource) -> Iterator[tuple[int, str, list[str]]]:
    """Yield the parts of a text transcript: its first line, its author (`user`, `assistant`, a call, a result), and its lines."""
    number, speaker, lines = 0, "", list[str]()
    for line_number, line in source.text_lines():
        stripped = line.rstrip()
        if stripped in {"user:", "assistant:"}:
            next_speaker = stripped[:-1]
        elif line.startswith((_CALL, _RESULT)):
            next_speaker = stripped
        else:
            lines.append(line)
            continue
        if speaker:
            yield number, speaker, lines
        number, speaker, lines = line_number, next_speaker, []
    if speaker:
        yield number, speaker, lines


def _section_turns(number: int, speaker: str, lines: list[str], waiting_calls: list[ToolCall], report: ImportReport) -> Iterator[Turn]:
    """Yield the turn of one part. A result names only its tool: it answers the first of the *waiting* calls of that tool."""
    text = "\n".join(lines).strip()
    turns: list[Turn] = []
    if speaker == "user":
        turns = list(_prompt_turns(text))
    elif speaker.startswith(_CALL):
        arguments, rest = _parse_arguments(lines)
        waiting_calls.append(ToolCall(f"line:{number}", speaker[len(_CALL) :].strip(), arguments))
        turns = [Turn(role="assistant", text=rest, calls=(waiting_calls[-1],))]
    elif speaker.startswith(_RESULT):
        answered_call = next((call for call in waiting_calls if call.name == speaker[len(_RESULT) :].strip()), None)
        if answered_call is not None:
            waiting_calls.remove(answered_call)
            turns = [Turn(role="tool", results=(ToolResult(answered_call.id, text),))]
    elif text.startswith(_THINKING):
        thinking, _, answer_text = text[len(_THINKING) :].partition("\n\n")
        turns = [Turn(role="assistant", thinking=thinking, text=answer_text.strip())]
    elif text:
        turns = [Turn(role="assistant", text=text)]
    yield from _report_turns(turns, number, report, 1 + _count_filled(lines))


def _count_filled(lines: list[str]) -> int:
    """Return the number of non-blank *lines*, which are the records of a text."""
    return sum(not line.isspace() and line != "" for line in lines)


def _parse_arguments(lines: list[str]) -> tuple[dict[str, object], str]:
    """Return the arguments of a call, `key: value` indented by two, and the text after them. A value continues on lines that open no other
    argument.
    """
    arguments: dict[str, object] = {}
    key = ""
    for index, line in enumerate(lines):
        name, colon, value = line[2:].partition(": ")
        if line.startswith("  ") and colon and name.isidentifier():
            key = name
            arguments[key] = value
        elif key and (line.startswith("  ") or not line.strip()):
            arguments[key] = f"{arguments[key]}\n{line}"
        elif line.strip():
            return _strip_values(arguments), "\n".join(lines[index:]).strip()
    return _strip_values(arguments), ""


def _strip_values(arguments: dict[str, object]) -> dict[str, object]:
    return {key: str(value).rstrip() for key, value in arguments.items()}


def _read_export(source: TranscriptSource, report: ImportReport) -> Iterator[TranscriptItem]:
    """Yield an exported chat. A speaker's name counts only below a ruler, because messages may contain such a line too."""
    title = ""
    number, role, lines = 0, "", list[str]()
    below_ruler = False
    for line_number, line in source.text_lines():
        stripped = line.strip()
        if not role and not title and stripped.startswith("# "):
            title = stripped[2:]
        if below_ruler and stripped in _SPEAKERS:
            if not role:
                report.keep(_count_filled(lines))
                yield SessionHead(agent=NAME, title=title)
            else:
                yield from _speech_turns(number, role, lines, report)
            number, role, lines = line_number, _SPEAKERS[stripped], []
        else:
            lines.append(line)
        if stripped:
            below_ruler = stripped == "---"
    if role:
        yield from _speech_turns(number, role, lines, report)


def _speech_turns(number: int, role: str, lines: list[str], report: ImportReport) -> Iterator[Turn]:
    text = "\n".join(lines).strip().removesuffix("---").strip()
    turn = Turn(role="user" if role == "user" else "assistant", text=text)
    yield from _report_turns([turn] if text else [], number, report, 1 + _count_filled(lines))
