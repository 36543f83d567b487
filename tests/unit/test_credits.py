"""How accounts are judged: the reasons in words, the window, resets, forecasts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from onward.core.accounts import Account, Event, Limit, ModelLimit, Period, credits_per_usd, last_reset, next_reset, parse_period, standing
from onward.core.credits import Candidate, Need, Ranked, Window, ranking, rotation
from onward.core.forecast import Efficiency, Use, burn, forecast

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def account(name: str = "a", used: float = 0, total: float | None = 100, **values: object) -> Account:
    told: dict[str, object] = {
        "id": ord(name[0]), "name": name, "provider": "", "plan": "", "models": (), "tags": (), "note": "", "credits_total": total, "credits_used": used,
        "credits_estimated": 0.0, "credits_at": NOW, "resets_at": None, "period": None, "is_paused": False, "limits": (), "created_at": NOW, "updated_at": NOW,
    }  # fmt: skip
    return Account(**{**told, **values})  # type: ignore[arg-type]


def ranked(*candidates: Account | Candidate, need: Need | None = None) -> list[Ranked]:
    ready = [one if isinstance(one, Candidate) else Candidate(standing(one, NOW)) for one in candidates]
    return ranking(ready, need or Need())


def names(*candidates: Account | Candidate, need: Need | None = None) -> list[str]:
    return [one.standing.account.name for one in ranked(*candidates, need=need)]


def failure(hours_ago: float) -> Event:
    return Event(0, 1, None, "failure", "reported", "", None, None, "", NOW - hours_ago * HOUR)


def test_who_has_more_left_comes_first_and_equals_go_by_reset_then_name() -> None:
    assert names(account("a", 60), account("b", 20)) == ["b", "a"]
    later, sooner = account("a", 50, resets_at=NOW + 9 * HOUR), account("b", 50, resets_at=NOW + 2 * HOUR)
    assert names(later, sooner, account("d", 50), account("c", 50)) == ["b", "a", "c", "d"]


def test_credits_that_come_back_soon_are_used_first() -> None:
    [first, _] = ranked(account("a", 20), account("b", 30, resets_at=NOW + HOUR))
    assert first.standing.account.name == "b"
    assert first.reasons == ("70 of 100 credits left", "its credits come back in 1 h, at 2026-03-01 13:00 UTC (reported)")


def test_what_it_is_good_at_decides_among_those_with_enough() -> None:
    need = Need(tags=("web", "db"))
    assert names(account("a", 20), account("b", 40, tags=("web",)), account("c", 50, tags=("db", "web")), need=need) == ["c", "b", "a"]
    [good, bad] = ranked(account("a", 20), account("b", 40, tags=("web",)), need=need)
    assert "good at web" in good.reasons
    assert "not known to be good at web, db" in bad.reasons


def test_failures_count_less_the_older_they_are() -> None:
    fresh, old, none = (
        Candidate(standing(account(name), NOW), events) for name, events in (("a", [failure(0.5)]), ("b", [failure(20)]), ("c", []))
    )
    assert names(fresh, old, none) == ["c", "b", "a"]
    assert "failed once of late, 30 min ago" in ranked(fresh)[0].reasons
    assert names(Candidate(standing(account("a"), NOW), [failure(49)]), none) == ["a", "c"]


def test_one_in_its_window_or_in_use_comes_after_one_that_is_not() -> None:
    assert names(account("a", 900, 1000), account("b", 30, 100)) == ["b", "a"]
    assert names(account("a", 840, 1000), account("b", 30, 100)) == ["a", "b"]
    assert "in its rotation window: 90 of 100 credits are used" in ranked(account("a", 900, 1000))[0].reasons
    busy = Candidate(standing(account("a"), NOW), open_sessions=2)
    assert names(busy, account("b", 5)) == ["b", "a"]
    assert "2 sessions run on it already" in ranked(busy)[0].reasons


@pytest.mark.parametrize(
    ("one", "why"),
    [
        (account(is_paused=True), "paused"),
        (account(used=100), "all its credits are used"),
        (account(used=100, resets_at=NOW - HOUR, credits_at=NOW - 2 * HOUR), ""),
        (account(used=100, resets_at=NOW - HOUR, period=Period(5, "h")), "all its credits are used; they come back in 4 h, at 2026-03-01 16:00 UTC (estimated)"),
        (account(limits=(Limit("", NOW, NOW + HOUR),)), "its limit is reached, until in 1 h, at 2026-03-01 13:00 UTC (reported)"),
        (account(limits=(Limit("opus", NOW, None),)), "its limit for opus is reached, and nobody said until when"),
        (account(limits=(Limit("haiku", NOW, None),)), ""),
        (account(models=(ModelLimit("haiku"),)), "does not offer opus"),
        (account(models=(ModelLimit("opus", 0.0),)), "its credits for opus are used"),
        (account(total=None), ""),
    ],
)  # fmt: skip
def test_why_an_account_cannot_be_used(one: Account, why: str) -> None:
    [found] = ranked(one, need=Need("opus"))
    assert (found.usable, found.reasons[0] if why else "") == (not why, why)


def test_estimates_are_told_as_such() -> None:
    [found] = ranked(account(used=30, credits_estimated=10.0))
    assert found.reasons == ("70 of 100 credits left, 10 of those used being estimated",)


@pytest.mark.parametrize(
    ("used", "others", "goes_to", "place"),
    [
        (84.9, [account("b")], None, "below"),
        (85, [account("b")], "b", "in"),
        (85, [account("b", 85)], None, "in"),
        (92, [account("b", 91)], "b", "past"),
        (92, [account("b", 95), account("c", 92)], None, "past"),
        (92, [account("b", total=None)], "b", "past"),
        (100, [account("b", 99)], "b", "past"),
        (100, [account("b", is_paused=True)], None, "past"),
    ],
)
def test_the_window(used: float, others: list[Account], goes_to: str | None, place: str) -> None:
    [current] = ranked(account("a", used))
    found = rotation(current, ranked(*others), Window())
    assert (found.to.standing.account.name if found.to else None, found.place) == (goes_to, place)


def test_a_window_may_be_set() -> None:
    [current] = ranked(account("a", 50))
    assert rotation(current, ranked(account("b")), Window(50, 60)).place == "in"


def test_months_keep_their_day() -> None:
    first, monthly = datetime(2026, 1, 31, 9, tzinfo=UTC), Period(1, "mo")
    ends = [first]
    for _ in range(4):
        following = next_reset(first, monthly, ends[-1])
        assert following
        ends.append(following)
    assert [(one.month, one.day) for one in ends] == [(1, 31), (2, 28), (3, 31), (4, 30), (5, 31)]
    assert last_reset(first, monthly, datetime(2026, 3, 30, tzinfo=UTC)) == datetime(2026, 2, 28, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "period"), [("5h", Period(5, "h")), (" 1 MO ", Period(1, "mo")), ("0d", None), ("1001h", None), ("5", None), ("weekly", None)]
)
def test_periods_as_people_write_them(text: str, period: Period | None) -> None:
    assert parse_period(text) == period


def test_a_dollar_in_credits_is_the_middle_of_what_is_known() -> None:
    assert credits_per_usd([(10, 1), (20, 1)]) is None
    assert credits_per_usd([(10, 1), (20, 1), (900, 1), (5, 0)]) == 20


def test_a_steady_rate_is_foreseen_to_the_hour_and_a_ragged_one_within_an_interval() -> None:
    steady = burn([Use(NOW - timedelta(days=day, hours=1), 10) for day in range(10)], NOW)
    assert (steady.days, steady.credits_per_day, steady.low, steady.high) == (10, 10, 10, 10)
    found = forecast(steady, 45)
    assert found.empty_at == found.earliest_at == found.latest_at == NOW + timedelta(days=4.5)
    ragged = forecast(burn([Use(NOW - timedelta(days=day, hours=1), 10 * (day % 3)) for day in range(9)], NOW), 45)
    assert ragged.earliest_at
    assert ragged.latest_at
    assert ragged.empty_at
    assert ragged.earliest_at < ragged.empty_at < ragged.latest_at


def test_a_forecast_says_what_it_rests_on() -> None:
    daily = burn([Use(NOW - timedelta(days=day, hours=1), 10) for day in range(5)], NOW)
    first = forecast(daily, 100, resets_at=NOW + HOUR)
    assert first.resets_first
    assert any("come back before" in one for one in first.assumptions)
    assert "no reset is known" in forecast(daily, 100).assumptions
    assert any("no interval" in one for one in forecast(burn([Use(NOW - HOUR, 5)], NOW), 10).assumptions)
    assert forecast(daily, None).assumptions == ("how many credits are left is not known, so nothing is foreseen",)
    assert forecast(burn([], NOW), 10).assumptions == ("nothing was used of late, so nothing is foreseen",)
    assert forecast(burn([Use(NOW - HOUR, 0.01)], NOW), 1e6).empty_at is None


def test_what_credits_brought() -> None:
    found = Efficiency(4, 200, 10, 1_000_000, 5.0)
    assert (found.credits_per_session, found.credits_per_accomplishment, found.tokens_per_credit, found.usd_per_credit) == (
        50,
        20,
        5000,
        0.025,
    )
    nothing = Efficiency(0, 0, 0, 0, None)
    assert {nothing.credits_per_session, nothing.credits_per_accomplishment, nothing.tokens_per_credit, nothing.usd_per_credit} == {None}
