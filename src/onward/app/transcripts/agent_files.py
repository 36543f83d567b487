"""Session files of the agents on this machine: their time of change, and the origin of their sessions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from onward.app.repository.origin import Origin
from onward.app.transcripts.agent_folders import AgentFolder, iter_files, read_transcript
from onward.settings import Worktrees


@dataclass(frozen=True, slots=True)
class AgentFile:
    """A file in the folder of an agent."""

    folder: AgentFolder
    path: Path
    changed_at: datetime

    def belongings(self, worktrees: Worktrees = "together") -> list[Origin | None]:
        """Return the origin of each of its sessions, None if nothing identifies it; an empty list if the file is not a transcript. Only a
        file with many sessions is read beyond its first turn.
        """
        return [session.origin for session in read_transcript(self.folder, self.path, worktrees).sessions]


def list_agent_files(folders: Sequence[AgentFolder]) -> Iterator[AgentFile]:
    """Yield every file in *folders*, once."""
    for folder, path in iter_files(folders):
        if modified_at := changed_at(path):
            yield AgentFile(folder, path, modified_at)


def changed_at(path: Path | str) -> datetime | None:
    """Return the time of the last change of a file; None if it does not exist or *path* is empty."""
    try:
        return datetime.fromtimestamp(Path(path).stat().st_mtime, UTC) if str(path) else None
    except (OSError, ValueError):
        return None
