"""The repository of a folder, and its changes since a handoff, as values of the use cases.

The work is done in `detection` and `git_changes`, which import little.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from onward.app.repository import detection, git_changes
from onward.app.repository.detection import normalize_remote, real_folder

__all__ = ["RepositoryChange", "changes_since", "find_linked_worktree", "find_repository", "normalize_remote", "real_folder"]


@dataclass(frozen=True, slots=True)
class RepositoryChange:
    """The state of a repository compared with a moment in the past. `commits` are subjects, newest first, at most `MAX_COMMITS`, None where
    git did not list them in time; `branch` is empty on a detached head; `missing_files` are those of the requested files that do not exist;
    `changed_count` is the number of tracked files with uncommitted changes.
    """

    root: Path
    branch: str
    commits: tuple[str, ...] | None
    missing_files: tuple[str, ...]
    changed_count: int

    def sentence(self) -> str:
        """Return the change in one line of Markdown, for a handoff."""
        return git_changes.sentence(self.branch, self.commits, self.missing_files, self.changed_count)


def changes_since(folder: Path, moment: datetime, files: Iterable[str] = ()) -> RepositoryChange | None:
    """Return the changes in the repository of *folder* since the aware time *moment*; None if git gives no answer.

    *files* are paths as an agent wrote them: relative to the repository or to *folder*, or absolute.
    """
    query = git_changes.GitQuery(str(folder.absolute()), moment.isoformat())
    answer = query.read_answer(files)
    if answer is None:
        return None
    branch, commits, missing_files, changed_count = answer
    return RepositoryChange(root=Path(query.top), branch=branch, commits=commits, missing_files=missing_files, changed_count=changed_count)


def find_repository(folder: Path, *, worktrees_apart: bool = False) -> tuple[str, str]:
    """Return the folder and the address of the repository of *folder* (`detection.find_repository`)."""
    return detection.find_repository(str(folder.absolute()), worktrees_apart=worktrees_apart)


def find_linked_worktree(folder: Path) -> Path | None:
    """Return the top folder of the linked worktree that contains *folder*, or None."""
    linked = detection.find_linked_worktree(str(folder.absolute()))
    return Path(linked) if linked else None
