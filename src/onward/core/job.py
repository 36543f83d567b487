"""Background jobs as they are stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from onward.message import Message

JobState: TypeAlias = Literal["queued", "running", "done", "failed", "cancelled"]


@dataclass(frozen=True, slots=True)
class Job:
    """One job. `run` identifies the current attempt, `memo` passes data from one step to the next, `error` has a code, a message
    and a hint.

    Progress is `done` of `total` (None if unknown), with `step` as its label. `beat_at` is the last sign of life of its `worker`.
    After a failed attempt the job waits until `due_at`.
    """

    id: int
    kind: str
    state: JobState
    project_id: int | None
    key: str | None
    run: str
    requested_by: str
    arguments: Mapping[str, Any]
    memo: Mapping[str, Any]
    result: Mapping[str, Any]
    step: str | Message
    done: int
    total: int | None
    attempts: int
    error: Mapping[str, Any] | None
    spend_usd: float
    worker: str
    beat_at: datetime | None
    cancel_asked_at: datetime | None
    due_at: datetime | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def is_open(self) -> bool:
        """Whether the job is queued or running."""
        return self.finished_at is None
