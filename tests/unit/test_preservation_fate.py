"""What the measure takes for finished, and what it reads in each language."""

from __future__ import annotations

import pytest

from onward.core.preservation.collector import collect_references
from onward.core.preservation.cues import LANGUAGES
from onward.core.preservation.measure import measure
from onward.core.preservation.reference import Reference
from onward.core.preservation.scores import Preservation
from onward.core.transcript.transcript import ToolCall, ToolResult, Turn

WORK = Turn("assistant", "", calls=(ToolCall("e", "Edit", {"file_path": "src/cart.ts", "old_string": "a", "new_string": "b"}),))
DONE = Turn("assistant", "Added the total to the cart page, and the page shows it now.")
ASKED = Turn("user", "Please add the total to the cart page.")


def read(*turns: Turn) -> list[Reference]:
    return collect_references(1, list(enumerate(turns, 1)))


def asked_for(*turns: Turn) -> dict[str, bool]:
    """Return, by requirement, whether it is still asked for."""
    return {r.text: not r.retired for r in read(*turns) if r.group == "requirements"}


def judge(document: str, *turns: Turn) -> Preservation:
    return measure(document, read(*turns), document_tokens=100, session_tokens=1000, sessions=1)


def test_a_request_without_an_answer_is_open() -> None:
    assert asked_for(ASKED) == {ASKED.text: True}


def test_a_request_that_was_carried_out_is_finished() -> None:
    assert asked_for(ASKED, WORK, DONE) == {ASKED.text: False}
    assert asked_for(ASKED, WORK, DONE, Turn("user", "nice"))[ASKED.text] is False


@pytest.mark.parametrize(
    "answer", ["No, that is still wrong on a phone.", "[Request interrupted by user]", "the total doesn't show up at all"]
)
def test_the_persons_next_word_keeps_a_request_open(answer: str) -> None:
    assert asked_for(ASKED, WORK, DONE, Turn("user", answer))[ASKED.text] is True


def test_a_report_without_work_or_over_a_failing_check_finishes_nothing() -> None:
    check = Turn("assistant", "", calls=(ToolCall("c", "Bash", {"command": "npm test"}),))
    failed = Turn("tool", results=(ToolResult("c", "1 failed", is_error=True, exit_code=1),))
    assert asked_for(ASKED, DONE) == {ASKED.text: True}
    assert asked_for(ASKED, WORK, check, failed, DONE) == {ASKED.text: True}


def test_two_messages_in_a_row_have_one_answer() -> None:
    second = Turn("user", "And please add the discount to the page as well.")
    assert asked_for(ASKED, second, WORK, DONE) == {ASKED.text: False, second.text: False}


def test_what_is_put_off_and_how_things_are_stay() -> None:
    later = Turn("user", "Please add the export to the cart page later.")
    lasting = Turn("user", "The cart page belongs to guests as well as members of the club.")
    assert asked_for(later, lasting, WORK, DONE) == {later.text: True, lasting.text: True}


def test_an_answered_question_is_not_asked_for() -> None:
    question = Turn("user", "Which of the two pages needs the total of the cart?")
    assert asked_for(question, Turn("assistant", "Only the cart page needs it.")) == {question.text: False}


def test_a_finished_request_under_an_open_heading_is_stale() -> None:
    turns = (ASKED, WORK, DONE)
    line = "- Please add the total to the cart page. [s1.1]"
    assert judge(f"## Asked for: still open\n{line}", *turns).stale == ("- Please add the total to the cart page.",)
    assert judge(f"## What happened, and why\n{line}", *turns).stale == ()
    assert judge("**Do first.** Please add the total to the cart page. [s1.1]", *turns).stale != ()
    assert judge("## Open: next\n- Please add the total to the cart page (done)", *turns).stale == ()


def test_a_value_that_later_turns_name_is_in_use() -> None:
    reversal = Turn("user", "Please switch from polling to websockets for the display.")
    again = [Turn("user", "The polling of the printer stays as it is."), Turn("assistant", "The polling of the printer is untouched.")]
    assert judge("## State\n- The printer is asked by polling every minute.", reversal).stale
    assert not judge("## State\n- The printer is asked by polling every minute.", reversal, *again).stale


RULES = {
    "en": "Always write the tests before the code.",
    "id": "Jangan pernah commit langsung ke cabang utama.",
    "zh": "所有接口必须先写测试再写代码。",
    "ja": "本番のデータベースには必ずバックアップを取ってから接続する。",
    "ko": "배포 전에 반드시 테스트를 모두 실행하고 결과를 남긴다.",
    "ru": "Никогда не отправляй код прямо в главную ветку.",
    "de": "Die Zeiten müssen immer in UTC gespeichert werden.",
    "fr": "Les dates sont toujours écrites au format court.",
    "es": "Las claves nunca se guardan en el repositorio.",
    "pt": "As datas sempre ficam no formato curto.",
    "it": "Le chiavi non devono mai finire nel registro.",
    "vi": "Mã nguồn luôn được kiểm tra trước khi gửi.",
    "tr": "Her zaman önce testleri çalıştır ve sonucu yaz.",
    "ar": "يجب كتابة الاختبارات قبل كتابة الكود.",
}


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_a_rule_is_found_in_every_language_that_is_read(language: str) -> None:
    sentence = RULES[language]
    rules = [reference for reference in read(Turn("user", sentence)) if reference.group == "rules"]
    assert [rule.text for rule in rules] == [sentence]
    assert {g.group: g.kept_count for g in judge(f"- {sentence}", Turn("user", sentence)).groups}["rules"] == 1


def test_a_language_that_is_not_read_is_named_instead_of_a_loss_of_nothing() -> None:
    result = judge("# Handoff", Turn("user", "कृपया हमेशा यह उपकरण प्रयोग करें और परीक्षण पहले लिखें"))
    assert result.unread == ("hi",)
    assert "Statements in Hindi are not counted" in result.line()
    assert "Lost: nothing" not in result.line()
