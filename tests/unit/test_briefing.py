from __future__ import annotations

from pathlib import Path

from onward.app.briefing import named_files, with_change
from onward.app.repository import RepositoryChange
from onward.core.handoff import Handoff, Line, Section, parse, render

HANDOFF = Handoff(
    3,
    head=(("Goal", Line("A shop.")), ("State", Line("It works.")), ("Do first", Line("Run it."))),
    sections=(
        Section(
            "Where things are",
            (Line("`src/cart.py` was edited twice"), Line("`src/old.py` was deleted"), Line("The docs are elsewhere, see `README`")),
        ),
        Section("Commands", (Line("`make test` passes"),)),
    ),
)


def test_the_files_that_a_handoff_says_are_there() -> None:
    assert named_files(HANDOFF) == ["src/cart.py"]


def test_what_changed_stands_between_state_and_first_step_and_survives_the_page() -> None:
    told = with_change(HANDOFF, RepositoryChange(Path("/shop"), "main", ("Fix prices",), (), 0))
    assert [name for name, _ in told.head] == ["Goal", "State", "Since then", "Do first"]
    assert dict(told.head)["Since then"].text == "On `main`; 1 new commit (`Fix prices`); all files named here exist."
    assert parse(render(told)).head == told.head


def test_telling_it_again_replaces_it() -> None:
    change = RepositoryChange(Path("/shop"), "main", (), (), 0)
    assert with_change(with_change(HANDOFF, change), change) == with_change(HANDOFF, change)
