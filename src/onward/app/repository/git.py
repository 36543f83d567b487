"""The repository that work happens in: which one it is, and what changed in it since a handoff was made.

The same as `place` and `since` tell, in the shapes that the use cases speak.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from onward.app.repository import detection, git_changes
from onward.app.repository.detection import normalize_remote

__all__ = ["RepositoryChange", "changes_since", "find_linked_worktree", "find_repository", "normalize_remote"]


@dataclass(frozen=True, slots=True)
class RepositoryChange:
    """A repository as it stands, against a moment in the past. `commits` are subjects, newest first, at most `MAX_COMMITS`; `branch` is empty on a
    detached head; `gone` are the files asked about that are not there; `changed_count` counts tracked files with changes not committed.
    """

    root: Path
    branch: str
    commits: tuple[str, ...]
    missing_files: tuple[str, ...]
    changed_count: int

    def sentence(self) -> str:
        """Return the change in one line of Markdown, ready for a handoff."""
        return git_changes.sentence(self.branch, self.commits, self.missing_files, self.changed_count)


def changes_since(folder: Path, moment: datetime, files: Iterable[str] = ()) -> RepositoryChange | None:
    """Return what changed in the repository that holds *folder* since the aware time *moment*, or None where git cannot say.

    *files* are paths that a handoff names, as the agent wrote them: relative to the repository or to *folder*, or absolute.
    """
    query = git_changes.GitQuery(str(folder.absolute()), moment.isoformat())
    answer = query.read_answer(files)
    return RepositoryChange(Path(query.top), *answer) if answer else None


def find_repository(folder: Path, *, worktrees_apart: bool = False) -> tuple[str, str]:
    """Return what tells the project of *folder* (`place.place_of`)."""
    return detection.find_repository(str(folder.absolute()), worktrees_apart=worktrees_apart)


def find_linked_worktree(folder: Path) -> Path | None:
    """Return the top of the linked worktree that holds *folder*, or None."""
    linked = detection.find_linked_worktree(str(folder.absolute()))
    return Path(linked) if linked else None
