"""The goal of a handoff: what a session is for, not an errand, a paste or an item of the agent's list."""

from __future__ import annotations

import pytest

from onward.core.extract.extraction import extract
from onward.core.facts.ledger import Ledger, fold
from onward.core.handoff.composer import compose
from onward.core.handoff.session_summary import SessionSummary
from onward.core.transcript.transcript import SessionHead, ToolCall, ToolResult, Turn
from onward.tokens import count_tokens

DONE = Turn("assistant", "That is done, and every file of the shop is in place.")


def goal_of(*turns: Turn) -> str:
    facts = extract(1, SessionHead("claude-code", cwd="/home/ayu/shop"), list(enumerate(turns, start=1)))
    return next(line.text for name, line in compose(fold(Ledger(), facts), [SessionSummary(1)], 2000, count_tokens).head if name == "Goal")


def test_output_of_a_terminal_is_not_the_goal() -> None:
    pasted = Turn(
        "user",
        "👀 Watching the printers of the shop and waiting\n   Press Ctrl+C to stop watching\n\n"
        "This is what the watch command prints. It should say printer, since only one of them is on.",
    )
    assert goal_of(pasted, DONE).startswith("This is what the watch command prints.")


@pytest.mark.parametrize(
    "chore",
    [
        "Commit the staged changes with a short message.",
        "Erstelle einen Commit und mach den Push auf den Branch.",
        "把更改 commit 并 push 到 main branch 上。",
    ],
)
def test_a_chore_is_not_the_goal(chore: str) -> None:
    purpose = Turn("user", "Build a receipts page for the bakery, with one line for each article.")
    assert goal_of(purpose, DONE, Turn("user", chore), DONE) == purpose.text


def test_a_command_with_an_argument_is_the_goal_of_the_work_on_its_report() -> None:
    command = Turn("user", "/review-page 152")
    review = Turn(
        "assistant",
        "# Review of page #152 - Receipts by mail\n\n1. Unused printer variable in the till module\n2. Missing total\n3. Slow query",
    )
    request = "Let's look at this: 1. Unused printer variable in the till module"
    title = "/review-page 152. Review of page #152 - Receipts by mail"
    assert goal_of(command, review, Turn("user", request), DONE) == f"{title}. Last message: {request}."


def test_a_plan_is_told_by_the_sentence_that_says_most_of_its_title() -> None:
    plan = (
        "Implement the following plan:\n\n# Plan: Phase 3 — Watching the till's folder\n\n## Context\n\nPhases 1 and 2 are complete, and the "
        "receipts of each day are read from one file of the office.\n\nPhase 3 watches the folder of the till for new receipts and reads them."
    )
    assert goal_of(Turn("user", plan), DONE).endswith("Phase 3 watches the folder of the till for new receipts and reads them.")


def test_a_request_that_is_sent_anew_counts_once() -> None:
    wish = "Let's find out why the receipts page of the bakery lists an article twice on Mondays. In the README of the till"
    more = Turn("user", "Now put the logo of the bakery on the mail to the customers.")
    assert goal_of(Turn("user", wish), Turn("user", f"{wish} there is a table of articles."), DONE, more, DONE).startswith(wish)


def test_an_order_after_a_condition_is_a_wish() -> None:
    edit = Turn("assistant", calls=(ToolCall("e1", "Edit", {"file_path": "/home/ayu/shop/a.py", "old_string": "a", "new_string": "b"}),))
    work = (edit, Turn("tool", results=(ToolResult("e1", "ok"),)), DONE)
    last = "if /clipboard is run with a name, use that as the name of the picture"
    purpose = "Build a receipts page for the bakery, with one line for each article."
    assert goal_of(Turn("user", purpose), *work, *work, *work, Turn("user", last), *work) == f"{purpose} Last message: {last}."


def test_numbers_are_told_with_what_they_stand_for() -> None:
    text = "I looked at the shop.\n\n- (3) ⚠️ **Slow query** of the receipts\n- (8) Missing total\n\nLines 3-9: imports"
    review = Turn("assistant", text)
    assert "(3: Slow query of the receipts; 8: Missing total)" in goal_of(
        Turn("user", "/review"), review, Turn("user", "Address 3, 8"), DONE
    )


