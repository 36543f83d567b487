"""Rows that must exist: each function returns the row of one kind, or raises `NotFound` with the words for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onward.errors import NotFound
from onward.message import Message
from onward.store import accounts, handoffs, projects, sessions

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from onward.core.accounts.accounts import Account
    from onward.core.handoff.versions import StoredHandoff
    from onward.core.project import Project
    from onward.core.session import Session


def require_project(connection: Connection, project_id: int | None) -> Project:
    """Return the project with this id. None means that the project was deleted."""
    project = None if project_id is None else projects.find(connection, project_id)
    if project is None:
        message = "The project was deleted." if project_id is None else Message("There is no project {project_id}.", project_id=project_id)
        raise NotFound(message, "List projects: onward project list")
    return project


def require_named_project(connection: Connection, name: str) -> Project:
    """Return the project with this name."""
    project = projects.find_by_name(connection, name)
    if project is None:
        raise NotFound(Message("There is no project {project_id}.", project_id=name), "List projects: onward project list")
    return project


def lock_project(connection: Connection, project: Project) -> None:
    """Lock *project* until the transaction ends."""
    if not projects.lock_project(connection, project.id):
        raise NotFound(Message("The project {project!r} was deleted.", project=project.name), "List projects: onward project list")


def require_session(connection: Connection, session_id: int) -> Session:
    """Return the session with this id."""
    session = sessions.find(connection, session_id)
    if session is None:
        raise NotFound(
            Message("There is no session with the id {session_id}.", session_id=session_id), "List sessions: onward session list"
        )
    return session


def require_numbered_session(connection: Connection, project: Project, number: int) -> Session:
    """Return the session of a project with this number."""
    session = sessions.find_by_number(connection, project.id, number)
    if session is None:
        raise NotFound(
            Message("There is no session {session} in {project}.", session=number, project=project.name),
            Message("List sessions: onward session list --project {project}", project=project.name),
        )
    return session


def require_handoff(connection: Connection, project: Project, handoff_id: int) -> StoredHandoff:
    """Return the handoff of a project with this id."""
    handoff = handoffs.find(connection, handoff_id)
    if handoff is None or handoff.project_id != project.id:
        raise NotFound(
            Message("{project} has no handoff with the id {handoff_id}.", project=project.name, handoff_id=handoff_id),
            "List handoffs: onward handoff list",
        )
    return handoff


def require_newest_handoff(connection: Connection, project: Project) -> StoredHandoff:
    """Return the master handoff of a project."""
    handoff = handoffs.find_newest(connection, project.id)
    if handoff is None:
        raise no_handoff_error(project)
    return handoff


def no_handoff_error(project: Project, session_number: int | None = None) -> NotFound:
    """Return the error that a project, or one of its sessions, has no handoff."""
    if session_number is None:
        return NotFound(
            Message("{project} has no handoff yet: none of its sessions is completed.", project=project.name),
            "Complete one: onward session complete",
        )
    return NotFound(
        Message("Session {session_number} of {project} has no handoff.", session_number=session_number, project=project.name),
        "List sessions: onward session list",
    )


def require_account(connection: Connection, name_or_id: str | int) -> Account:
    """Return the account with this name or id."""
    matches = accounts.list_accounts(connection, name=name_or_id) if isinstance(name_or_id, str) else []
    if not matches and (isinstance(name_or_id, int) or (name_or_id.isdecimal() and len(name_or_id) < 10)):
        matches = accounts.list_accounts(connection, ids=[int(name_or_id)])
    if not matches:
        raise NotFound(Message("There is no account {name!r}.", name=name_or_id), "List accounts: onward account list")
    return matches[0]


def lock_account(connection: Connection, account_id: int) -> Account:
    """Lock the account with this id until the transaction ends, and return it."""
    locked = accounts.lock_accounts(connection, [account_id])
    if not locked:
        raise NotFound(Message("There is no account {name!r}.", name=account_id), "List accounts: onward account list")
    return locked[0]
