"""The cost of tokens, from a table of list prices that ships with the program: no network."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from onward.core.transcript.transcript import Usage

if TYPE_CHECKING:
    from genai_prices.types import PriceCalculation

_MILLION = 1_000_000


class _PricedModel(NamedTuple):
    """A model's name and seller in the table, and its price per million tokens of each kind if that depends on nothing else."""

    name: str
    seller: str | None
    rates_usd: tuple[float, ...] | None


def price_usd(model: str, usage: Usage, at: datetime | None = None) -> float | None:
    """Return the cost of one answer of *model* in US dollars at list price, or None if the price is unknown.

    The price is the one at *at*, or today's. One answer at a time: several models charge more for one long prompt than for two short ones.
    """
    priced_model = _find_model(model)
    if priced_model is None:
        return None
    if priced_model.rates_usd:
        return sum(rate * count for rate, count in zip(priced_model.rates_usd, _token_counts(usage), strict=True)) / _MILLION
    try:
        return float(_calculate(usage, priced_model.name, priced_model.seller, at).total_price)
    except (LookupError, ValueError):
        return None


@cache
def _find_model(model: str) -> _PricedModel | None:
    """Return the entry of *model* in the table: under its name, its maker's name before it, or as resellers write it."""
    maker, _, rest = model.partition("/")
    candidates: list[tuple[str, str | None]] = [(model, None)]
    if rest:
        candidates += [(rest, maker), (model, "openrouter")]
    candidates.append((model, "aws"))
    for name, seller in candidates:
        try:
            return _PricedModel(name, seller, _rates_usd(name, seller))
        except (LookupError, ValueError):
            continue
    return None


def _rates_usd(name: str, seller: str | None) -> tuple[float, ...] | None:
    """Return the price per million tokens of each kind, or None if it depends on time or quantity. It is faster than asking the table."""
    from genai_prices.types import ModelPrice, TieredPrices

    calculation = _calculate(Usage(input_tokens=1, output_tokens=1), name, seller)
    prices = calculation.model.prices
    if not isinstance(prices, ModelPrice) or any(isinstance(price, TieredPrices) for price in vars(prices).values()):
        return None
    kinds = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens")
    units = [Usage(**{kind: _MILLION}) for kind in kinds]
    units.append(Usage(cache_write_tokens=_MILLION, cache_write_1h_tokens=_MILLION))
    return tuple(float(_calculate(unit, name, seller).total_price) for unit in units)


def _token_counts(usage: Usage) -> tuple[int, int, int, int, int]:
    """Return the tokens of each kind that has a price of its own; of what was written to the cache, what it keeps for an hour is last."""
    hour_tokens = min(usage.cache_write_1h_tokens, usage.cache_write_tokens)
    short_tokens = usage.cache_write_tokens - hour_tokens
    return usage.input_tokens, usage.output_tokens, usage.cache_read_tokens, short_tokens, hour_tokens


def _calculate(usage: Usage, name: str, seller: str | None, at: datetime | None = None) -> PriceCalculation:
    """Return the result of the table, which counts cached tokens as part of the input."""
    # A fifth of a second to import, paid only by those who ask for a price.
    from genai_prices import Usage as Counted
    from genai_prices import calc_price

    fresh, output_tokens, cache_read_tokens, short_tokens, hour_tokens = _token_counts(usage)
    cache_write_tokens = short_tokens + hour_tokens
    price_usage = Counted(
        input_tokens=fresh + cache_read_tokens + cache_write_tokens,
        output_tokens=output_tokens,
        cache_read_tokens=cache_read_tokens,
        cache_write_tokens=cache_write_tokens,
        cache_write_1h_tokens=hour_tokens,
    )
    return calc_price(price_usage, name, provider_id=seller, genai_request_timestamp=at)
