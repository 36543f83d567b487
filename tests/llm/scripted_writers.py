"""Answers of a scripted model that writes a handoff: it reads the evidence in the request and answers with a page."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

Tell = Callable[[int, str], str]
"""Words a line, given its place and the text of the evidence."""

_LINE = re.compile(r"^\[(s\d+\.\d+)\] (person|agent|agent, end of a round|shown by git|task list|ran|file)(?:: |, | )(.*)$", re.M)
_KEPT = re.compile(r"^- (.*) \[(s\d+\.\d+[^\]]*)\]$", re.M)


class EvidenceLine(NamedTuple):
    """One line of evidence in a request."""

    handle: str
    voice: str
    text: str


def evidence_of(material: str) -> list[EvidenceLine]:
    """Return the evidence of a request."""
    return [EvidenceLine(*match) for match in _LINE.findall(material)]


def verbatim(_: int, text: str) -> str:
    return text


def lightly(_: int, text: str) -> str:
    """Return a text with slightly different words."""
    return text.replace("I'll ", "We will ").rstrip(".")


def first_sentence(text: str) -> str:
    return re.split(r"(?<=[.!?])\s", text)[0][:400]


def writes(tell: Tell = lightly, *, most: int = 30) -> Callable[[Any], str]:
    """Return a function that answers a request to write with a page of its evidence, and a request to repair with nothing."""

    def answer(request: Any) -> str:
        if "held your lines against" in request.instructions or "A program held its lines" in request.instructions:
            return "Nothing to change."
        lines = [line for line in evidence_of(request.material) if len(line.text) > 20]
        persons = [line for line in lines if line.voice == "person"]
        reports = [line for line in lines if line.voice == "agent, end of a round"] or lines
        page_lines = [f"**Goal.** {tell(0, first_sentence(persons[0].text))} [{persons[0].handle}]"]
        page_lines.append(f"**State.** {tell(1, first_sentence(reports[-1].text))} [{reports[-1].handle}]")
        others = [line for line in lines if line.voice in ("agent, end of a round", "agent", "shown by git")][-most:]
        page_lines += ["## Done", *(f"- {tell(place, first_sentence(line.text))} [{line.handle}]" for place, line in enumerate(others, 2))]
        kept_matches = _KEPT.findall(request.material.partition("Owed\n")[0])
        page_lines += ["## Learned", *(f"- {text} [{handles}]" for text, handles in kept_matches)]
        return "# Handoff\n" + "\n".join(page_lines)

    return answer
