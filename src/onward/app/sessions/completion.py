"""Completing a session, whichever way it is asked for: what is not stored yet is imported first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from onward.app.accounts.charges import assign
from onward.app.sessions.stored_completion import complete_stored
from onward.app.transcripts.catch_up import catch_up
from onward.app.transcripts.local_agents import LocalAgents
from onward.app.turns.client_turns import append_turns
from onward.core.accounts.accounts import Account
from onward.core.edit_version import WordChoice
from onward.core.session import Session
from onward.core.session_results import SessionCompletion
from onward.core.transcript.transcript import Turn
from onward.store import Store


def complete(
    store: Store,
    session: Session | Callable[[], Session],
    *,
    local_agents: LocalAgents | None = None,
    sent_turns: Sequence[Turn] = (),
    account: Account | None = None,
    accomplishments: Sequence[str] | None = None,
    blockers: Sequence[str] | None = None,
    credits_used: float | None = None,
    budget_tokens: int | None = None,
    version: str = "",
    words: WordChoice | None = None,
) -> SessionCompletion:
    """Complete a session and create the project's next handoff: the one use case behind every way to complete a session.

    In this order: with *local_agents*, what the agents of this machine wrote since is imported; *session* is the session, or a function
    that finds it after the import; *sent_turns* are appended to it; it is put on *account*; and what the user says of it is stored.
    Statements that are None stay as they are; others may not overwrite words that their writer did not see (`edits.merge_statements`).
    Completing again without anything new changes nothing; with the agent's last turns only, the page that the agent wrote stays.
    Raises `NotFound` if the session was deleted.
    """
    files = catch_up(store, local_agents) if local_agents else []
    current_session = session() if callable(session) else session
    appended_turns = append_turns(store, current_session.id, sent_turns).new_turns if sent_turns else 0
    if account:
        assign(store, current_session, account)
    completion = complete_stored(
        store,
        current_session,
        accomplishments=accomplishments,
        blockers=blockers,
        credits_used=credits_used,
        budget_tokens=budget_tokens,
        version=version,
        words=words,
    )
    return replace(completion, files=files, appended_turns=appended_turns)