def test_a_short_question_is_not_the_goal_where_work_was_asked_for() -> None:
    purpose = Turn("user", "Build a receipts page for the bakery, with one line for each article.")
    edit = Turn("assistant", calls=(ToolCall("e1", "Edit", {"file_path": "/home/ayu/shop/a.py", "old_string": "a", "new_string": "b"}),))
    question = Turn("user", "Why does the receipts page list each article twice?")
    assert goal_of(purpose, edit, Turn("tool", results=(ToolResult("e1", "ok"),)), DONE, question, DONE).startswith(purpose.text)


def test_a_message_is_told_by_the_sentence_that_asks_with_what_it_points_back_to() -> None:
    problem = "The receipts page used the old printer until March."
    wish = "Can you help me change it so that a setting chooses the printer?"
    assert goal_of(Turn("user", f"{problem}\n\n{wish}"), DONE) == f"{problem} {wish}"


def test_an_error_is_told_with_the_line_that_it_introduces() -> None:
    text = "I get this error in the till folder, although nothing has changed:\n\n❯ till resume printers\nyou have open receipts"
    assert goal_of(Turn("user", text), DONE).endswith("although nothing has changed: till resume printers")


def test_a_line_that_names_what_follows_is_not_glued_to_the_goal() -> None:
    request = "You are auditing the receipts of the bakery to prepare them for the year's end."
    assert goal_of(Turn("user", f"{request}\n\nObjectives:\n- Find duplicates."), DONE) == request


def test_a_command_is_the_goal_where_nothing_else_was_asked() -> None:
    assert goal_of(Turn("user", "/review-page 152"), Turn("assistant", "Let me look at the page first.")) == "/review-page 152"


def test_a_question_beside_the_work_is_not_the_goal() -> None:
    purpose = Turn("user", "I get an error from the till whenever two printers are on at once.")
    question = Turn("user", "is the till adding this to the list of printers? I don't remember doing so, and it was empty")
    assert goal_of(purpose, DONE, question, Turn("assistant", "No, the list is yours."), question, DONE).startswith(purpose.text)


def test_an_answer_to_the_agents_question_is_not_the_goal() -> None:
    wish = Turn("user", "I want to work out with you how our bakery can close its till faster in the evening.")
    asking = Turn("assistant", "Which steps take you the longest in the evening?")
    answer = Turn("user", "Well, counting the coins takes a while, since every till in the evening has a box of its own.")
    assert goal_of(wish, asking, answer, asking, answer, DONE) == f"{wish.text} Last message: {answer.text}"


def test_a_wish_after_a_paste_is_the_goal() -> None:
    paste = "Wenn ich die Kasse starte, kommt das hier:\n\n[12:30 main ~/kasse] kasse starten\n\n✅ 26 Belege gelesen\n\n"
    wish = "Bitte zeige beim Lesen der Belege an, wie viele noch fehlen."
    assert goal_of(Turn("user", f"{paste}{wish}"), DONE) == wish


def test_a_goal_goes_on_to_its_wish() -> None:
    problem = "Halaman nota di toko kue berhenti setiap kali satu baris di berkas nota rusak, padahal baris yang lain masih baik. "
    more = "Kasir lalu harus memulai ulang komputer di depan pembeli, dan nota yang sudah setengah jadi hilang begitu saja dari layar. "
    wish = "Jadi tolong lewati baris yang rusak dan lanjutkan dengan sisanya."
    assert goal_of(Turn("user", problem + more + wish), DONE).endswith(wish)


def test_a_long_wish_is_told_to_its_end() -> None:
    text = "prepare a list of what the bakery's folder holds, " + "with the drawer, the shelf and the label of each, " * 9 + "one at a time"
    assert goal_of(Turn("user", text), DONE).endswith("one at a time")


