"""What a model answered, and what it cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ModelAnswer(Generic[T]):
    """What a model answered, and what it cost, all attempts together.

    `input_tokens` counts what a cache gave, too. `cost_usd` is None where no price is known. `model` is what the provider says it was. A text that came
    to the end of its tokens is not `is_whole`.
    """

    value: T
    input_tokens: int
    output_tokens: int
    cost_usd: float | None
    model: str
    is_whole: bool = True
