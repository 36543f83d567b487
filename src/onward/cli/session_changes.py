"""`onward session rename`, `delete`, `undelete` and `move`: changes of one session."""

from __future__ import annotations

from collections.abc import Sequence

import click

from onward.app.repository.origin import Origin
from onward.cli.context import json_option, project_option, use_backend
from onward.cli.presentation import say, say_json, say_table
from onward.core.session import RemovedSession, Session

number_argument = click.argument("number", type=click.IntRange(min=1))


@click.command()
@number_argument
@click.argument("title")
@project_option
@json_option
def rename(number: int, title: str, project: str | None, as_json: bool) -> None:
    """Give a session a title. An empty TITLE returns to the agent's own, or to the first request.

    \b
    Example:
      onward session rename 3 "Move the checkout to port 8443"
    """
    with use_backend(project=project) as backend:
        session = backend.sessions.rename(backend.sessions.require(backend.require_project(), number), title)
    if as_json:
        say_json(session_data(session))
    else:
        say(f"Session {session.number}: {session.title or 'no title'}.")


@click.command()
@number_argument
@project_option
@json_option
def delete(number: int, project: str | None, as_json: bool) -> None:
    """Delete a session: its turns, facts and lines in handoffs are hidden at once and deleted after a day.

    Its transcript is not imported again. To restore it within a day: onward session undelete

    \b
    Example:
      onward session delete 3
    """
    with use_backend(project=project) as backend:
        current_project = backend.require_project()
        removed_session = backend.sessions.delete(backend.sessions.require(current_project, number))
    if as_json:
        say_json(_removed_data(removed_session))
    else:
        undo = f"onward session undelete {removed_session.number} --project {current_project.name}"
        say(f"Deleted session {removed_session.number}. To bring it back within a day: {undo}")


@click.command()
@number_argument
@project_option
@json_option
def undelete(number: int, project: str | None, as_json: bool) -> None:
    """Restore a session that was deleted less than a day ago. `session list --deleted` shows them.

    \b
    Example:
      onward session undelete 3
    """
    with use_backend(project=project) as backend:
        session = backend.sessions.undelete(backend.require_project(), number)
    if as_json:
        say_json(session_data(session))
    else:
        say(f"Session {session.number} restored.")


@click.command()
@number_argument
@click.argument("target", metavar="TO")
@project_option
@json_option
def move(number: int, target: str, project: str | None, as_json: bool) -> None:
    """Move a session to another project, which is created if missing. It gets the next number there.

    The facts and handoffs of both projects are regenerated. New turns of its transcript follow it.

    \b
    Example:
      onward session move 3 kopi-shop
    """
    with use_backend(project=project) as backend:
        session = backend.sessions.require(backend.require_project(), number)
        destination = backend.projects.resolve(Origin(target), create=True)
        moved_session = backend.sessions.move(session, destination)
    if as_json:
        say_json(session_data(moved_session))
    else:
        say(f"Session {number} is now session {moved_session.number} of {destination.name}.")


def say_deleted(deleted_sessions: Sequence[RemovedSession], *, as_json: bool) -> None:
    """Print the deleted sessions that can be restored."""
    if as_json:
        say_json([_removed_data(session) for session in deleted_sessions])
    elif not deleted_sessions:
        say("No deleted sessions.")
    else:
        rows = [[session.number, session.removed_at, f"{session.turns:,}", session.title] for session in deleted_sessions]
        say_table(["session", "deleted", "turns", "title"], rows)


def _removed_data(session: RemovedSession) -> dict[str, object]:
    names = ("id", "project_id", "number", "title", "turns", "removed_at")
    return {name: getattr(session, name) for name in names}


def session_data(session: Session) -> dict[str, object]:
    """Return a session as plain data."""
    return {**{name: getattr(session, name) for name in session.__dataclass_fields__}, "dated_at": session.dated_at}
