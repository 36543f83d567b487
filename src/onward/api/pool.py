"""How accounts, usage and credits are answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from onward.api.routes.sessions import SessionShape, session_shape
from onward.app.accounts import AccountDetail, Batch, Standing
from onward.app.credits import Best, Credits, Efficiency, Forecast, Ranked, Rotated
from onward.app.usage import ModelUsage
from onward.core.accounts import Event


@dataclass(frozen=True, slots=True)
class ModelShape:
    """A model that an account offers; `credits` is its own limit from one reset to the next, null where it has none."""

    model: str
    credits: float | None


@dataclass(frozen=True, slots=True)
class LimitShape:
    """A limit that was reached and still holds: of a model, or with `model` empty of the whole account. `until_at` is null where nobody named it."""

    model: str
    reached_at: datetime
    until_at: datetime | None


@dataclass(frozen=True, slots=True)
class AccountShape:
    """An account as it stands `at` a time. `credits_estimated` of those used nobody reported; `window_at` is the last reset, `resets_source` is `reported` or `estimated`. Null: not known."""

    id: int
    name: str
    provider: str
    plan: str
    status: str
    credits_total: float | None
    credits_used: float
    credits_estimated: float
    credits_left: float | None
    resets_at: datetime | None
    resets_source: str | None
    period: str
    models: list[ModelShape]
    tags: tuple[str, ...]
    limits: list[LimitShape]
    note: str
    at: datetime
    window_at: datetime | None
    created_at: datetime
    updated_at: datetime


def account_shape(one: Standing) -> AccountShape:
    """Return an account as it is answered."""
    own = one.account
    return AccountShape(
        own.id, own.name, own.provider, own.plan, one.status, own.credits_total, one.credits_used, one.credits_estimated, one.credits_left,
        one.resets_at, one.resets_source, str(own.period or ""), [ModelShape(*model) for model in own.models], own.tags,
        [LimitShape(*limit) for limit in one.limits], own.note, one.at, one.window_at, own.created_at, own.updated_at,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class EventShape:
    """What happened to an account. `credits` is what its count changed by and `used_after` the count then; `source` says whether a person reported it or Onward estimated it."""

    id: int
    account_id: int
    kind: str
    source: str
    session_id: int | None
    model: str
    credits: float | None
    used_after: float | None
    note: str
    at: datetime


def event_shape(one: Event) -> EventShape:
    """Return what happened as it is answered."""
    return EventShape(
        one.id, one.account_id, one.kind, one.source, one.session_id, one.model, one.credits, one.used_after, one.note, one.at
    )


@dataclass(frozen=True, slots=True)
class UsageShape:
    """Tokens that transcripts tell of, for one model on one account. `cost_usd` is their list price, null where that is not known, and without `unpriced_turns`."""

    account_id: int | None
    model: str
    turns: int
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    cost_usd: float | None
    unpriced_turns: int


def usage_shape(one: ModelUsage) -> UsageShape:
    """Return usage as it is answered."""
    counted = one.tokens
    return UsageShape(
        one.account_id, one.model, one.turns, counted.input_tokens, counted.output_tokens, counted.cache_read_tokens, counted.cache_write_tokens,
        one.cost_usd, one.unpriced_turns,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class AccountSessionShape:
    """A session that went on an account, when and why."""

    session_id: int
    account_id: int
    project_id: int
    project: str
    number: int
    status: str
    began_at: datetime
    why: str


@dataclass(frozen=True, slots=True)
class AccountDetailShape:
    """An account, what happened last, the sessions that went on it last, and the usage of all of them."""

    account: AccountShape
    events: list[EventShape]
    sessions: list[AccountSessionShape]
    usage: list[UsageShape]


def account_detail_shape(detail: AccountDetail) -> AccountDetailShape:
    """Return an account with what happened to it as it is answered."""
    went = [
        AccountSessionShape(
            one.session_id, one.account_id, one.project_id, detail.projects.get(one.project_id, ""), one.number, one.status, one.began_at, one.why
        )
        for one in detail.sessions
    ]  # fmt: skip
    return AccountDetailShape(
        account_shape(detail.standing), [event_shape(one) for one in detail.events], went, [usage_shape(one) for one in detail.usage]
    )


@dataclass(frozen=True, slots=True)
class BatchShape:
    """The accounts that were entered."""

    count: int
    accounts: list[AccountShape]


def batch_shape(done: Batch) -> BatchShape:
    """Return a batch as it is answered."""
    return BatchShape(len(done.created), [account_shape(one) for one in done.created])


@dataclass(frozen=True, slots=True)
class RankedShape:
    """An account in a ranking. `score` is only good for comparing; `reasons` come the weightiest first."""

    account: AccountShape
    usable: bool
    score: float
    reasons: tuple[str, ...]


def _ranked_shape(one: Ranked) -> RankedShape:
    return RankedShape(account_shape(one.standing), one.usable, one.score, one.reasons)


@dataclass(frozen=True, slots=True)
class BestShape:
    """The account to use next, null where none can be used; why, in words; and how all of them rank."""

    account: AccountShape | None
    why: str
    ranking: list[RankedShape]


def best_shape(found: Best) -> BestShape:
    """Return the choice of an account as it is answered."""
    return BestShape(account_shape(found.best.standing) if found.best else None, found.why, [_ranked_shape(one) for one in found.ranking])


@dataclass(frozen=True, slots=True)
class RotatedShape:
    """What became of an open session. `place` is where its account stood in the window: `below`, `in`, `past`, or `unknown`; `reasons` are for the account that it went to."""

    moved: bool
    session_id: int
    session_number: int
    session: SessionShape
    from_account: AccountShape | None
    to_account: AccountShape | None
    place: str
    why: str
    reasons: tuple[str, ...]


def rotated_shape(done: Rotated) -> RotatedShape:
    """Return a rotation as it is answered."""
    before, after = (account_shape(one) if one else None for one in (done.before, done.after))
    return RotatedShape(
        done.moved, done.session.id, done.session.number, session_shape(done.session), before, after, done.place, done.why, done.reasons
    )


@dataclass(frozen=True, slots=True)
class EfficiencyShape:
    """What credits brought, over the sessions whose credits are known. Null: it has no meaning."""

    sessions: int
    credits: float
    accomplishments: int
    tokens: int
    usd: float | None
    credits_per_session: float | None
    credits_per_accomplishment: float | None
    tokens_per_credit: float | None
    usd_per_credit: float | None


@dataclass(frozen=True, slots=True)
class ForecastShape:
    """Credits a day over the last `days`, and when what is left will be gone at that rate, with an interval of about four in five. Null: not foreseen. `assumptions` say what it rests on."""

    days: int
    credits_per_day: float
    low_per_day: float | None
    high_per_day: float | None
    credits_left: float | None
    empty_at: datetime | None
    earliest_at: datetime | None
    latest_at: datetime | None
    resets_at: datetime | None
    resets_first: bool
    assumptions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AccountCreditsShape:
    """How the credits of one account go."""

    account: AccountShape
    forecast: ForecastShape
    efficiency: EfficiencyShape
    usage: list[UsageShape]


@dataclass(frozen=True, slots=True)
class ProjectCreditsShape:
    """How the credits go that one project uses; its forecast is for all that is left on the accounts."""

    project_id: int
    name: str
    forecast: ForecastShape
    efficiency: EfficiencyShape
    usage: list[UsageShape]


@dataclass(frozen=True, slots=True)
class CreditsShape:
    """How credits go, by account and by project."""

    at: datetime
    credits_left: float
    accounts: list[AccountCreditsShape]
    projects: list[ProjectCreditsShape]


def credits_shape(found: Credits) -> CreditsShape:
    """Return how credits go as it is answered."""
    of_accounts = [
        AccountCreditsShape(account_shape(one.standing), *_figures(one.forecast, one.efficiency, one.usage)) for one in found.accounts
    ]
    of_projects = [
        ProjectCreditsShape(one.project_id, one.name, *_figures(one.forecast, one.efficiency, one.usage)) for one in found.projects
    ]
    return CreditsShape(found.at, found.credits_left, of_accounts, of_projects)


def _figures(foreseen: Forecast, one: Efficiency, used: Sequence[ModelUsage]) -> tuple[ForecastShape, EfficiencyShape, list[UsageShape]]:
    rate = foreseen.burn
    return (
        ForecastShape(
            rate.days, rate.credits_per_day, rate.low, rate.high, foreseen.credits_left, foreseen.empty_at, foreseen.earliest_at,
            foreseen.latest_at, foreseen.resets_at, foreseen.resets_first, foreseen.assumptions,
        ),
        EfficiencyShape(
            one.sessions, one.credits, one.accomplishments, one.tokens, one.usd, one.credits_per_session, one.credits_per_accomplishment,
            one.tokens_per_credit, one.usd_per_credit,
        ),
        [usage_shape(each) for each in used],
    )  # fmt: skip
