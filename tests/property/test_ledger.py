"""The ledger depends only on the set of facts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onward.core.facts import ledger as module
from onward.core.facts.fact import FACT_KINDS, Fact, Handle, fact_id
from onward.core.facts.ledger import Ledger, fold

WORDS = ["port", "8080", "9090", "sqlite", "postgres", "cart", "login", "cache"]


@st.composite
def facts(draw: st.DrawFn) -> Fact:
    kind = draw(st.sampled_from(FACT_KINDS))
    subject = draw(st.sampled_from(["", "", "file:a.py", "todo:write docs", "env:PORT"]))
    text = " ".join(draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=5)))
    source = Handle(draw(st.integers(1, 5)), draw(st.integers(1, 30)))
    at = draw(st.sampled_from([None, datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=source.session)]))
    retires = draw(st.sampled_from([(), (), ("sqlite",), ("8080",)]))
    weight = draw(st.floats(0.01, 1.0))
    return Fact(
        id=fact_id(kind, subject, text, source),
        kind=kind,
        subject=subject,
        statement=text,
        sources=(source,),
        at=at,
        weight=weight,
        retires=retires,
    )


@pytest.mark.slow
@given(st.lists(facts(), max_size=40, unique_by=lambda f: f.id), st.randoms(use_true_random=False), st.integers(1, 6))
@settings(max_examples=200)
def test_any_order_in_any_portions_gives_the_same_ledger(given_facts: list[Fact], rng, portions: int) -> None:
    whole = fold(Ledger(), given_facts)
    shuffled = list(given_facts)
    rng.shuffle(shuffled)
    piecemeal = Ledger()
    for i in range(portions):
        piecemeal = fold(piecemeal, shuffled[i::portions])
    assert piecemeal == whole
    assert fold(whole, shuffled) == whole


@pytest.mark.slow
@given(st.lists(facts(), min_size=20, max_size=60, unique_by=lambda f: f.id), st.randoms(use_true_random=False))
@settings(max_examples=100)
def test_a_pool_that_overflows_still_does_not_depend_on_order(given_facts: list[Fact], rng) -> None:
    pools = module.MAX_PASSING_FACTS, module.MAX_STANDING_FACTS
    module.MAX_PASSING_FACTS, module.MAX_STANDING_FACTS = 12, 4
    try:
        whole = fold(Ledger(), given_facts)
        shuffled = list(given_facts)
        rng.shuffle(shuffled)
        piecemeal = Ledger()
        for fact in shuffled:
            piecemeal = fold(piecemeal, [fact])
        assert len(whole.facts) <= 16
        assert piecemeal == whole
    finally:
        module.MAX_PASSING_FACTS, module.MAX_STANDING_FACTS = pools
