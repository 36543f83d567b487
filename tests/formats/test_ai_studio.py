"""AI Studio: thoughts before their answer, code that the service ran, and attachments."""

from __future__ import annotations

import pytest


@pytest.fixture
def session(reading, fixtures):
    return reading(fixtures / "ai_studio" / "prompt.json")


def test_what_was_typed_and_what_was_only_attached(session):
    assert session.prompts() == [
        "How many tiles does a floor of 4.2 by 3.1 metres need? Never suggest cutting more than a tenth.",
        "And with the tiles of that list?",
    ]
    assert [turn.text for turn in session.turns if turn.mark == "injected"] == ["Answer briefly.", "[document]"]


def test_code_is_a_call_with_its_result(session):
    call = next(call for turn in session.turns for call in turn.calls)
    result = next(result for turn in session.turns for result in turn.results)
    assert (call.name, result.call_id, result.text, result.is_error) == ("execute_code", call.id, "154\n", False)


def test_an_answer_has_its_thought_and_tokens(session):
    answers = [turn for turn in session.turns if turn.role == "assistant"]
    assert answers[0].thinking.startswith("**Computing the area**")
    assert [(turn.model, turn.usage and turn.usage.output_tokens) for turn in answers][1:] == [
        ("gemini-3.5-pro", 31),
        ("gemini-3.5-pro", 18),
    ]
