"""The remarks and messages of facts: their words, and their form in the store."""

from __future__ import annotations

import pytest

from onward.core.extract.extraction import extract
from onward.core.facts.fact import Fact, Handle, Remark, from_json, to_json
from onward.core.facts.ledger import Edit, Ledger, apply_edits
from onward.core.transcript.transcript import SessionHead, ToolCall, ToolResult, Turn
from onward.web.language import current_language
from onward.web.render import environment

TASK = Fact(id="a", kind="next_step", subject="todo:print", statement="Print tickets", sources=(Handle(1, 2),))


@pytest.mark.parametrize(
    ("remark", "text"),
    [
        (Remark("not_begun"), "Print tickets (not begun)"),
        (Remark("in_progress"), "Print tickets (in progress)"),
        (Remark("reported", "the parser"), "Print tickets — the parser"),
        (Remark("tests_failed", "make test"), "Print tickets (the log says otherwise: `make test` failed when it last ran)"),
        (Remark("not_committed"), "Print tickets (the log says otherwise: no commit was made in this session)"),
        (None, "Print tickets"),
    ],
)
def test_a_remark_follows_its_statement(remark: Remark | None, text: str) -> None:
    fact = TASK._replace(remark=remark)
    assert fact.text == text
    assert from_json(to_json(fact)) == fact


def test_a_fact_of_an_earlier_version_has_its_whole_text() -> None:
    stored = {**to_json(TASK), "text": "Print tickets (not begun)", "remark": " (not begun)"}
    del stored["statement"]
    assert (from_json(stored).text, from_json(stored).remark) == ("Print tickets (not begun)", None)


def edit_of(path: str, call_id: str) -> list[Turn]:
    call = ToolCall(call_id, "Edit", {"file_path": path, "old_string": "a", "new_string": "b"})
    return [Turn("assistant", calls=(call,)), Turn("tool", results=(ToolResult(call_id, "ok"),))]


def test_what_onward_words_is_stored_as_a_template_and_shown_in_the_readers_language() -> None:
    turns = [Turn("user", "Print the total on every ticket."), *(turn for n in range(3) for turn in edit_of("src/ticket.py", f"c{n}"))]
    facts = {fact.kind: fact for fact in extract(1, SessionHead(agent="claude-code"), enumerate(turns, start=1))}
    file = from_json(to_json(facts["file"]))
    assert file == facts["file"]
    assert file.statement == "`src/ticket.py` was edited 3 times"
    token = current_language.set("id")
    template = environment().from_string('{% import "components/ledger.html" as ledger %}{{ ledger.fact_text(fact) }}')
    assert template.render(fact=file) == "<code>src/ticket.py</code> disunting 3 kali"
    assert template.render(fact=TASK._replace(remark=Remark("not_begun"))) == "Print tickets (belum dimulai)"
    current_language.reset(token)
    reworded = apply_edits(Ledger((file,)), [Edit(file.id, "reword", "`src/ticket.py` prints tickets")]).facts[0]
    assert (reworded.text, reworded.message) == ("`src/ticket.py` prints tickets", None)
