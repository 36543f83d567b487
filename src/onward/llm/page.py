"""The form of a written handoff: a Markdown page whose lines end with handles. This module reads it and names its parts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from onward.core.facts.fact import Handle, parse_handle
from onward.core.handoff.writer_sections import (
    COMMANDS,
    DECIDED,
    DO_FIRST,
    DONE,
    FILES,
    FIXES,
    GOAL,
    HEAD_SECTIONS,
    LEARNED,
    NEXT,
    RULES,
    SECTIONS,
    STATE,
    TRIED,
    VALUES,
)
from onward.core.text.printable import printable
from onward.llm.checks.guard import WrittenLine

_BY_WORD = {
    "rule": RULES, "next": NEXT, "open": NEXT, "blocked": NEXT, "question": NEXT, "todo": NEXT, "decided": DECIDED,
    "decision": DECIDED, "done": DONE, "tried": TRIED, "error": FIXES, "where": FILES,
    "file": FILES, "command": COMMANDS, "learned": LEARNED, "value": VALUES, "exact": VALUES,
    "goal": GOAL, "state": STATE, "do_first": DO_FIRST, "do": DO_FIRST,
}  # fmt: skip
_MAX_LINES = 150
_HANDLE = re.compile(r"s\d{1,6}\.\d{1,9}")
_HANDLES_AT_END = re.compile(r"\s*\[\s*(s\d+\.\d+(?:\s*(?:,|;|→|←|->|and)?\s*s\d+\.\d+)*)\s*\]\s*\.?\s*$")
_BULLET = re.compile(r"^\s*(?:[-*•]|\d{1,3}[.)])\s+")
_HEAD = re.compile(r"^\*\*(Goal|State|Do first)[.:]?\*\*[.:]?\s*")
_DROPPED = re.compile(r"^\**dropped:?\**:?\s*", re.I)
_REASON = re.compile(r"((?:\[s\d+\.\d+\],?\s*)+)([^\[]*)")


class DroppedLine(NamedTuple):
    """Handles of lines of the standing handoff that the writer drops, and why."""

    handles: tuple[Handle, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class WrittenHandoff:
    """A written handoff: its lines in order, the head first, and what it drops of the standing one."""

    lines: tuple[WrittenLine, ...]
    dropped: tuple[DroppedLine, ...] = ()


def section_named(name: str) -> str:
    """Return the section that *name* means; empty if it means none."""
    words = re.findall(r"[a-z_]+", name.lower())
    return next((_BY_WORD[key] for word in words[:1] for key in (word, word.removesuffix("s")) if key in _BY_WORD), "")


def parse_handoff(text: str) -> WrittenHandoff:
    """Return the handoff that *text* holds. Lines of unknown sections and lines without text are left out."""
    section, lines, dropped = "", list[WrittenLine](), list[DroppedLine]()
    for raw_line in printable(text).split("\n"):
        raw = raw_line.strip()
        if heading := re.match(r"#{1,4}\s+(.*)", raw):
            section = section_named(heading[1])
        elif match := _DROPPED.match(raw):
            dropped += _parse_dropped(raw[match.end() :])
        elif ((head := _HEAD.match(raw)) and (line := _parse_line(head[1], raw[head.end() :]))) or (
            section and section not in HEAD_SECTIONS and _BULLET.match(raw) and (line := _parse_line(section, _BULLET.sub("", raw)))
        ):
            lines.append(line)
    return WrittenHandoff(tuple(_ordered(lines)[:_MAX_LINES]), tuple(dropped))


def _ordered(lines: list[WrittenLine]) -> list[WrittenLine]:
    order = {name: position for position, name in enumerate((*HEAD_SECTIONS, *SECTIONS))}
    return sorted(lines, key=lambda line: order[line.section])


def _parse_line(section: str, text: str) -> WrittenLine | None:
    handles: list[Handle] = []
    while match := _HANDLES_AT_END.search(text):
        handles = [parse_handle(handle) for handle in _HANDLE.findall(match[1])] + handles
        text = text[: match.start()]
    text = " ".join(text.split())
    return WrittenLine(section, text, tuple(dict.fromkeys(handles))) if text else None


def _parse_dropped(text: str) -> list[DroppedLine]:
    return [
        DroppedLine(tuple(parse_handle(handle) for handle in _HANDLE.findall(match[1])), match[2].strip(" ,;"))
        for match in _REASON.finditer(text)
    ]
