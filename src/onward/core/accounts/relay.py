"""Handing over when a limit is reached: the completed session, the next account, and the next agent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from onward.core.accounts.accounts import Account, AccountAvailability
from onward.core.accounts.rank import AccountChoice
from onward.core.handoff.document import Handoff
from onward.core.handoff.prompt import render_prompt
from onward.core.handoff.versions import StoredHandoff
from onward.core.import_result import ImportedFile
from onward.core.session import Session


@dataclass(frozen=True, slots=True)
class RelayOutcome:
    """What happened to a session when its limit was reached, and what continues it.

    `session` was completed now, or earlier (`is_unchanged`); None if no session was active. `handoff` is what the next
    session starts from. `previous` is the account that the session ran on, None if it had none; `choice` is the choice
    of the next account. `agent` continues, empty if unknown. `active_numbers` are the numbers of other active sessions.
    """

    session: Session | None
    handoff: StoredHandoff
    is_unchanged: bool
    previous: AccountAvailability | None
    choice: AccountChoice
    agent: str
    active_numbers: tuple[int, ...]
    files: Sequence[ImportedFile] = ()
    """The transcripts that were imported first."""

    @property
    def new_turns(self) -> int:
        """The number of turns that were imported first."""
        return sum(file.new_turns for file in self.files)

    @property
    def account(self) -> Account | None:
        """The account to continue with; None if no account can be used."""
        return self.choice.best.availability.account if self.choice.best else None

    def prompt(self, next_goal: str = "", handoff: Handoff | None = None) -> str:
        """Return the prompt for the next agent; *handoff* is the same handoff with the changes made since, if they
        are known.
        """
        return render_prompt(handoff or self.handoff.handoff, next_goal=next_goal)
