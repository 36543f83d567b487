"""The account pool, with the configured rotation window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onward.backend.local.resource import LocalResource, UseCases, bind_store, rotation_window
from onward.core.accounts.accounts import Account
from onward.core.accounts.rank import AccountChoice, AccountNeed
from onward.core.accounts.report import CreditsReport, ModelUsage, RotationOutcome
from onward.core.project import Project
from onward.core.session import Session

if TYPE_CHECKING:
    from onward.app.accounts import accounts, charges, usage
    from onward.app.accounts import selection as account_credits
else:
    accounts = UseCases("onward.app.accounts.accounts")
    charges = UseCases("onward.app.accounts.charges")
    account_credits = UseCases("onward.app.accounts.selection")
    usage = UseCases("onward.app.accounts.usage")


class LocalAccounts(LocalResource):
    """The account pool, with the configured rotation window."""

    create = bind_store(accounts.create)
    create_batch = bind_store(accounts.create_batch)
    require = bind_store(accounts.require)
    list_accounts = bind_store(accounts.list_accounts)
    show = bind_store(accounts.show)
    change = bind_store(accounts.change)
    report_failure = bind_store(accounts.report_failure)
    report_limit = bind_store(accounts.report_limit)
    delete = bind_store(accounts.delete)
    assign = bind_store(charges.assign)
    find_session_account = bind_store(charges.find_account)

    def best_account(self, need: AccountNeed | None = None) -> AccountChoice:
        """Return the account to use next, with the reasons."""
        return account_credits.best_account(self._store, need, window=rotation_window(self._settings))

    def rotate(
        self, session: Session, *, need: AccountNeed, credits_used: float | None = None, to: Account | None = None
    ) -> RotationOutcome:
        """Move an open session to the best account, or to *to*, if its account is in the rotation window."""
        return account_credits.rotate(
            self._store, session, need=need, window=rotation_window(self._settings), credits_used=credits_used, to=to
        )

    def analyze(self, *, account: Account | None = None, project: Project | None = None) -> CreditsReport:
        """Return how credits are used: by one account, one project, or all."""
        return account_credits.analyze(self._store, account=account, project_id=project.id if project else None)

    def usage(self, session: Session) -> list[ModelUsage]:
        """Return what a session cost, by account and model, the most expensive first."""
        return usage.read_session_usage(self._store, session.id)
