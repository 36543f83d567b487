"""Answers about the account pool: one account in detail, a rotation, and the use of credits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from onward.core.accounts.accounts import AccountAvailability, AccountEvent
from onward.core.accounts.forecast import Efficiency, Forecast
from onward.core.accounts.rank import RankedAccount, WindowPosition
from onward.core.session import Session
from onward.core.transcript.transcript import Usage
from onward.message import Message


@dataclass(frozen=True, slots=True)
class AccountSession:
    """A session that ran on an account, since when, and why. `number` is the session's number in its project."""

    session_id: int
    account_id: int
    started_at: datetime
    reason: Message | str
    project_id: int
    number: int
    status: str


@dataclass(frozen=True, slots=True)
class ModelUsage:
    """Usage of one model on one account. `cost_usd` is at list prices, for the turns whose price is known, None if
    there are none; the others are counted in `unpriced_turns`.
    """

    account_id: int | None
    model: str
    turns: int
    tokens: Usage
    cost_usd: float | None
    unpriced_turns: int


@dataclass(frozen=True, slots=True)
class AccountDetail:
    """An account with its latest events, the sessions that last ran on it, and the usage found in their transcripts."""

    availability: AccountAvailability
    events: list[AccountEvent]
    sessions: list[AccountSession]
    projects: dict[int, str]
    usage: list[ModelUsage]


@dataclass(frozen=True, slots=True)
class RowError:
    """Why one row of a batch cannot become an account. `row` counts from 1."""

    row: int
    name: str
    message: str | Message


@dataclass(frozen=True, slots=True)
class BatchReport:
    """The result of a batch: all of its accounts, or none and what is wrong with its rows."""

    created: list[AccountAvailability]
    errors: list[RowError]


@dataclass(frozen=True, slots=True)
class RotationOutcome:
    """Whether a session changed its account, from which to which, and why or why not. `position` is where its
    account was in the rotation window.
    """

    session: Session
    has_moved: bool
    before: AccountAvailability | None
    after: AccountAvailability | None
    position: WindowPosition
    why: Message | str
    reasons: tuple[Message | str, ...]


@dataclass(frozen=True, slots=True)
class CreditsOutlook:
    """The credits of a session: its account (None if it has none) with what the session used, the position in the
    rotation window, the account to continue with (None if it should stay), and why.
    """

    availability: AccountAvailability | None
    position: WindowPosition
    target: RankedAccount | None
    why: Message | str

    @property
    def is_due(self) -> bool:
        """Whether the session should be completed and the next one started."""
        return self.position in ("in", "past")


@dataclass(frozen=True, slots=True)
class AccountCredits:
    """How the credits of one account are used. `usage` comes from transcripts, beside the credits that were entered."""

    availability: AccountAvailability
    forecast: Forecast
    efficiency: Efficiency
    usage: list[ModelUsage]


@dataclass(frozen=True, slots=True)
class ProjectCredits:
    """How one project uses credits. Its forecast covers what is left on all usable accounts."""

    project_id: int
    name: str
    forecast: Forecast
    efficiency: Efficiency
    usage: list[ModelUsage]


@dataclass(frozen=True, slots=True)
class CreditsReport:
    """How credits are used, by account and by project. `credits_left` is the known sum on all accounts that can be
    used now.
    """

    at: datetime
    credits_left: float
    accounts: list[AccountCredits]
    projects: list[ProjectCredits]
