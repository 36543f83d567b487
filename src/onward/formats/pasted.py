"""Free-form chat, pasted from anywhere: the last format to be asked, for any readable text.

Turns begin at markers: `User: …`, `Human/AI`, `You said:` / `ChatGPT said:`, `## User`, `**User**`, a name alone on its line, in English and
Indonesian. A paste uses one layout; which one is found first, so that a label quoted in an answer opens no turn. Without markers all is one user turn.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import orjson

from onward.core.transcript import ImportReport, Item, Role, SessionHead, ToolResult, Turn
from onward.formats.envelopes import typed
from onward.formats.source import Source

NAME = "pasted"

_USER = "user|human|you|me|prompt|question|q|pengguna|manusia|saya|anda|kamu|tanya|pertanyaan"
_ASSISTANT = (
    "assistant|ai|ai assistant|bot|chatbot|chatgpt|gpt|gpt-[\\w.]+|claude|claude code|gemini|copilot|github copilot|cursor|codex|deepseek|grok|mistral|"
    "llama|perplexity|model|llm|agent|answer|response|a|asisten|jawab|jawaban"
)
_OTHER = "system|sistem|tool|function"
_ROLES: dict[str, Role] = {"system": "system", "sistem": "system", "tool": "tool", "function": "tool"}
_MARKER = re.compile(
    rf"^ {{0,3}}(?P<heading>#{{1,6}} +)?(?P<open>[*_]{{1,3}})?\[?(?:[^\w\s*#\[<>(`'\"/\\|-]{{1,4}} *)?"
    rf"(?:(?P<user>{_USER})|(?P<assistant>{_ASSISTANT})|(?P<other>{_OTHER}))(?![^\W_])"
    r"(?P<said> +(?:said|says|wrote|asked|replied|berkata|mengatakan|bertanya|menjawab))?(?: +\([^()\n]{1,60}\))?"
    r"\]?(?P<close>[*_]{1,3})?(?P<colon> ?[:：])?(?P<close2>[*_]{1,3})?(?P<rest>.*)$",
    re.I,
)
_LONG_LINE = 100_000
"""Longer lines are no markers: a paste without line breaks is one line."""
_LAYOUTS = ("heading", "bold", "said", "inline", "alone")


def detect(head: bytes) -> bool:
    """Whether the content is text that a person could read, and not JSON of a shape that nobody knows."""
    text = head.replace(b"\0", b"").decode("utf-8", "replace")
    if not text.strip():
        return True
    controls = sum(character < " " and character not in "\t\n\r\f\x1b" for character in text) + text.count("\ufffd") + text.count("\x7f")
    # A crash leaves a run of NUL bytes or two; in a program they are everywhere.
    runs = sum(map(bool, head.split(b"\0"))) - 1
    if controls + max(runs - 3, 0) > len(text) // 20:
        return False
    start = text.lstrip()[:64].replace(" ", "").replace("\n", "")
    return not start.startswith(('{"', '[{"', '[["', '["')) and not (start[0] in "[{" and _is_json(text))


def read(source: Source, report: ImportReport) -> Iterator[Item]:
    """Yield the turns between the markers. Every line that is not blank is a record."""
    has_code = _has_code(source)
    layout = _layout(source, has_code=has_code)
    turn: Turn | None = None
    body: list[str] = []
    for number, line, in_code in _marked(source, has_code=has_code):
        if line.strip():
            report.keep()
        marker = _marker(line, layout) if layout and not in_code else None
        if marker is not None:
            if turn is None and any(body):
                yield SessionHead(agent=NAME)
                yield _preamble(body, marker[0])
            elif turn is None:
                yield SessionHead(agent=NAME)
            elif finished := _finished(turn, body):
                yield finished
            turn, body = Turn(role=marker[0], line=number), [marker[1]]
        else:
            body.append(line.rstrip())
    if turn is None:
        turn = Turn(role="user", line=1)
        if any(body):
            yield SessionHead(agent=NAME)
    if finished := _finished(turn, body):
        yield finished


def _is_json(text: str) -> bool:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True


def _has_code(source: Source) -> bool:
    """Whether code fences come in pairs: only then do they say what is code."""
    return sum(line.lstrip().startswith("```") for _, line in source.text_lines()) % 2 == 0


def _marked(source: Source, *, has_code: bool) -> Iterator[tuple[int, str, bool]]:
    """Every line with its number, and whether it is code."""
    in_code = False
    for number, line in source.text_lines():
        in_code ^= has_code and line.lstrip().startswith("```")
        yield number, line, in_code


def _layout(source: Source, *, has_code: bool) -> str:
    """The layout under which the two sides take turns most often; nothing where nobody is named."""
    last: dict[str, str] = {}
    changes: dict[str, int] = {}
    for _, line, in_code in _marked(source, has_code=has_code):
        found = _MARKER.match(line) if line and not in_code and len(line) < _LONG_LINE else None
        layout = _kind(found) if found else ""
        if found is None or not layout or not (found["user"] or found["assistant"]):
            continue
        role = "user" if found["user"] else "assistant"
        if role != last.get(layout):
            changes[layout] = changes.get(layout, 0) + 1
            last[layout] = role
    # One name alone says nothing unless it has a mark: prose is full of lines that read "You" or "Answer".
    best = max(_LAYOUTS, key=lambda layout: changes.get(layout, 0))
    least = {"alone": 3, "inline": 2}.get(best, 1)
    return best if changes.get(best, 0) >= least else ""


def _kind(found: re.Match[str]) -> str:
    """The layout of a marker; nothing where the line only begins with the word."""
    rest = found["rest"].strip()
    closed = found["close"] or found["close2"]
    if found["heading"]:
        return "" if rest else "heading"
    if found["open"]:
        return "bold" if closed and (found["colon"] or not rest) else ""
    if found["said"]:
        return "said" if found["colon"] else ""
    if found["colon"] and not closed:
        return "inline"
    return "" if rest or closed else "alone"


def _marker(line: str, layout: str) -> tuple[Role, str] | None:
    found = _MARKER.match(line) if len(line) < _LONG_LINE else None
    if found is None or _kind(found) != layout:
        return None
    role: Role = "user" if found["user"] else "assistant" if found["assistant"] else _ROLES[found["other"].lower()]
    return role, found["rest"].strip()


def _preamble(body: list[str], first: Role) -> Turn:
    """What stands before the first marker: the person's opening where an answer follows, else a title or a note."""
    text = "\n".join(body).strip()
    if first == "assistant" and not text.startswith("#"):
        return Turn(role="user", text=text, line=1)
    return Turn(role="system", text=text, mark="injected", line=1)


def _finished(turn: Turn, body: list[str]) -> Turn | None:
    text = "\n".join(body).strip().removesuffix("\n---").strip()
    if not text or text == "---":
        return None
    if turn.role == "tool":
        turn.results = (ToolResult("", text),)
    elif turn.role == "user":
        turn.text, turn.mark = typed([text])
    else:
        turn.text = text
        turn.mark = "injected" if turn.role == "system" else "said"
    return turn
