"""The handoff that a session starts with: the last session's handoff, and what changed in the repository since."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from onward.app.repository.git import RepositoryChange, changes_since
from onward.app.repository.git_changes import choose_folder
from onward.core.facts.headings import HEAD, SINCE_THEN
from onward.core.handoff.document import CitedLine, Handoff
from onward.core.handoff.versions import StoredHandoff
from onward.core.project import Project

if TYPE_CHECKING:
    from onward.store import Store


def briefing(store: Store, project: Project, handoff: StoredHandoff, folder: Path) -> tuple[Handoff, RepositoryChange | None]:
    """Return *handoff* with the repository changes since its session ended, and the changes, as `with_changes_since` does."""
    return with_changes_since(project, handoff, _session_end(store, project, handoff), folder)


def with_changes_since(
    project: Project, handoff: StoredHandoff, ended_at: datetime | None, folder: Path
) -> tuple[Handoff, RepositoryChange | None]:
    """Return *handoff* with what changed in the repository since *ended_at* as one of its head lines, and the change. Without a repository,
    return the unchanged handoff and None.

    If *ended_at* is None, changes since the handoff was created count. The repository is the one that contains *folder* if it is the
    project's, else the project's own. If the project has no repository, it is the one that contains *folder*, but only if it has a file
    that the handoff names.
    """
    files = handoff.handoff.files
    repository = Path(choose_folder(str(folder.absolute()), project.root, project.remote))
    change = changes_since(repository, ended_at or handoff.created_at, files)
    if change and not (project.root or project.remote) and len(change.missing_files) == len(files):
        change = None
    return (with_change(handoff.handoff, change) if change else handoff.handoff), change


def with_change(handoff: Handoff, change: RepositoryChange) -> Handoff:
    """Return *handoff* with *change* as the "since then" line of its head."""
    lines = {**dict(handoff.head), SINCE_THEN: CitedLine(change.sentence())}
    return replace(handoff, head=tuple((name, lines[name]) for name in HEAD if name in lines))


def _session_end(store: Store, project: Project, handoff: StoredHandoff) -> datetime | None:
    """Return when the session of the handoff ended; None if its transcript has no times."""
    # Imported here: clients of a server have no store.
    from onward.app.lookup import require_numbered_session

    with store.read() as connection:
        return require_numbered_session(connection, project, handoff.session_number).ended_at
