"""What asking language models costs, as it is kept and as it adds up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple, TypeAlias

SpendGrouping: TypeAlias = Literal["job", "project", "model"]


@dataclass(frozen=True, slots=True)
class ModelCall:
    """One thing that was asked of a model, for a `step` of a job or by itself. `failed` says why the last attempt gave no answer, empty where it did or goes on.

    Tokens and US dollars are those of all attempts. `is_unpriced` says that some of it has no known price.
    """

    id: int
    project_id: int | None
    job_id: int | None
    step: str
    host: str
    model: str
    attempts: int
    input_tokens: int
    output_tokens: int
    cost_usd: float
    is_unpriced: bool
    failed: str
    asked_at: datetime
    answered_at: datetime | None


class SpendTotals(NamedTuple):
    """What some calls came to. `unpriced` of them are not in `cost_usd`, or not whole: their price is not known."""

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0
    unpriced: int = 0


class SpendLine(NamedTuple):
    """What the calls of one job, project or model came to. `id` is None for a model, and for what no job or project was named."""

    name: str
    id: int | None
    spent: SpendTotals


class AttemptUsage(NamedTuple):
    """What one attempt used. `cost_usd` is None where no price is known."""

    input_tokens: int
    output_tokens: int
    cost_usd: float | None


class CostEstimate(NamedTuple):
    """What requests come to, if each is answered at the first attempt and at full length. `cost_usd` is None where no price is known."""

    calls: int
    input_tokens: int
    output_tokens: int
    cost_usd: float | None


@dataclass(frozen=True, slots=True)
class Spending:
    """What was spent in all, and by whom. The limits are those of one project in a day (UTC) and of one job; 0 is any amount."""

    total: SpendTotals
    lines: list[SpendLine]
    daily_usd: float
    daily_tokens: int
    job_usd: float
    job_tokens: int
