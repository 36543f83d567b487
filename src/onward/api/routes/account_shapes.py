"""Shapes of accounts, usage and credits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from onward.api.routes.session_shapes import SessionShape, session_shape
from onward.app.accounts.accounts import AccountAvailability, AccountDetail, BatchReport
from onward.app.accounts.selection import AccountChoice, CreditsReport, Efficiency, Forecast, RankedAccount, RotationOutcome
from onward.app.accounts.usage import ModelUsage
from onward.core.accounts.accounts import AccountEvent
from onward.core.accounts.windows import AccountWindow
from onward.core.edit_version import edit_version


@dataclass(frozen=True, slots=True)
class AccountModelShape:
    """A model of an account. `credits` is the model's own limit between two resets, null if it has none."""

    model: str
    credits: float | None


@dataclass(frozen=True, slots=True)
class AccountLimitShape:
    """A limit that was reached and still holds, of a model or (with empty `model`) of the whole account. `until_at` is null if unknown."""

    model: str
    reached_at: datetime
    until_at: datetime | None


@dataclass(frozen=True, slots=True)
class AccountWindowShape:
    """A limit of an account over a period, of one model or (with empty `model`) of all: of `total`, `used` were used `at` that time.

    `source` is `reported` if the service's own figures say so, `estimated` if a person typed them; `is_credits` marks the credits that a
    person tracks; `has_reset` says that it has restarted since, so that nothing is used.
    """

    model: str
    period: str
    used: float
    total: float | None
    used_percent: float | None
    resets_at: datetime | None
    at: datetime
    source: str
    plan: str
    has_reset: bool
    is_credits: bool


@dataclass(frozen=True, slots=True)
class AccountShape:
    """An account and its availability `at` a time. `windows` are all its limits; `credits_estimated` is the part of `credits_used` that
    nobody reported; `window_at` is the last reset; `resets_source` is `reported` or `estimated`. Null means unknown.
    """

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
    models: list[AccountModelShape]
    tags: tuple[str, ...]
    limits: list[AccountLimitShape]
    windows: list[AccountWindowShape]
    profile: str
    note: str
    at: datetime
    window_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: str


def account_shape(availability: AccountAvailability) -> AccountShape:
    """Return the shape of an account."""
    account = availability.account
    return AccountShape(
        id=account.id,
        name=account.name,
        provider=account.provider,
        plan=account.plan,
        status=availability.status,
        credits_total=account.credits_total,
        credits_used=availability.credits_used,
        credits_estimated=availability.credits_estimated,
        credits_left=availability.credits_left,
        resets_at=availability.resets_at,
        resets_source=availability.resets_source,
        period=str(account.period or ""),
        models=[AccountModelShape(*model) for model in account.models],
        tags=account.tags,
        limits=[AccountLimitShape(*limit) for limit in availability.limits],
        windows=[_window_shape(window) for window in availability.windows],
        profile=account.profile,
        note=account.note,
        at=availability.at,
        window_at=availability.window_at,
        created_at=account.created_at,
        updated_at=account.updated_at,
        version=edit_version(account),
    )


def _window_shape(window: AccountWindow) -> AccountWindowShape:
    return AccountWindowShape(
        model=window.model,
        period=window.period,
        used=window.used,
        total=window.total,
        used_percent=window.used_percent,
        resets_at=window.resets_at,
        at=window.at,
        source=window.source,
        plan=window.plan,
        has_reset=window.has_reset,
        is_credits=window.is_credits,
    )


@dataclass(frozen=True, slots=True)
class AccountEventShape:
    """An event of an account. `credits` is the change of its count and `used_after` the new count; `source` is `reported` (by a person) or
    `estimated` (by Onward).
    """

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


def account_event_shape(event: AccountEvent) -> AccountEventShape:
    """Return the shape of an event."""
    return AccountEventShape(
        id=event.id,
        account_id=event.account_id,
        kind=event.kind,
        source=event.source,
        session_id=event.session_id,
        model=event.model,
        credits=event.credits,
        used_after=event.used_after,
        note=event.note,
        at=event.at,
    )


@dataclass(frozen=True, slots=True)
class UsageShape:
    """Tokens counted in transcripts, for one model on one account. `cost_usd` is their list price without `unpriced_turns`; null if no
    price is known.
    """

    account_id: int | None
    model: str
    turns: int
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    cost_usd: float | None
    unpriced_turns: int


def usage_shape(model_usage: ModelUsage) -> UsageShape:
    """Return the shape of a model's usage."""
    tokens = model_usage.tokens
    return UsageShape(
        account_id=model_usage.account_id,
        model=model_usage.model,
        turns=model_usage.turns,
        input_tokens=tokens.input_tokens,
        output_tokens=tokens.output_tokens,
        cache_read_tokens=tokens.cache_read_tokens,
        cache_write_tokens=tokens.cache_write_tokens,
        cost_usd=model_usage.cost_usd,
        unpriced_turns=model_usage.unpriced_turns,
    )


@dataclass(frozen=True, slots=True)
class AccountSessionShape:
    """A session that ran on an account, since when and why."""

    session_id: int
    account_id: int
    project_id: int
    project: str
    number: int
    status: str
    started_at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class AccountDetailShape:
    """An account with its latest events and sessions, and the usage of all its sessions."""

    account: AccountShape
    events: list[AccountEventShape]
    sessions: list[AccountSessionShape]
    usage: list[UsageShape]


