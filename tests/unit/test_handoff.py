"""The document: rendered, parsed back, never over its budget."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onward.core.facts.fact import Handle
from onward.core.facts.headings import SECTIONS
from onward.core.handoff.document import CitedLine, Handoff, HandoffSection, from_json, parse, render, to_json
from onward.core.handoff.prompt import render_prompt

words = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Zl", "Zp", "Zs")), min_size=1, max_size=8)
prose = st.lists(words, min_size=1, max_size=8).map(" ".join).filter(lambda s: not s.endswith("]"))
handles = st.lists(st.builds(Handle, st.integers(1, 99), st.integers(0, 999)), max_size=3).map(tuple)
lines = st.builds(CitedLine, prose, handles)
sections = st.lists(
    st.builds(HandoffSection, st.sampled_from(SECTIONS), st.lists(lines, min_size=1, max_size=4).map(tuple)), max_size=4
).map(tuple)
head = st.lists(st.tuples(st.sampled_from(["Goal", "State", "Do first"]), lines), max_size=3).map(tuple)
closing = st.lists(prose.filter(lambda s: s != "---"), max_size=2).map(tuple)
handoffs = st.builds(Handoff, st.integers(0, 2000), st.sampled_from(["", "2026-03-02, Codex"]), head, sections, closing)


@given(handoffs)
def test_a_handoff_parses_back_from_its_own_markdown(handoff: Handoff) -> None:
    assert parse(render(handoff)) == handoff


@given(handoffs)
def test_a_handoff_comes_back_from_its_json(handoff: Handoff) -> None:
    assert from_json(to_json(handoff)) == handoff


def test_text_that_is_no_handoff_is_refused_with_the_place() -> None:
    with pytest.raises(ValueError, match="the first line is '# Something else'"):
        parse("# Something else\n")
    with pytest.raises(ValueError, match="line 3 is 'stray words'"):
        parse("# Handoff after session 1\n\nstray words\n")


def test_the_prompt_names_the_next_goal_and_holds_the_whole_document() -> None:
    handoff = Handoff(2, sections=(HandoffSection(SECTIONS[0], (CitedLine("Never push to main", (Handle(1, 3),)),)),))
    prompt = render_prompt(handoff, next_goal="continue with payments")
    assert "continue with payments" in prompt
    assert render(handoff) in prompt


def test_the_prompt_names_first_what_bears_on_the_goal_and_tells_the_agent_how_to_work() -> None:
    texts = ["Never push to main", "Payments go through Midtrans", "The receipt is printed at 80 mm", "Payments are retried twice"]
    handoff = Handoff(
        2, sections=(HandoffSection(SECTIONS[0], tuple(CitedLine(text, (Handle(1, place),)) for place, text in enumerate(texts))),)
    )
    prompt = render_prompt(handoff, next_goal="continue with\npayments", agent="codex")
    before, _, _ = prompt.partition("# Handoff after session")
    assert "Your task now: continue with payments" in before
    assert [text for text in texts if text in before] == [texts[1], texts[3]]
    assert "You work on it as Codex: you run commands yourself" in before
    assert "you run nothing yourself" in render_prompt(handoff, agent="chatgpt")
    assert render(handoff) in prompt


def test_handles_are_dropped_on_request() -> None:
    handoff = Handoff(1, head=(("Goal", CitedLine("Ship it", (Handle(1, 1),))),))
    assert "[s1.1]" in render(handoff)
    assert "[s1.1]" not in render(handoff, sources=False)
