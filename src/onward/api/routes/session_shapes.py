"""The shapes of sessions in answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Literal, TypeVar

from onward.api.answers.previous_handoff import PreviousHandoff
from onward.api.routes.handoffs import HandoffShape
from onward.core.edit_version import edit_version
from onward.core.effort.touched_files import TouchedFile
from onward.core.session import ChecklistItem, Session
from onward.core.session_results import TimelineEntry

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SessionShape:
    """A session. `native_id` is the agent's id of it; `template` is the template that it started with, and `checklist` that template's;
    `title_origin` is `agent`, `request` (its first one) or `person`; `tokens` counts its turns; `started_at` and `ended_at` are from the
    transcript, the other times from the server; `version` is sent back with a change of its words; `dated_at` is when it took place,
    null if nothing says so.
    """

    id: int
    project_id: int
    number: int
    status: str
    agent: str
    native_id: str | None
    parent_native_id: str | None
    title: str
    title_origin: str
    objectives: list[str]
    accomplishments: list[str]
    blockers: list[str]
    credits_used: float | None
    turn_count: int
    tokens: int
    branch: str
    cwd: str
    remote: str
    source: str
    template: str
    checklist: list[ChecklistItem]
    dated_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    created_at: datetime
    completed_at: datetime | None
    version: str


@dataclass(frozen=True, slots=True)
class TimelineShape:
    """A session in the timeline of its project, and the preservation of its handoff (0..1, null if it has none)."""

    id: int
    number: int
    status: str
    agent: str
    title: str
    credits_used: float | None
    turn_count: int
    tokens: int
    has_handoff: bool
    handoff_id: int | None
    preservation_ratio: float | None
    dated_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    created_at: datetime
    completed_at: datetime | None


@dataclass(frozen=True, slots=True)
class SessionFileShape:
    """A file that a session touched, `times` times from `first_turn` (a handle) to `last_turn`. Lines are null if the transcript does not
    show them.
    """

    path: str
    change: str
    added_lines: int | None
    removed_lines: int | None
    times: int
    first_turn: str
    last_turn: str


@dataclass(frozen=True, slots=True)
class CompletionShape:
    """A completed session and its handoff. `is_unchanged` if it was already completed and nothing was new."""

    session: SessionShape
    handoff: HandoffShape | None
    new_turns: int
    is_unchanged: bool


@dataclass(frozen=True, slots=True)
class CompletionEnvelope(Generic[T]):
    """A completed session. `job_id` is the job in which a model writes its handoff, null if no model is asked; `llm` says why."""

    success: Literal[True]
    data: T
    job_id: int | None
    llm: str


@dataclass(frozen=True, slots=True)
class NewSessionEnvelope(Generic[T]):
    """A new session, and the handoff from the last one; null for the first session of a project."""

    success: Literal[True]
    data: T
    session_id: int
    session_number: int
    previous_handoff: PreviousHandoff | None
    message: str


def session_shape(session: Session) -> SessionShape:
    """Return the shape of a session."""
    return SessionShape(
        id=session.id,
        project_id=session.project_id,
        number=session.number,
        status=session.status,
        agent=session.agent,
        native_id=session.native_id,
        parent_native_id=session.parent_native_id,
        title=session.title,
        title_origin=session.title_origin,
        objectives=list(session.objectives),
        accomplishments=list(session.accomplishments),
        blockers=list(session.blockers),
        credits_used=session.credits_used,
        turn_count=session.turns,
        tokens=session.tokens,
        branch=session.branch,
        cwd=session.cwd,
        remote=session.remote,
        source=session.source,
        template=session.template,
        checklist=list(session.checklist),
        dated_at=session.dated_at,
        started_at=session.started_at,
        ended_at=session.ended_at,
        created_at=session.created_at,
        completed_at=session.completed_at,
        version=edit_version(session),
    )


def timeline_shape(entry: TimelineEntry) -> TimelineShape:
    """Return the shape of a session in a timeline."""
    session, handoff = entry.session, entry.handoff
    return TimelineShape(
        id=session.id,
        number=session.number,
        status=session.status,
        agent=session.agent,
        title=session.title or "; ".join(session.objectives),
        credits_used=session.credits_used,
        turn_count=session.turns,
        tokens=session.tokens,
        has_handoff=handoff is not None,
        handoff_id=handoff.id if handoff else None,
        preservation_ratio=handoff.preservation_ratio if handoff else None,
        dated_at=session.dated_at,
        started_at=session.started_at,
        ended_at=session.ended_at,
        created_at=session.created_at,
        completed_at=session.completed_at,
    )


def session_file_shape(number: int, file: TouchedFile) -> SessionFileShape:
    """Return the shape of a file that the session of that number touched."""
    return SessionFileShape(
        path=file.path,
        change=file.change,
        added_lines=file.added_lines,
        removed_lines=file.removed_lines,
        times=file.times,
        first_turn=f"s{number}.{file.first_turn}",
        last_turn=f"s{number}.{file.last_turn}",
    )
