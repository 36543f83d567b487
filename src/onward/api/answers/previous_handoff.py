"""The previous handoff as a new session gets it: the prompt to paste, and its parts by purpose."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from onward.app.handoffs.handoffs import StoredHandoff
from onward.app.sessions.sessions import Session
from onward.core.facts.headings import HEAD
from onward.core.facts.kinds import KINDS
from onward.core.handoff.document import render
from onward.core.handoff.prompt import render_prompt


@dataclass(frozen=True, slots=True)
class PreviousCreditsShape:
    """Credits used by the session of the handoff (null if unknown), and what the next session may use before it should be completed."""

    used: float | None
    next_budget: float


@dataclass(frozen=True, slots=True)
class PreviousHandoff:
    """The handoff from the last session."""

    handoff_id: int
    session_number: int
    master_prompt: str
    compressed_context: str
    accomplishments: list[str]
    blockers: list[str]
    next_steps: list[str]
    technical_notes: list[str]
    success_criteria: list[str]
    credits: PreviousCreditsShape


def previous_handoff(
    handoff: StoredHandoff, session: Session | None, blockers: Sequence[str], next_goal: str, next_budget: float
) -> PreviousHandoff:
    """Return *handoff*, made by *session* or stated by a client (None), for a new session."""
    return PreviousHandoff(
        handoff_id=handoff.id,
        session_number=handoff.session_number,
        master_prompt=render_prompt(handoff.handoff, next_goal=next_goal),
        compressed_context=render(handoff.handoff),
        accomplishments=_unique(*(session.accomplishments if session else ()), *_section_lines(handoff, "done")),
        blockers=_unique(*blockers),
        next_steps=[line for line in _next_steps(handoff) if line not in blockers],
        technical_notes=[*_section_lines(handoff, "error", "dead_end", "lesson", "value")],
        success_criteria=[*_head_lines(handoff, HEAD[0]), *_section_lines(handoff, "rule")],
        credits=PreviousCreditsShape(session.credits_used if session else None, next_budget),
    )


def _unique(*lines: str) -> list[str]:
    return list(dict.fromkeys(lines))


def _next_steps(handoff: StoredHandoff) -> Iterator[str]:
    """Yield what to do first, then what is open."""
    yield from _head_lines(handoff, HEAD[3])
    yield from _section_lines(handoff, "next_step")


def _head_lines(handoff: StoredHandoff, name: str) -> Iterator[str]:
    """Yield the line of the head under *name*, if there is one."""
    yield from (line.text for title, line in handoff.handoff.head if title == name)


def _section_lines(handoff: StoredHandoff, *kinds: str) -> Iterator[str]:
    """Yield the lines of the sections that hold facts of these *kinds*."""
    titles = {KINDS[kind].section.title for kind in kinds}
    for section in handoff.handoff.sections:
        if section.title in titles:
            yield from (line.text for line in section.lines)