@pytest.mark.parametrize(
    ("first", "more", "last"),
    [
        (
            "Crea la pagina degli scontrini per la panetteria.",
            "Metti il logo sulla pagina degli scontrini.",
            "Aggiungi un filtro per data nella lista dei clienti.",
        ),
        (
            "Thêm trang hóa đơn cho tiệm bánh của tôi.",
            "Hãy đặt logo của tiệm bánh lên trang hóa đơn.",
            "Hãy sửa bộ lọc theo ngày trong danh sách khách.",
        ),
    ],
)
def test_another_piece_of_work_at_the_end_is_told_beside_the_goal(first: str, more: str, last: str) -> None:
    edit = Turn("assistant", calls=(ToolCall("e1", "Edit", {"file_path": "/home/ayu/shop/a.py", "old_string": "a", "new_string": "b"}),))
    edited = Turn("tool", results=(ToolResult("e1", "ok"),))
    work = (edit, edited)
    goal = goal_of(Turn("user", first), *work, *work, *work, *work, DONE, Turn("user", more), *work, DONE, Turn("user", last), *work, DONE)
    assert goal == f"{first} Last message: {last}"


@pytest.mark.parametrize("trial", ["print('hello')", "Hello, say hi in 5 words", "hola", "안녕하세요", 'ciao, rispondi "ciao"', "test"])
def test_a_trial_is_neither_the_goal_nor_to_do_first(trial: str) -> None:
    facts = extract(1, SessionHead("aider", cwd="/home/ayu/shop"), [(1, Turn("user", trial))])
    names = {name for name, _ in compose(fold(Ledger(), facts), [SessionSummary(1)], 2000, count_tokens).head}
    assert names == {"State"}


def test_a_request_that_opens_with_a_greeting_is_no_trial() -> None:
    assert goal_of(Turn("user", "Hola, arregla la página de recibos."), DONE) == "Hola, arregla la página de recibos."


def goal_after(*sessions: tuple[Turn, ...]) -> dict[str, str]:
    """Return the head of the handoff after *sessions*."""
    ledger = Ledger()
    for number, turns in enumerate(sessions, start=1):
        ledger = fold(ledger, extract(number, SessionHead("aider", cwd="/home/ayu/shop"), list(enumerate(turns, start=1))))
    numbers = range(1, len(sessions) + 1)
    return {name: line.text for name, line in compose(ledger, [SessionSummary(number) for number in numbers], 2000, count_tokens).head}


def applied(request: str, name: str) -> tuple[Turn, ...]:
    """Return a session in which Aider applied an answer and committed it."""
    calls = (
        ToolCall("client:1", "edit", {"path": f"src/{name}.py"}),
        ToolCall("client:2", "commit", {"command": f"git commit -m 'feat: {name}'"}),
    )
    block = "<<<<<<< SEARCH\nold\n=======\nnew\n>>>>>>> REPLACE"
    answer = f"I'll change it.\n\nsrc/{name}.py\n```python\n{block}\n```\n\nThe {name} module now prints every line of the receipts."
    results = (ToolResult("client:1", f"Applied edit to src/{name}.py"), ToolResult("client:2", f"Commit 35c6d5b feat: {name}"))
    return Turn("user", request), Turn("assistant", answer, calls=calls), Turn("tool", results=results)


def test_of_many_short_sessions_the_newest_that_worked_holds() -> None:
    first, second = "Add a printer module to the till of the bakery.", "If the drawer is open, print a warning on the receipt."
    question = (Turn("user", "Which file holds the colours of the receipts page?"), Turn("assistant", "It is `src/colours.py`."))
    head = goal_after(applied(first, "printer"), applied(second, "drawer"), question)
    assert head["Goal"] == second
    assert "src/colours.py" not in head["State"]
    repeated = (Turn("user", "In _one_ sentence, what is this shop about?"), Turn("assistant", "It appears to be a bakery."))
    assert goal_after(applied(first, "printer"), applied(second, "drawer"), question, *[repeated] * 4)["Goal"] == second
    head = goal_after(applied(first, "printer"), applied(second, "drawer"), (), (Turn("user", "hi"),))
    assert head["Goal"] == second
    assert head["State"].startswith("The last commit `35c6d5b`")
    assert head["State"].endswith("The drawer module now prints every line of the receipts. The last request has no reply.")
    assert "Do first" not in head


