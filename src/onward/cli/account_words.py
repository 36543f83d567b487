"""Accounts, usage and credits in words, and as plain data."""

from __future__ import annotations

from collections.abc import Sequence

from onward.cli.present import counted, say
from onward.core.accounts import Standing
from onward.core.forecast import Efficiency, Forecast
from onward.core.pool import Credits, ModelUsage


def as_data(one: Standing) -> dict[str, object]:
    """Return an account as it stands as plain data."""
    account = one.account
    told = {
        name: getattr(account, name)
        for name in ("id", "name", "provider", "plan", "tags", "note", "credits_total", "created_at", "updated_at")
    }
    stands = {
        name: getattr(one, name) for name in ("status", "credits_used", "credits_estimated", "credits_left", "resets_at", "resets_source")
    }
    models = [model._asdict() for model in account.models]
    limits = [limit._asdict() for limit in one.limits]
    return {**told, **stands, "period": str(account.period or ""), "models": models, "limits": limits}


def usage_data(one: ModelUsage) -> dict[str, object]:
    """Return usage of a model as plain data. A price that is not known is null."""
    tokens = {name: getattr(one.tokens, name) for name in one.tokens.__dataclass_fields__}
    return {
        "account_id": one.account_id,
        "model": one.model,
        "turns": one.turns,
        **tokens,
        "cost_usd": one.cost_usd,
        "unpriced_turns": one.unpriced_turns,
    }


def credits_data(found: Credits) -> dict[str, object]:
    """Return how credits go as plain data."""
    of_accounts = [{**as_data(one.standing), **_figures(one.forecast, one.efficiency, one.usage)} for one in found.accounts]
    of_projects = [
        {"project_id": one.project_id, "name": one.name, **_figures(one.forecast, one.efficiency, one.usage)} for one in found.projects
    ]
    return {"at": found.at, "credits_left": found.credits_left, "accounts": of_accounts, "projects": of_projects}


def _figures(forecast: Forecast, efficiency: Efficiency, usage: Sequence[ModelUsage]) -> dict[str, object]:
    ratios = ("credits_per_session", "credits_per_accomplishment", "tokens_per_credit", "usd_per_credit")
    told = {name: getattr(efficiency, name) for name in efficiency.__dataclass_fields__}
    return {
        "forecast": forecast,
        "efficiency": {**told, **{name: getattr(efficiency, name) for name in ratios}},
        "usage": [usage_data(one) for one in usage],
    }


def credits_line(one: Standing) -> str:
    """Return how an account's credits stand: `40 of 100 used (6 estimated)`."""
    total = "" if one.account.credits_total is None else f" of {one.account.credits_total:,g}"
    guessed = f" (~{one.credits_estimated:,g} estimated)" if one.credits_estimated else ""
    return f"{one.credits_used:,g}{total} credits used{guessed}"


def reset_line(one: Standing) -> str:
    """Return when credits come back, a `~` before a time that follows from the period."""
    if one.resets_at is None:
        return ""
    return f"{'~' if one.resets_source == 'estimated' else ''}{one.resets_at:%Y-%m-%d %H:%M}"


def row(one: Standing) -> list[object]:
    """Return an account as a row of the list."""
    total = one.account.credits_total
    used = f"{'~' if one.credits_estimated else ''}{one.credits_used:,g}{'' if total is None else f' / {total:,g}'}"
    return [one.account.name, one.status, one.account.provider or "-", used, reset_line(one) or "-", ", ".join(one.account.tags)]


def about(one: Standing) -> dict[str, str]:
    """Return what is told of an account, by what it is."""
    account = one.account
    models = ", ".join(
        model.model + ("" if model.credits is None else f" (at most {model.credits:,g} credits)") for model in account.models
    )
    limits = "; ".join(
        f"{limit.model or 'the account'} since {limit.reached_at:%Y-%m-%d %H:%M}"
        + (f" until {limit.until_at:%Y-%m-%d %H:%M}" if limit.until_at else "")
        for limit in one.limits
    )
    return {
        "credits": credits_line(one),
        "resets": reset_line(one) + (f", every {account.period}" if account.period else ""),
        "limits reached": limits,
        "provider": account.provider,
        "plan": account.plan,
        "models": models,
        "good at": ", ".join(account.tags),
        "note": account.note,
    }


def say_usage(found: Sequence[ModelUsage]) -> None:
    """Print what transcripts tell of tokens and what these cost at list prices."""
    for one in found:
        tokens = one.tokens
        cached = (
            f", {tokens.cache_read_tokens:,} from cache, {tokens.cache_write_tokens:,} to it"
            if tokens.cache_read_tokens or tokens.cache_write_tokens
            else ""
        )
        price = "price not known" if one.cost_usd is None else f"{one.cost_usd:,.2f} USD at list prices"
        missing = f" without {counted(one.unpriced_turns, 'turn')}" if one.unpriced_turns and one.cost_usd is not None else ""
        say(f"  {one.model or 'model not told'}: {tokens.input_tokens:,} tokens in{cached}, {tokens.output_tokens:,} out, {price}{missing}")


def say_credits(forecast: Forecast, efficiency: Efficiency, usage: Sequence[ModelUsage]) -> None:
    """Print how credits go, what they brought, and the usage beside them."""
    rate = forecast.burn
    if rate.credits_per_day:
        span = "" if rate.low is None or rate.high is None else f" ({rate.low:,.1f} to {rate.high:,.1f})"
        say(f"  goes: {rate.credits_per_day:,.1f} credits a day{span}, over {counted(rate.days, 'day')}")
    if forecast.empty_at:
        sure = ""
        if forecast.earliest_at:
            sure = f", from {forecast.earliest_at:%Y-%m-%d}" + (
                f" to {forecast.latest_at:%Y-%m-%d}" if forecast.latest_at else " on, or never"
            )
        say(f"  gone: {forecast.empty_at:%Y-%m-%d %H:%M}{sure}")
    for one in forecast.assumptions:
        say(f"  assumed: {one}" if rate.credits_per_day and forecast.credits_left is not None else f"  {one}")
    ratios = {
        "a session": efficiency.credits_per_session,
        "an accomplishment": efficiency.credits_per_accomplishment,
    }
    told = [f"{value:,.1f} credits {name}" for name, value in ratios.items() if value is not None]
    if efficiency.usd_per_credit is not None:
        told.append(f"{efficiency.usd_per_credit:,.3f} USD of usage a credit")
    if told:
        say(f"  brought: {', '.join(told)}, over {counted(efficiency.sessions, 'session')}")
    say_usage(usage)
