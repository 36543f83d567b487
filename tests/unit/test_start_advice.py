"""Where a prompt tells the next session to begin: only in a part that the handoff has."""

from __future__ import annotations

import pytest

from onward.core.facts.fact import Handle
from onward.core.handoff.document import CitedLine, Handoff, HandoffSection
from onward.core.handoff.prompt import render_prompt
from onward.core.transcript.authored_text import author_text

DECISIONS = "What happened, and why"


def handoff(*head: str, sections: tuple[str, ...] = ()) -> Handoff:
    return Handoff(
        session=1,
        head=tuple((name, CitedLine(f"The kiln holds {number} degrees.")) for number, name in enumerate(head)),
        sections=tuple(HandoffSection(title, (CitedLine("Use the small kiln.", (Handle(1, 4),)),)) for title in sections),
    )


@pytest.mark.parametrize(
    ("head", "sections", "advice"),
    [
        (("Goal", "State", "Do first"), (DECISIONS,), f"Go on from *Do first*; ask before you undo a decision under *{DECISIONS}*."),
        (("Goal", "State"), (DECISIONS,), f"Go on from *State*; ask before you undo a decision under *{DECISIONS}*."),
        (("Goal",), (), "Go on from *Goal*."),
        ((), (), "Go on with this work."),
    ],
)
def test_the_advice_names_only_parts_that_are_there(head: tuple[str, ...], sections: tuple[str, ...], advice: str) -> None:
    prompt = render_prompt(handoff(*head, sections=sections))
    assert advice in prompt.splitlines()
    assert author_text(prompt) == ""


def test_a_goal_takes_the_place_of_the_advice() -> None:
    prompt = render_prompt(handoff("State"), next_goal="Cool it slowly")
    assert "Your task now: Cool it slowly" in prompt
    assert "Go on" not in prompt