def test_a_change_that_was_only_proposed_is_open() -> None:
    request, answer, _ = applied("Add a printer module to the till of the bakery.", "printer")
    head = goal_after((request, Turn("assistant", answer.text)))
    assert head["State"].endswith("The last answer proposes a change of a file that was not applied.")
    assert head["Do first"] == f"{request.text} (asked last, not finished)"


def test_a_message_is_told_with_what_is_wrong_before_its_wish() -> None:
    wrong = "We are missing the drawer in the statistics of the till."
    wish = "Make sure you update the page of the statistics with the new counts."
    assert goal_of(Turn("user", f"{wrong}\n\n{wish}"), DONE) == f"{wrong} {wish}"


def test_a_report_that_opens_with_have_is_no_narration() -> None:
    edit = Turn("assistant", calls=(ToolCall("e1", "Edit", {"file_path": "/home/ayu/shop/a.py", "old_string": "a", "new_string": "b"}),))
    report = 'I have added the text "how are you" to `test.txt`.'
    turns = (Turn("user", 'Add the text "how are you" to the file of the till.'), edit, Turn("tool", results=(ToolResult("e1", "ok"),)))
    head = goal_after((*turns, Turn("assistant", report)))
    assert report in head["State"]
    assert "Do first" not in head


@pytest.mark.parametrize(
    "remark",
    [
        "No problem, the folder of the shop is not public anyway.",
        "Tidak apa-apa, folder toko ini memang tidak untuk umum.",
        "没关系，这个商店的文件夹本来就不是公开给别人看的。",
        "大丈夫です、この店のフォルダーは公開されていません。",
        "괜찮아요, 그 가게 폴더 는 공개된 것이 아니에요.",
        "Ничего страшного, папка магазина не видна другим людям.",
        "Kein Problem, der Ordner des Ladens ist nicht öffentlich.",
        "Pas de problème, le dossier de la boutique n'est pas public.",
        "No hay problema, la carpeta de la tienda no es pública.",
        "nao tem problema, a pasta da loja nao é publica",
        "Non c'è problema, la cartella del negozio non è pubblica.",
        "Không sao, thư mục của cửa hàng không công khai.",
        "Sorun değil, dükkanın klasörü herkese açık bir yer değil.",
        "لا مشكلة، مجلد المتجر ليس عاما على أي حال.",
    ],
)
def test_a_remark_that_something_is_no_trouble_is_not_the_goal(remark: str) -> None:
    report = Turn("assistant", "The keys of the shop are in the folder that is pushed.")
    assert goal_of(Turn("user", "help me"), report, Turn("user", remark), DONE).startswith("help me")


def test_the_last_task_is_told_beside_the_goal_without_a_report() -> None:
    goal = Turn("user", "Build a receipts page for the bakery, with one line for each article.")
    edit = Turn("assistant", calls=(ToolCall("e1", "Edit", {"file_path": "/home/ayu/shop/a.py", "old_string": "a", "new_string": "b"}),))
    edited = Turn("tool", results=(ToolResult("e1", "ok"),))
    work = (edit, edited)
    last = Turn(
        "user",
        "Read NOTES.md first. Phases 1-8 are complete.\n\nNow phase 9: the drawer opens at each sale.\n\nTick all boxes.",
    )
    goal_line = goal_of(goal, *work, *work, DONE, Turn("user", "Does the printer need paper?"), DONE, last, edit)
    assert goal_line == f"{goal.text} Last message: {' '.join(last.text.split())}"


def test_an_order_that_says_how_to_go_about_the_work_is_not_the_goal() -> None:
    goal = Turn("user", "Build a receipts page for the bakery, with one line for each article.")
    trouble = "still getting an error after clicking print the second time"
    means = (
        "make sure that you read the manual of the printer carefully because we are using a brand new driver for the drawer, and it "
        "says what the driver needs in each case"
    )
    look = Turn("assistant", "Now I read the manual of the driver.")
    goal_line = goal_of(goal, DONE, Turn("user", f"{trouble}\n\n{means}"), look)
    assert goal_line == f"{goal.text} Last message: {trouble}."
