"""A session as it is stored, and its turns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from onward.core.transcript.transcript import SessionHead, Turn

DIGEST_PREFIX = "turns:"
"""The prefix of a native id that is a digest of the session's first turns, used where the agent gives no id."""

AGENT_SOURCE = "mcp"
"""The `source` of a session that its own agent started or recorded something in, until its transcript is imported."""

TitleOrigin: TypeAlias = Literal["", "agent", "request", "person"]
"""Where a title comes from: the agent, the first request, or a person; empty without a title."""

SessionStatus: TypeAlias = Literal["in_progress", "completed", "abandoned"]
SessionOrder: TypeAlias = Literal["title", "-title", "turns", "-turns", "credits", "-credits", "started", "-started"]
"""How a list of sessions is ordered, with `-` the largest or latest first."""


@dataclass(frozen=True, slots=True)
class ChecklistItem:
    """A checklist item and whether it is done."""

    text: str
    is_done: bool = False


@dataclass(frozen=True, slots=True)
class Session:
    """One session. `native_id` is the agent's own id, or a digest if it gives none; None until a transcript is
    known. `source` is the transcript file.

    `template` is the name of the template that it started from, empty if none, and `checklist` is the template's.
    `title` is what `title_origin` says. `tokens` counts its turns at about four characters each. `started_at` and
    `ended_at` come from the transcript, the other times from the store.
    """

    id: int
    project_id: int
    number: int
    agent: str
    native_id: str | None
    parent_native_id: str | None
    status: SessionStatus
    title: str
    title_origin: TitleOrigin
    objectives: tuple[str, ...]
    accomplishments: tuple[str, ...]
    blockers: tuple[str, ...]
    credits_used: float | None
    cwd: str
    branch: str
    remote: str
    source: str
    template: str
    checklist: tuple[ChecklistItem, ...]
    turns: int
    tokens: int
    started_at: datetime | None
    ended_at: datetime | None
    created_at: datetime
    completed_at: datetime | None

    @property
    def dated_at(self) -> datetime | None:
        """When it took place: from its transcript, or when it was started here; None for a transcript without times."""
        is_imported = self.native_id is not None and self.source not in ("", AGENT_SOURCE)
        return self.started_at or self.ended_at or (None if is_imported else self.created_at)

    @property
    def open_items(self) -> tuple[str, ...]:
        """The checklist items that are not done."""
        return tuple(item.text for item in self.checklist if not item.is_done)

    def head(self) -> SessionHead:
        """Return the head of the session's transcript."""
        native_id = None if (self.native_id or "").startswith(DIGEST_PREFIX) else self.native_id
        return SessionHead(
            agent=self.agent,
            id=native_id,
            started_at=self.started_at,
            title=self.title,
            cwd=self.cwd,
            branch=self.branch,
            remote=self.remote,
            parent_id=self.parent_native_id,
        )


@dataclass(frozen=True, slots=True)
class RemovedSession:
    """A session that was deleted, or moved to the project with the id `moved_to`. `can_return` is False once its turns are gone."""

    id: int
    project_id: int
    number: int
    title: str
    turns: int
    moved_to: int | None
    removed_at: datetime
    can_return: bool


@dataclass(frozen=True, slots=True)
class Bookmark:
    """A turn that a person wants to find again. `note` is empty without a note."""

    session_id: int
    turn: int
    note: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class StoredTurn:
    """A turn as it is stored. `abandoned` turns are on a branch that the user left."""

    session_id: int
    ordinal: int
    abandoned: bool
    turn: Turn
