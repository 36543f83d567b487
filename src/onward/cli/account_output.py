"""Accounts, usage and credits as text and as plain data."""

from __future__ import annotations

from collections.abc import Sequence

from onward.cli.presentation import quantity, say
from onward.core.accounts.accounts import AccountAvailability
from onward.core.accounts.forecast import Efficiency, Forecast
from onward.core.accounts.report import CreditsReport, ModelUsage
from onward.core.accounts.windows import AccountWindow


def account_data(state: AccountAvailability) -> dict[str, object]:
    """Return an account and its availability as plain data."""
    account = state.account
    fields = {
        name: getattr(account, name)
        for name in ("id", "name", "provider", "plan", "profile", "tags", "note", "credits_total", "created_at", "updated_at")
    }
    state_fields = {
        name: getattr(state, name) for name in ("status", "credits_used", "credits_estimated", "credits_left", "resets_at", "resets_source")
    }
    models = [model._asdict() for model in account.models]
    limits = [limit._asdict() for limit in state.limits]
    windows = [window_data(window) for window in state.windows]
    return {**fields, **state_fields, "period": str(account.period or ""), "models": models, "limits": limits, "windows": windows}


def window_data(window: AccountWindow) -> dict[str, object]:
    """Return a window as plain data."""
    fields = {name: getattr(window, name) for name in window.__dataclass_fields__}
    return {**fields, "used_percent": window.used_percent}


def usage_data(usage: ModelUsage) -> dict[str, object]:
    """Return the usage of a model as plain data. An unknown price is null."""
    names = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens")
    tokens = {name: getattr(usage.tokens, name) for name in names}
    return {
        "account_id": usage.account_id,
        "model": usage.model,
        "turns": usage.turns,
        **tokens,
        "cost_usd": usage.cost_usd,
        "unpriced_turns": usage.unpriced_turns,
    }


def credits_data(credit_report: CreditsReport) -> dict[str, object]:
    """Return a credits report as plain data."""
    account_entries = [
        {**account_data(entry.availability), **_figures(entry.forecast, entry.efficiency, entry.usage)} for entry in credit_report.accounts
    ]
    project_entries = [
        {"project_id": entry.project_id, "name": entry.name, **_figures(entry.forecast, entry.efficiency, entry.usage)}
        for entry in credit_report.projects
    ]
    return {"at": credit_report.at, "credits_left": credit_report.credits_left, "accounts": account_entries, "projects": project_entries}


def _figures(forecast: Forecast, efficiency: Efficiency, usage: Sequence[ModelUsage]) -> dict[str, object]:
    ratios = ("credits_per_session", "credits_per_accomplishment", "tokens_per_credit", "usd_per_credit")
    fields = {name: getattr(efficiency, name) for name in efficiency.__dataclass_fields__}
    return {
        "forecast": forecast,
        "efficiency": {**fields, **{name: getattr(efficiency, name) for name in ratios}},
        "usage": [usage_data(entry) for entry in usage],
    }


def credits_line(state: AccountAvailability) -> str:
    """Return an account's credits: `40 of 100 credits used (~6 estimated)`."""
    total = "" if state.account.credits_total is None else f" of {state.account.credits_total:,g}"
    estimate = f" (~{state.credits_estimated:,g} estimated)" if state.credits_estimated else ""
    return f"{state.credits_used:,g}{total} credits used{estimate}"


def reset_line(state: AccountAvailability) -> str:
    """Return when the credits reset. A `~` marks a time estimated from the period."""
    if state.resets_at is None:
        return ""
    return f"{'~' if state.resets_source == 'estimated' else ''}{state.resets_at:%Y-%m-%d %H:%M}"


def window_line(window: AccountWindow) -> str:
    """Return a window in short: `5h 40%`, `1w opus ~30%`. A `~` marks what a person typed."""
    name = " ".join(filter(None, ("credits" if window.is_credits else "", window.period, window.model)))
    used = "?" if window.used_percent is None else f"{'~' if window.source == 'estimated' else ''}{window.used_percent:,.0f}%"
    return f"{name} {used}"


