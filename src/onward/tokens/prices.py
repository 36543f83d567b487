"""What tokens cost, from a table of list prices that comes with the program: no network."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from onward.core.transcript.transcript import Usage

if TYPE_CHECKING:
    from genai_prices.types import PriceCalculation

_MILLION = 1_000_000


class _PricedModel(NamedTuple):
    """How the table knows a model, and what a million tokens of each kind cost where that depends on nothing else."""

    name: str
    seller: str | None
    rates_usd: tuple[float, ...] | None


def price_usd(model: str, usage: Usage, at: datetime | None = None) -> float | None:
    """Return what one answer of *model* cost in US dollars, at the list price of its time (of today, where *at* is None); None where no price is known.

    One answer at a time: several models ask more for a long prompt than for two short ones.
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
    """Return how the table knows *model*: as it is, behind its maker's name, or as resellers write it."""
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
    """Return the price of a million tokens of each kind; None where it depends on the time or on how many there are. Asking the table costs far more than a sum."""
    from genai_prices.types import ModelPrice, TieredPrices

    calculation = _calculate(Usage(1, 1), name, seller)
    prices = calculation.model.prices
    if not isinstance(prices, ModelPrice) or any(isinstance(price, TieredPrices) for price in vars(prices).values()):
        return None
    units = [Usage(*(_MILLION if index == kind else 0 for index in range(4))) for kind in range(4)]
    return tuple(float(_calculate(unit, name, seller).total_price) for unit in units)


def _token_counts(usage: Usage) -> tuple[int, int, int, int]:
    return usage.input_tokens, usage.output_tokens, usage.cache_read_tokens, usage.cache_write_tokens


def _calculate(usage: Usage, name: str, seller: str | None, at: datetime | None = None) -> PriceCalculation:
    """Return what the table says. There, what a cache gave or kept is part of the input."""
    # A fifth of a second to import, which only those pay who ask for a price.
    from genai_prices import Usage as Counted
    from genai_prices import calc_price

    fresh, output_tokens, cache_read_tokens, cache_write_tokens = _token_counts(usage)
    input_tokens = fresh + cache_read_tokens + cache_write_tokens
    price_usage = Counted(
        input_tokens=input_tokens, output_tokens=output_tokens, cache_read_tokens=cache_read_tokens, cache_write_tokens=cache_write_tokens
    )  # fmt: skip
    return calc_price(price_usage, name, provider_id=seller, genai_request_timestamp=at)
