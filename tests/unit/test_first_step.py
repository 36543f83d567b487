"""The head of a handoff: the goal, and what the next session does first."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from onward.core.extract.extraction import extract
from onward.core.facts.ledger import Ledger, fold
from onward.core.handoff.composer import compose
from onward.core.handoff.session_summary import SessionSummary
from onward.core.transcript.transcript import SessionHead, ToolCall, ToolResult, Turn
from onward.tokens import count_tokens

REQUEST = Turn("user", "Add a receipts page to the shop, with one line for each article.")
EDIT = Turn("assistant", calls=(ToolCall("e1", "Edit", {"file_path": "/home/ayu/shop/src/cart.py", "old_string": "a", "new_string": "b"}),))
EDITED = Turn("tool", results=(ToolResult("e1", "ok"),))


def head_of(*sessions: Sequence[Turn]) -> dict[str, str]:
    """Return the head of the handoff after sessions of these turns."""
    facts = [
        fact
        for number, turns in enumerate(sessions, start=1)
        for fact in extract(number, SessionHead("claude-code", cwd="/home/ayu/shop"), list(enumerate(turns, start=1)))
    ]
    summaries = [SessionSummary(number) for number in range(1, len(sessions) + 1)]
    return {name: line.text for name, line in compose(fold(Ledger(), facts), summaries, 2000, count_tokens).head}


def tasks(*states: str) -> Turn:
    entries = [{"content": f"Task {place} of the shop", "status": state} for place, state in enumerate(states, start=1)]
    return Turn("assistant", calls=(ToolCall("t1", "TodoWrite", {"todos": entries}),))


@pytest.mark.parametrize(
    ("report", "first"),
    [
        (
            "The page is there and shows every article.\n\nNext steps:\n- Print the receipts on two pages.\n- Translate the page.",
            "Print the receipts on two pages.",
        ),
        (
            "Die Seite zeigt alle Artikel.\n\n## Nächste Schritte\n- Die Quittungen auf zwei Seiten drucken.\n- Sie übersetzen.",
            "Die Quittungen auf zwei Seiten drucken.",
        ),
        ("页面已完成，显示每件商品。\n\n## 下一步\n- 将收据打印在两页上。\n- 翻译页面。", "将收据打印在两页上。"),
        (
            "The page is there and shows every article. Shall I print the receipts on two pages?",
            "Answer the agent's question: Shall I print the receipts on two pages?",
        ),
        (
            "The page is there. Shall I write the three missing parts?\n- The printer driver.\n- The translation.",
            "Answer the agent's question: Shall I write the three missing parts?",
        ),
        ("The page shows every article. The translation is not yet done.", "The translation is not yet done."),
    ],
)
def test_what_the_last_report_leaves_open_is_done_first(report: str, first: str) -> None:
    assert head_of([REQUEST, EDIT, EDITED, Turn("assistant", report)])["Do first"] == first


@pytest.mark.parametrize(
    "report",
    [
        "The page is there and shows every article. Anything else?",
        "The page is there. After scanning all files, no rounding error was found.",
        "The page is there and shows every article. Next.js serves it.",
    ],
)
def test_where_nothing_is_open_nothing_is_done_first(report: str) -> None:
    assert "Do first" not in head_of([REQUEST, EDIT, EDITED, Turn("assistant", report)])


def test_a_request_that_was_cut_off_is_done_first() -> None:
    finished = [REQUEST, EDIT, EDITED, Turn("assistant", "The page shows every article.")]
    print_request = Turn("user", "Print the receipts of the shop on two pages.")
    working = Turn("assistant", "I see. Let me look at the printer driver first.")
    assert (
        head_of([*finished, print_request, working])["Do first"]
        == "Print the receipts of the shop on two pages. (asked last, not finished)"
    )
    assert head_of([*finished, Turn("user", "go on"), working])["Do first"] == "Let me look at the printer driver first."


def test_the_task_in_progress_comes_first_then_the_list_in_its_order() -> None:
    report = Turn("assistant", "The page shows every article.")
    begun = tasks("completed", "pending", "in_progress", "pending")
    assert head_of([REQUEST, begun, EDIT, EDITED, report])["Do first"] == "Task 3 of the shop (in progress)"
    waiting = tasks("completed", "pending", "pending", "pending")
    assert head_of([REQUEST, waiting, EDIT, EDITED, report])["Do first"] == "Task 2 of the shop (not begun)"


def test_an_outdated_task_list_is_not_what_to_go_on_with() -> None:
    later = [
        turn
        for text in ("Deploy the shop to the new server in Bandung.", "Write a page about the opening hours of the shop.")
        for turn in (Turn("user", text), EDIT, EDITED, Turn("assistant", "That is done, with all files in place."))
    ]
    assert "Do first" not in head_of([REQUEST, tasks("completed", "pending"), EDIT, EDITED, Turn("assistant", "It is there."), *later])


def test_a_push_that_failed_is_open_until_one_succeeds() -> None:
    def push(output: str, *, failed: bool) -> list[Turn]:
        call = ToolCall("p1", "Bash", {"command": "git commit -am 'Add the page' && git push"})
        return [Turn("assistant", calls=(call,)), Turn("tool", results=(ToolResult("p1", output, is_error=failed),))]

    report = Turn("assistant", "The page shows every article.")
    rejected = [*push("[main 1a2b3c4] Add the page\nerror: failed to push some refs to 'origin'", failed=True), report]
    assert head_of([REQUEST, *rejected])["Do first"] == ("The last `git push` failed: error: failed to push some refs to 'origin'")
    accepted = [*push("[main 2b3c4d5] Add the page\nTo origin", failed=False), report]
    assert "Do first" not in head_of([REQUEST, *rejected], [Turn("user", "Push the page of the shop again."), *accepted])


def test_the_next_session_says_anew_what_to_do_first() -> None:
    report = "The page shows every article.\n\nNext steps:\n- {}"
    first = [REQUEST, EDIT, EDITED, Turn("assistant", report.format("Print the receipts on two pages."))]
    second = [Turn("user", "Round the totals to five cents."), EDIT, EDITED, Turn("assistant", report.format("Ask the shop for its logo."))]
    assert head_of(first, second)["Do first"] == "Ask the shop for its logo."


def test_a_goal_is_told_with_what_introduces_it() -> None:
    report = Turn("assistant", "All tasks of the document are done.")
    named = Turn("user", "Process the tasks of this document:\n\n/home/ayu/shop/docs/plan-of-march.md")
    assert head_of([named, EDIT, EDITED, report])["Goal"] == "Process the tasks of this document: /home/ayu/shop/docs/plan-of-march.md"
    plan = Turn(
        "user",
        "Implement the following plan:\n\n# Print receipts over the network\n\n## Context\n\nThe printer drops every second receipt.",
    )
    assert head_of([plan, EDIT, EDITED, report])["Goal"].startswith("Print receipts over the network: ")


def test_a_path_alone_is_no_goal() -> None:
    assert "Goal" not in head_of([Turn("user", "/home/ayu/shop/docs/plan-of-march.md prompts/constitution.md"), Turn("assistant", "Read.")])


def test_the_state_is_what_was_done_in_whole_sentences() -> None:
    report = Turn("assistant", "I added the receipts page in `src/receipts.py`.\n\n`git log --oneline`\n\nWhat does the printer cost?")
    assert head_of([REQUEST, EDIT, EDITED, report])["State"] == (
        "Edited and not committed: `cart.py`. I added the receipts page in `src/receipts.py`."
    )


def test_a_task_that_a_report_tells_as_done_is_not_open() -> None:
    entries = [
        {"content": "Draw the receipts page", "status": "completed"},
        {"content": "Translate the printer labels", "status": "in_progress"},
    ]
    todo = Turn("assistant", calls=(ToolCall("t1", "TodoWrite", {"todos": entries}),))
    report = Turn("assistant", "The page is there. I translated the printer labels into Javanese.")
    assert "Do first" not in head_of([REQUEST, todo, EDIT, EDITED, report])
    unfinished = Turn("assistant", "The page is there. The printer labels are not yet translated.")
    assert head_of([REQUEST, todo, EDIT, EDITED, unfinished])["Do first"] == "Translate the printer labels (in progress)"


def test_a_question_is_told_whole_with_a_name_in_it() -> None:
    question = Turn("assistant", "The page is there. Shall a hook build `print.tex` after each edit?")
    assert head_of([REQUEST, question, Turn("user", "yes, then push")])["Do first"] == (
        "Shall a hook build `print.tex` after each edit? — the user: yes, then push (asked last, not finished)"
    )


@pytest.mark.parametrize(
    ("task", "word"),
    [
        ("Deploy the shop to the server", "forget the deployment for now. just write down how the shop works"),
        ("Deploy toko ke server", "tunda deploy dulu, tulis saja cara kerja toko ini"),
        ("部署商店到服务器", "先不部署，请写下商店的用法"),
        ("デプロイする", "デプロイは一旦忘れて、使い方を書いてください"),
        ("배포 준비하기", "배포는 일단 미루자. 사용법을 적어 줘"),
        ("Деплой магазина на сервер", "отложи деплой, опиши лучше магазин"),
        ("Deployment des Ladens", "vergiss erstmal das Deployment, schreib lieber die Anleitung"),
        ("Déploiement de la boutique", "oublie le déploiement, écris plutôt le mode d'emploi"),
        ("Despliegue de la tienda", "olvida el despliegue por ahora, escribe la guía"),
        ("Deploy da loja no servidor", "esquece o deploy por enquanto, escreve o guia"),
        ("Pubblicazione del negozio", "rimanda la pubblicazione, scrivi la guida"),
        ("Triển khai cửa hàng", "tạm hoãn triển khai, hãy viết hướng dẫn"),
        ("Dağıtımı yap", "dağıtımı şimdilik unut, kılavuzu yaz"),
        ("النشر على الخادم", "أجل النشر الآن، اكتب الدليل"),
    ],
)
def test_a_task_that_the_person_puts_off_is_not_open(task: str, word: str) -> None:
    todos = Turn("assistant", calls=(ToolCall("t1", "TodoWrite", {"todos": [{"content": task, "status": "in_progress"}]}),))
    done = Turn("assistant", "I wrote the guide, and it names every page.")
    assert head_of((REQUEST, todos, done, Turn("user", "Skip the other guide."), EDIT, EDITED, done))["Do first"].startswith(task)
    assert "Do first" not in head_of((REQUEST, todos, done, Turn("user", word), EDIT, EDITED, done))
