"""One session ends, and the next account goes on: what is handed over, to which account, and to which agent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from onward.core.accounts.accounts import Account, AccountAvailability
from onward.core.accounts.report import AccountChoice
from onward.core.agents import AGENTS
from onward.core.handoff.document import Handoff
from onward.core.handoff.prompt import render_prompt
from onward.core.handoff.versions import StoredHandoff
from onward.core.import_result import ImportedFile
from onward.core.session import Session


@dataclass(frozen=True, slots=True)
class RelayOutcome:
    """What became of a session when its limit was reached, and how it goes on.

    `session` was completed now, or (`again`) before and nothing was new; None where none was active. `handoff` is what the next one goes on from. `left` is the account that it ran
    on, None where none was named; `best` is the choice of the next. `agent` is the one that goes on, empty where nothing tells. `still_active` are the numbers of other active sessions.
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
        """The account to go on with, None where there is none that can be used."""
        return self.choice.best.availability.account if self.choice.best else None

    def prompt(self, next_goal: str = "", handoff: Handoff | None = None) -> str:
        """Return what the next agent is given; *handoff* is the same one with what changed since, where that is known."""
        return render_prompt(handoff or self.handoff.handoff, next_goal=next_goal)


def agent_of(account: Account | None) -> str:
    """Return the agent that an account is for, by its provider, else its plan, else its name; empty where none of them tells."""
    if account is None:
        return ""
    for field in (account.provider, account.plan, account.name):
        lowered = field.lower()
        for agent in AGENTS:
            if any(word in lowered for word in agent.providers):
                return agent.id
    return ""
