"""Where a session ended: its last report, what was left without one, and what stopped the agent."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from tests.unit.receipts_session import DONE, EDIT, EDITED, REQUEST, head_of, run

from onward.core.extract.extraction import extract
from onward.core.extract.interruptions import find_interruption
from onward.core.transcript.transcript import SessionHead, ToolCall, ToolResult, Turn


def test_a_request_without_a_reply_is_said_to_have_none() -> None:
    head = head_of(REQUEST)
    assert head["State"] == "The last request has no reply."
    assert head["Do first"] == f"{REQUEST.text} (asked last, not finished)"


def test_the_evidence_stands_before_the_report() -> None:
    commit = run(1, "git commit -am 'Add the page'", "[main 1a2b3c4] Add the page")
    tests = run(2, "pytest -q", "12 passed in 0.31s")
    assert head_of(REQUEST, EDIT, EDITED, *commit, *tests, DONE)["State"] == (
        "On branch `main` the last commit `1a2b3c4` is committed locally and not pushed yet. "
        "Last test run `pytest -q`: 12 passed in 0.31s. I added the receipts page, and it lists every article."
    )


def test_tests_that_were_not_run_again_are_said_to_be_old() -> None:
    state = head_of(REQUEST, *run(1, "go test ./...", "ok  \tshop/cart\t0.2s"), EDIT, EDITED, DONE)["State"]
    assert "Last test run `go test ./...`: passed; not run again since the edit of `cart.py`." in state


def test_a_failing_run_names_the_test_and_a_later_check_is_told_beside_it() -> None:
    output = "--- FAIL: TestTotal (0.00s)\n    --- FAIL: TestTotal/of_nothing (0.00s)\nFAIL"
    checks = [*run(1, "go test ./...", output, failed=True), *run(2, "golangci-lint run", "0 issues.")]
    assert (
        "Last test run `go test ./...`: failed (`TestTotal`). Last check `golangci-lint run`: passed."
        in head_of(REQUEST, EDIT, EDITED, *checks, DONE)["State"]
    )


def test_looking_for_a_test_is_no_run_of_it() -> None:
    assert "Last test run" not in head_of(REQUEST, EDIT, EDITED, *run(1, "grep -rn pytest setup.cfg && pip install pytest"), DONE)["State"]


def test_what_was_edited_without_a_commit_is_said_with_the_branch() -> None:
    assert head_of(REQUEST, EDIT, EDITED, DONE, branch="receipts")["State"].startswith(
        "On branch `receipts`; edited and not committed: `cart.py`. "
    )
    status = run(1, "git status -sb", "## receipts...origin/receipts [ahead 2]\n M src/cart.py")
    assert head_of(REQUEST, EDIT, EDITED, *status, DONE)["State"].startswith("On branch `receipts`, 2 commits not pushed; edited and not")


@pytest.mark.parametrize(
    ("opening", "rest"),
    [
        ("The receipts page lists every article.", "\n\n## Notes\n\nIt is slow on old phones."),
        ("Die Seite zeigt jetzt jeden Artikel.", "\n\n## Hinweise\n\nDas ist auf alten Telefonen langsam."),
        ("收据页面现在显示每件商品。", "\n\n## 注意\n\n这在旧手机上很慢。"),
        ("La página muestra ahora cada artículo.", "\n\n## Notas\n\nEsto es lento en teléfonos viejos."),
        ("Halaman struk kini menampilkan setiap barang.", "\n\n## Catatan\n\nIni lambat di ponsel lama."),
        ("領収書ページにすべての商品が表示されます。", "\n\n## 注意\n\nこれは古い電話では遅いです。"),
    ],
)
def test_the_state_is_the_opening_claim_of_the_report(opening: str, rest: str) -> None:
    state = head_of(REQUEST, EDIT, EDITED, Turn("assistant", f"{opening}{rest}"), branch="main")["State"]
    assert state == f"On branch `main`; edited and not committed: `cart.py`. {opening}"


def test_a_list_is_told_with_what_introduces_it() -> None:
    report = Turn("assistant", "Build passes.\n\nThe shop now starts in this order:\n\n1. The printer\n2. The till\n3. The page")
    assert head_of(REQUEST, EDIT, EDITED, report)["State"].endswith(
        "Build passes. The shop now starts in this order: The printer. The till. The page."
    )


def test_a_sentence_that_leans_on_the_question_is_told_with_it() -> None:
    question = Turn("user", "Why does the label of the till break?")
    answer = Turn("assistant", "It is the width of the axis, which is ninety-five pixels.")
    assert head_of(question, answer)["State"] == f"Asked: {question.text} It is the width of the axis, which is ninety-five pixels."


def test_words_before_more_work_are_no_report() -> None:
    later = Turn("user", "Find out where the starting prices of the bakery come from.")
    working = Turn(
        "assistant", "You are right. Let me look. The till shows zero as default.", calls=(ToolCall("g1", "Grep", {"pattern": "price"}),)
    )
    head = head_of(REQUEST, EDIT, EDITED, DONE, later, working, Turn("tool", results=(ToolResult("g1", "none"),)))
    assert head["State"].endswith(f"{DONE.text} The last request has no report; the last act was `Grep`. The till shows zero as default.")
    assert head["Do first"] == f"{later.text} (asked last, not finished)"


def test_a_last_call_without_a_result_is_checked_first() -> None:
    push = Turn("assistant", calls=(ToolCall("p1", "Bash", {"command": "git push origin main"}),))
    head = head_of(REQUEST, EDIT, EDITED, DONE, Turn("user", "Push it to the server."), push)
    assert head["Do first"] == "Check whether `git push origin main` ran: its result is not in the log."
    assert "the last act was `git push origin main`, its result is not in the log" in head["State"]


@pytest.mark.parametrize(
    ("stop", "sentence"),
    [
        (Turn("user", "[Request interrupted by user]", mark="injected"), "The agent was interrupted."),
        (Turn("assistant", "[Request was aborted.]"), "The agent was interrupted."),
        (
            Turn("assistant", "API Error: 500 the server is overloaded.", mark="injected"),
            "It ended with an error: API Error: 500 the server is overloaded.",
        ),
        (
            Turn("assistant", "Claude usage limit reached. Your limit will reset at 5 pm.", mark="injected"),
            "It ended at a limit: Claude usage limit reached. Your limit will reset at 5 pm.",
        ),
    ],
)
def test_what_stopped_the_agent_is_told(stop: Turn, sentence: str) -> None:
    later = Turn("user", "Print the receipts of the bakery on two pages.")
    head = head_of(REQUEST, EDIT, EDITED, DONE, later, *run(1, "ls src"), stop)
    assert head["State"].endswith(sentence)
    assert head["Do first"] == f"{later.text} (asked last, not finished)"


@pytest.mark.parametrize(
    ("notice", "cause"),
    [
        ("You've hit your session limit · resets 3:10pm (Europe/Paris)", "limit"),
        ("Claude AI usage limit reached|1760000000", "limit"),
        ("5-hour limit reached ∙ resets 3am", "limit"),
        ("You've hit your usage limit. Try again in 3 days.", "limit"),
        ("Rate limit reached for gpt-5 on tokens per min", "limit"),
        ("exceeded retry limit, last status: 429 Too Many Requests", "limit"),
        ("[API Error: You have exhausted your daily quota on this model.]", "limit"),
        ("Sorry, you've hit a rate limit that restricts the number of requests.", "limit"),
        ("litellm.RateLimitError: AnthropicException - rate limited", "limit"),
        ("Credit balance is too low", "limit"),
        ("Error during API call: litellm.NotFoundError: Error code: 404", "failed"),
        ("patch.ProviderPatchError: Provider error 403: no access", "failed"),
        ("[Request timed out.]", "failed"),
        ("[The operation was aborted.]", "interrupted"),
        ("Renamed.\n\n---\n\nCancelled", "interrupted"),
    ],
)
def test_a_notice_shows_what_stopped_the_agent(notice: str, cause: str) -> None:
    interruption = find_interruption(Turn("assistant", notice), 1, 1)
    assert interruption is not None
    assert interruption.cause == cause


@pytest.mark.parametrize(
    "words",
    [
        "Rate limiting is now on the login route, 5 tries a minute.",
        "The cart totals are right now. Next: add rate limiting to the login route.",
        "The weekly limit of 40 hours is checked in `hours.py`.",
        "Quota exceeded errors are shown as a banner now.",
        "Rate limit exceeded responses now carry Retry-After.",
        "Too many requests to the courier were the cause; I cache them now.",
        "Users with insufficient balance now see a hint.",
        "Fixed error 404 on the login page.",
        "Connection errors are retried three times now.",
        "The operation was cancelled when the user closed the dialog; it is retried now.",
        "The request was aborted because the timeout of 5 s was too short; I set 30 s.",
        "I test what happens after the user denied the permission.",
    ],
)
def test_an_agent_that_talks_of_limits_and_errors_was_not_stopped(words: str) -> None:
    assert find_interruption(Turn("assistant", words), 1, 1) is None


def test_a_prompt_of_the_clients_that_names_a_limit_is_no_notice() -> None:
    template = Turn("user", "## Outline\n\n" + "- Ask which rate limits hold.\n- Explain error 404 to the reader.\n" * 40, mark="injected")
    assert find_interruption(template, 1, 1) is None


def test_an_interruption_belongs_to_the_newest_command() -> None:
    review = Turn("user", "<command-message>review</command-message>\n<command-name>/review</command-name>", mark="injected")
    look = Turn("assistant", "I'll get the changes.", calls=(ToolCall("g1", "Read", {"file_path": "/home/ayu/shop/src/cart.py"}),))
    stop = Turn("user", "[Request interrupted by user]", mark="injected")
    head = head_of(REQUEST, EDIT, EDITED, DONE, review, look, Turn("tool", results=(ToolResult("g1", "a"),)), stop)
    assert head["Do first"] == "/review (asked last, not finished)"
    assert DONE.text in head["State"]


@pytest.mark.parametrize(
    ("lead", "steps"),
    [
        ("You can finish it with two commands:", ("`git add src`", "`git push origin main`")),
        ("Do this now:", ("Open the settings of the shop.", "Send me the output of the printer.")),
        ("Що робити:", ("Знайдіть файл `cart.sql` у вашій системі.", "Перезапустіть скрипт магазину.")),
        ("Was zu tun ist:", ("Öffnen Sie die Einstellungen.", "Kopieren Sie die Ausgabe des Druckers.")),
        ("接下来请这样做：", ("打开商店的设置页面。", "运行打印机脚本。")),
        ("手順：", ("設定ページを開いてください。", "プリンターのスクリプトを実行してください。")),
        ("Faites ceci :", ("Ouvrez les réglages de la boutique.", "Relancez le script de l'imprimante.")),
        ("Lakukan ini:", ("Buka halaman pengaturan toko.", "Jalankan skrip pencetak sekali lagi.")),
    ],
)
def test_orders_to_the_person_at_the_end_are_what_to_do_first(lead: str, steps: Sequence[str]) -> None:
    listed = "\n".join(f"{place}. {step}" for place, step in enumerate(steps, start=1))
    first = head_of(
        Turn("user", "The printer script fails with error 42."), Turn("assistant", f"The driver is missing.\n\n{lead}\n\n{listed}")
    )["Do first"]
    assert steps[0].rstrip(".。") in first
    assert steps[1].rstrip(".。") in first


def test_thanks_leave_the_state_as_it_is() -> None:
    head = head_of(REQUEST, EDIT, EDITED, DONE, Turn("user", "ok thanks"), Turn("assistant", "👍"))
    assert head["State"].endswith(DONE.text)
    assert "Do first" not in head


def test_a_farewell_asks_for_nothing() -> None:
    report = Turn("assistant", "The page is not built yet. The till works, and all tests pass.")
    head = head_of(Turn("user", "Where are we with the receipts page of the shop?"), report, Turn("user", "ok continue tomorrow"))
    assert head["Do first"] == "The page is not built yet."
    assert head["State"] == "The till works, and all tests pass."


def test_yes_to_a_question_is_open() -> None:
    report = Turn("assistant", "The page is built. Shall I print the receipts on two pages?")
    head = head_of(REQUEST, report, Turn("user", "yes"))
    assert head["State"].endswith("The last request has no reply.")
    assert head["Do first"] == "Shall I print the receipts on two pages? — the user: yes (asked last, not finished)"


@pytest.mark.parametrize(
    "order", ["You can re-run the printer script to see whether the label fits.", "Next up in the plan: print the receipts on two pages."]
)
def test_what_a_report_tells_the_person_to_do_is_done_first(order: str) -> None:
    assert head_of(REQUEST, EDIT, EDITED, Turn("assistant", f"{DONE.text}\n\n{order}"))["Do first"] == order


def test_a_call_before_the_report_is_no_last_call() -> None:
    push = Turn("assistant", calls=(ToolCall("p1", "Bash", {"command": "git push origin main"}),))
    assert "Do first" not in head_of(REQUEST, EDIT, EDITED, push, DONE)


def test_a_courtesy_before_the_report_is_not_the_state() -> None:
    report = Turn("assistant", f"Yes, agreed. {DONE.text}")
    assert head_of(REQUEST, EDIT, EDITED, report)["State"].endswith(f"`cart.py`. {DONE.text}")


def test_a_claim_before_a_list_opens_the_state() -> None:
    report = "Done. Point 99 of the review is fixed:\n\n**Changes made:**\n\n1. Added the printer to the till\n2. Removed the old cable"
    state = head_of(REQUEST, EDIT, EDITED, Turn("assistant", report))["State"]
    assert state.endswith("Point 99 of the review is fixed. Added the printer to the till. Removed the old cable.")


def test_names_of_files_claim_nothing() -> None:
    report = "src/till/cart.py\n\nsrc/till/receipt.py\n\nNo receipt of the till lists an article twice any more."
    state = head_of(REQUEST, EDIT, EDITED, Turn("assistant", report))["State"]
    assert state.endswith("`cart.py`. No receipt of the till lists an article twice any more.")


def test_what_an_agent_is_about_to_do_is_not_the_state() -> None:
    report = "I found older receipts in the same folder, so I'm reading them carefully before anything else."
    assert "carefully" not in head_of(REQUEST, EDIT, EDITED, Turn("assistant", report))["State"]


def test_a_commit_in_a_folder_that_is_thrown_away_is_none_of_the_session() -> None:
    command = "cd /tmp/test-till && git init && git commit -m init"
    state = head_of(REQUEST, EDIT, EDITED, *run(1, command, "[main (root-commit) 967fe65] init\n 1 file changed"), DONE)["State"]
    assert "967fe65" not in state
    assert state.startswith("Edited and not committed: `cart.py`.")


@pytest.mark.parametrize("is_dismissed", [False, True])
def test_a_push_that_the_person_dismisses_is_not_done_first(is_dismissed: bool) -> None:
    push = run(1, "git push origin main", "ssh: connect to host example.org port 22: Operation timed out", failed=True)
    word = "ignore push to the server, the pipeline does it" if is_dismissed else "thanks, that looks as it should now"
    head = head_of(REQUEST, EDIT, EDITED, *push, DONE, Turn("user", word), Turn("assistant", "The push stays as it is."))
    assert ("Do first" in head) is not is_dismissed


def test_an_order_is_told_with_the_command_that_it_introduces() -> None:
    report = "I mended the printer script.\n\nTry running it again:\n\n```bash\n./print-receipts.sh --all\n```"
    assert head_of(REQUEST, EDIT, EDITED, Turn("assistant", report))["Do first"] == "Try running it again: `./print-receipts.sh --all`"


@pytest.mark.parametrize("code", ["", "\n\n```go\ncmd.Dir = folder\n```"])
def test_an_order_that_introduces_no_command_is_no_step(code: str) -> None:
    report = f"I added the receipts page, and it lists every article.\n\nYou can verify:{code}"
    assert "Do first" not in head_of(REQUEST, EDIT, EDITED, Turn("assistant", report))


def test_a_question_beside_unfinished_work_is_not_done_first() -> None:
    call = ToolCall("r1", "Read", {"file_path": "/home/ayu/shop/src/cart.py"})
    working = Turn(
        "assistant", "The cause is the old cable. The fix: turn the printer's name into a number before it is sent.", calls=(call,)
    )
    head = head_of(
        REQUEST, EDIT, EDITED, working, Turn("tool", results=(ToolResult("r1", "ok"),)), Turn("user", "by the way, where is it?")
    )
    assert head["Do first"] == "The fix: turn the printer's name into a number before it is sent."


def test_a_remark_is_done_first_with_the_question_that_it_goes_with() -> None:
    question = Turn("user", "Why is the first receipt changed instead of adding a new one?")
    remark = Turn("user", "I have already printed the first receipt and do not want to print all of them again.")
    first = head_of(REQUEST, EDIT, EDITED, DONE, question, remark)["Do first"]
    assert first == f"{question.text} {remark.text} (asked last, not finished)"


def test_an_invitation_to_answer_ends_a_report() -> None:
    report = "The till refuses the printer, because its cable is not in the list.\n\nLet me know if you want me to add it."
    state = head_of(REQUEST, EDIT, EDITED, Turn("assistant", report))["State"]
    assert state.endswith("`cart.py`. The till refuses the printer, because its cable is not in the list.")


def test_what_was_found_before_an_interruption_is_told() -> None:
    finding = Turn("assistant", "The receipts on disk differ from those that I edited before. Let me write them again.", calls=EDIT.calls)
    state = head_of(REQUEST, EDIT, EDITED, DONE, Turn("user", "Commit all of this in small pieces."), finding, EDITED)["State"]
    assert state.endswith("The receipts on disk differ from those that I edited before.")


def test_sentences_tell_more_than_a_list_of_reasons() -> None:
    report = (
        "Much better. Here's what changed:\n\n## Why this matters\n\n1. **Prevents paper jams** - the till stops first\n2. **Keeps order** - by day"
        "\n\nThe receipts page still prints, and it waits for the second printer."
    )
    state = head_of(REQUEST, EDIT, EDITED, Turn("assistant", report))["State"]
    assert state.endswith("`cart.py`. The receipts page still prints, and it waits for the second printer.")


def test_a_choice_that_a_report_leaves_to_the_person_is_a_question() -> None:
    report = "The till is blocked by the system.\n\nLet me know if you want me to use a second till, or if you run `till --unlock` first."
    head = head_of(REQUEST, EDIT, EDITED, Turn("assistant", report))
    assert head["Do first"].startswith("Answer the agent's question: Let me know if you want me to use a second till")


def test_of_a_request_that_is_open_the_sentence_that_asks_is_done_first() -> None:
    request = Turn(
        "user", "Go through the tasks of this list of receipts:\n\nlist.md\n\nEach receipt and its relevant notes stand in that list."
    )
    head = head_of(REQUEST, EDIT, EDITED, DONE, request, *run(1, "ls receipts", "list.md"))
    assert head["Do first"].startswith("Go through the tasks of this list of receipts")


def test_what_another_agent_did_is_told_as_the_state() -> None:
    report = "Done - I handed this off to the clerk and it committed the receipts.\n\n- Commit: `2146b6e`\n- Push: none was made"
    head = head_of(REQUEST, EDIT, EDITED, DONE, Turn("user", "@clerk the work of this thread, please"), Turn("assistant", report))
    assert head["State"].startswith("Done - I handed this off to the clerk and it committed the receipts.")
    assert "not committed" not in head["State"]


def test_a_question_for_any_work_is_not_open() -> None:
    facts = extract(
        1, SessionHead("claude-code"), list(enumerate((REQUEST, Turn("assistant", f"{DONE.text} Is there anything else you need?")), 1))
    )
    assert not any(fact.kind == "question" for fact in facts)


def test_edits_before_a_push_that_succeeded_are_not_said_to_be_uncommitted() -> None:
    head = head_of(REQUEST, EDIT, EDITED, *run(1, "git push origin main", "0843cd1..f2955a7 main -> main"), DONE)
    assert head["State"].startswith("On branch `main` the last commit `f2955a7` is pushed.")


def test_an_announced_start_is_no_report() -> None:
    start = Turn("assistant", "Starting with step 1: printing the receipts on two pages.")
    head = head_of(REQUEST, EDIT, EDITED, DONE, Turn("user", "do one by one"), start)
    assert head["Do first"] == start.text


def test_the_branch_is_that_of_the_last_push() -> None:
    status = run(1, "git status -sb", "## feat/receipts...origin/feat/receipts [ahead 2]")
    push = run(2, "git commit -qam receipts && git push -q -u origin feat/receipts")
    assert head_of(REQUEST, EDIT, EDITED, *push, DONE)["State"].startswith("On branch `feat/receipts`; pushed after the last edit.")
    assert head_of(REQUEST, EDIT, EDITED, *status, *push, DONE)["State"].startswith(
        "On branch `feat/receipts`; pushed after the last edit."
    )


@pytest.mark.parametrize(
    ("report", "denial"),
    [
        ("The receipts stand on the page now, and each article has a line.", "/undo"),
        ("Die Quittungen stehen jetzt auf der Seite, und jeder Artikel hat eine Zeile.", "Nein, die Seite ist immer noch leer."),
        ("Trang hóa đơn đã được thêm và mỗi mặt hàng có một dòng.", "Trang hóa đơn vẫn lỗi, không có dòng nào."),
        ("Fiş sayfası eklendi ve her ürünün bir satırı var.", "Hayır, öyle değil, sayfa boş ve hiçbir satır yok."),
    ],
)
def test_a_report_that_the_person_denies_is_no_state(report: str, denial: str) -> None:
    assert report not in head_of(REQUEST, EDIT, EDITED, Turn("assistant", report), Turn("user", denial))["State"]


@pytest.mark.parametrize(
    "need",
    [
        "We need to add the `total` column to the receipts page.",
        "Wir müssen die Spalte `total` auf der Seite der Quittungen ergänzen.",
        "Kita perlu menambahkan kolom `total` di halaman nota.",
    ],
)
def test_what_the_agent_says_is_needed_is_no_state(need: str) -> None:
    assert need not in head_of(REQUEST, EDIT, EDITED, Turn("assistant", need)).get("State", "")


@pytest.mark.parametrize(
    "hope",
    [
        "The receipts page should now work with every printer of the shop.",
        "La page des reçus devrait fonctionner avec toutes les imprimantes.",
        "La pagina degli scontrini dovrebbe funzionare con ogni stampante.",
    ],
)
def test_what_the_agent_expects_is_told_as_such(hope: str) -> None:
    assert f"Expected by the agent, not shown: {hope}" in head_of(REQUEST, EDIT, EDITED, Turn("assistant", hope))["State"]


def test_a_stash_that_is_not_taken_back_is_told() -> None:
    stash = run(1, "git stash push -u -m drinks", "Saved working directory and index state On main: drinks")
    assert "a `git stash` is not taken back" in head_of(REQUEST, EDIT, EDITED, *stash, DONE, branch="main")["State"]
    assert "stash" not in head_of(REQUEST, EDIT, EDITED, *stash, *run(2, "git stash pop", "Dropped"), DONE, branch="main")["State"]
    assert "stash" not in head_of(REQUEST, EDIT, EDITED, *run(1, "git stash", "No local changes to save"), DONE, branch="main")["State"]


def test_a_list_of_what_was_made_is_nothing_to_do() -> None:
    report = "J'ai créé deux fichiers :\n\n- Questions ouvertes pour la suite de la boutique\n- Ajoute les reçus de la boulangerie"
    assert "Do first" not in head_of(REQUEST, EDIT, EDITED, Turn("assistant", report))
    report = "I've created two files:\n\n- Open questions for future consideration\n- Next steps of the bakery's shop"
    assert "Do first" not in head_of(REQUEST, EDIT, EDITED, Turn("assistant", report))


@pytest.mark.parametrize(
    ("request_text", "report"),
    [
        (
            "Create a small game of cards. No need to run it.",
            "The game is there. To run the game:\n\n1. Install `cards`\n2. Run `cards.py`",
        ),
        (
            "Erstelle ein kleines Kartenspiel. Du brauchst es nicht starten.",
            "Das Spiel ist da. Um es zu starten:\n\n1. Öffnen Sie den Ordner.\n2. Starten Sie `karten.py`.",
        ),
    ],
)
def test_steps_that_the_person_dismissed_are_nothing_to_do(request_text: str, report: str) -> None:
    assert "Do first" not in head_of(Turn("user", request_text), EDIT, EDITED, Turn("assistant", report))


def test_code_alone_that_the_client_commits_is_an_answer() -> None:
    code = Turn(
        "assistant",
        "src/cart.py\n<source>\nTotal the articles.\n</source>",
        calls=(ToolCall("c1", "commit", {"command": "git commit -m 'Add the page'"}),),
    )
    head = head_of(REQUEST, code, Turn("tool", results=(ToolResult("c1", "Commit 1a2b3c4 Add the page"),)))
    assert "last request" not in head["State"]
    assert "Do first" not in head
