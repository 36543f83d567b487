"""The answer of a language model and its cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ModelAnswer(Generic[T]):
    """The answer of a model, with the tokens and the cost of all attempts.

    `input_tokens` includes cached tokens. `cost_usd` is None if a price is unknown. `model` is the name the provider returned.
    `is_whole` is False for a text that reached its token limit.
    """

    value: T
    input_tokens: int
    output_tokens: int
    cost_usd: float | None
    model: str
    is_whole: bool = True
