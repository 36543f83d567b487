"""Handing over at a limit: complete the session and choose the account that continues."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from onward.app.accounts import accounts
from onward.app.accounts.charges import find_account
from onward.app.accounts.selection import best_account
from onward.app.sessions import sessions
from onward.app.sessions.completion import complete
from onward.app.transcripts.catch_up import catch_up
from onward.app.transcripts.local_agents import LocalAgents
from onward.core.accounts.account_agent import agent_of
from onward.core.accounts.accounts import AccountAvailability
from onward.core.accounts.rank import AccountNeed, RotationWindow
from onward.core.accounts.relay import RelayOutcome
from onward.core.agents import agent_id
from onward.core.edit_version import WordChoice
from onward.core.handoff.versions import StoredHandoff
from onward.core.project import Project
from onward.core.session import Session
from onward.core.session_results import SessionCompletion
from onward.errors import NotFound
from onward.message import Message
from onward.store import Store, handoffs


def relay(
    store: Store,
    project: Project | Callable[[], Project],
    *,
    local_agents: LocalAgents | None = None,
    number: int | None = None,
    accomplishments: Sequence[str] | None = None,
    blockers: Sequence[str] | None = None,
    credits_used: float | None = None,
    words: WordChoice | None = None,
    limit_reached: bool = False,
    need: AccountNeed | None = None,
    window: RotationWindow | None = None,
    agent: str = "",
    budget_tokens: int | None = None,
) -> RelayOutcome:
    """Complete the session with this number, or the latest active one, and choose the account to continue with.

    With *limit_reached*, its account is marked as used up and not chosen again. *agent* continues, whatever the account is for. Without
    an active session, the newest handoff is continued from. Raises `NotFound` if there is neither.
    """
    files = catch_up(store, local_agents) if local_agents else []
    project = project() if callable(project) else project
    session = _find_session(store, project, number)
    completion: SessionCompletion | None = None
    previous_state: AccountAvailability | None = None
    if session:
        completion = complete(
            store,
            session,
            accomplishments=accomplishments,
            blockers=blockers,
            credits_used=credits_used,
            words=words,
            budget_tokens=budget_tokens,
        )
        account = find_account(store, session)
        if account:
            previous_state = accounts.report_limit(store, account) if limit_reached else accounts.show(store, account).availability
    handoff = completion.handoff if completion else _require_newest(store, project)
    choice = best_account(store, need, window=window)
    next_agent = agent_id(agent) or agent_of(choice.best.availability.account if choice.best else None)
    active_numbers = tuple(
        active_session.number for active_session in sessions.list_sessions(store, project, with_empty=True, status="in_progress")
    )
    return RelayOutcome(
        session=completion.session if completion else None,
        handoff=handoff,
        is_unchanged=bool(completion and completion.is_unchanged),
        previous=previous_state,
        choice=choice,
        agent=next_agent,
        active_numbers=active_numbers,
        files=files,
    )


def _find_session(store: Store, project: Project, number: int | None) -> Session | None:
    try:
        return sessions.require(store, project, number)
    except NotFound:
        if number is not None:
            raise
        return None


def _require_newest(store: Store, project: Project) -> StoredHandoff:
    with store.read() as connection:
        handoff = handoffs.find_newest(connection, project.id)
    if handoff is None:
        raise NotFound(
            Message("{project} has neither an active session nor a handoff to continue from.", project=project.name),
            "Import your agent's sessions: onward import --complete",
        )
    return handoff
