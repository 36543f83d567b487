"""The previous handoff as a new session gets it: the prompt to paste, and its parts by purpose."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from onward.app.handoffs.handoffs import StoredHandoff
from onward.app.sessions.sessions import Session
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
        accomplishments=_unique(*session.accomplishments, *_section_lines(handoff, "Done")),
        blockers=_unique(*session.blockers, *_section_lines(handoff, "Blocked and open questions")),
        next_steps=[*(line.text for name, line in handoff.handoff.head if name == "Do first"), *_section_lines(handoff, "Next")],
        technical_notes=[
            *_section_lines(handoff, "Decided, and why", "Errors and fixes", "Tried, does not work", "Learned", "Exact values")
        ],
        success_criteria=[*_section_lines(handoff, "Asked for", "Rules (always)")],
        credits=PreviousCreditsShape(session.credits_used, next_budget),
    )


def _unique(*lines: str) -> list[str]:
    return list(dict.fromkeys(lines))


def _section_lines(handoff: StoredHandoff, *titles: str) -> Iterator[str]:
    for section in handoff.handoff.sections:
        if section.title in titles:
            yield from (line.text for line in section.lines)
