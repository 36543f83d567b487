"""The remarks of facts: their words, and their form in the store."""

from __future__ import annotations

import pytest

from onward.core.facts.fact import Fact, Handle, Remark, from_json, to_json

TASK = Fact(id="a", kind="next_step", subject="todo:print", statement="Print tickets", sources=(Handle(1, 2),))


@pytest.mark.parametrize(
    ("remark", "text"),
    [
        (Remark("not_begun"), "Print tickets (not begun)"),
        (Remark("in_progress"), "Print tickets (in progress)"),
        (Remark("reported", "the parser"), "Print tickets — the parser"),
        (None, "Print tickets"),
    ],
)
def test_a_remark_follows_its_statement(remark: Remark | None, text: str) -> None:
    fact = TASK._replace(remark=remark)
    assert fact.text == text
    assert from_json(to_json(fact)) == fact


def test_a_fact_of_an_earlier_version_has_its_whole_text() -> None:
    stored = {**to_json(TASK), "text": "Print tickets (not begun)", "remark": " (not begun)"}
    del stored["statement"]
    assert (from_json(stored).text, from_json(stored).remark) == ("Print tickets (not begun)", None)
