"""Sessions on a server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from onward.client.accounts import best_of, standing_of
from onward.client.rooms import Room, handoff_of, session_of, turn_of
from onward.core.credits import Need
from onward.core.project import Project
from onward.core.relay import Relayed
from onward.core.session import Completed, Session, SessionDetail, SessionStatus, Started, StoredTurn
from onward.core.template import Template


class Sessions(Room):
    """Runs with an agent, numbered in their project."""

    def start(
        self,
        project: Project,
        *,
        agent: str = "",
        objectives: Sequence[str] = (),
        template: Template | None = None,
        handoff_id: int | None = None,
        account_id: int | None = None,
    ) -> Started:
        """Begin a session, of a *template*'s kind where one is named: with the handoff that the last one left, or that of *handoff_id*, on the account of *account_id* where one is named."""
        said: dict[str, Any] = {"project_id": project.id, "agent": agent, "objectives": list(objectives)}
        said |= {"previous_handoff": handoff_id} if handoff_id is not None else {}
        said |= {"template": template.id} if template else {}
        said |= {"account_id": account_id} if account_id is not None else {}
        told = self._wire.post("/sessions", said)
        left = told["previous_handoff"]
        previous = handoff_of(self._wire.get(f"/projects/{project.id}/handoffs/{left['handoff_id']}")["data"]) if left else None
        return Started(session_of(told["data"]), previous)

    def find(self, project: Project, number: int | None = None) -> Session:
        """Return the session of that number; without one, the session begun last that is still active. Raises `NotFound`."""
        return session_of(self._wire.get(f"/projects/{project.id}/session", number=number)["data"])

    def listed(self, project: Project, *, status: SessionStatus | None = None) -> Iterator[Session]:
        """Yield a project's sessions by number."""
        return map(session_of, self._wire.pages(f"/projects/{project.id}/sessions", status=status))

    def show(self, session: Session) -> SessionDetail:
        """Return a session with the handoff it began with and the one it made."""
        told = self._wire.get(f"/sessions/{session.id}", limit=1)["data"]
        loaded, made = (handoff_of(one) if one else None for one in (told["previous_handoff"], told["handoff"]))
        return SessionDetail(session_of(told["session"]), loaded, made)

    def replay(self, session: Session, *, first: int = 1, last: int | None = None) -> Iterator[StoredTurn]:
        """Yield the turns of a session from ordinal *first* to *last*, both included, abandoned ones too."""
        for told in self._wire.pages(f"/sessions/{session.id}/turns", first=first, last=last):
            yield StoredTurn(session.id, told["turn"], told["abandoned"], turn_of(told))

    def save(self, session: Session, turns: Sequence[Mapping[str, Any]] = (), *, text: str | None = None) -> int:
        """Append *turns* (each with `role`, `content`, and if known `at`, `id`, calls and results), or those of a *text*; return how many were new.

        What the session has already is not kept twice.
        """
        said = {"session_id": session.id, "turns": list(turns) or None, "conversation_text": text}
        return int(self._wire.post("/conversations/save", said)["data"]["new_turns"])

    def complete(
        self,
        session: Session,
        *,
        accomplishments: Sequence[str] | None = None,
        blockers: Sequence[str] | None = None,
        credits_used: float | None = None,
        budget_tokens: int | None = None,
    ) -> Completed:
        """Complete a session, with what the person says of it, and make the project's next handoff. What is None stays as it is."""
        said = {
            "accomplishments": accomplishments, "blockers": blockers, "credits_used": credits_used, "budget_tokens": budget_tokens,
        }  # fmt: skip
        told = self._wire.post(f"/sessions/{session.id}/complete", {name: value for name, value in said.items() if value is not None})[
            "data"
        ]
        return Completed(session_of(told["session"]), handoff_of(told["handoff"]), told["again"])

    def relay(
        self,
        project: Project,
        *,
        number: int | None = None,
        accomplishments: Sequence[str] | None = None,
        blockers: Sequence[str] | None = None,
        credits_used: float | None = None,
        limit_reached: bool = False,
        need: Need | None = None,
        agent: str = "",
        budget_tokens: int | None = None,
    ) -> Relayed:
        """Complete a session whose limit is reached, and name the account to go on with, by the server's rotation window."""
        need = need or Need()
        said = {
            "project_id": project.id, "session_number": number, "accomplishments": accomplishments, "blockers": blockers, "credits_used": credits_used,
            "limit_reached": limit_reached, "model": need.model, "tags": list(need.tags), "agent": agent, "budget_tokens": budget_tokens,
        }  # fmt: skip
        told = self._wire.post("/sessions/next", {name: value for name, value in said.items() if value is not None})["data"]
        session, left = told["session"], told["left_account"]
        return Relayed(
            session_of(session) if session else None,
            handoff_of(told["handoff"]),
            told["again"],
            standing_of(left) if left else None,
            best_of(told["next"]),
            told["agent"],
            tuple(told["active_sessions"]),
        )

    def tick(self, session: Session, item: int, *, is_done: bool = True) -> Session:
        """Note whether an *item* of a session's checklist, counted from 1, is done. Raises `NotFound` where there is no such item."""
        return session_of(self._wire.patch(f"/sessions/{session.id}/checklist/{item}", {"is_done": is_done})["data"])

    def reopen(self, session: Session) -> Session:
        """Make a session active again; its handoff stands until it is completed anew."""
        return session_of(self._wire.post(f"/sessions/{session.id}/reopen")["data"])

    def abandon(self, session: Session) -> Session:
        """Leave a session without completing it: its turns stay and can be searched."""
        return session_of(self._wire.post(f"/sessions/{session.id}/abandon")["data"])
