"""What agents left on this machine: the files in which they keep sessions, when each changed, and what its sessions belong to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from onward.app.belonging import Belonging
from onward.app.discovery import AgentFolder, lying_in, seen
from onward.settings import Worktrees


@dataclass(frozen=True, slots=True)
class LeftFile:
    """A file in the folder of an agent."""

    folder: AgentFolder
    path: Path
    changed_at: datetime

    def belongings(self, worktrees: Worktrees = "together") -> list[Belonging | None]:
        """Return what each of its sessions belongs to, None where nothing tells; nothing where it is no transcript. Only a file that holds many is read further than its first turn."""
        return [one.belonging for one in seen(self.folder, self.path, worktrees).sessions]


def left(folders: Sequence[AgentFolder]) -> Iterator[LeftFile]:
    """Yield every file that lies in *folders*, once."""
    for folder, path in lying_in(folders):
        if at := changed_at(path):
            yield LeftFile(folder, path, at)


def changed_at(path: Path | str) -> datetime | None:
    """Return when a file changed last; None where it is gone, or none is named."""
    try:
        return datetime.fromtimestamp(Path(path).stat().st_mtime, UTC) if str(path) else None
    except (OSError, ValueError):
        return None