def account_detail_shape(detail: AccountDetail) -> AccountDetailShape:
    """Return the shape of an account with its events, sessions and usage."""
    sessions = [
        AccountSessionShape(
            session_id=link.session_id,
            account_id=link.account_id,
            project_id=link.project_id,
            project=detail.projects.get(link.project_id, ""),
            number=link.number,
            status=link.status,
            started_at=link.started_at,
            reason=str(link.reason),
        )
        for link in detail.sessions
    ]
    return AccountDetailShape(
        account_shape(detail.availability),
        [account_event_shape(event) for event in detail.events],
        sessions,
        [usage_shape(model_usage) for model_usage in detail.usage],
    )


@dataclass(frozen=True, slots=True)
class AccountBatchShape:
    """The created accounts."""

    count: int
    accounts: list[AccountShape]


def account_batch_shape(report: BatchReport) -> AccountBatchShape:
    """Return the shape of a batch of new accounts."""
    return AccountBatchShape(len(report.created), [account_shape(availability) for availability in report.created])


@dataclass(frozen=True, slots=True)
class RankedAccountShape:
    """An account in a ranking. `score` is only comparable within one ranking; the most important of `reasons` comes first."""

    account: AccountShape
    is_usable: bool
    score: float
    reasons: tuple[str, ...]


def _ranked_account_shape(ranked: RankedAccount) -> RankedAccountShape:
    return RankedAccountShape(account_shape(ranked.availability), ranked.is_usable, ranked.score, tuple(map(str, ranked.reasons)))


@dataclass(frozen=True, slots=True)
class AccountChoiceShape:
    """The account to use next (null if none can be used), the reason, and the ranking of all accounts."""

    account: AccountShape | None
    reason: str
    ranking: list[RankedAccountShape]


def account_choice_shape(choice: AccountChoice) -> AccountChoiceShape:
    """Return the shape of a choice."""
    return AccountChoiceShape(
        account_shape(choice.best.availability) if choice.best else None,
        str(choice.why),
        [_ranked_account_shape(ranked) for ranked in choice.ranking],
    )


@dataclass(frozen=True, slots=True)
class RotationShape:
    """The outcome for an open session. `position` is the position of its old account in the rotation window: `below`, `in`, `past` or
    `unknown`; `reasons` are for the new account.
    """

    has_moved: bool
    session_id: int
    session_number: int
    session: SessionShape
    from_account: AccountShape | None
    to_account: AccountShape | None
    position: str
    reason: str
    reasons: tuple[str, ...]


def rotation_shape(rotation: RotationOutcome) -> RotationShape:
    """Return the shape of a rotation."""
    from_account, to_account = (account_shape(availability) if availability else None for availability in (rotation.before, rotation.after))
    return RotationShape(
        has_moved=rotation.has_moved,
        session_id=rotation.session.id,
        session_number=rotation.session.number,
        session=session_shape(rotation.session),
        from_account=from_account,
        to_account=to_account,
        position=rotation.position,
        reason=str(rotation.why),
        reasons=tuple(map(str, rotation.reasons)),
    )


@dataclass(frozen=True, slots=True)
class EfficiencyShape:
    """What credits achieved, over sessions with known credits. Null means that there is no meaningful value."""

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
    """Credits per day over the last `days`, and when the remaining credits run out at that rate, with an interval of about 80 %. Null means
    no forecast; `assumptions` lists what it is based on.
    """

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
    """The use of one account's credits."""

    account: AccountShape
    forecast: ForecastShape
    efficiency: EfficiencyShape
    usage: list[UsageShape]


@dataclass(frozen=True, slots=True)
class ProjectCreditsShape:
    """The credits that one project uses. Its forecast is for all credits left on the accounts."""

    project_id: int
    name: str
    forecast: ForecastShape
    efficiency: EfficiencyShape
    usage: list[UsageShape]


@dataclass(frozen=True, slots=True)
class PoolCreditsShape:
    """The use of credits, by account and by project."""

    at: datetime
    credits_left: float
    accounts: list[AccountCreditsShape]
    projects: list[ProjectCreditsShape]


def pool_credits_shape(report: CreditsReport) -> PoolCreditsShape:
    """Return the shape of a credits report."""
    accounts = [
        AccountCreditsShape(
            account=account_shape(account.availability),
            forecast=_forecast_shape(account.forecast),
            efficiency=_efficiency_shape(account.efficiency),
            usage=[usage_shape(model_usage) for model_usage in account.usage],
        )
        for account in report.accounts
    ]
    projects = [
        ProjectCreditsShape(
            project_id=project.project_id,
            name=project.name,
            forecast=_forecast_shape(project.forecast),
            efficiency=_efficiency_shape(project.efficiency),
            usage=[usage_shape(model_usage) for model_usage in project.usage],
        )
        for project in report.projects
    ]
    return PoolCreditsShape(report.at, report.credits_left, accounts, projects)


def _forecast_shape(forecast: Forecast) -> ForecastShape:
    rate = forecast.burn
    return ForecastShape(
        days=rate.days,
        credits_per_day=rate.credits_per_day,
        low_per_day=rate.low,
        high_per_day=rate.high,
        credits_left=forecast.credits_left,
        empty_at=forecast.empty_at,
        earliest_at=forecast.earliest_at,
        latest_at=forecast.latest_at,
        resets_at=forecast.resets_at,
        resets_first=forecast.resets_first,
        assumptions=tuple(map(str, forecast.assumptions)),
    )


def _efficiency_shape(efficiency: Efficiency) -> EfficiencyShape:
    return EfficiencyShape(
        sessions=efficiency.sessions,
        credits=efficiency.credits,
        accomplishments=efficiency.accomplishments,
        tokens=efficiency.tokens,
        usd=efficiency.usd,
        credits_per_session=efficiency.credits_per_session,
        credits_per_accomplishment=efficiency.credits_per_accomplishment,
        tokens_per_credit=efficiency.tokens_per_credit,
        usd_per_credit=efficiency.usd_per_credit,
    )
