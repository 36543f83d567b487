"""Grouping of facts in the document, and their cost."""

from __future__ import annotations

from onward.core.facts.fact import GIT_STATE, OPEN_REQUEST, Fact, FactAuthor, FactKind, Handle, Outcome, Remark, fact_id
from onward.core.facts.headings import SECTION_OF
from onward.core.facts.ledger import Ledger, fold
from onward.core.handoff.composer import SessionSummary, compose, value_of
from onward.core.handoff.document import from_json, to_json
from onward.core.handoff.selection import telling_commands
from onward.tokens import count_tokens


def fact(kind: FactKind, text: str, turn: int, weight: float, author: FactAuthor = "agent") -> Fact:
    source = Handle(1, turn)
    return Fact(
        id=fact_id(kind, "", text, source), kind=kind, subject="", statement=text, sources=(source,), at=None, weight=weight, author=author
    )


def test_each_fact_stands_on_a_line_of_its_own() -> None:
    facts = (
        fact("error", "The queue froze because two counters shared one lock.", 8, 0.9),
        fact("decision", "Each counter has a lock of its own now.", 8, 0.8),
        fact("lesson", "SQLite serialises writers anyway.", 8, 0.7),
        fact("blocker", "The kiosk page waits for its translation.", 8, 0.6),
    )
    handoff = compose(fold(Ledger(), facts), [SessionSummary(1)], 1000, count_tokens)
    lines = [line.text for section in handoff.sections for line in section.lines]
    assert sorted(lines) == sorted(entry.text for entry in facts)


def test_a_request_that_was_done_is_told_as_what_happened() -> None:
    done = fact("requirement", "Add a receipts page to the shop.", 2, 0.6, "user")._replace(
        session_state="resolved", outcome=Outcome("reported")
    )
    wanted = fact("requirement", "Print the receipts on two pages.", 9, 0.6, "user")._replace(subject=OPEN_REQUEST)
    handoff = compose(fold(Ledger(), [done, wanted]), [SessionSummary(1)], 1000, count_tokens)
    assert dict(handoff.head)["Do first"].text == "Print the receipts on two pages. (asked last, not finished)"
    assert [line.text for line in handoff.sections[0].lines] == ["Asked: Add a receipts page to the shop. (done)"]


def test_files_of_a_folder_are_one_line() -> None:
    facts = [
        fact("file", f"`src/cart/part{n}.py` was created", 3, 0.5, "tool")._replace(id=f"f{n}", subject=f"file:src/cart/part{n}.py")
        for n in range(150)
    ]
    handoff = compose(fold(Ledger(), facts), [SessionSummary(1)], 2000, count_tokens)
    (section,) = handoff.sections
    (line,) = section.lines
    assert line.text.startswith("`src/cart/`: `part")
    assert line.text.endswith(" and 145 more")
    assert handoff.files == tuple(f"src/cart/part{n}.py" for n in (0, 1, 10, 100, 101))


def test_a_handoff_knows_which_of_its_files_exist() -> None:
    facts = [
        fact("file", f"`{path}` — see why it was deleted", 3, 0.5, "tool")._replace(
            id=path, subject=f"file:{path}", outcome=Outcome("deleted") if "old" in path else None
        )
        for path in ("src/cart.py", "src/old.py", "old.md", "docs/prices.md")
    ]
    handoff = compose(fold(Ledger(), facts), [SessionSummary(1)], 2000, count_tokens)
    assert sorted(handoff.files) == ["docs/prices.md", "src/cart.py"]
    assert from_json(to_json(handoff)).files == handoff.files


def test_what_is_said_of_a_file_is_not_repeated_beside_it() -> None:
    remark = "adds up the prices of the basket, with the tax"
    summed, other = "src/cart.py", "docs/prices.md"
    files = [
        fact("file", f"`{path}` was created", 3, 0.5, "tool")._replace(id=path, subject=f"file:{path}", remark=Remark("reported", text))
        for path, text in ((summed, remark), (other, "the price list — from the baker"))
    ]
    done = fact("done", "The cart adds up the prices of the basket with the tax.", 3, 0.9)
    handoff = compose(fold(Ledger(), [*files, done]), [SessionSummary(1)], 2000, count_tokens)
    lines = [line.text for section in handoff.sections if section.title == SECTION_OF["file"] for line in section.lines]
    assert sorted(lines) == ["`docs/prices.md` was created — the price list — from the baker", "`src/cart.py` was created"]


def test_a_reply_of_common_words_is_worth_its_place() -> None:
    reply = fact("requirement", "Do one by one.", 9, 0.6, "user")._replace(lead="How shall I go on? — the user:")
    handoff = compose(
        fold(Ledger(), [reply, fact("done", "The kiosk page is translated.", 4, 0.9)]), [SessionSummary(1)], 1000, count_tokens
    )
    shown = [line.text for section in handoff.sections for line in section.lines] + [line.text for _, line in handoff.head]
    assert any("Do one by one." in text for text in shown)


def test_reasons_of_an_earlier_session_outlast_its_outcomes() -> None:
    reason = fact("decision", "Receipts are rendered on the server, because the kiosk has no fonts.", 2, 0.4)
    outcome = fact("done", "The receipts page shows the shop's logo at the top now.", 3, 0.45)
    assert value_of(reason, 1) < value_of(outcome, 1)
    assert value_of(reason, 3) > value_of(outcome, 3)


def test_what_introduces_a_list_stands_once() -> None:
    items = [
        fact("done", f"The {name} page is translated.", 4, 0.6)._replace(lead="Pages that changed", position=place)
        for place, name in enumerate(("kiosk", "receipt", "checkout"))
    ]
    handoff = compose(fold(Ledger(), items), [SessionSummary(1)], 1000, count_tokens)
    lines = [line.text for section in handoff.sections for line in section.lines]
    assert [line.startswith("Pages that changed: ") for line in lines] == [True, False, False]


