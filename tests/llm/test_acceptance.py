"""Restore, measure, choose: whatever a model wrote, the accepted handoff is at least as good as the handoff by rules."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench.refine import KnownProject, bundled, refine_known, rewordings
from hypothesis import given, settings
from hypothesis import strategies as st

from onward.core.handoff.document import CitedLine, parse, render
from onward.llm.acceptance import AcceptedLines, HandoffChoice, choose_handoff, find_regressions
from onward.llm.guard import ProposedLine, guard
from onward.llm.writer import MAX_REQUESTS, WrittenHead, WrittenLine, WrittenPart, collect_quotes, plan_requests
from onward.tokens import count_tokens


@pytest.fixture(scope="module")
def known_project(tmp_path_factory: pytest.TempPathFactory) -> KnownProject:
    return bundled(tmp_path_factory.mktemp("samples"))


def choose_lines(known: KnownProject, written: AcceptedLines) -> HandoffChoice:
    return choose_handoff(known.rules, known.ledger, written, count_tokens, known.measured, known.basis.compose_handoff)


def test_correct_lines_are_accepted_and_nothing_is_lost(known_project: KnownProject) -> None:
    choice = refine_known(known_project)
    assert choice.handoff is not None
    assert len(choice.accepted.lines) >= 20
    assert find_regressions(known_project.rules.preservation, choice.handoff.preservation) == []
    assert choice.handoff.handoff.fact_ids() >= known_project.rules.handoff.fact_ids()
    # Shorter lines leave room for more facts.
    assert len(choice.handoff.handoff.fact_ids()) > len(known_project.rules.handoff.fact_ids())
    text = render(choice.handoff.handoff)
    assert parse(text) == choice.handoff.handoff
    assert text.count("Kept at ") == 1
    assert count_tokens(text) <= known_project.rules.budget_tokens


def test_without_an_accepted_line_the_rules_stay(known_project: KnownProject) -> None:
    choice = choose_lines(known_project, AcceptedLines({}, ()))
    assert (choice.handoff, choice.why) == (None, "No line of the model was accepted.")


def test_a_head_line_keeps_what_the_rules_say_beside_it(known_project: KnownProject) -> None:
    name, before = next((name, line) for name, line in known_project.rules.handoff.head if name == "State")
    lines = guard(
        [ProposedLine(before.facts[:1], "The heartbeat is in (`5d20f4e`, 18 tests pass); one printer it is.")], known_project.evidence
    ).lines
    choice = choose_lines(known_project, AcceptedLines({name: lines[0]}, ()))
    assert choice.handoff is not None
    after = dict(choice.handoff.handoff.head)[name]
    assert after.text.startswith("The heartbeat is in (`5d20f4e`, 18 tests pass); one printer it is.")
    assert set(after.facts) >= set(before.facts)


def test_lost_content_is_restored(known_project: KnownProject) -> None:
    """An empty line passes the guard: the measure notices, and the words of the rules are restored."""
    rules = known_project.rules.handoff
    section = next(section for section in rules.sections if section.title == "What happened, and why")
    empty = [CitedLine("Some things were asked for.", line.sources, line.facts) for line in section.lines]
    choice = choose_lines(known_project, AcceptedLines({}, empty))
    if choice.handoff is None:
        assert choice.why.startswith("Nothing")
    else:
        assert find_regressions(known_project.rules.preservation, choice.handoff.preservation) == []
    assert {removal.reason for removal in choice.removed} == {"lost"}


def test_a_longer_document_than_the_budget_is_cut_back_to_the_rules_words(known_project: KnownProject) -> None:
    long = [
        CitedLine(f"{line.text} {line.text}", line.sources, line.facts)
        for section in known_project.rules.handoff.sections
        for line in section.lines
    ]
    choice = choose_lines(known_project, AcceptedLines({}, long))
    handoff = choice.handoff.handoff if choice.handoff else known_project.rules.handoff
    assert count_tokens(render(handoff)) <= known_project.rules.budget_tokens
    assert any(removal.reason == "over budget" for removal in choice.removed)


_WORDS = (
    "the API listens on port 8443 8080 `src/a.ts` never always polling SSE printer https://example.test (none) ignore rules Redis 18 tests"
).split()


@settings(max_examples=40)
@given(st.data())
def test_whatever_a_model_writes_the_result_is_no_worse(known_project_once: KnownProject, data: st.DataObject) -> None:
    facts = [fact.id for fact in known_project_once.writable]
    texts = st.lists(st.sampled_from(_WORDS), max_size=12).map(" ".join) | st.sampled_from(
        [rewording.text for rewording in rewordings(known_project_once)]
    )
    proposed = data.draw(st.lists(st.builds(ProposedLine, st.lists(st.sampled_from(facts), max_size=3).map(tuple), texts), max_size=20))
    choice = choose_lines(known_project_once, AcceptedLines({}, guard(proposed, known_project_once.evidence).lines))
    if choice.handoff is not None:
        assert find_regressions(known_project_once.rules.preservation, choice.handoff.preservation) == []
        assert count_tokens(render(choice.handoff.handoff)) <= known_project_once.rules.budget_tokens
        assert choice.handoff.handoff.fact_ids() >= known_project_once.rules.handoff.fact_ids()


@pytest.fixture(scope="module")
def known_project_once(known_project: KnownProject) -> KnownProject:
    return known_project


def test_a_plan_fits_the_window_and_the_answer_and_is_bounded(known_project: KnownProject, tmp_path: Path) -> None:
    quoted = collect_quotes(known_project.ledger.live(), known_project.basis.find_turns)
    parts = plan_requests(
        known_project.rules.handoff, known_project.ledger, quoted, count_tokens, material_tokens=28_000, answer_tokens=1_500
    )
    assert [part.is_head for part in parts] == [True, *(False for _ in parts[1:])]
    given = [name for part in parts[1:] for name in part.facts]
    assert len(given) == len(set(given))
    assert set(given) == {fact.id for fact in known_project.writable if fact.id in known_project.rules.handoff.fact_ids()} - {
        name for _, line in known_project.rules.handoff.head for name in line.facts
    }
    small = plan_requests(known_project.rules.handoff, known_project.ledger, quoted, count_tokens, material_tokens=400, answer_tokens=300)
    assert len(small) == MAX_REQUESTS
    assert max(count_tokens(part.material) for part in small[1:]) <= 400
    # Rules and files may not be reworded.
    assert "jangan pernah commit langsung" not in "".join(part.material for part in parts)


def test_answers_are_read_by_the_numbers_that_were_given(known_project: KnownProject) -> None:
    quoted = collect_quotes(known_project.ledger.live(), known_project.basis.find_turns)
    head, part, *_ = plan_requests(
        known_project.rules.handoff, known_project.ledger, quoted, count_tokens, material_tokens=28_000, answer_tokens=1_500
    )
    read = part.read_answer(WrittenPart(lines=[WrittenLine(facts=["f1", " F2 ", "[f3]", "f999", "x"], text="One.")]))
    assert read == [ProposedLine((*part.facts[:3], "f999", "x"), "One.")]
    head_lines = head.read_answer(WrittenHead(state=WrittenLine(facts=["f1"], text="Fine.")))
    assert head_lines == [ProposedLine((head.facts[0],), "Fine.", "State")]
