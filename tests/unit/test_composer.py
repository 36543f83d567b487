"""Grouping of facts in the document, and their cost."""

from __future__ import annotations

from onward.core.facts.fact import Fact, FactAuthor, FactKind, Handle, fact_id
from onward.core.facts.ledger import Ledger, fold
from onward.core.handoff.composer import SessionSummary, compose
from onward.tokens import count_tokens


def fact(kind: FactKind, text: str, turn: int, weight: float, author: FactAuthor = "agent") -> Fact:
    source = Handle(1, turn)
    return Fact(
        id=fact_id(kind, "", text, source), kind=kind, subject="", text=text, sources=(source,), at=None, weight=weight, author=author
    )


def test_facts_of_one_turn_share_one_line() -> None:
    facts = (
        fact("error", "The queue froze because two counters shared one lock.", 8, 0.9),
        fact("decision", "Each counter has a lock of its own now.", 8, 0.8),
        fact("lesson", "SQLite serialises writers anyway.", 8, 0.7),
        fact("next_step", "The kiosk page is still to be translated.", 8, 0.6),
    )
    handoff = compose(fold(Ledger(), facts), [SessionSummary(1)], 1000, count_tokens)
    lines = {section.title: [line.text for line in section.lines] for section in handoff.sections}
    (together,) = lines["Errors and fixes"]
    assert all(told_fact.text in together for told_fact in facts[:3])
    assert {"Decided, and why", "Learned"}.isdisjoint(lines)


def test_a_reply_of_common_words_is_worth_its_place() -> None:
    reply = fact("requirement", "Do one by one.", 9, 0.6, "user")._replace(lead="How shall I go on? — the user:")
    handoff = compose(
        fold(Ledger(), [reply, fact("done", "The kiosk page is translated.", 4, 0.9)]), [SessionSummary(1)], 1000, count_tokens
    )
    shown = [line.text for section in handoff.sections for line in section.lines] + [line.text for _, line in handoff.head]
    assert any("Do one by one." in text for text in shown)
