"""Several limits of one account: which is the tightest, when they are fresh again, and what a service's figures replace."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from onward.app.accounts.fields import parse_fields
from onward.core.accounts.account_agent import FoundReading, readings_by_account
from onward.core.accounts.accounts import Account, account_availability
from onward.core.accounts.forecast import window_forecast
from onward.core.accounts.periods import Period
from onward.core.accounts.rank import AccountCandidate, AccountNeed, RotationWindow, decide_rotation, rank_accounts
from onward.core.accounts.windows import AccountWindow, merge_windows, settle_window
from onward.core.transcript.transcript import LimitReading
from onward.errors import BadInput

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def account(name: str, *windows: AccountWindow, **values: object) -> Account:
    defaults: dict[str, object] = {
        "id": ord(name[0]),
        "name": name,
        "provider": "",
        "plan": "",
        "models": (),
        "tags": (),
        "note": "",
        "credits_total": None,
        "credits_used": 0.0,
        "credits_estimated": 0.0,
        "credits_at": NOW,
        "resets_at": None,
        "period": None,
        "is_paused": False,
        "limits": (),
        "created_at": NOW,
        "updated_at": NOW,
        "windows": windows,
    }
    return Account(**{**defaults, **values})  # type: ignore[arg-type]


def window(
    period: str, used: float, *, resets_in: float | None = 2, model: str = "", source: str = "reported", ago: float = 0
) -> AccountWindow:
    resets_at = None if resets_in is None else NOW + resets_in * HOUR
    at, values = NOW - ago * HOUR, {"model": model, "source": source}
    return AccountWindow(period=period, used=used, total=100.0, resets_at=resets_at, at=at, **values)  # type: ignore[arg-type]


def reading(minutes: int, used: float, *, ago: float = 0, plan: str = "", model: str = "") -> LimitReading:
    return LimitReading(window_minutes=minutes, used_percent=used, at=NOW - ago * HOUR, resets_at=NOW + HOUR, model=model, plan=plan)


def ranked(*accounts: Account, need: AccountNeed | None = None) -> list[tuple[str, bool, str]]:
    candidates = [AccountCandidate(account_availability(item, NOW)) for item in accounts]
    ranking = rank_accounts(candidates, need or AccountNeed())
    return [(item.availability.account.name, item.is_usable, str(item.reasons[0])) for item in ranking]


def test_the_tightest_window_decides_which_account_is_best() -> None:
    full_week, half = account("a", window("5h", 5), window("1w", 80)), account("b", window("5h", 50), window("1w", 40))
    assert [name for name, _, _ in ranked(full_week, half)] == ["b", "a"]
    assert ranked(full_week)[0][2] == "20% of its 1w window left (reported)"


def test_a_window_that_is_used_up_stops_an_account_until_its_reset() -> None:
    [(_, is_usable, reason)] = ranked(account("a", window("5h", 3), window("1w", 100, resets_in=30)))
    assert not is_usable
    assert reason.startswith("1w window used up; it resets in 30 h")
    assert account_availability(account("a", window("1w", 100)), NOW).status == "exhausted"


def test_a_window_of_a_model_counts_for_that_model_only() -> None:
    limited = account("a", window("5h", 10), window("1w", 100, model="opus"))
    assert ranked(limited)[0][1]
    assert not ranked(limited, need=AccountNeed(model="claude-opus-4-6"))[0][1]
    assert ranked(limited, need=AccountNeed(model="claude-sonnet-4-5"))[0][1]


def test_an_expired_window_counts_as_fresh() -> None:
    expired = settle_window(window("5h", 97, resets_in=-1, ago=4), NOW)
    assert (expired.used, expired.has_reset, expired.resets_at) == (0.0, True, None)
    typed = settle_window(window("5h", 97, resets_in=-1, ago=4, source="estimated"), NOW)
    assert (typed.used, typed.resets_at) == (0.0, NOW + 4 * HOUR)
    without_time = settle_window(window("5h", 97, resets_in=None, ago=6), NOW)
    assert without_time.has_reset
    assert not settle_window(window("5h", 97, resets_in=None, ago=4), NOW).has_reset


def test_rotation_looks_at_the_tightest_window() -> None:
    candidates = [
        AccountCandidate(account_availability(item, NOW)) for item in (account("a", window("5h", 4), window("1w", 88)), account("b"))
    ]
    current, other = sorted(rank_accounts(candidates, AccountNeed()), key=lambda item: item.availability.account.name)
    decision = decide_rotation(current, [other], RotationWindow())
    assert decision.position == "in"
    assert decision.target == other
    assert str(decision.why) == "a has used 88% of its 1w window, within the rotation window of 85–92%"


def test_a_forecast_goes_on_at_the_pace_of_the_window() -> None:
    half = window_forecast(window("5h", 60, resets_in=2), NOW)
    assert half.empty_at == NOW + 2 * HOUR
    assert half.resets_first
    fast = window_forecast(window("5h", 90, resets_in=2), NOW)
    assert fast.empty_at is not None
    assert fast.empty_at < NOW + HOUR
    assert not fast.resets_first
    assert "5h window runs out first" in str(fast.assumptions[0])
    assert window_forecast(window("5h", 0), NOW).empty_at is None


def test_what_the_service_reports_replaces_what_was_typed_before() -> None:
    typed = window("5h", 40, source="estimated", ago=1)
    assert [item.source for item in merge_windows([typed], [reading(300, 7)])] == ["reported"]
    assert [item.source for item in merge_windows([typed], [reading(300, 7, ago=2)])] == ["estimated"]
    both = merge_windows([typed], [reading(10080, 70), reading(10080, 60, ago=3)])
    assert [(item.period, item.used) for item in both] == [("5h", 40), ("1w", 70)]


def test_windows_of_an_earlier_plan_no_longer_hold() -> None:
    windows = merge_windows([], [reading(43200, 75, ago=9, plan="free"), reading(300, 3, plan="pro"), reading(10080, 56, plan="pro")])
    assert [(item.period, item.plan) for item in windows] == [("5h", "pro"), ("1w", "pro")]


def test_reported_credits_take_the_place_of_a_typed_count() -> None:
    typed = account("a", window("5h", 30), credits_total=200.0, credits_used=20.0, period=Period(5, "h"), credits_at=NOW - HOUR)
    availability = account_availability(typed, NOW)
    assert (availability.credits_used, availability.credits_left, availability.resets_at) == (60.0, 140.0, NOW + 2 * HOUR)
    assert [(item.is_credits, item.source) for item in availability.windows] == [(True, "reported")]


def test_a_period_without_a_time_shows_the_next_reset() -> None:
    availability = account_availability(account("a", credits_total=100.0, credits_used=90.0, period=Period(5, "h")), NOW + 7 * HOUR)
    assert (availability.resets_at, availability.resets_source) == (NOW + 10 * HOUR, "estimated")
    assert availability.credits_used == 0


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (FoundReading(7, "codex", "", reading(300, 1)), 7),
        (FoundReading(None, "codex", "/home/a/.codex", reading(300, 1)), ord("x")),
        (FoundReading(None, "claude-code", "/home/a/.claude-work", reading(300, 1)), ord("w")),
        (FoundReading(None, "claude-code", "/home/a/.claude", reading(300, 1)), ord("p")),
        (FoundReading(None, "claude-code", "", reading(300, 1)), None),
        (FoundReading(None, "gemini-cli", "", reading(300, 1)), None),
    ],
)
def test_a_reading_is_of_the_account_that_its_session_or_folder_shows(entry: FoundReading, expected: int | None) -> None:
    pool = [
        account("x", provider="openai"),
        account("w", provider="anthropic", profile="/home/a/.claude-work"),
        account("p", provider="anthropic"),
    ]
    assert list(readings_by_account(pool, [entry])) == ([] if expected is None else [expected])


def test_windows_are_typed_in_words_or_as_objects() -> None:
    typed = parse_fields({"windows": "5h=40%, 1w=30/120 until 2026-03-01T15:00Z, 1w of opus=20/50"})["windows"]
    assert [(item.period, item.model, item.used, item.total) for item in typed] == [
        ("5h", "", 40.0, 100.0),
        ("1w", "", 30.0, 120.0),
        ("1w", "opus", 20.0, 50.0),
    ]
    assert typed[1].resets_at == datetime(2026, 3, 1, 15, tzinfo=UTC)
    [item] = parse_fields({"windows": [{"period": "5h", "used": 12}]})["windows"]
    assert (item.used, item.total, item.source) == (12.0, 100.0, "estimated")
    with pytest.raises(BadInput, match="not a window"):
        parse_fields({"windows": "often"})
    with pytest.raises(BadInput, match="twice"):
        parse_fields({"windows": "7d=1, 1w=2"})
