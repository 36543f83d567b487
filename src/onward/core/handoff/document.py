"""The handoff document: its structure, its Markdown, and the parser.

`parse(render(handoff)) == handoff`: the Markdown is the document, not a view of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

from onward.core.facts.fact import Handle, parse_handle

_SOURCES = re.compile(r" \[(s\d+\.\d+(?:, s\d+\.\d+)*)\]$")
_TITLE = re.compile(r"# Handoff after session (\d+)(?: \((.*)\))?$")


LineProof: TypeAlias = Literal["", "verified", "claimed", "unsaid"]
"""What holds a line that a model wrote: a result, a commit or a person; the agent's word; nothing in the transcript. Empty in lines by
rules.
"""


@dataclass(frozen=True, slots=True)
class CitedLine:
    """One line with the turns that show it. `facts` are the ids of its facts (these and `proof` are not part of the Markdown)."""

    text: str
    sources: tuple[Handle, ...] = ()
    facts: tuple[str, ...] = field(default=(), compare=False)
    proof: LineProof = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class HandoffSection:
    """A section: a title and its lines."""

    title: str
    lines: tuple[CitedLine, ...]


@dataclass(frozen=True, slots=True)
class Handoff:
    """The document for the next session.

    `origin` is date and agent of the last session. `closing` are the lines below the rule: what the document preserves and what it omits.
    `files` are the paths of named files that existed at the end (not part of the Markdown).
    """

    session: int
    origin: str = ""
    head: tuple[tuple[str, CitedLine], ...] = ()
    sections: tuple[HandoffSection, ...] = ()
    closing: tuple[str, ...] = ()
    files: tuple[str, ...] = field(default=(), compare=False)

    def fact_ids(self) -> frozenset[str]:
        """Return the ids of all facts that the document shows."""
        lines = [line for _, line in self.head] + [line for s in self.sections for line in s.lines]
        return frozenset(i for line in lines for i in line.facts)

    def proofs(self) -> tuple[LineProof, ...]:
        """Return what holds each line, in order."""
        return tuple(line.proof for line in (*(line for _, line in self.head), *(line for s in self.sections for line in s.lines)))


def render_line(line: CitedLine, *, sources: bool = True) -> str:
    """Return *line* as Markdown without its bullet."""
    if not sources or not line.sources:
        return line.text
    return f"{line.text} [{', '.join(map(str, line.sources))}]"


def render(handoff: Handoff, *, sources: bool = True) -> str:
    """Return the handoff as Markdown, ending in a newline. `sources=False` drops the handles."""
    origin = f" ({handoff.origin})" if handoff.origin else ""
    lines = [f"# Handoff after session {handoff.session}{origin}", ""]
    lines += [f"**{name}.** {render_line(line, sources=sources)}" for name, line in handoff.head]
    for section in handoff.sections:
        lines += ["", f"## {section.title}"]
        lines += [f"- {render_line(line, sources=sources)}" for line in section.lines]
    if handoff.closing:
        lines += ["", "---", *handoff.closing]
    return "\n".join(lines) + "\n"


def parse(markdown: str) -> Handoff:
    """Return the handoff that `render` wrote. Raises ValueError with the line for any other text."""
    lines = markdown.rstrip("\n").split("\n")
    title = _TITLE.match(lines[0])
    if title is None:
        raise ValueError(f"not a handoff: the first line is {lines[0][:60]!r}, expected '# Handoff after session N'")
    handoff = Handoff(int(title.group(1)), title.group(2) or "")
    sections: list[tuple[str, list[CitedLine]]] = []
    head: list[tuple[str, CitedLine]] = []
    for number, line in enumerate(lines[1:], start=2):
        if line == "---":
            handoff = replace(handoff, closing=tuple(lines[number:]))
            break
        if line.startswith("## "):
            sections.append((line[3:], []))
        elif line.startswith("- ") and sections:
            sections[-1][1].append(_parse_line(line[2:]))
        elif line.startswith("**") and not sections:
            name, _, rest = line[2:].partition(".** ")
            head.append((name, _parse_line(rest)))
        elif line:
            raise ValueError(f"not a handoff: line {number} is {line[:60]!r}")
    return replace(handoff, head=tuple(head), sections=tuple(HandoffSection(t, tuple(entries)) for t, entries in sections))


def _parse_line(text: str) -> CitedLine:
    match = _SOURCES.search(text)
    if match is None:
        return CitedLine(text)
    return CitedLine(text[: match.start()], tuple(parse_handle(h) for h in match.group(1).split(", ")))


def to_json(handoff: Handoff) -> dict[str, object]:
    """Return the handoff as a JSON-able object that `from_json` reads back."""
    return {
        "session": handoff.session,
        "origin": handoff.origin,
        "head": [{"name": name, **_line_json(line)} for name, line in handoff.head],
        "sections": [{"title": s.title, "lines": [_line_json(line) for line in s.lines]} for s in handoff.sections],
        "closing": list(handoff.closing),
        "files": list(handoff.files),
    }


def from_json(data: Mapping[str, Any]) -> Handoff:
    """Return the handoff that `to_json` wrote."""
    return Handoff(
        session=data["session"],
        origin=data["origin"],
        head=tuple((entry["name"], _line_from_json(entry)) for entry in data["head"]),
        sections=tuple(HandoffSection(s["title"], tuple(_line_from_json(entry) for entry in s["lines"])) for s in data["sections"]),
        closing=tuple(data["closing"]),
        files=tuple(data.get("files", ())),
    )


def _line_json(line: CitedLine) -> dict[str, object]:
    return {"text": line.text, "sources": [str(h) for h in line.sources], "facts": list(line.facts), "proof": line.proof}


def _line_from_json(data: Mapping[str, Any]) -> CitedLine:
    return CitedLine(data["text"], tuple(parse_handle(h) for h in data["sources"]), tuple(data["facts"]), data.get("proof", ""))
