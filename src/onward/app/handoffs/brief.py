"""The handoff as a session begins: what the last one left, and what changed in the repository since."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from onward.app.repository.git import RepositoryChange, changes_since
from onward.app.repository.git_changes import choose_folder
from onward.core.facts.headings import FILES_SECTION, HEAD, SINCE_THEN
from onward.core.handoff.document import CitedLine, Handoff
from onward.core.handoff.page import existing_files
from onward.core.handoff.versions import StoredHandoff
from onward.core.project import Project
from onward.errors import NotFound

if TYPE_CHECKING:
    from onward.store import Store


def briefing(store: Store, project: Project, handoff: StoredHandoff, folder: Path) -> tuple[Handoff, RepositoryChange | None]:
    """Return *handoff* as it is `since_then`, asking the store when the session that it tells of ended."""
    return with_changes_since(project, handoff, _session_end(store, project, handoff), folder)


def with_changes_since(
    project: Project, handoff: StoredHandoff, ended_at: datetime | None, folder: Path
) -> tuple[Handoff, RepositoryChange | None]:
    """Return *handoff* with what changed since *ended_at* (since it was made, where that is None) among its first lines, and the change; None, and the handoff as it was, where no repository is at hand.

    The repository is the one that holds *folder*, if that is the project's, else the project's own. Where the project has no place, it is the one that holds *folder* if a
    file that the handoff names is there: any other would tell of other work.
    """
    files = named_files(handoff.handoff)
    repository = Path(choose_folder(str(folder.absolute()), project.root, project.remote))
    change = changes_since(repository, ended_at or handoff.created_at, files)
    if change and not (project.root or project.remote) and len(change.missing_files) == len(files):
        change = None
    return (with_change(handoff.handoff, change) if change else handoff.handoff), change


def with_change(handoff: Handoff, change: RepositoryChange) -> Handoff:
    """Return *handoff* with *change* among its first lines, in its place."""
    lines = {**dict(handoff.head), SINCE_THEN: CitedLine(change.sentence())}
    return replace(handoff, head=tuple((name, lines[name]) for name in HEAD if name in lines))


def named_files(handoff: Handoff) -> list[str]:
    """Return the files that *handoff* says are there."""
    return existing_files(line.text for section in handoff.sections if section.title == FILES_SECTION for line in section.lines)


def _session_end(store: Store, project: Project, handoff: StoredHandoff) -> datetime | None:
    """Return when the session that the handoff tells of ended; None where its transcript does not say."""
    # Imported here: who asks a server has no store.
    from onward.store import sessions

    with store.read() as connection:
        session = sessions.find_by_number(connection, project.id, handoff.session_number)
    if session is None:
        raise NotFound("The session is gone: its project was deleted.", "List projects: onward project list")
    return session.ended_at
