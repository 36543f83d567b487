"""Accounts on a server: the pool, the choice among them, and how credits go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from onward.client.reading import read
from onward.client.refusals import BadRequest
from onward.client.rooms import Room, session_of
from onward.core.accounts import Account, AccountStatus, Event, Standing, parse_period
from onward.core.credits import Need, Ranked
from onward.core.forecast import Burn, Efficiency, Forecast
from onward.core.pool import AccountCredits, AccountDetail, Batch, Best, Credits, Link, ModelUsage, ProjectCredits, Rotated, RowError
from onward.core.project import Project
from onward.core.session import Session
from onward.core.transcript import Usage


class Accounts(Room):
    """A pool of accounts of AI services. Onward holds no login and no key of any."""

    def new(self, said: Mapping[str, Any]) -> Standing:
        """Enter an account from what is *said* of it: its name, and what else of `docs/howto/keep-an-account-pool.md`. Raises `Conflict` when the name is taken."""
        return standing_of(self._wire.post("/accounts", said)["data"])

    def batch(self, rows: Sequence[Mapping[str, Any]]) -> Batch:
        """Enter an account for each of *rows*, all or none: every row that is wrong is told at once."""
        try:
            told = self._wire.post("/private/batch-create-accounts", {"accounts": list(rows)})["data"]
        except BadRequest as refused:
            if not any("row" in one for one in refused.details):
                raise
            return Batch([], [read(RowError, one) for one in refused.details])
        return Batch([standing_of(one) for one in told["accounts"]], [])

    def find(self, named: str | int) -> Account:
        """Return the account of that name or id. Raises `NotFound`."""
        return standing_of(self._wire.get("/accounts/find", name=str(named))["data"]).account

    def listed(self, *, status: AccountStatus | None = None) -> Iterator[Standing]:
        """Yield how the accounts stand now, by name."""
        return map(standing_of, self._wire.pages("/accounts", status=status))

    def show(self, account: Account) -> AccountDetail:
        """Return an account with what happened to it, the sessions that went on it, and their usage."""
        told = self._wire.get(f"/accounts/{account.id}")["data"]
        links = [read(Link, one) for one in told["sessions"]]
        names = {one["project_id"]: one["project"] for one in told["sessions"]}
        events = [read(Event, one) for one in told["events"]]
        return AccountDetail(standing_of(told["account"]), events, links, names, [usage_of(one) for one in told["usage"]])

    def change(self, account: Account, said: Mapping[str, Any]) -> Standing:
        """Change what is *said* of an account, and leave the rest. Raises `Conflict` when a new name is taken."""
        return standing_of(self._wire.patch(f"/accounts/{account.id}", said)["data"])

    def failed(self, account: Account, note: str = "", *, model: str = "") -> Standing:
        """Note that an account failed a person or a session."""
        told = {"kind": "failure", "note": note, "model": model}
        return standing_of(self._wire.post(f"/accounts/{account.id}/events", told)["data"])

    def limit_reached(self, account: Account, *, model: str = "", until_at: datetime | None = None, note: str = "") -> Standing:
        """Note that a service said a limit is reached: of a *model*, or of the whole account, until *until_at* or the next reset."""
        told = {"kind": "limit", "note": note, "model": model, "until_at": until_at}
        return standing_of(self._wire.post(f"/accounts/{account.id}/events", told)["data"])

    def delete(self, account: Account) -> None:
        """Delete an account with all that happened to it, for good."""
        self._wire.delete(f"/accounts/{account.id}")

    def best(self, need: Need | None = None) -> Best:
        """Return the account to use next and why, by the server's rotation window."""
        return best_of(self._wire.post("/private/select-best-account", _said(need or Need()))["data"])

    def rotate(self, session: Session, *, need: Need, credits_used: float | None = None, to: Account | None = None) -> Rotated:
        """Move an open session to the best account, or to the one named, if the one it runs on is in the server's rotation window."""
        asked = {"session_id": session.id, "account_id": to.id if to else None, "credits_used": credits_used, **_said(need)}
        told = self._wire.post("/private/auto-rotate", asked)["data"]
        before, after = (standing_of(one) if one else None for one in (told["from_account"], told["to_account"]))
        return Rotated(session_of(told["session"]), told["moved"], before, after, told["place"], told["why"], tuple(told["reasons"]))

    def analyze(self, *, account: Account | None = None, project: Project | None = None) -> Credits:
        """Return how credits go: of one account, one project, or everything."""
        asked = {"account_id": account.id if account else None, "project_id": project.id if project else None}
        told = self._wire.post("/private/analyze-credits", asked)["data"]
        at = datetime.fromisoformat(told["at"])
        accounts = [AccountCredits(standing_of(one["account"]), *_figures(one, at)) for one in told["accounts"]]
        projects = [ProjectCredits(one["project_id"], one["name"], *_figures(one, at)) for one in told["projects"]]
        return Credits(at, told["credits_left"], accounts, projects)

    def assign(self, session: Session, account: Account) -> None:
        """Say which account a session runs on."""
        self._wire.put(f"/sessions/{session.id}/account", {"account_id": account.id})

    def of_session(self, session: Session) -> Account | None:
        """Return the account that a session runs on, or ran on last; None where none was named."""
        told = self._wire.get(f"/sessions/{session.id}/account")["data"]
        return standing_of(told).account if told else None

    def usage(self, session: Session) -> list[ModelUsage]:
        """Return what a session cost, by account and model, the dearest first."""
        return [usage_of(one) for one in self._wire.get(f"/sessions/{session.id}/usage")["data"]]


def standing_of(told: Mapping[str, Any]) -> Standing:
    """Return an account as it stands: what was counted is as of then."""
    is_paused, period = told["status"] == "paused", parse_period(told["period"])
    account = read(Account, told, credits_at=datetime.fromisoformat(told["at"]), is_paused=is_paused, period=period)
    return read(Standing, told, account=account)


def best_of(told: Mapping[str, Any]) -> Best:
    """Return a choice among accounts."""
    ranking = [_ranked(one) for one in told["ranking"]]
    return Best(next((one for one in ranking if one.usable), None), ranking)


def usage_of(told: Mapping[str, Any]) -> ModelUsage:
    """Return what turns of one model cost."""
    return read(ModelUsage, told, tokens=read(Usage, told))


def _ranked(told: Mapping[str, Any]) -> Ranked:
    return read(Ranked, told, standing=standing_of(told["account"]))


def _figures(told: Mapping[str, Any], at: datetime) -> tuple[Forecast, Efficiency, list[ModelUsage]]:
    foreseen = told["forecast"]
    burn = Burn(at, foreseen["days"], foreseen["credits_per_day"], foreseen["low_per_day"], foreseen["high_per_day"])
    return read(Forecast, foreseen, burn=burn), read(Efficiency, told["efficiency"]), [usage_of(one) for one in told["usage"]]


def _said(need: Need) -> dict[str, Any]:
    return {"model": need.model, "tags": list(need.tags), "credits_needed": need.credits}
