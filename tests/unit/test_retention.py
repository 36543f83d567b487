"""Retention: what later handoffs still show of valid facts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from onward.core.analytics.intervals import wilson_interval
from onward.core.handoff.retention import MAX_LATER, MAX_SESSIONS, HandoffFacts, measure_retention

IDS = st.frozensets(st.sampled_from("abcdefgh"))


def shown_facts(established: str, facts: str) -> HandoffFacts:
    return HandoffFacts(frozenset(established), frozenset(facts))


def test_retention_is_the_mean_over_sessions_with_enough_successors() -> None:
    report = measure_retention([shown_facts("ab", "ab"), shown_facts("cd", "acd"), shown_facts("", "acd")], "abcd")
    assert [(point.later, point.kept_ratio, point.sessions, point.facts) for point in report.points] == [
        (0, 1.0, 2, 4),
        (1, 0.75, 2, 4),
        (2, 0.5, 1, 2),
    ]


def test_retired_facts_are_left_out() -> None:
    report = measure_retention([shown_facts("ab", "ab"), shown_facts("", "a")], "a")
    assert [(point.later, point.kept_ratio, point.facts) for point in report.points] == [(0, 1.0, 1), (1, 1.0, 1)]
    assert measure_retention([shown_facts("ab", "ab")], "").points == []
    assert measure_retention([], "a").points == []


def test_only_the_newest_sessions_are_looked_at() -> None:
    report = measure_retention([shown_facts("a", "a")] * (MAX_SESSIONS + 5), "a")
    assert (report.sessions, report.points[0].sessions, report.points[-1].later) == (MAX_SESSIONS, MAX_SESSIONS, MAX_LATER)


@given(st.lists(st.tuples(IDS, IDS), max_size=30), IDS)
def test_shares_are_shares_and_a_handoff_shows_all_of_its_own(
    documents: list[tuple[frozenset[str], frozenset[str]]], live: frozenset[str]
) -> None:
    report = measure_retention([HandoffFacts(established, established | more) for established, more in documents], live)
    assert all(0 <= point.low_ratio <= point.kept_ratio <= point.high_ratio <= 1 for point in report.points)
    assert all(point.kept_ratio == 1 for point in report.points if point.later == 0)
    assert sum(point.sessions for point in report.points if point.later == 0) == sum(
        bool(established & live) for established, _ in documents
    )


def test_an_interval_is_as_wide_as_the_sessions_differ_and_never_narrower_than_their_facts_allow() -> None:
    alike = measure_retention([shown_facts("abcd", "abcd")] * 3, "abcd").points[0]
    assert (alike.low_ratio, alike.high_ratio) == wilson_interval(12, 12)
    apart = measure_retention(
        [shown_facts("ab", "ab"), shown_facts("cd", "cd"), shown_facts("", "ab"), shown_facts("", "")], "abcd"
    ).points[2]
    assert (apart.kept_ratio, apart.low_ratio, apart.high_ratio) == (0.5, 0.0, 1.0)
