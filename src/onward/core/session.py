"""A session as it is kept: its turns, and what beginning, showing and completing it answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal, TypeAlias

from onward.core.handoff.versions import HandoffSummary, StoredHandoff
from onward.core.transcript.transcript import SessionHead, Turn

if TYPE_CHECKING:
    from onward.core.import_result import ImportedFile

DIGEST_PREFIX = "turns:"
"""How a native id begins that is no agent's own, but a digest of the session's first turns."""

AGENT_SOURCE = "mcp"
"""The `source` of a session that its own agent began, until its transcript is known."""

SessionStatus: TypeAlias = Literal["active", "completed", "abandoned"]


@dataclass(frozen=True, slots=True)
class ChecklistItem:
    """What a session should not forget, and whether it is done."""

    text: str
    is_done: bool = False


@dataclass(frozen=True, slots=True)
class Session:
    """One session. `native_id` is the agent's own id, or a digest where it gives none, None until a transcript is known; `source` is the file it came from.

    `template` names the one that it began with, empty where there was none; `checklist` is that one's. `tokens` counts its turns, about four characters each. `started_at` and `ended_at` are the transcript's, the others the store's.
    """

    id: int
    project_id: int
    number: int
    agent: str
    native_id: str | None
    parent_native_id: str | None
    status: SessionStatus
    title: str
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
    def open_items(self) -> tuple[str, ...]:
        """What of its checklist is not done."""
        return tuple(item.text for item in self.checklist if not item.is_done)

    def head(self) -> SessionHead:
        """Return the head that the transcript began with."""
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
class StoredTurn:
    """A turn as it is kept. `abandoned` ones are on a branch that the person went back from."""

    session_id: int
    ordinal: int
    abandoned: bool
    turn: Turn


@dataclass(frozen=True, slots=True)
class SessionStart:
    """A session that began, and the handoff it begins with: None for the first of its project."""

    session: Session
    previous: StoredHandoff | None


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """A session, and the handoff that completing it made, None where it made none."""

    session: Session
    handoff: HandoffSummary | None


@dataclass(frozen=True, slots=True)
class SessionDetail:
    """A session, the handoff it began with and the one that completing it made, where there are any."""

    session: Session
    previous: StoredHandoff | None
    handoff: StoredHandoff | None


@dataclass(frozen=True, slots=True)
class SessionCompletion:
    """A completed session and its handoff.

    `is_unchanged` means that the session was complete before and nothing is new. `files` are the transcripts that were imported first, `appended_turns`
    the number of turns that the caller added.
    """

    session: Session
    handoff: StoredHandoff
    is_unchanged: bool = False
    files: Sequence[ImportedFile] = ()
    appended_turns: int = 0

    @property
    def new_turns(self) -> int:
        """The number of turns that came in before the session was completed."""
        return self.appended_turns + sum(file.new_turns for file in self.files)
