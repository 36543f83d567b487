"""Properties of every ranking of accounts and of every forecast."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onward.core.accounts.accounts import (
    Account,
    AccountEvent,
    Limit,
    ModelLimit,
    account_availability,
    charge_credits,
    settle_account,
)
from onward.core.accounts.forecast import CreditsUse, burn_rate, forecast
from onward.core.accounts.periods import Period, last_reset, next_reset
from onward.core.accounts.rank import AccountCandidate, AccountNeed, RotationWindow, decide_rotation, rank_accounts

pytestmark = pytest.mark.slow

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)
MINUTES = 60 * 24 * 40

amounts = st.integers(0, 200).map(float)
times = st.integers(-MINUTES, MINUTES).map(lambda minutes: NOW + timedelta(minutes=minutes))
past = st.integers(0, MINUTES).map(lambda minutes: NOW - timedelta(minutes=minutes))
periods = st.builds(Period, st.integers(1, 40), st.sampled_from(["h", "d", "w", "mo"]))
models = st.lists(
    st.builds(ModelLimit, st.sampled_from(["opus", "haiku"]), st.none() | amounts), max_size=2, unique_by=lambda limit: limit.model
)
needs = st.builds(AccountNeed, st.sampled_from(["", "opus"]), st.sampled_from([(), ("web",), ("web", "db")]), st.none() | amounts)
windows = st.tuples(st.integers(1, 100), st.integers(1, 100)).map(lambda pair: RotationWindow(min(pair), max(pair)))


@st.composite
def accounts(draw: st.DrawFn, number: int = 1) -> Account:
    used = draw(amounts)
    return Account(
        id=number,
        name=draw(st.sampled_from(["a", "b", "c"])) + str(number),
        provider="",
        plan="",
        models=tuple(draw(models)),
        tags=draw(st.sampled_from([(), ("web",)])),
        note="",
        credits_total=draw(st.none() | amounts),
        credits_used=used,
        credits_estimated=draw(st.just(0.0) | st.just(used)),
        credits_at=draw(past),
        resets_at=draw(st.none() | times),
        period=draw(st.none() | periods),
        is_paused=draw(st.integers(0, 5)) == 0,
        limits=tuple(draw(st.lists(st.builds(Limit, st.sampled_from(["", "opus"]), past, st.none() | times), max_size=1))),
        created_at=NOW,
        updated_at=NOW,
    )


def event(account_id: int, kind: str, at: datetime, credits: float) -> AccountEvent:
    return AccountEvent(
        id=0,
        account_id=account_id,
        session_id=None,
        kind=kind,
        source="reported",
        model="opus",
        credits=credits,
        used_after=None,
        note="",
        at=at,
    )  # type: ignore[arg-type]


@st.composite
def candidates(draw: st.DrawFn, number: int = 1) -> AccountCandidate:
    happened = draw(st.lists(st.builds(event, st.just(number), st.sampled_from(["failure", "use"]), past, amounts), max_size=3))
    return AccountCandidate(account_availability(draw(accounts(number)), NOW), happened, draw(st.integers(0, 4)))


@st.composite
def pools(draw: st.DrawFn) -> list[AccountCandidate]:
    return [draw(candidates(number)) for number in range(1, draw(st.integers(0, 5)) + 1)]


def with_fewer_used(candidate: AccountCandidate, fewer: float) -> AccountCandidate:
    account = candidate.availability.account
    used = max(0.0, account.credits_used - fewer)
    return replace(
        candidate,
        availability=account_availability(replace(account, credits_used=used, credits_estimated=min(used, account.credits_estimated)), NOW),
    )


def with_more_in_all(candidate: AccountCandidate, more: float) -> AccountCandidate:
    account = candidate.availability.account
    total = None if account.credits_total is None else account.credits_total + more
    return replace(candidate, availability=account_availability(replace(account, credits_total=total), NOW))


def rank_of(pool: list[AccountCandidate], account_id: int, need: AccountNeed, window: RotationWindow) -> int:
    return [candidate.availability.account.id for candidate in rank_accounts(pool, need, window)].index(account_id)


@settings(max_examples=50)
@given(pools(), candidates(9), amounts, needs, windows)
def test_more_credits_never_rank_worse(
    pool: list[AccountCandidate], candidate: AccountCandidate, more: float, need: AccountNeed, window: RotationWindow
) -> None:
    before = rank_of([*pool, candidate], 9, need, window)
    assert rank_of([*pool, with_fewer_used(candidate, more)], 9, need, window) <= before
    assert rank_of([*pool, with_more_in_all(candidate, more)], 9, need, window) <= before


@settings(max_examples=50)
@given(pools(), candidates(9), past, needs)
def test_one_more_failure_never_ranks_better(
    pool: list[AccountCandidate], candidate: AccountCandidate, at: datetime, need: AccountNeed
) -> None:
    failed = replace(candidate, events=[*candidate.events, event(9, "failure", at, 0)])
    assert rank_of([*pool, failed], 9, need, RotationWindow()) >= rank_of([*pool, candidate], 9, need, RotationWindow())


@settings(max_examples=50)
@given(pools(), needs, windows, st.randoms())
def test_a_ranking_is_one_order_whatever_the_order_of_the_pool(
    pool: list[AccountCandidate], need: AccountNeed, window: RotationWindow, chance: object
) -> None:
    mixed = list(pool)
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    assert rank_accounts(mixed, need, window) == rank_accounts(pool, need, window)
    assert all(candidate.reasons and all(candidate.reasons) for candidate in rank_accounts(pool, need, window))


@settings(max_examples=50)
@given(pools(), needs, windows)
def test_what_cannot_be_used_is_never_chosen(pool: list[AccountCandidate], need: AccountNeed, window: RotationWindow) -> None:
    ranked = rank_accounts(pool, need, window)
    for candidate in ranked:
        if candidate.availability.status != "active" or candidate.availability.limit_on(need.model):
            assert not candidate.is_usable
    for current in (None, *ranked):
        other_candidates = [candidate for candidate in ranked if candidate is not current]
        decided = decide_rotation(current, other_candidates, window)
        assert decided.why
        if decided.target:
            assert decided.target.is_usable
            assert decided.target is not current
        if current and current.is_usable and decided.position == "below":
            assert decided.target is None


@given(times, periods, times)
def test_resets_follow_each_other(first: datetime, period: Period, at: datetime) -> None:
    last, following = last_reset(first, period, at), next_reset(first, period, at)
    assert following is not None
    assert following > at
    if last is None:
        assert following == first
    else:
        assert last <= at
        assert next_reset(first, period, last) == following
        assert last_reset(first, period, following) == following


@given(accounts(), times, times)
def test_settling_twice_is_settling_once(account: Account, first: datetime, other: datetime) -> None:
    early, late = sorted((first, other))
    assert settle_account(settle_account(account, early), late) == settle_account(account, late)
    after = settle_account(account, late)
    assert 0 <= after.credits_estimated <= after.credits_used <= account.credits_used


@given(accounts(), st.lists(st.tuples(st.integers(-200, 200).map(float), st.sampled_from(["reported", "estimated"])), max_size=6))
def test_a_count_never_falls_below_zero_nor_is_more_estimated_than_used(account: Account, uses: list[tuple[float, str]]) -> None:
    for credits, source in uses:
        account = charge_credits(account, credits, source)  # type: ignore[arg-type]
        assert 0 <= account.credits_estimated <= account.credits_used


uses = st.lists(st.builds(CreditsUse, past, amounts), max_size=20)


@given(uses, amounts, amounts)
def test_more_credits_last_no_shorter(used: list[CreditsUse], credits_left: float, more: float) -> None:
    rate = burn_rate(used, NOW)
    less, richer = forecast(rate, credits_left), forecast(rate, credits_left + more)
    for name in ("empty_at", "earliest_at", "latest_at"):
        sooner, later = getattr(less, name), getattr(richer, name)
        assert later is None or (sooner is not None and sooner <= later)


@given(uses, st.none() | amounts, st.none() | times)
def test_a_forecast_lies_within_its_interval_and_says_what_it_assumes(
    used: list[CreditsUse], credits_left: float | None, resets_at: datetime | None
) -> None:
    rate = burn_rate(used, NOW)
    outcome = forecast(rate, credits_left, resets_at=resets_at)
    assert outcome.assumptions
    assert rate.credits_per_day >= 0
    if rate.low is not None:
        assert rate.high is not None
        assert 0 <= rate.low <= rate.credits_per_day <= rate.high
    if outcome.empty_at is None:
        assert (outcome.earliest_at, outcome.latest_at) == (None, None)
    else:
        assert outcome.earliest_at is None or NOW <= outcome.earliest_at <= outcome.empty_at
        assert outcome.latest_at is None or outcome.latest_at >= outcome.empty_at
    if credits_left is None or not any(use.credits for use in used):
        assert outcome.empty_at is None


@given(uses, st.integers(1, 5))
def test_a_rate_is_in_proportion(used: list[CreditsUse], times_more: int) -> None:
    once, more = burn_rate(used, NOW), burn_rate([CreditsUse(use.at, use.credits * times_more) for use in used], NOW)
    assert abs(more.credits_per_day - times_more * once.credits_per_day) < 1e-6
