"""Sessions with an agent, numbered in their project."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from onward.backend.local.resource import LocalResource, UseCases, bind_store, rotation_window
from onward.core.project import Project

if TYPE_CHECKING:
    from onward.app.sessions import completion, reassignment, removal, sessions, titles
    from onward.app.sessions import relay as relay_use_case
    from onward.app.transcripts.local_agents import LocalAgents
    from onward.core.accounts.rank import AccountNeed
    from onward.core.accounts.relay import RelayOutcome
    from onward.core.edit_version import WordChoice
else:
    completion = UseCases("onward.app.sessions.completion")
    reassignment = UseCases("onward.app.sessions.reassignment")
    relay_use_case = UseCases("onward.app.sessions.relay")
    removal = UseCases("onward.app.sessions.removal")
    sessions = UseCases("onward.app.sessions.sessions")
    titles = UseCases("onward.app.sessions.titles")


class LocalSessions(LocalResource):
    """Sessions with an agent, numbered in their project."""

    start = bind_store(sessions.start)
    require = bind_store(sessions.require)
    list_sessions = bind_store(sessions.list_sessions)
    show = bind_store(sessions.show)
    replay = bind_store(sessions.replay)
    complete = bind_store(completion.complete)
    tick = bind_store(sessions.tick)
    rename = bind_store(titles.rename)
    delete = bind_store(removal.delete)
    undelete = bind_store(removal.undelete)
    list_deleted = bind_store(removal.list_deleted)
    move = bind_store(reassignment.move)
    reopen = bind_store(sessions.reopen)
    abandon = bind_store(sessions.abandon)

    def relay(
        self,
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
        agent: str = "",
        budget_tokens: int | None = None,
    ) -> RelayOutcome:
        """Complete a session whose limit is reached, and choose the account to continue with, by the configured rotation window."""
        return relay_use_case.relay(
            self._store,
            project,
            local_agents=local_agents,
            number=number,
            accomplishments=accomplishments,
            blockers=blockers,
            credits_used=credits_used,
            words=words,
            limit_reached=limit_reached,
            need=need,
            window=rotation_window(self._settings),
            agent=agent,
            budget_tokens=budget_tokens,
        )
