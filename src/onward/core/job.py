"""Background work as it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias

JobState: TypeAlias = Literal["queued", "running", "done", "failed", "cancelled"]


@dataclass(frozen=True, slots=True)
class Job:
    """One job. `run` names what carries it out; `memo` is what its steps leave each other, `result` what came of it, `error` {code, message, hint}.

    `done` of `total` (None where nobody knows) is how far it is, `step` what it is at; `beat_at` is when its `worker` was last heard of. After a failed
    attempt it waits until `due_at`.
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
    step: str
    done: int
    total: int | None
    attempts: int
    error: Mapping[str, str] | None
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
        """Whether it is still to be carried out, or being so."""
        return self.finished_at is None
