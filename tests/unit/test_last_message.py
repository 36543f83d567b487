"""The head says what the person asked last, in their words, and what came of it."""

from __future__ import annotations

from onward.app.handoffs.distillation import distill_turns
from onward.core.facts.fact import LAST_MESSAGE
from onward.core.transcript.transcript import ToolCall, ToolResult, Turn

GOAL = Turn("user", "Build a receipts page for the bakery, with one line for each article.")
EDIT = (
    Turn("assistant", calls=(ToolCall("e1", "Edit", {"file_path": "/home/ayu/shop/a.py", "old_string": "a", "new_string": "b"}),)),
    Turn("tool", results=(ToolResult("e1", "ok"),)),
)
REPORT = Turn("assistant", "The receipts page now prints one line for each article.")


def head_of(*turns: Turn) -> dict[str, str]:
    """Return the head of the handoff after a session of *turns*, by name."""
    handoff = distill_turns((GOAL, *EDIT, REPORT, *turns)).master(2_000).handoff
    return {name: line.text for name, line in handoff.head}


def asked_last(*messages: str) -> str:
    """Return what the head says that the person asked last, after *messages* with an edit and a report each."""
    turns = [turn for message in messages for turn in (Turn("user", message), *EDIT, Turn("assistant", "The drawer file was changed."))]
    return head_of(*turns)["Goal"].partition(" Last message: ")[2].rstrip(".")


def test_a_complaint_comes_with_the_message_it_is_about() -> None:
    order = "Der Drucker soll jede Quittung nur einmal drucken, auch nach einem Neustart der Kasse."
    assert asked_last(order, "immer noch doppelt!") == f"{order} Then: immer noch doppelt!"


def test_agreement_and_chores_are_not_what_was_asked_last() -> None:
    order = "고객 이름을 영수증 맨 위에 큰 글씨로 출력해 주세요"
    assert asked_last(order, "네, 좋아요", "commit 하고 push 해줘") == order


def test_a_long_message_is_told_by_its_wishes_and_its_last_words() -> None:
    remark = "the till in the evening shift is slow, as every cashier has told us for months now, and nobody knew why, which cost us a lot"
    message = f"ok, that works. {remark}. {remark.replace('evening', 'morning')}. So kindly open the drawer before the receipt is printed."
    text = asked_last(message)
    assert text.endswith("So kindly open the drawer before the receipt is printed")
    assert len(text) < len(message)


def test_a_question_in_a_sentence_makes_it_no_rule() -> None:
    order = "底部超过了屏幕，高度可以调整小一些吗，尽量不要触发浏览器滚动"
    assert asked_last(order) == order


def test_what_an_answer_announces_is_the_first_step_and_the_answer_the_state() -> None:
    question = Turn("user", "Other clones do not get our hooks. How does a colleague get them?")
    answer = Turn(
        "assistant",
        "The folder `.git/hooks` is never pushed, so a clone has none of our hooks. A folder in the repository with "
        "`core.hooksPath` set to it reaches every clone.\n\nNow that the notes say so, let's create the `.githooks` folder.",
    )
    head = head_of(question, answer)
    assert head["Do first"].startswith("Now that the notes say so, let's create the `.githooks` folder")
    assert "`.git/hooks` is never pushed" in head["State"]
    assert head["State"].endswith("The last answer announces work that the log does not show.")


def test_work_that_a_report_announces_and_then_claims_is_not_to_be_done() -> None:
    request = Turn("user", "Run the tests before the conversion in the workflow.")
    report = "For your request, I will:\n\n- Move the test step.\n- Update the notes.\n\nThe workflow and the notes were updated."
    head = head_of(request, Turn("assistant", report))
    assert "Do first" not in head
    assert "The workflow and the notes were updated." in head["State"]


def test_an_answer_after_the_last_report_is_in_the_state_beside_it() -> None:
    question = Turn("user", "Which port does the printer use?")
    state = head_of(question, Turn("assistant", "The printer listens on port 9100, as its label says."))["State"]
    assert "The receipts page now prints one line for each article." in state
    assert "Answered last: The printer listens on port 9100, as its label says." in state


def test_an_answer_in_a_block_of_code_is_an_answer() -> None:
    order = Turn("user", "Gib mir bitte noch den Pfad der Sitzungsdatei aus.")
    head = head_of(order, Turn("assistant", "**Sitzungsdatei:**\n\n```\n/home/ayu/.claude/projects/shop/1.jsonl\n```"))
    assert "Do first" not in head
    assert "no report" not in head["State"]


def test_the_last_act_is_told_with_its_error() -> None:
    order = Turn("user", "Schalte die Kasse auf das dunkle Thema um, bitte.")
    call = Turn("assistant", calls=(ToolCall("t1", "change_theme", {"theme": "Dark+"}),))
    failed = Turn("tool", results=(ToolResult("t1", "Error: Command timeout: till.changeTheme"),))
    state = head_of(order, call, failed)["State"]
    assert "the last act was `change_theme`, which failed: `Error: Command timeout: till.changeTheme`" in state


def test_steps_that_wait_for_an_agreement_are_a_question() -> None:
    order = Turn("user", "Help me decide which receipts the demo shows.")
    offer = "I would show the printed ones only.\n\nSi tu es d'accord, je ferais:\n\n1. Retirer les reçus de test.\n2. Noter la décision."
    head = head_of(order, Turn("assistant", offer))
    assert head["Do first"] == ("Answer the agent's question: Si tu es d'accord, je ferais: Retirer les reçus de test. Noter la décision.")


def test_what_a_report_lists_as_its_result_is_no_step() -> None:
    report = "I committed the work.\n\nFinal `git status` summary:\n\n- Clean working tree.\n- No push was performed."
    assert "Do first" not in head_of(Turn("user", "Commit everything in small commits."), Turn("assistant", report))


def test_commits_that_a_report_lists_leave_nothing_uncommitted() -> None:
    report = "Everything is in small commits:\n\n- `a28ab93` — swap the printer\n- `8bcb25f` — open the drawer"
    assert "not committed" not in head_of(Turn("user", "Please let the other agent commit it."), Turn("assistant", report))["State"]


def test_the_steps_of_old_answers_in_a_chat_are_not_open() -> None:
    chat = [
        turn
        for number in range(4)
        for turn in (
            Turn("user", f"How does shop {number} print its receipts?"),
            Turn("assistant", f"Shop {number} prints on paper.\n\nNext steps:\n\n- Order the paper of shop {number} in town."),
        )
    ]
    handoff = distill_turns(chat).master(2_000).handoff
    open_lines = [line.text for section in handoff.sections if section.title.startswith("Open") for line in section.lines]
    assert not any("shop 0" in text or "shop 1" in text for text in open_lines)


def test_the_last_message_is_not_open_in_the_ledger_once_it_is_reported() -> None:
    order = Turn("user", "Zeige auf der Quittung auch den Namen der Kasse an, bitte.")
    facts = distill_turns((GOAL, *EDIT, REPORT, order, *EDIT, REPORT)).ledger.facts
    assert [fact.state for fact in facts if fact.subject == LAST_MESSAGE] == ["resolved"]
    assert head_of(order, *EDIT, REPORT)["Goal"].endswith(f"Last message: {order.text}")
