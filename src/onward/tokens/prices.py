"""What tokens cost, from a table of list prices that comes with the program: no network."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING

from onward.core.transcript import Usage

if TYPE_CHECKING:
    from genai_prices import Usage as Counted


def price_usd(model: str, usage: Usage, at: datetime | None = None) -> float | None:
    """Return what one answer of *model* cost in US dollars, at the list price of its time (of today, where *at* is None); None where no price is known.

    One answer at a time: several models ask more for a long prompt than for two short ones.
    """
    found = _priced_as(model)
    if found is None:
        return None
    try:
        return _price(_counted(usage), *found, at)
    except (LookupError, ValueError):
        return None


@cache
def _priced_as(model: str) -> tuple[str, str | None] | None:
    """Return the name and the seller that the table knows *model* by: as it is, behind its maker's name, or as resellers write it."""
    maker, _, rest = model.partition("/")
    tries: list[tuple[str, str | None]] = [(model, None)]
    if rest:
        tries += [(rest, maker), (model, "openrouter")]
    tries.append((model, "aws"))
    for name, seller in tries:
        try:
            _price(_counted(Usage(1, 1)), name, seller, None)
        except (LookupError, ValueError):
            continue
        return name, seller
    return None


def _price(usage: Counted, name: str, seller: str | None, at: datetime | None) -> float:
    # A fifth of a second to import, which only those pay who ask for a price.
    from genai_prices import calc_price

    return float(calc_price(usage, name, provider_id=seller, genai_request_timestamp=at).total_price)


def _counted(usage: Usage) -> Counted:
    """Return *usage* as the table counts it: there, what a cache gave or kept is part of the input."""
    from genai_prices import Usage as Counted

    whole = usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens
    return Counted(
        input_tokens=whole, output_tokens=usage.output_tokens, cache_read_tokens=usage.cache_read_tokens, cache_write_tokens=usage.cache_write_tokens
    )  # fmt: skip
