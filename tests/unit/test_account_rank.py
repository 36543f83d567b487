"""Ranking of accounts: reasons, the rotation window, resets, forecasts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest

from onward.core.accounts.accounts import Account, AccountEvent, Limit, ModelLimit, account_availability, credits_per_usd
from onward.core.accounts.forecast import CreditsUse, Efficiency, burn_rate, forecast
from onward.core.accounts.periods import Period, last_reset, next_reset, parse_period
from onward.core.accounts.rank import AccountCandidate, AccountNeed, RankedAccount, RotationWindow, decide_rotation, rank_accounts
from onward.message import Message

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def account(name: str = "a", used: float = 0, total: float | None = 100, **values: object) -> Account:
    defaults: dict[str, object] = {
        "id": ord(name[0]),
        "name": name,
        "provider": "",
        "plan": "",
        "models": (),
        "tags": (),
        "note": "",
        "credits_total": total,
        "credits_used": used,
        "credits_estimated": 0.0,
        "credits_at": NOW,
        "resets_at": None,
        "period": None,
        "is_paused": False,
        "limits": (),
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Account(**{**defaults, **values})  # type: ignore[arg-type]


def words(messages: Iterable[Message | str]) -> list[str]:
    return [str(message) for message in messages]


def rank(*candidates: Account | AccountCandidate, need: AccountNeed | None = None) -> list[RankedAccount]:
    ready = [
        candidate if isinstance(candidate, AccountCandidate) else AccountCandidate(account_availability(candidate, NOW))
        for candidate in candidates
    ]
    return rank_accounts(ready, need or AccountNeed())


def names(*candidates: Account | AccountCandidate, need: AccountNeed | None = None) -> list[str]:
    return [candidate.availability.account.name for candidate in rank(*candidates, need=need)]


def failure(hours_ago: float) -> AccountEvent:
    return AccountEvent(
        id=0,
        account_id=1,
        session_id=None,
        kind="failure",
        source="reported",
        model="",
        credits=None,
        used_after=None,
        note="",
        at=NOW - hours_ago * HOUR,
    )


def test_accounts_are_ranked_by_credits_then_reset_then_name() -> None:
    assert names(account("a", 60), account("b", 20)) == ["b", "a"]
    later, sooner = account("a", 50, resets_at=NOW + 9 * HOUR), account("b", 50, resets_at=NOW + 2 * HOUR)
    assert names(later, sooner, account("d", 50), account("c", 50)) == ["b", "a", "c", "d"]


def test_credits_that_come_back_soon_are_used_first() -> None:
    [first, _] = rank(account("a", 20), account("b", 30, resets_at=NOW + HOUR))
    assert first.availability.account.name == "b"
    assert words(first.reasons) == ["70 of 100 credits left", "credits reset in 1 h, at 2026-03-01 13:00 UTC (reported)"]


def test_specialization_decides_among_accounts_with_enough_credits() -> None:
    need = AccountNeed(tags=("web", "db"))
    assert names(account("a", 20), account("b", 40, tags=("web",)), account("c", 50, tags=("db", "web")), need=need) == ["c", "b", "a"]
    [good, bad] = rank(account("a", 20), account("b", 40, tags=("web",)), need=need)
    assert "good at web" in words(good.reasons)
    assert "not marked as good at web, db" in words(bad.reasons)


def test_failures_count_less_the_older_they_are() -> None:
    fresh, old, none = (
        AccountCandidate(account_availability(account(name), NOW), events)
        for name, events in (("a", [failure(0.5)]), ("b", [failure(20)]), ("c", []))
    )
    assert names(fresh, old, none) == ["c", "b", "a"]
    assert "failed once recently, 30 min ago" in words(rank(fresh)[0].reasons)
    assert names(AccountCandidate(account_availability(account("a"), NOW), [failure(49)]), none) == ["a", "c"]


def test_accounts_in_their_window_or_in_use_rank_lower() -> None:
    assert names(account("a", 900, 1000), account("b", 30, 100)) == ["b", "a"]
    assert names(account("a", 840, 1000), account("b", 30, 100)) == ["a", "b"]
    assert "in its rotation window: 90% of its credits used" in words(rank(account("a", 900, 1000))[0].reasons)
    busy = AccountCandidate(account_availability(account("a"), NOW), open_sessions=2)
    assert names(busy, account("b", 5)) == ["b", "a"]
    assert "2 sessions run on it" in words(rank(busy)[0].reasons)


@pytest.mark.parametrize(
    ("candidate", "why"),
    [
        (account(is_paused=True), "paused"),
        (account(used=100), "all credits used"),
        (account(used=100, resets_at=NOW - HOUR, credits_at=NOW - 2 * HOUR), ""),
        (
            account(used=100, resets_at=NOW - HOUR, period=Period(5, "h")),
            "all credits used; they reset in 4 h, at 2026-03-01 16:00 UTC (estimated)",
        ),
        (account(limits=(Limit("", NOW, NOW + HOUR),)), "limit reached, until in 1 h, at 2026-03-01 13:00 UTC (reported)"),
        (account(limits=(Limit("opus", NOW, None),)), "limit for opus reached, end unknown"),
        (account(limits=(Limit("haiku", NOW, None),)), ""),
        (account(models=(ModelLimit("haiku"),)), "does not offer opus"),
        (account(models=(ModelLimit("opus", 0.0),)), "no credits left for opus"),
        (account(total=None), ""),
    ],
)
def test_why_an_account_is_unusable(candidate: Account, why: str) -> None:
    [best] = rank(candidate, need=AccountNeed("opus"))
    assert (best.is_usable, str(best.reasons[0]) if why else "") == (not why, why)


def test_estimates_are_marked_as_such() -> None:
    [best] = rank(account(used=30, credits_estimated=10.0))
    assert words(best.reasons) == ["70 of 100 credits left, 10 of the used ones estimated"]


@pytest.mark.parametrize(
    ("used", "other_accounts", "goes_to", "place"),
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
def test_the_window(used: float, other_accounts: list[Account], goes_to: str | None, place: str) -> None:
    [current] = rank(account("a", used))
    decision = decide_rotation(current, rank(*other_accounts), RotationWindow())
    assert (decision.target.availability.account.name if decision.target else None, decision.position) == (goes_to, place)


def test_a_window_may_be_set() -> None:
    [current] = rank(account("a", 50))
    assert decide_rotation(current, rank(account("b")), RotationWindow(50, 60)).position == "in"


def test_months_keep_their_day() -> None:
    first, monthly = datetime(2026, 1, 31, 9, tzinfo=UTC), Period(1, "mo")
    ends = [first]
    for _ in range(4):
        following = next_reset(first, monthly, ends[-1])
        assert following
        ends.append(following)
    assert [(end.month, end.day) for end in ends] == [(1, 31), (2, 28), (3, 31), (4, 30), (5, 31)]
    assert last_reset(first, monthly, datetime(2026, 3, 30, tzinfo=UTC)) == datetime(2026, 2, 28, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "period"), [("5h", Period(5, "h")), (" 1 MO ", Period(1, "mo")), ("0d", None), ("1001h", None), ("5", None), ("weekly", None)]
)
def test_periods_as_people_write_them(text: str, period: Period | None) -> None:
    assert parse_period(text) == period


def test_a_dollar_in_credits_is_the_middle_of_what_is_known() -> None:
    assert credits_per_usd([(10, 1), (20, 1)]) is None
    assert credits_per_usd([(10, 1), (20, 1), (900, 1), (5, 0)]) == 20


def test_a_steady_rate_is_forecast_to_the_hour_and_an_uneven_one_within_an_interval() -> None:
    steady = burn_rate([CreditsUse(NOW - timedelta(days=day, hours=1), 10) for day in range(10)], NOW)
    assert (steady.days, steady.credits_per_day, steady.low, steady.high) == (10, 10, 10, 10)
    outlook = forecast(steady, 45)
    assert outlook.empty_at == outlook.earliest_at == outlook.latest_at == NOW + timedelta(days=4.5)
    ragged = forecast(burn_rate([CreditsUse(NOW - timedelta(days=day, hours=1), 10 * (day % 3)) for day in range(9)], NOW), 45)
    assert ragged.earliest_at
    assert ragged.latest_at
    assert ragged.empty_at
    assert ragged.earliest_at < ragged.empty_at < ragged.latest_at


def test_a_forecast_lists_its_assumptions() -> None:
    daily = burn_rate([CreditsUse(NOW - timedelta(days=day, hours=1), 10) for day in range(5)], NOW)
    first = forecast(daily, 100, resets_at=NOW + HOUR)
    assert first.resets_first
    assert any("reset before" in assumption for assumption in words(first.assumptions))
    assert "No reset is known." in words(forecast(daily, 100).assumptions)
    assert "No interval: fewer than 3 days of usage." in words(forecast(burn_rate([CreditsUse(NOW - HOUR, 5)], NOW), 10).assumptions)
    assert words(forecast(daily, None).assumptions) == ["No forecast: credits left unknown."]
    assert words(forecast(burn_rate([], NOW), 10).assumptions) == ["No forecast: no recent usage."]
    assert forecast(burn_rate([CreditsUse(NOW - HOUR, 0.01)], NOW), 1e6).empty_at is None


def test_efficiency_of_credits() -> None:
    figures = Efficiency(sessions=4, credits=200, accomplishments=10, tokens=1_000_000, usd=5.0)
    assert (figures.credits_per_session, figures.credits_per_accomplishment, figures.tokens_per_credit, figures.usd_per_credit) == (
        50,
        20,
        5000,
        0.025,
    )
    nothing = Efficiency(sessions=0, credits=0, accomplishments=0, tokens=0, usd=None)
    assert {nothing.credits_per_session, nothing.credits_per_accomplishment, nothing.tokens_per_credit, nothing.usd_per_credit} == {None}
