"""Pasted chat in any layout: the last format to be tried, for any readable text.

Turns begin at markers: `User: …`, `Human/AI`, `You said:` / `ChatGPT said:`, `## User`, `**User**`, a name alone on its line, in the
languages of `speakers`. A paste uses one layout, which is detected first, so that a label quoted in an answer opens no turn. Text without
markers is no conversation, and is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import orjson

from onward.core.transcript.transcript import ImportReport, Role, SessionHead, ToolResult, TranscriptItem, Turn
from onward.errors import UnknownFormat
from onward.formats.envelopes import extract_typed
from onward.formats.source import TranscriptSource
from onward.formats.speakers import alternatives
from onward.message import Message

NAME = "pasted"

_ROLES: dict[str, Role] = {"system": "system", "sistem": "system", "tool": "tool", "function": "tool"}
_USER = rf"(?P<user>(?P<user_said>{alternatives('user_said')})|{alternatives('user')})"
_ASSISTANT = rf"(?P<assistant>(?P<assistant_said>{alternatives('assistant_said')})|{alternatives('assistant')})"
_MARKER = re.compile(
    rf"^ {{0,3}}(?P<heading>#{{1,6}} +)?(?P<open>[*_]{{1,3}})?\[?(?:[^\w\s*#\[<>(`'\"/\\|-]{{1,4}} *)?"
    rf"(?:{_USER}|{_ASSISTANT}|(?P<other>{alternatives('other')}))"
    rf"(?P<said>{alternatives('verbs')})?(?![^\W_])(?: +\([^()\n]{{1,60}}\))?"
    r"\]?(?P<close>[*_]{1,3})?(?P<colon>[ \u00a0\u202f]?[:：])?(?P<close2>[*_]{1,3})?(?P<rest>.*)$",
    re.I,
)
_LONG_LINE = 100_000
"""Longer lines are no markers: a paste without line breaks is one line."""
_LAYOUTS = ("heading", "bold", "said", "inline", "alone")


def detect(head: bytes) -> bool:
    """Whether the content is readable text, and not JSON of unknown shape."""
    text = head.replace(b"\0", b"").decode("utf-8", "replace")
    if not text.strip():
        return True
    controls = sum(character < " " and character not in "\t\n\r\f\x1b" for character in text) + text.count("\ufffd") + text.count("\x7f")
    # A crash leaves a few runs of NUL bytes; a binary has them everywhere.
    runs = sum(map(bool, head.split(b"\0"))) - 1
    if controls + max(runs - 3, 0) > len(text) // 20:
        return False
    start = text.lstrip()[:64].replace(" ", "").replace("\n", "")
    return not start.startswith(('{"', '[{"', '[["', '["')) and not (start[0] in "[{" and _is_json(text))


def read(source: TranscriptSource, report: ImportReport) -> Iterator[TranscriptItem]:
    """Yield the turns between the markers. Every non-blank line is a record. Raises `UnknownFormat` if the text names no speaker."""
    has_code = _has_code(source)
    layout = _find_layout(source, has_code=has_code)
    if not layout and source.head.strip(b"\0 \t\r\n"):
        raise UnknownFormat(
            Message("{name} contains no message: no line names a speaker.", name=source.name),
            "Begin each message with its speaker, such as `User:` and `Assistant:`, or name a session file of an agent.",
        )
    turn: Turn | None = None
    body: list[str] = []
    for number, line, in_code in _read_lines(source, has_code=has_code):
        if line.strip():
            report.keep()
        marker = None if in_code else _parse_marker(line, layout)
        if marker is not None:
            if turn is None and any(body):
                yield SessionHead(agent=NAME)
                yield _preamble(body, marker[0])
            elif turn is None:
                yield SessionHead(agent=NAME)
            elif finished_turn := _finish_turn(turn, body):
                yield finished_turn
            turn, body = Turn(role=marker[0], line=number), [marker[1]]
        else:
            body.append(line.rstrip())
    if turn and (finished_turn := _finish_turn(turn, body)):
        yield finished_turn


def _is_json(text: str) -> bool:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True


def _has_code(source: TranscriptSource) -> bool:
    """Whether code fences are balanced; only then do they mark code."""
    return sum(line.lstrip().startswith("```") for _, line in source.text_lines()) % 2 == 0


def _read_lines(source: TranscriptSource, *, has_code: bool) -> Iterator[tuple[int, str, bool]]:
    """Every line with its number, and whether it is code."""
    in_code = False
    for number, line in source.text_lines():
        in_code ^= has_code and line.lstrip().startswith("```")
        yield number, line, in_code


def _find_layout(source: TranscriptSource, *, has_code: bool) -> str:
    """Return the layout in which the two sides alternate most often; empty if there is none."""
    last: dict[str, str] = {}
    changes: dict[str, int] = {}
    for _, line, in_code in _read_lines(source, has_code=has_code):
        match = _MARKER.match(line) if line and not in_code and len(line) < _LONG_LINE else None
        layout = _marker_layout(match) if match else ""
        if match is None or not layout or not (match["user"] or match["assistant"]):
            continue
        role = "user" if match["user"] else "assistant"
        if role != last.get(layout):
            changes[layout] = changes.get(layout, 0) + 1
            last[layout] = role
    # A single name without a mark proves nothing: prose is full of lines like "You" or "Answer".
    best = max(_LAYOUTS, key=lambda layout: changes.get(layout, 0))
    minimum = {"alone": 3, "inline": 2}.get(best, 1)
    return best if changes.get(best, 0) >= minimum else ""


def _marker_layout(match: re.Match[str]) -> str:
    """Return the layout of a marker; empty if the line only begins with the word."""
    rest = match["rest"].strip()
    closing = match["close"] or match["close2"]
    if match["heading"]:
        return "" if rest else "heading"
    if match["open"]:
        return "bold" if closing and (match["colon"] or not rest) else ""
    if match["said"] or match["user_said"] or match["assistant_said"]:
        return "said" if match["colon"] else ""
    if match["colon"] and not closing:
        return "inline"
    return "" if rest or closing else "alone"


def _parse_marker(line: str, layout: str) -> tuple[Role, str] | None:
    match = _MARKER.match(line) if len(line) < _LONG_LINE else None
    if match is None or _marker_layout(match) != layout:
        return None
    role: Role = "user" if match["user"] else "assistant" if match["assistant"] else _ROLES[match["other"].lower()]
    return role, match["rest"].strip()


def _preamble(body: list[str], first: Role) -> Turn:
    """Return the text before the first marker: a prompt if an answer follows, else a title or a note."""
    text = "\n".join(body).strip()
    if first == "assistant" and not text.startswith("#"):
        return Turn(role="user", text=text, line=1)
    return Turn(role="system", text=text, mark="injected", line=1)


def _finish_turn(turn: Turn, body: list[str]) -> Turn | None:
    text = "\n".join(body).strip().removesuffix("\n---").strip()
    if not text or text == "---":
        return None
    if turn.role == "tool":
        turn.results = (ToolResult("", text),)
    elif turn.role == "user":
        turn.text, turn.mark = extract_typed([text])
    else:
        turn.text = text
        turn.mark = "injected" if turn.role == "system" else "said"
    return turn
