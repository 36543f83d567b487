"""The costs of model requests, as they are stored and summed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple, TypeAlias

SpendGrouping: TypeAlias = Literal["job", "project", "model"]


@dataclass(frozen=True, slots=True)
class ModelCall:
    """One request to a model, for a `step` of a job or by itself. `failed` says why the last attempt gave no answer;
    empty if it did or is running.

    Tokens and US dollars are the sums of all attempts. `is_unpriced` says that a price is missing for part of them.
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
    """The sum of several requests. Of these, `unpriced` are missing from `cost_usd` in part or in full, because
    their price is unknown, and `subscription` because a person's own agent answered, on its subscription or account.
    """

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0
    unpriced: int = 0
    subscription: int = 0


class SpendLine(NamedTuple):
    """The sum of the requests of one job, project or model. `id` is None for a model, and for requests without a job
    or project.
    """

    name: str
    id: int | None
    spent: SpendTotals


class AttemptUsage(NamedTuple):
    """The usage of one attempt. `cost_usd` is None if the price is unknown."""

    input_tokens: int
    output_tokens: int
    cost_usd: float | None


class CostEstimate(NamedTuple):
    """An estimate for requests that are answered at the first attempt and at full length. `cost_usd` is None if a
    price is unknown.
    """

    calls: int
    input_tokens: int
    output_tokens: int
    cost_usd: float | None


@dataclass(frozen=True, slots=True)
class Spending:
    """The total spend, and its parts. The limits are those of one project per day (UTC) and of one job; 0 means no
    limit.
    """

    total: SpendTotals
    lines: list[SpendLine]
    daily_usd: float
    daily_tokens: int
    job_usd: float
    job_tokens: int
