"""A question and its answer are one exchange of the person's; an approved plan is their decision."""

from __future__ import annotations

import json

import pytest

from onward.core.transcript.dialogs import join_dialogs
from onward.core.transcript.transcript import ToolCall, ToolResult, Turn

QUESTION = "Which paper should the receipts use?"
ASK = ToolCall("q1", "AskUserQuestion", {"questions": [{"question": QUESTION, "options": []}]})
PLAN = ToolCall("p1", "ExitPlanMode", {"plan": "# Struk\n\n1. Add the mailer\n2. Print once\n"})
COMMAND = ToolCall("c1", "Bash", {"command": "make"})


def list_texts(*turns: Turn) -> list[tuple[str, str]]:
    return [(turn.role, turn.text) for _, turn in join_dialogs(list(enumerate(turns, 1)))]


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (ASK, f'User has answered your questions: "{QUESTION}"="Thermal, and never A4". You can now continue.'),
        (ASK, f'Your questions have been answered: "{QUESTION}"="Thermal, and never A4".'),
        (ToolCall("q1", "ask_followup_question", {"question": QUESTION}), "<answer>\nThermal, and never A4\n</answer>"),
        (ToolCall("q1", "question", {"questions": [{"question": QUESTION}]}), "User selected: Thermal, and never A4"),
        (
            ToolCall("q1", "request_user_input", {"questions": [{"question": QUESTION}]}),
            json.dumps({"answers": {"paper": {"answers": ["Thermal, and never A4"]}}}),
        ),
    ],
)
def test_an_answered_question_is_one_exchange(call: ToolCall, text: str) -> None:
    turns = (Turn(role="assistant", text="I ask.", calls=(call,)), Turn(role="tool", results=(ToolResult("q1", text, is_error=False),)))
    assert list_texts(*turns) == [("assistant", "I ask."), ("user", "Which paper should the receipts use: Thermal, and never A4")]


def test_a_question_may_quote() -> None:
    questions = ['What is "the first" receipt?', 'Which is "the last"?']
    call = ToolCall("q1", "question", {"questions": [{"question": question} for question in questions]})
    text = f'User has answered your questions: "{questions[0]}"="The "red" one", "{questions[1]}"="None". You can now continue.'
    turns = (Turn(role="assistant", calls=(call,)), Turn(role="tool", results=(ToolResult("q1", text),)))
    assert list_texts(*turns) == [("user", 'What is "the first" receipt: The "red" one\n\nWhich is "the last": None')]


def test_an_approved_plan_is_the_persons_decision() -> None:
    approval = ToolResult("p1", "User has approved your plan. You can now start coding.", is_error=False)
    assert list_texts(Turn(role="assistant", calls=(PLAN,)), Turn(role="tool", results=(approval,))) == [
        ("user", "We decided on this plan: Struk; Add the mailer; Print once")
    ]


@pytest.mark.parametrize("text", ["The user doesn't want to proceed with this tool use.", "The plan was not approved."])
def test_a_refused_plan_stays_the_agents(text: str) -> None:
    turns = (Turn(role="assistant", calls=(PLAN,)), Turn(role="tool", results=(ToolResult("p1", text, is_error=None),)))
    assert join_dialogs(list(enumerate(turns, 1))) == list(enumerate(turns, 1))


def test_other_calls_and_results_of_the_turn_stay() -> None:
    answer = ToolResult("q1", f'"{QUESTION}"="Thermal"', is_error=False)
    turns = (Turn(role="assistant", calls=(ASK, COMMAND)), Turn(role="tool", results=(answer, ToolResult("c1", "ok"))))
    joined = join_dialogs(list(enumerate(turns, 1)))
    assert [(ordinal, turn.role) for ordinal, turn in joined] == [(1, "assistant"), (2, "tool"), (2, "user")]
    assert (joined[0][1].calls, joined[1][1].results) == ((COMMAND,), (ToolResult("c1", "ok"),))


def test_turns_without_a_dialog_are_unchanged() -> None:
    turns = [(1, Turn(role="assistant", calls=(COMMAND,))), (2, Turn(role="tool", results=(ToolResult("c1", "approved"),)))]
    assert join_dialogs(turns) is turns
