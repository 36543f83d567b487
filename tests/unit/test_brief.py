from __future__ import annotations

from pathlib import Path

from onward.app.handoffs.brief import with_change
from onward.app.repository.git import RepositoryChange
from onward.core.handoff.document import CitedLine, Handoff, HandoffSection, parse, render

HANDOFF = Handoff(
    3,
    head=(("Goal", CitedLine("A shop.")), ("State", CitedLine("It works.")), ("Do first", CitedLine("Run it."))),
    sections=(
        HandoffSection(
            "Where things are",
            (CitedLine("`src/cart.py` was edited twice"),),
        ),
        HandoffSection("Commands", (CitedLine("`make test` passes"),)),
    ),
)


def test_the_change_line_stands_between_state_and_first_step() -> None:
    handoff = with_change(
        HANDOFF, RepositoryChange(root=Path("/shop"), branch="main", commits=("Fix prices",), missing_files=(), changed_count=0)
    )
    assert [name for name, _ in handoff.head] == ["Goal", "State", "Since then", "Do first"]
    assert dict(handoff.head)["Since then"].text == "On `main`; 1 new commit (`Fix prices`); all files named here exist."
    assert parse(render(handoff)).head == handoff.head


def test_adding_the_change_again_replaces_it() -> None:
    change = RepositoryChange(root=Path("/shop"), branch="main", commits=(), missing_files=(), changed_count=0)
    assert with_change(with_change(HANDOFF, change), change) == with_change(HANDOFF, change)
