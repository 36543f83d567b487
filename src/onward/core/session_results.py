"""The results of starting, showing and completing a session."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from onward.core.handoff.versions import HandoffSummary, StoredHandoff
from onward.core.session import Session

if TYPE_CHECKING:
    from onward.core.import_result import ImportedFile


@dataclass(frozen=True, slots=True)
class SessionStart:
    """A session that was started, and the handoff it starts from: None for the first session of a project."""

    session: Session
    previous: StoredHandoff | None


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """A session, and the handoff made by completing it; None if there is none."""

    session: Session
    handoff: HandoffSummary | None


@dataclass(frozen=True, slots=True)
class SessionDetail:
    """A session, the handoff it started from, and the handoff made by completing it; None where there is none."""

    session: Session
    previous: StoredHandoff | None
    handoff: StoredHandoff | None


@dataclass(frozen=True, slots=True)
class SessionCompletion:
    """A completed session and its handoff.

    `is_unchanged` means that the session was complete before and nothing is new. `files` are the transcripts that were
    imported first, `appended_turns` the number of turns that the caller added.
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
