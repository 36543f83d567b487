"""References of many sessions are the same in any order of folding, and stay bounded."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onward.core.facts.fact import Handle
from onward.core.preservation.collector import collect_references
from onward.core.preservation.groups import GROUPS
from onward.core.preservation.measure import measure
from onward.core.preservation.reference import MAX_STORED, Reference, fold_references
from onward.core.transcript.transcript import Role, Turn

REFERENCES = st.lists(
    st.builds(
        Reference,
        handle=st.builds(Handle, st.integers(1, 40), st.integers(1, 9)),
        group=st.sampled_from(GROUPS),
        subject=st.text("ab", min_size=1, max_size=7),
        text=st.sampled_from(["the port is 80", "use PostgreSQL", "tests fail"]),
        needles=st.sampled_from([("80",), ("postgresql",), ("a", "b"), ("",)]),
        keys=st.sampled_from([(), ("port",), ("postgr", "tests")]),
        weight=st.sampled_from([0.2, 0.5, 1.0]),
        retired=st.booleans(),
    ),
    max_size=60,
)


@pytest.mark.slow
@given(REFERENCES, REFERENCES, REFERENCES)
def test_order_does_not_matter(a: list[Reference], b: list[Reference], c: list[Reference]) -> None:
    assert fold_references(a, b) == fold_references(b, a)
    assert fold_references(fold_references(a, b), c) == fold_references(a, fold_references(b, c))


@given(REFERENCES)
def test_folding_again_changes_nothing(a: list[Reference]) -> None:
    once = fold_references((), a)
    assert fold_references(once, a) == fold_references(once, once) == once
    assert once == sorted(once, key=lambda reference: reference.handle)


@pytest.mark.slow
@given(st.lists(REFERENCES, max_size=12))
def test_bounded_over_any_number_of_sessions(sessions: list[list[Reference]]) -> None:
    references: list[Reference] = []
    for session in sessions:
        references = fold_references(references, session)
    for group in GROUPS:
        assert sum(reference.group == group for reference in references) <= MAX_STORED[group]


def test_the_bound_does_not_depend_on_order() -> None:
    many = [Reference(handle=Handle(i, 1), group="outcomes", subject=f"o{i}", text=f"outcome {i}") for i in range(1, 200)]
    forward: list[Reference] = []
    backward: list[Reference] = []
    for reference in many:
        forward = fold_references(forward, [reference])
    for reference in reversed(many):
        backward = fold_references(backward, [reference])
    assert forward == backward
    assert [reference.handle.session for reference in forward] == list(range(200 - MAX_STORED["outcomes"], 200))


@given(REFERENCES)
def test_references_survive_storage(a: list[Reference]) -> None:
    assert [Reference.from_json(json.loads(json.dumps(reference.to_json()))) for reference in a] == a


TALK = st.lists(
    st.sampled_from(
        ["// never", "`", "//", "`/`", "use A instead of B", "ganti X jadi", "v1.2", "#", "\n- ", "## Next\n", "_", "!?", "\x00", "é"]
    ),
    max_size=30,
)


@given(st.lists(st.tuples(st.sampled_from(["user", "assistant"]), TALK.map(" ".join)), max_size=6))
def test_any_talk_can_be_read_and_measured(talk: list[tuple[Role, str]]) -> None:
    turns = [Turn(role, text) for role, text in talk]
    references = collect_references(1, list(enumerate(turns, 1)))
    result = measure("\n".join(turn.text for turn in turns), references, document_tokens=1, session_tokens=1, sessions=1)
    assert {loss.text for loss in result.lost} <= {
        reference.subject if reference.group == "values" else reference.text for reference in references
    }


@given(REFERENCES, st.text(max_size=300))
def test_any_document_can_be_measured(a: list[Reference], document: str) -> None:
    result = measure(document, fold_references((), a), document_tokens=1, session_tokens=1, sessions=1)
    assert sum(g.total - g.kept_count for g in result.groups) == len(result.lost)
    assert all(0 <= g.kept_count <= g.total for g in result.groups)
