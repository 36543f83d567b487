"""The previous handoff as a new session gets it: the prompt to paste, and its parts by purpose."""

from __future__ import annotations

from collections.abc import Iterator
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


def previous_handoff(handoff: StoredHandoff, session: Session, next_goal: str, next_budget: float) -> PreviousHandoff:
    """Return *handoff*, made by *session*, for a new session."""
    return PreviousHandoff(
        handoff_id=handoff.id,
        session_number=handoff.session_number,
        master_prompt=render_prompt(handoff.handoff, next_goal=next_goal),
        compressed_context=render(handoff.handoff),
        accomplishments=_unique(*session.accomplishments, *_section_lines(handoff, "done")),
        blockers=_unique(*session.blockers, *_section_lines(handoff, "blocker", "question")),
        next_steps=[*(line.text for name, line in handoff.handoff.head if name == HEAD[3]), *_section_lines(handoff, "next_step")],
        technical_notes=[*_section_lines(handoff, "decision", "error", "dead_end", "lesson", "value")],
        success_criteria=[*_section_lines(handoff, "goal", "requirement", "rule")],
        credits=PreviousCreditsShape(session.credits_used, next_budget),
    )


def _unique(*lines: str) -> list[str]:
    return list(dict.fromkeys(lines))


def _section_lines(handoff: StoredHandoff, *kinds: str) -> Iterator[str]:
    """Yield the lines of the sections that hold facts of these *kinds*."""
    titles = {KINDS[kind].section.title for kind in kinds}
    for section in handoff.handoff.sections:
        if section.title in titles:
            yield from (line.text for line in section.lines)
