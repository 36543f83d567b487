"""Sessions on a server."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from onward.app.transcripts.local_agents import LocalAgents
from onward.client.accounts import read_availability, read_best
from onward.client.decoder import read
from onward.client.imports import import_agent_files
from onward.client.resource import RemoteResource, read_handoff, read_session, read_turn
from onward.core.accounts.accounts import Account
from onward.core.accounts.rank import AccountNeed
from onward.core.accounts.relay import RelayOutcome
from onward.core.edit_version import WordChoice, edit_version
from onward.core.project import Project
from onward.core.session import RemovedSession, Session, SessionStatus, StoredTurn
from onward.core.session_results import SessionCompletion, SessionDetail, SessionStart
from onward.core.template import Template


def _read_removed(data: Mapping[str, Any]) -> RemovedSession:
    return read(RemovedSession, {**data, "turns": data["turn_count"], "moved_to": None, "can_return": True})


class RemoteSessions(RemoteResource):
    """Sessions with an agent, numbered in their project."""

    def start(
        self,
        project: Project,
        *,
        agent: str = "",
        objectives: Sequence[str] = (),
        template: Template | None = None,
        handoff_id: int | None = None,
        account_id: int | None = None,
    ) -> SessionStart:
        """Start a session with the newest handoff, or with *handoff_id*; optionally from a *template*, and on the account *account_id*."""
        body: dict[str, Any] = {"project_id": project.id, "agent": agent, "objectives": list(objectives)}
        body |= {"previous_handoff": handoff_id} if handoff_id is not None else {}
        body |= {"template": template.id} if template else {}
        body |= {"account_id": account_id} if account_id is not None else {}
        answer = self._server.post("/sessions", body)
        previous_data = answer["previous_handoff"]
        previous = (
            read_handoff(self._server.get(f"/projects/{project.id}/handoffs/{previous_data['handoff_id']}")["data"])
            if previous_data
            else None
        )
        return SessionStart(read_session(answer["data"]), previous)

    def require(self, project: Project, number: int | None = None) -> Session:
        """Return the session of that number; without a number, the active session that was started last. Raises `NotFound`."""
        return read_session(self._server.get(f"/projects/{project.id}/session", number=number)["data"])

    def list_sessions(self, project: Project, *, with_empty: bool = False, status: SessionStatus | None = None) -> Iterator[Session]:
        """Yield a project's sessions by number. Empty ones, without turns, facts and words, are left out unless *with_empty*."""
        empty = "true" if with_empty else None
        return map(read_session, self._server.iter_rows(f"/projects/{project.id}/sessions", status=status, empty=empty))

    def show(self, session: Session) -> SessionDetail:
        """Return a session with the handoff it started from and the one it produced."""
        data = self._server.get(f"/sessions/{session.id}", limit=1)["data"]
        previous, handoff = (read_handoff(document) if document else None for document in (data["previous_handoff"], data["handoff"]))
        return SessionDetail(read_session(data["session"]), previous, handoff)

    def replay(self, session: Session, *, first: int = 1, last: int | None = None) -> Iterator[StoredTurn]:
        """Yield the turns of a session from *first* to *last*, both included, abandoned ones too."""
        for row in self._server.iter_rows(f"/sessions/{session.id}/turns", first=first, last=last):
            yield StoredTurn(session.id, row["turn"], row["abandoned"], read_turn(row))

    def save(self, session: Session, turns: Sequence[Mapping[str, Any]] = (), *, text: str | None = None) -> int:
        """Append *turns* (each with `role`, `content`, and optionally `at`, `id`, calls and results), or the turns of *text*; return how
        many were new.

        Turns that the session already has are skipped.
        """
        body = {"session_id": session.id, "turns": list(turns) or None, "conversation_text": text}
        return int(self._server.post("/conversations/save", body)["data"]["new_turns"])

    def complete(
        self,
        session: Session | Callable[[], Session],
        *,
        local_agents: LocalAgents | None = None,
        account: Account | None = None,
        accomplishments: Sequence[str] | None = None,
        blockers: Sequence[str] | None = None,
        credits_used: float | None = None,
        budget_tokens: int | None = None,
        words: WordChoice | None = None,
    ) -> SessionCompletion:
        """Complete a session with a person's statements, and create the project's next handoff. Arguments that are None leave their field
        unchanged.

        With *local_agents*, what the agents of this machine wrote since is sent first; *session* may be a function that finds the session
        after that. *words* says whether the statements are added to the existing ones or replace them. Raises `EditConflict` if any would
        be lost unseen.
        """
        files = import_agent_files(self._server, local_agents) if local_agents else []
        current_session = session() if callable(session) else session
        statements = {
            "accomplishments": accomplishments,
            "blockers": blockers,
            "credits_used": credits_used,
            "budget_tokens": budget_tokens,
            "account_id": account.id if account else None,
            "words": words,
        }
        data = self._server.post(
            f"/sessions/{current_session.id}/complete", {name: value for name, value in statements.items() if value is not None}
        )["data"]
        return SessionCompletion(
            session=read_session(data["session"]),
            handoff=read_handoff(data["handoff"]),
            is_unchanged=data["is_unchanged"],
            files=files,
            appended_turns=data["new_turns"],
        )

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
        """Complete a session whose limit is reached, and choose the account to continue with, by the server's rotation window."""
        files = import_agent_files(self._server, local_agents) if local_agents else []
        project = project() if callable(project) else project
        need = need or AccountNeed()
        body = {
            "project_id": project.id,
            "session_number": number,
            "accomplishments": accomplishments,
            "blockers": blockers,
            "credits_used": credits_used,
            "words": words,
            "limit_reached": limit_reached,
            "model": need.model,
            "tags": list(need.tags),
            "agent": agent,
            "budget_tokens": budget_tokens,
        }
        data = self._server.post("/sessions/next", {name: value for name, value in body.items() if value is not None})["data"]
        session_data, account_data = data["session"], data["previous_account"]
        return RelayOutcome(
            session=read_session(session_data) if session_data else None,
            handoff=read_handoff(data["handoff"]),
            is_unchanged=data["is_unchanged"],
            previous=read_availability(account_data) if account_data else None,
            choice=read_best(data["next"]),
            agent=data["agent"],
            active_numbers=tuple(data["active_sessions"]),
            files=files,
        )

    def tick(self, session: Session, item: int, *, is_done: bool = True) -> Session:
        """Mark an *item* of a session's checklist, counted from 1, as done or not. Raises `NotFound` if there is no such item."""
        return read_session(self._server.patch(f"/sessions/{session.id}/checklist/{item}", {"is_done": is_done})["data"])

    def rename(self, session: Session, title: str) -> Session:
        """Give a session a title; an empty one returns to the agent's title, or to the first request."""
        return read_session(self._server.patch(f"/sessions/{session.id}", {"title": title, "version": edit_version(session)})["data"])

    def delete(self, session: Session) -> RemovedSession:
        """Delete a session, and return what can be undone for a day."""
        return _read_removed(self._server.delete(f"/sessions/{session.id}")["data"])

    def undelete(self, project: Project, number: int) -> Session:
        """Bring a deleted session back as it was. Raises `NotFound` if it was not deleted, or more than a day ago."""
        return read_session(self._server.post(f"/projects/{project.id}/session/undelete", number=number)["data"])

    def list_deleted(self, project: Project) -> list[RemovedSession]:
        """Return the deleted sessions of a project that can be restored, by number."""
        return [_read_removed(data) for data in self._server.get(f"/projects/{project.id}/deleted-sessions")["data"]]

    def move(self, session: Session, target: Project) -> Session:
        """Move one session to *target* under its next number, and return it."""
        return read_session(self._server.post(f"/sessions/{session.id}/move", {"project_id": target.id})["data"])

    def reopen(self, session: Session) -> Session:
        """Make a session active again; its handoff stays until the session is completed again."""
        return read_session(self._server.post(f"/sessions/{session.id}/reopen")["data"])

    def abandon(self, session: Session) -> Session:
        """Abandon a session: its turns stay and can be searched."""
        return read_session(self._server.post(f"/sessions/{session.id}/abandon")["data"])