def test_what_one_message_asked_for_is_one_line() -> None:
    requests = [
        fact("requirement", text, turn, 0.6, "user")._replace(
            position=place, state="resolved", session_state="resolved", outcome=Outcome("reported") if turn == 2 else None
        )
        for turn, place, text in ((2, 0, "Add a receipts page."), (2, 1, "Put the logo at its top."), (8, 0, "Print it twice."))
    ]
    handoff = compose(fold(Ledger(), requests), [SessionSummary(1)], 1000, count_tokens)
    lines = [line.text for section in handoff.sections for line in section.lines]
    assert lines == ["Asked: Add a receipts page. Put the logo at its top. (done)", "Asked: Print it twice."]


def test_a_fact_is_said_once_even_in_other_words_around_the_same_names() -> None:
    facts = [
        fact("decision", "The cart keeps its prices in `cart/prices.py` as integers, in cents.", 4, 0.9),
        fact("done", "Cart prices are kept in `cart/prices.py` as integers now.", 8, 0.8),
        fact("done", "Cart prices are kept in `cart/taxes.py` as integers now.", 9, 0.7),
    ]
    handoff = compose(fold(Ledger(), facts), [SessionSummary(1)], 1000, count_tokens)
    text = " ".join(line.text for section in handoff.sections for line in section.lines)
    assert text.count("cart/prices.py") == 1
    assert text.count("cart/taxes.py") == 1


def test_the_page_of_a_very_short_session_repeats_no_report() -> None:
    logo = fact("done", "The receipts page prints the shop's logo at the top of both pages.", 4, 0.6)
    footer = fact("done", "Its footer counts the pages, which the kiosk did not do before.", 4, 0.5)
    rule = fact("rule", "Never print more than two pages.", 2, 0.6, "user")

    def lines(tokens: int) -> list[str]:
        ledger = fold(Ledger(), [logo, footer, rule])
        handoff = compose(ledger, [SessionSummary(1, tokens=tokens)], 1000, count_tokens)
        return [line.text for section in handoff.sections for line in section.lines]

    assert lines(60) == [rule.text]
    assert footer.text in lines(10_000)


def test_a_handoff_lists_the_last_commits_and_the_state_of_the_last_session_only() -> None:
    commits = [
        fact("done", f"Committed `abc{n}d{n}e`: {word}", n, 0.6)._replace(subject=f"commit:abc{n}d{n}e")
        for n, word in enumerate(("ubah warna", "tambah kolom", "perbaiki struk", "hapus spanduk", "pindah menu"), start=1)
    ]
    state = fact("done", "The last commit `abc5d5e` is committed locally and not pushed yet", 6, 0.6)._replace(subject=GIT_STATE)
    handoff = compose(fold(Ledger(), [*commits, state]), [SessionSummary(1), SessionSummary(2)], 1000, count_tokens)
    lines = [line.text for section in handoff.sections for line in section.lines]
    assert lines == [entry.text for entry in commits[-3:]]


def test_of_commands_that_do_the_same_the_weightiest_and_the_failing_one_are_told() -> None:
    results = {
        "npx vitest run": "ran without error",
        "npx vitest run && git push -q": "ran without error",
        "mise run fmt": "ran without error",
        "mise run lint": "ran without error",
        "mise run lint -q src/": "ran without error (twice)",
        "npx vitest run tests/total.test.ts": "failed when it last ran",
    }
    commands = [
        fact("command", f"`{key}` {result}", turn, 0.5, "tool")._replace(
            subject=f"command:{key}", outcome=Outcome("fails", key) if result.startswith("failed") else None
        )
        for turn, (key, result) in enumerate(results.items(), start=2)
    ]
    chosen = [entry.subject.removeprefix("command:") for entry in telling_commands(commands, "Last test run `npx vitest run`: passed.")]
    assert chosen == ["mise run fmt", "mise run lint", "npx vitest run tests/total.test.ts"]


def test_a_greeting_and_a_bare_order_are_no_lines() -> None:
    facts = [
        fact("requirement", text, n, 0.6, "user") for n, text in enumerate(("Hello", "do that", "Bonjour", "Print totals twice."), start=1)
    ]
    handoff = compose(fold(Ledger(), facts), [SessionSummary(1)], 1000, count_tokens)
    assert [line.text for section in handoff.sections for line in section.lines] == ["Print totals twice."]


def test_of_a_rule_and_its_fuller_wording_the_fuller_one_stands() -> None:
    rule = "Jangan ubah folder lama, taruh kode baru di `src`"
    facts = [fact("rule", f"{rule}.", 1, 0.8, "user"), fact("rule", f"{rule}. Seperti modul lain, sebut asalnya.", 4, 0.6, "user")]
    handoff = compose(fold(Ledger(), facts), [SessionSummary(1)], 1000, count_tokens)
    assert [line.text for section in handoff.sections for line in section.lines] == [facts[1].text]


def test_a_goal_of_an_earlier_session_is_told_as_what_was_asked() -> None:
    earlier = fact("goal", "Print the receipts of the shop on two pages.", 2, 0.9, "user")
    now = fact("goal", "Translate the kiosk page for the market.", 3, 0.9, "user")._replace(sources=(Handle(2, 1),))
    handoff = compose(fold(Ledger(), [earlier, now]), [SessionSummary(1), SessionSummary(2)], 1000, count_tokens)
    assert dict(handoff.head)["Goal"].text == now.text
    assert [line.text for section in handoff.sections for line in section.lines] == [f"Asked: {earlier.text}"]
