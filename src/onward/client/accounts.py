"""Accounts on a server: the pool, the choice of the next account, and the use of credits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from onward.client.decoder import read
from onward.client.errors import BadRequest
from onward.client.resource import RemoteResource, read_session
from onward.core.accounts.accounts import Account, AccountAvailability, AccountEvent, AccountStatus
from onward.core.accounts.forecast import BurnRate, Efficiency, Forecast
from onward.core.accounts.periods import parse_period
from onward.core.accounts.rank import AccountChoice, AccountNeed, RankedAccount
from onward.core.accounts.report import (
    AccountCredits,
    AccountDetail,
    AccountSession,
    BatchReport,
    CreditsReport,
    ModelUsage,
    ProjectCredits,
    RotationOutcome,
    RowError,
)
from onward.core.project import Project
from onward.core.session import Session
from onward.core.transcript.transcript import Usage


class RemoteAccounts(RemoteResource):
    """The account pool. Onward stores no login and no key of any account."""

    def create(self, fields: Mapping[str, Any]) -> AccountAvailability:
        """Create an account from *values*: its name, and the optional fields of `docs/howto/keep-an-account-pool.md`. Raises `Conflict` if
        the name is taken.
        """
        return read_availability(self._server.post("/accounts", fields)["data"])

    def create_batch(self, rows: Sequence[Mapping[str, Any]]) -> BatchReport:
        """Create an account for each of *rows*, or none: the report lists every row that is wrong."""
        try:
            data = self._server.post("/private/batch-create-accounts", {"accounts": list(rows)})["data"]
        except BadRequest as error:
            if not any("row" in detail for detail in error.details):
                raise
            return BatchReport([], [read(RowError, detail) for detail in error.details])
        return BatchReport([read_availability(account) for account in data["accounts"]], [])

    def require(self, name_or_id: str | int) -> Account:
        """Return the account of that name or id. Raises `NotFound`."""
        return read_availability(self._server.get("/accounts/find", name=str(name_or_id))["data"]).account

    def list_accounts(self, *, status: AccountStatus | None = None) -> Iterator[AccountAvailability]:
        """Yield the accounts by name, with their current availability."""
        return map(read_availability, self._server.iter_rows("/accounts", status=status))

    def show(self, account: Account) -> AccountDetail:
        """Return an account with its events, its sessions and their usage."""
        data = self._server.get(f"/accounts/{account.id}")["data"]
        links = [read(AccountSession, row) for row in data["sessions"]]
        names = {row["project_id"]: row["project"] for row in data["sessions"]}
        events = [read(AccountEvent, event) for event in data["events"]]
        return AccountDetail(
            availability=read_availability(data["account"]),
            events=events,
            sessions=links,
            projects=names,
            usage=[read_usage(row) for row in data["usage"]],
        )

    def change(self, account: Account, fields: Mapping[str, Any]) -> AccountAvailability:
        """Change the given *values* of an account. Raises `Conflict` if the new name is taken."""
        return read_availability(self._server.patch(f"/accounts/{account.id}", fields)["data"])

    def report_failure(self, account: Account, note: str = "", *, model: str = "") -> AccountAvailability:
        """Record that an account failed."""
        event = {"kind": "failure", "note": note, "model": model}
        return read_availability(self._server.post(f"/accounts/{account.id}/events", event)["data"])

    def report_limit(self, account: Account, *, model: str = "", until_at: datetime | None = None, note: str = "") -> AccountAvailability:
        """Record that a limit is reached, as the service reports it: of a *model*, or of the whole account, until *until_at* or the next
        reset.
        """
        event = {"kind": "limit", "note": note, "model": model, "until_at": until_at}
        return read_availability(self._server.post(f"/accounts/{account.id}/events", event)["data"])

    def delete(self, account: Account) -> None:
        """Delete an account and its events for good."""
        self._server.delete(f"/accounts/{account.id}")

    def best_account(self, need: AccountNeed | None = None) -> AccountChoice:
        """Return the account to use next, with the reasons, by the server's rotation window."""
        return read_best(self._server.post("/private/select-best-account", _need_fields(need or AccountNeed()))["data"])

    def rotate(
        self, session: Session, *, need: AccountNeed, credits_used: float | None = None, to: Account | None = None
    ) -> RotationOutcome:
        """Move an open session to the best account, or to *to*, if its account is in the server's rotation window."""
        body = {"session_id": session.id, "account_id": to.id if to else None, "credits_used": credits_used, **_need_fields(need)}
        data = self._server.post("/private/auto-rotate", body)["data"]
        from_account, to_account = (
            read_availability(account) if account else None for account in (data["from_account"], data["to_account"])
        )
        return RotationOutcome(
            session=read_session(data["session"]),
            has_moved=data["has_moved"],
            before=from_account,
            after=to_account,
            position=data["position"],
            why=data["reason"],
            reasons=tuple(data["reasons"]),
        )

    def analyze(self, *, account: Account | None = None, project: Project | None = None) -> CreditsReport:
        """Return how credits are used: by one account, one project, or all."""
        body = {"account_id": account.id if account else None, "project_id": project.id if project else None}
        data = self._server.post("/private/analyze-credits", body)["data"]
        at = datetime.fromisoformat(data["at"])
        accounts = [
            AccountCredits(
                availability=read_availability(row["account"]),
                forecast=_read_forecast(row["forecast"], at),
                efficiency=read(Efficiency, row["efficiency"]),
                usage=[read_usage(model_row) for model_row in row["usage"]],
            )
            for row in data["accounts"]
        ]
        projects = [
            ProjectCredits(
                project_id=row["project_id"],
                name=row["name"],
                forecast=_read_forecast(row["forecast"], at),
                efficiency=read(Efficiency, row["efficiency"]),
                usage=[read_usage(model_row) for model_row in row["usage"]],
            )
            for row in data["projects"]
        ]
        return CreditsReport(at, data["credits_left"], accounts, projects)

    def assign(self, session: Session, account: Account) -> None:
        """Assign a session to an account."""
        self._server.put(f"/sessions/{session.id}/account", {"account_id": account.id})

    def find_session_account(self, session: Session) -> Account | None:
        """Return the account that a session runs on, or ran on last; None if it has none."""
        data = self._server.get(f"/sessions/{session.id}/account")["data"]
        return read_availability(data).account if data else None

    def usage(self, session: Session) -> list[ModelUsage]:
        """Return what a session cost, by account and model, the most expensive first."""
        return [read_usage(row) for row in self._server.get(f"/sessions/{session.id}/usage")["data"]]


