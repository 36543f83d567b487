"""The pool of accounts as it is answered: one of them whole, the choice among them, and how credits go."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from onward.core.accounts.accounts import AccountAvailability, AccountEvent
from onward.core.accounts.forecast import Efficiency, Forecast
from onward.core.accounts.rank import RankedAccount, WindowPosition
from onward.core.session import Session
from onward.core.transcript.transcript import Usage
from onward.message import Message, join_messages


@dataclass(frozen=True, slots=True)
class AccountSession:
    """A session that went on an account, when, and why. `number` is the session's in its project."""

    session_id: int
    account_id: int
    began_at: datetime
    why: Message | str
    project_id: int
    number: int
    status: str


@dataclass(frozen=True, slots=True)
class ModelUsage:
    """What turns of one model cost on one account. `cost_usd` is at list prices, of the turns whose price is known: None where there is none; `unpriced_turns` are the others."""

    account_id: int | None
    model: str
    turns: int
    tokens: Usage
    cost_usd: float | None
    unpriced_turns: int


@dataclass(frozen=True, slots=True)
class AccountDetail:
    """An account as it stands, what happened to it last, the sessions that went on it last, and the usage that their transcripts tell of."""

    availability: AccountAvailability
    events: list[AccountEvent]
    sessions: list[AccountSession]
    projects: dict[int, str]
    usage: list[ModelUsage]


@dataclass(frozen=True, slots=True)
class RowError:
    """Why one row of a batch cannot be an account. `row` counts from 1."""

    row: int
    name: str
    message: str


@dataclass(frozen=True, slots=True)
class BatchReport:
    """What a batch came to: all its accounts, or, where `errors` says what is wrong with some, none."""

    created: list[AccountAvailability]
    errors: list[RowError]


@dataclass(frozen=True, slots=True)
class AccountChoice:
    """The account to use next, None where none can be used now, and how all of them rank."""

    best: RankedAccount | None
    ranking: list[RankedAccount]

    @property
    def why(self) -> Message | str:
        """Why it is that account, or why there is none."""
        if self.best:
            return join_messages(self.best.reasons)
        if not self.ranking:
            return Message("there is no account yet")
        obstacles = [
            Message("{account}: {reason}", account=account.availability.account.name, reason=account.reasons[0])
            for account in self.ranking[:5]
        ]
        return Message("no account can be used now: {obstacles}", obstacles=join_messages(obstacles))


@dataclass(frozen=True, slots=True)
class RotationOutcome:
    """What became of a session: whether it moved, from which account to which, and why or why not. `place` is where the account it ran on stands in the window."""

    session: Session
    has_moved: bool
    before: AccountAvailability | None
    after: AccountAvailability | None
    position: WindowPosition
    why: Message | str
    reasons: tuple[Message | str, ...]


@dataclass(frozen=True, slots=True)
class CreditsOutlook:
    """How a session stands with its credits: the account it runs on (None where it has none) with what the session used, where that is in the window, the account to go on
    with (None where it had better stay), and why.
    """

    availability: AccountAvailability | None
    position: WindowPosition
    target: RankedAccount | None
    why: Message | str

    @property
    def is_due(self) -> bool:
        """Whether the session had better be completed, and the next one begun."""
        return self.position in ("in", "past")


@dataclass(frozen=True, slots=True)
class AccountCredits:
    """How the credits of one account go. `usage` is what transcripts tell, beside the credits that were entered."""

    availability: AccountAvailability
    forecast: Forecast
    efficiency: Efficiency
    usage: list[ModelUsage]


@dataclass(frozen=True, slots=True)
class ProjectCredits:
    """How the credits go that one project uses. Its forecast is for what is left on all accounts that can be used."""

    project_id: int
    name: str
    forecast: Forecast
    efficiency: Efficiency
    usage: list[ModelUsage]


@dataclass(frozen=True, slots=True)
class CreditsReport:
    """How credits go, by account and by project. `credits_left` is what is known to be left on the accounts that can be used now."""

    at: datetime
    credits_left: float
    accounts: list[AccountCredits]
    projects: list[ProjectCredits]
