"""What became of an import."""

from __future__ import annotations

from dataclasses import dataclass, field

from onward.core.session import Session
from onward.core.transcript.transcript import ImportReport
from onward.errors import OnwardError


@dataclass(frozen=True, slots=True)
class ImportedSession:
    """What became of one session of a file. `version` is of the handoff that completing it made, None where it was not completed now."""

    session: Session
    new_turns: int
    known_turns: int
    version: int | None = None


@dataclass(slots=True)
class ImportedFile:
    """What became of one file: what was read, the sessions in it, and why it could not be read, or not to its end, where it could not."""

    path: str
    report: ImportReport = field(default_factory=ImportReport)
    sessions: list[ImportedSession] = field(default_factory=list[ImportedSession])
    error: OnwardError | None = None

    @property
    def new_turns(self) -> int:
        """How many turns came in."""
        return sum(session.new_turns for session in self.sessions)


@dataclass(frozen=True, slots=True)
class ImportProgress:
    """How far an import is: files done of all, and the one at work."""

    done: int
    files: int
    path: str


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What became of every file, in the order of import. `passed_over` are files of a folder that are no transcripts."""

    files: list[ImportedFile]
    skipped_files: list[str]