def _window_details(window: AccountWindow) -> str:
    """Return a window in full: how much is used of it, when it resets, who says so and when."""
    resets = f", resets {window.resets_at:%Y-%m-%d %H:%M}" if window.resets_at else ""
    fresh = ", unused since its reset" if window.has_reset else ""
    return f"{window_line(window)} used{fresh}{resets} ({window.source} {window.at:%Y-%m-%d %H:%M})"


def account_row(state: AccountAvailability) -> list[object]:
    """Return an account as a row of the list."""
    total = state.account.credits_total
    used = f"{'~' if state.credits_estimated else ''}{state.credits_used:,g}{'' if total is None else f' / {total:,g}'}"
    windows = ", ".join(window_line(window) for window in state.windows if not window.is_credits)
    resets, tags = reset_line(state) or "-", ", ".join(state.account.tags)
    return [state.account.name, state.status, state.account.provider or "-", used, windows or "-", resets, tags]


def account_details(state: AccountAvailability) -> dict[str, str]:
    """Return the details of an account by label."""
    account = state.account
    models = ", ".join(model.model + ("" if model.credits is None else f" (limit {model.credits:,g} credits)") for model in account.models)
    limits = "; ".join(
        f"{limit.model or 'the account'} since {limit.reached_at:%Y-%m-%d %H:%M}"
        + (f" until {limit.until_at:%Y-%m-%d %H:%M}" if limit.until_at else "")
        for limit in state.limits
    )
    return {
        "credits": credits_line(state),
        "resets": reset_line(state) + (f", every {account.period}" if account.period else ""),
        "windows": "; ".join(_window_details(window) for window in state.windows if not window.is_credits),
        "reached limits": limits,
        "provider": account.provider,
        "plan": account.plan or next((window.plan for window in state.windows if window.plan), ""),
        "profile": account.profile,
        "models": models,
        "strengths": ", ".join(account.tags),
        "note": account.note,
    }


def say_usage(usages: Sequence[ModelUsage]) -> None:
    """Print the token usage in transcripts and its cost at list prices."""
    for usage in usages:
        tokens = usage.tokens
        cached = (
            f", {tokens.cache_read_tokens:,} from cache, {tokens.cache_write_tokens:,} to it"
            if tokens.cache_read_tokens or tokens.cache_write_tokens
            else ""
        )
        price = "price unknown" if usage.cost_usd is None else f"{usage.cost_usd:,.2f} USD at list prices"
        missing = f" ({quantity(usage.unpriced_turns, 'turn')} unpriced)" if usage.unpriced_turns and usage.cost_usd is not None else ""
        model = usage.model or "unknown model"
        say(f"  {model}: {tokens.input_tokens:,} tokens in{cached}, {tokens.output_tokens:,} out, {price}{missing}")


def say_credits(forecast: Forecast, efficiency: Efficiency, usage: Sequence[ModelUsage]) -> None:
    """Print the credit forecast, the efficiency and the token usage."""
    rate = forecast.burn
    if rate.credits_per_day:
        rate_range = "" if rate.low is None or rate.high is None else f" ({rate.low:,.1f} to {rate.high:,.1f})"
        say(f"  per day: {rate.credits_per_day:,.1f} credits{rate_range}, over {quantity(rate.days, 'day')}")
    if forecast.empty_at:
        date_range = ""
        if forecast.earliest_at:
            date_range = f", from {forecast.earliest_at:%Y-%m-%d}" + (
                f" to {forecast.latest_at:%Y-%m-%d}" if forecast.latest_at else " or later"
            )
        say(f"  runs out: {forecast.empty_at:%Y-%m-%d %H:%M}{date_range}")
    for assumption in forecast.assumptions:
        say(f"  assumption: {assumption}" if rate.credits_per_day and forecast.credits_left is not None else f"  {assumption}")
    ratios = {
        "per session": efficiency.credits_per_session,
        "per accomplishment": efficiency.credits_per_accomplishment,
    }
    ratio_texts = [f"{value:,.1f} credits {name}" for name, value in ratios.items() if value is not None]
    if efficiency.usd_per_credit is not None:
        ratio_texts.append(f"{efficiency.usd_per_credit:,.3f} USD of usage per credit")
    if ratio_texts:
        say(f"  efficiency: {', '.join(ratio_texts)}, over {quantity(efficiency.sessions, 'session')}")
    say_usage(usage)
