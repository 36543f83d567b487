"""The result of an import."""

from __future__ import annotations

from dataclasses import dataclass, field

from onward.core.session import Session
from onward.core.transcript.transcript import ImportReport
from onward.errors import OnwardError


@dataclass(frozen=True, slots=True)
class ImportedSession:
    """The result for one session of a file. `version` is that of the handoff made by completing it, None if it was
    not completed now.
    """

    session: Session
    new_turns: int
    known_turns: int
    version: int | None = None


@dataclass(slots=True)
class ImportedFile:
    """The result for one file: what was read, its sessions, and the error that kept it from being read in full, if
    any.
    """

    path: str
    report: ImportReport = field(default_factory=ImportReport)
    sessions: list[ImportedSession] = field(default_factory=list[ImportedSession])
    error: OnwardError | None = None

    @property
    def new_turns(self) -> int:
        """How many turns were added."""
        return sum(session.new_turns for session in self.sessions)


@dataclass(frozen=True, slots=True)
class ImportProgress:
    """The progress of an import: files done of all files, and the current one."""

    done: int
    files: int
    path: str


@dataclass(frozen=True, slots=True)
class ImportResult:
    """The results by file, in the order of import. `skipped_files` are files of a folder that are not transcripts."""

    files: list[ImportedFile]
    skipped_files: list[str]
