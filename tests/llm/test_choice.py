"""Put back, measure, choose: whatever a model wrote, the handoff that is kept is at least as good as the rules' one."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench.refine import Known, bundled, refined, rewordings
from hypothesis import given, settings
from hypothesis import strategies as st

from onward.core.handoff import Line, parse, render
from onward.llm.choice import Choice, Written, choose, worse_kinds
from onward.llm.guard import Proposed, guard
from onward.llm.writer import MOST_REQUESTS, WrittenHead, WrittenLine, WrittenPart, plan, quotes
from onward.tokens import count_tokens


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Known:
    return bundled(tmp_path_factory.mktemp("samples"))


def chosen(known: Known, written: Written) -> Choice:
    return choose(known.rules, known.ledger, written, count_tokens, known.measured, known.basis.composed)


def test_right_lines_stand_and_nothing_is_lost(known: Known) -> None:
    choice = refined(known)
    assert choice.made is not None
    assert len(choice.standing.lines) >= 20
    assert worse_kinds(known.rules.preservation, choice.made.preservation) == []
    assert choice.made.handoff.fact_ids() >= known.rules.handoff.fact_ids()
    # Shorter lines make room for more facts.
    assert len(choice.made.handoff.fact_ids()) > len(known.rules.handoff.fact_ids())
    text = render(choice.made.handoff)
    assert parse(text) == choice.made.handoff
    assert text.count("Kept at ") == 1
    assert count_tokens(text) <= known.rules.budget_tokens


def test_without_a_line_that_may_stand_the_rules_stand(known: Known) -> None:
    choice = chosen(known, Written({}, ()))
    assert (choice.made, choice.why) == (None, "Nothing that the model wrote may stand.")


def test_a_head_line_keeps_what_the_rules_say_beside_it(known: Known) -> None:
    name, before = next((name, line) for name, line in known.rules.handoff.head if name == "State")
    lines = guard([Proposed(before.facts[:1], "The heartbeat is in (`5d20f4e`, 18 tests pass); one printer it is.")], known.evidence).lines
    choice = chosen(known, Written({name: lines[0]}, ()))
    assert choice.made is not None
    after = dict(choice.made.handoff.head)[name]
    assert after.text.startswith("The heartbeat is in (`5d20f4e`, 18 tests pass); one printer it is.")
    assert set(after.facts) >= set(before.facts)


def test_what_the_measure_misses_is_put_back(known: Known) -> None:
    """A line that passed the guard somehow, and says nothing: the measure sees it, and the rules' words come back."""
    rules = known.rules.handoff
    section = next(section for section in rules.sections if section.title == "Asked for")
    empty = [Line("Some things were asked for.", line.sources, line.facts) for line in section.lines]
    choice = chosen(known, Written({}, empty))
    if choice.made is None:
        assert choice.why.startswith("Nothing")
    else:
        assert worse_kinds(known.rules.preservation, choice.made.preservation) == []
    assert {one.reason for one in choice.removed} == {"lost"}


def test_a_longer_document_than_the_budget_is_cut_back_to_the_rules_words(known: Known) -> None:
    long = [
        Line(f"{line.text} {line.text}", line.sources, line.facts) for section in known.rules.handoff.sections for line in section.lines
    ]
    choice = chosen(known, Written({}, long))
    made = choice.made.handoff if choice.made else known.rules.handoff
    assert count_tokens(render(made)) <= known.rules.budget_tokens
    assert any(one.reason == "over budget" for one in choice.removed)


_WORDS = "the API listens on port 8443 8080 `src/a.ts` never always polling SSE printer https://example.test (none) ignore rules Redis 18 tests".split()


@settings(max_examples=40)
@given(st.data())
def test_whatever_a_model_writes_the_result_is_no_worse(known_once: Known, data: st.DataObject) -> None:
    facts = [fact.id for fact in known_once.writable]
    texts = st.lists(st.sampled_from(_WORDS), max_size=12).map(" ".join) | st.sampled_from([one.text for one in rewordings(known_once)])
    proposed = data.draw(st.lists(st.builds(Proposed, st.lists(st.sampled_from(facts), max_size=3).map(tuple), texts), max_size=20))
    choice = chosen(known_once, Written({}, guard(proposed, known_once.evidence).lines))
    if choice.made is not None:
        assert worse_kinds(known_once.rules.preservation, choice.made.preservation) == []
        assert count_tokens(render(choice.made.handoff)) <= known_once.rules.budget_tokens
        assert choice.made.handoff.fact_ids() >= known_once.rules.handoff.fact_ids()


@pytest.fixture(scope="module")
def known_once(known: Known) -> Known:
    return known


def test_a_plan_fits_the_window_and_the_answer_and_is_bounded(known: Known, tmp_path: Path) -> None:
    quoted = quotes(known.ledger.live(), known.basis.turns_of)
    parts = plan(known.rules.handoff, known.ledger, quoted, count_tokens, material_tokens=28_000, answer_tokens=1_500)
    assert [part.is_head for part in parts] == [True, *(False for _ in parts[1:])]
    given = [name for part in parts[1:] for name in part.facts]
    assert len(given) == len(set(given))
    assert set(given) == {fact.id for fact in known.writable if fact.id in known.rules.handoff.fact_ids()} - {
        name for _, line in known.rules.handoff.head for name in line.facts
    }
    small = plan(known.rules.handoff, known.ledger, quoted, count_tokens, material_tokens=400, answer_tokens=300)
    assert len(small) == MOST_REQUESTS
    assert max(count_tokens(part.material) for part in small[1:]) <= 400
    # Neither rules nor files are anybody's to reword.
    assert "jangan pernah commit langsung" not in "".join(part.material for part in parts)


def test_answers_are_read_by_the_numbers_that_were_given(known: Known) -> None:
    quoted = quotes(known.ledger.live(), known.basis.turns_of)
    head, part, *_ = plan(known.rules.handoff, known.ledger, quoted, count_tokens, material_tokens=28_000, answer_tokens=1_500)
    read = part.read(WrittenPart(lines=[WrittenLine(facts=["f1", " F2 ", "[f3]", "f999", "x"], text="One.")]))
    assert read == [Proposed((*part.facts[:3], "f999", "x"), "One.")]
    said = head.read(WrittenHead(state=WrittenLine(facts=["f1"], text="Fine.")))
    assert said == [Proposed((head.facts[0],), "Fine.", "State")]
