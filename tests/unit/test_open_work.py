"""What is open at the end of a session, and what only looks so."""

from __future__ import annotations

import pytest
from tests.unit.receipts_session import DONE, EDIT, EDITED, REQUEST, head_of, run

from onward.core.transcript.transcript import ToolCall, Turn


@pytest.mark.parametrize(
    "offer",
    [
        "Want me to write it again with a different picture?",
        "Mau saya buatkan versi lain?",
        "要不要我换一个版本？",
        "別のバージョンを作りましょうか？",
        "다른 버전을 만들어 드릴까요?",
        "Хотите другой вариант страницы?",
        "Soll ich eine andere Version schreiben?",
        "Voulez-vous une autre version de la page ?",
        "¿Quieres otra versión de la página?",
        "Quer outra versão da página?",
        "Vuoi un'altra versione della pagina?",
        "Bạn có muốn một phiên bản khác không?",
        "Sayfanın başka bir sürümünü ister misiniz?",
        "هل تريد نسخة أخرى من الصفحة؟",
    ],
)
def test_an_offer_to_do_the_same_in_another_way_is_not_open(offer: str) -> None:
    assert "Do first" not in head_of(REQUEST, EDIT, EDITED, Turn("assistant", f"{DONE.text} {offer}"))


def test_work_that_is_handed_in_is_not_open() -> None:
    words = "The receipts page lists every article. Let's hand it in with the submit command."
    handed_in = Turn("assistant", words, calls=(ToolCall("s1", "submit", {"command": "submit"}),))
    head = head_of(REQUEST, EDIT, EDITED, handed_in)
    assert head["State"].endswith("The receipts page lists every article.")
    assert "Do first" not in head


def test_a_file_that_a_shell_deletes_by_a_relative_path_is_not_left_uncommitted() -> None:
    head = head_of(REQUEST, EDIT, EDITED, *run(1, "rm src/cart.py"), DONE)
    assert "not committed" not in head["State"]


def test_what_a_report_only_supposes_is_told_as_such() -> None:
    supposed = "The other files of the till appear to be about the drawer."
    assert f"Supposed by the agent: {supposed}" in head_of(REQUEST, EDIT, EDITED, Turn("assistant", supposed))["State"]


def test_a_question_is_not_told_with_what_the_state_says() -> None:
    head = head_of(REQUEST, EDIT, EDITED, Turn("assistant", f"{DONE.text} Shall I print it on the till's printer?"))
    assert head["Do first"] == "Answer the agent's question: Shall I print it on the till's printer?"


def test_a_push_that_was_asked_for_last_and_was_made_is_not_open() -> None:
    chore = Turn("user", "ok, push it and open a pr")
    push = run(1, "git push -u origin receipts", "new branch receipts -> receipts")
    pull = run(2, "gh pr create --title Receipts", "https://github.com/ayu/shop/pull/4")
    assert "Do first" not in head_of(REQUEST, EDIT, EDITED, DONE, chore, *push, *pull)
    assert head_of(REQUEST, EDIT, EDITED, DONE, chore, *push)["Do first"] == "ok, push it and open a pr (asked last, not finished)"
