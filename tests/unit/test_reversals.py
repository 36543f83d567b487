"""A person who turns to something else: what they turned away from is not current, whatever the language and the session."""

from __future__ import annotations

import pytest

from onward.core.extract.extraction import extract
from onward.core.extract.reversals import retired_values
from onward.core.facts.fact import Fact
from onward.core.facts.ledger import Ledger, fold
from onward.core.handoff.composer import compose
from onward.core.handoff.document import render
from onward.core.handoff.session_summary import SessionSummary
from onward.core.transcript.transcript import SessionHead, Turn
from onward.tokens import count_tokens


def sessions(*texts: tuple[str, str]) -> Ledger:
    """Return the ledger over sessions of one exchange each: what the person and the agent say."""
    facts: list[Fact] = []
    for number, (request, report) in enumerate(texts, start=1):
        turns = ((1, Turn("user", request)), (2, Turn("assistant", report)))
        facts += extract(number, SessionHead("claude-code"), turns)
    return fold(Ledger(), facts)


def current(ledger: Ledger) -> str:
    return "\n".join(fact.text for fact in ledger.facts if fact.state in ("live", "contradicted"))


def test_of_a_change_and_its_return_only_the_last_is_current() -> None:
    ledger = sessions(
        ("Put the bookings into MySQL.", "Decided: MySQL, because the accounting team reads it."),
        ("Move from MySQL to MongoDB, the bookings have no fixed columns.", "Moved from MySQL to MongoDB."),
        ("We return to MySQL, the columns are fixed now. Drop MongoDB.", "Back on MySQL; MongoDB is gone."),
    )
    page = render(compose(ledger, [SessionSummary(n) for n in (1, 2, 3)], 2_000, count_tokens))
    assert "We return to MySQL" in page
    assert "Put the bookings" not in page
    assert "no fixed columns" not in page
    assert "Moved from" not in page


@pytest.mark.parametrize(
    ("rule", "change", "old"),
    [
        ("Always use npm in this project.", "Use pnpm instead of npm from now on.", "npm"),
        ("Always use Tailwind for styles.", "No Tailwind, please.", "tailwind"),
        ("Benutze immer yarn in diesem Projekt.", "Nimm pnpm statt yarn.", "yarn"),
        ("Utilise toujours yarn.", "Utilise pnpm au lieu de yarn.", "yarn"),
        ("Usa siempre yarn.", "Usa pnpm en vez de yarn.", "yarn"),
        ("Use sempre yarn.", "Use pnpm em vez de yarn.", "yarn"),
        ("Selalu pakai yarn.", "Pakai pnpm daripada yarn.", "yarn"),
        ("Всегда используй yarn.", "Используй pnpm вместо yarn.", "yarn"),
        ("Luôn dùng yarn.", "Dùng pnpm thay vì yarn.", "yarn"),
        ("以后都用 yarn。", "不要用 yarn，改用 pnpm。", "yarn"),
        ("今後は常に yarn を使って。", "yarn の代わりに pnpm を使って。", "yarn"),
        ("앞으로 항상 yarn을 사용해.", "yarn 대신 pnpm을 써줘.", "yarn"),
        ("Her zaman yarn kullan.", "yarn yerine pnpm kullan.", "yarn"),
        ("استخدم yarn دائما.", "استخدم pnpm بدلا من yarn.", "yarn"),
    ],
)
def test_a_rule_ends_when_the_person_names_its_successor(rule: str, change: str, old: str) -> None:
    assert [value.lower() for value in retired_values(change, by_user=True)] == [old]
    assert rule not in current(sessions((rule, "Noted."), (change, "Noted.")))


def test_what_a_longer_name_begins_with_is_another_thing() -> None:
    ledger = sessions(("The second shop stays on Harbour Street, always.", "Noted."), ("Use Dock instead of Harbour.", "Noted."))
    assert "Harbour Street" in current(ledger)


def test_a_new_number_for_the_same_thing_replaces_the_old_one() -> None:
    ledger = sessions(
        ("Never send more than 30 mails per hour to customers.", "Noted."),
        ("Never send more than 80 mails per hour to customers.", "Noted."),
        ("Never send more than 30 mails per hour to suppliers.", "Noted."),
    )
    assert current(ledger).count("mails") == 2
    assert "30 mails per hour to customers" not in current(ledger)


def test_an_agent_dismisses_nothing_in_passing() -> None:
    assert retired_values("I will drop the cache, no Tailwind.") == ()


def open_items(ledger: Ledger) -> dict[str, str]:
    return {fact.text: fact.state for fact in ledger.facts if fact.kind in ("next_step", "question")}


PLANNED = "The export works.\n\nNext steps:\n- Add pagination to the customer list."


@pytest.mark.parametrize(
    ("request_text", "report", "state"),
    [
        ("Go on.", "Added pagination to the customer list; 50 rows a page.", "resolved"),
        ("Please add the pagination to the customer list.", "It is in.", "resolved"),
        ("Go on.", "The customer list got pagination controls at last.", "resolved"),
        ("Go on.", "Fixed the customer pagination bug in the footer.", "contradicted"),
        ("Rename the logo file.", "The logo file is renamed.", "live"),
    ],
)
def test_what_a_later_session_did_is_not_open(request_text: str, report: str, state: str) -> None:
    ledger = sessions(("Build the export.", PLANNED), (request_text, report))
    assert open_items(ledger)["Add pagination to the customer list."] == state


def test_an_item_that_is_perhaps_done_cites_what_suggests_it() -> None:
    ledger = sessions(("Build the export.", PLANNED), ("Go on.", "Fixed the customer pagination bug in the footer."))
    page = render(compose(ledger, [SessionSummary(1), SessionSummary(2)], 2_000, count_tokens))
    assert "- Add pagination to the customer list. (perhaps done since) [s1.2, s2.2]" in page


def test_a_summary_does_not_revive_what_the_person_denied() -> None:
    turns = (
        Turn("user", "Speed up the price import of the bakery."),
        Turn("assistant", "The price import caches every supplier file in Redis now."),
        Turn("user", "No, that is wrong, the price import caches nothing and there is no Redis supplier file."),
        Turn("assistant", "You are right, I removed that remark from the notes."),
        Turn("user", "Then write the parser for the flour prices."),
        Turn("assistant", "The parser for the flour prices reads 300 rows in a second."),
        Turn(
            "user",
            "Summary of the work so far. The price import caches supplier files in Redis. The flour parser reads 300 rows.",
            mark="summary",
        ),
        Turn("assistant", "I go on with the flour parser; its tests pass."),
    )
    texts = [fact.text for fact in extract(1, SessionHead("claude-code"), enumerate(turns, start=1))]
    assert any("flour" in text for text in texts)
    assert not any("caches supplier files" in text for text in texts)


def test_things_that_are_numbered_do_not_replace_each_other() -> None:
    rules = [f"Never touch the generated client of part {number}, whatever anybody says about it." for number in range(1, 5)]
    assert current(sessions(*((rule, "Noted.") for rule in rules))).count("Never touch") == 4