def read_availability(data: Mapping[str, Any]) -> AccountAvailability:
    """Return an account's availability at the time that the server gives."""
    is_paused, period = data["status"] == "paused", parse_period(data["period"])
    account = read(Account, data, credits_at=datetime.fromisoformat(data["at"]), is_paused=is_paused, period=period)
    return read(AccountAvailability, data, account=account)


def read_best(data: Mapping[str, Any]) -> AccountChoice:
    """Return a choice of an account."""
    ranking = [_read_ranked(row) for row in data["ranking"]]
    return AccountChoice(next((ranked for ranked in ranking if ranked.is_usable), None), ranking)


def read_usage(data: Mapping[str, Any]) -> ModelUsage:
    """Return the usage of one model."""
    return read(ModelUsage, data, tokens=read(Usage, data))


def _read_ranked(data: Mapping[str, Any]) -> RankedAccount:
    return read(RankedAccount, data, availability=read_availability(data["account"]))


def _read_forecast(data: Mapping[str, Any], at: datetime) -> Forecast:
    burn = BurnRate(at=at, days=data["days"], credits_per_day=data["credits_per_day"], low=data["low_per_day"], high=data["high_per_day"])
    return read(Forecast, data, burn=burn)


def _need_fields(need: AccountNeed) -> dict[str, Any]:
    return {"model": need.model, "tags": list(need.tags), "credits_needed": need.credits}
