"""Retention: what later handoffs still show of what held."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from onward.core.intervals import wilson
from onward.core.retention import MOST_LATER, MOST_SESSIONS, Shown, retention

IDS = st.frozensets(st.sampled_from("abcdefgh"))


def shown(own: str, facts: str) -> Shown:
    return Shown(frozenset(own), frozenset(facts))


def test_a_share_is_the_mean_of_those_that_have_so_many_after_them() -> None:
    found = retention([shown("ab", "ab"), shown("cd", "acd"), shown("", "acd")], "abcd")
    assert [(one.later, one.kept_ratio, one.sessions, one.facts) for one in found.points] == [
        (0, 1.0, 2, 4),
        (1, 0.75, 2, 4),
        (2, 0.5, 1, 2),
    ]


def test_what_is_no_longer_live_is_left_out() -> None:
    found = retention([shown("ab", "ab"), shown("", "a")], "a")
    assert [(one.later, one.kept_ratio, one.facts) for one in found.points] == [(0, 1.0, 1), (1, 1.0, 1)]
    assert retention([shown("ab", "ab")], "").points == []
    assert retention([], "a").points == []


def test_only_the_newest_sessions_are_looked_at() -> None:
    found = retention([shown("a", "a")] * (MOST_SESSIONS + 5), "a")
    assert (found.sessions, found.points[0].sessions, found.points[-1].later) == (MOST_SESSIONS, MOST_SESSIONS, MOST_LATER)


@given(st.lists(st.tuples(IDS, IDS), max_size=30), IDS)
def test_shares_are_shares_and_a_handoff_shows_all_of_its_own(
    documents: list[tuple[frozenset[str], frozenset[str]]], live: frozenset[str]
) -> None:
    found = retention([Shown(own, own | more) for own, more in documents], live)
    assert all(0 <= one.low_ratio <= one.kept_ratio <= one.high_ratio <= 1 for one in found.points)
    assert all(one.kept_ratio == 1 for one in found.points if one.later == 0)
    assert sum(one.sessions for one in found.points if one.later == 0) == sum(bool(own & live) for own, _ in documents)


def test_an_interval_is_as_wide_as_the_sessions_differ_and_never_narrower_than_their_facts_allow() -> None:
    alike = retention([shown("abcd", "abcd")] * 3, "abcd").points[0]
    assert (alike.low_ratio, alike.high_ratio) == wilson(12, 12)
    apart = retention([shown("ab", "ab"), shown("cd", "cd"), shown("", "ab"), shown("", "")], "abcd").points[2]
    assert (apart.kept_ratio, apart.low_ratio, apart.high_ratio) == (0.5, 0.0, 1.0)
