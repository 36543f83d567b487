"""List prices of tokens. The price table changes, so prices are compared with each other and with the table itself."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from genai_prices import Usage as Counted
from genai_prices import calc_price

from onward.core.transcript.transcript import Usage
from onward.tokens.prices import price_usd

AT = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize("model", ["claude-opus-4-5", "claude-sonnet-4-5", "gpt-5-codex", "o3", "deepseek-chat", "gemini-2.5-pro"])
@pytest.mark.parametrize(
    "usage",
    [
        Usage(input_tokens=1000, output_tokens=200),
        Usage(input_tokens=12, output_tokens=3, cache_read_tokens=150_000, cache_write_tokens=2000),
        Usage(input_tokens=300_000, output_tokens=1, cache_read_tokens=0, cache_write_tokens=0),
    ],
)
def test_the_price_is_that_of_the_table(model: str, usage: Usage) -> None:
    whole = usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens
    counted = Counted(
        input_tokens=whole,
        output_tokens=usage.output_tokens,
        cache_read_tokens=usage.cache_read_tokens,
        cache_write_tokens=usage.cache_write_tokens,
    )
    assert price_usd(model, usage, AT) == pytest.approx(float(calc_price(counted, model, genai_request_timestamp=AT).total_price))


def test_what_a_cache_gives_is_cheaper_than_what_is_read_anew() -> None:
    fresh, cached = (
        price_usd("claude-opus-4-5", Usage(input_tokens=1000)),
        price_usd("claude-opus-4-5", Usage(input_tokens=0, output_tokens=0, cache_read_tokens=1000)),
    )
    assert fresh
    assert cached
    assert cached < fresh


@pytest.mark.parametrize(
    "model", ["anthropic/claude-opus-4-5", "openrouter/anthropic/claude-3.5-sonnet", "us.anthropic.claude-sonnet-4-20250514-v1:0"]
)
def test_a_model_is_known_by_the_names_that_resellers_give_it(model: str) -> None:
    assert (price_usd(model, Usage(input_tokens=1000, output_tokens=10), AT) or 0) > 0


@pytest.mark.parametrize("model", ["", "in-house-7b", "<synthetic>", "a/b/c"])
def test_a_price_that_nobody_knows_is_none_and_never_nothing(model: str) -> None:
    assert price_usd(model, Usage(input_tokens=1000, output_tokens=10), AT) is None


@pytest.mark.parametrize(("model", "usd"), [("claude-opus-4-5", 10.0), ("claude-opus-4-20250514", 30.0), ("claude-sonnet-4-20250514", 6.0)])
def test_what_the_cache_keeps_for_an_hour_has_its_price(model: str, usd: float) -> None:
    hour, short = Usage(cache_write_tokens=100_000, cache_write_1h_tokens=100_000), Usage(cache_write_tokens=100_000)
    assert price_usd(model, hour, AT) == pytest.approx(usd / 10)
    assert price_usd(model, short, AT) == pytest.approx(usd / 1.6 / 10)
    both = Usage(cache_write_tokens=100_000, cache_write_1h_tokens=40_000)
    assert price_usd(model, both, AT) == pytest.approx((0.4 * usd + 0.6 * usd / 1.6) / 10)
