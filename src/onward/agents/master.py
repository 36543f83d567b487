"""The master handoff of the project that a folder belongs to, read from the store as it was rendered, without what usually opens the store."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping

from onward import whereabouts
from onward.app.place import given_to, linked_worktree, place_of
from onward.core import paths

BUSY_SECONDS = 0.5
FILE_NAME = "onward.db"


class Told:
    """What tells the project of a folder, and whether the store that knows it is elsewhere than in the data folder. Raises `BadSetting` where a settings file is wrong."""

    __slots__ = ("cwd", "home", "is_elsewhere", "named", "remote", "root")

    def __init__(self, home: str, cwd: str, environment: Mapping[str, str]) -> None:
        self.home, self.cwd = home, paths.plain(cwd)
        general = whereabouts.values_of(os.path.join(home, whereabouts.HOME_FILE))
        nearest = whereabouts.nearest(self.cwd)
        near = whereabouts.values_of(nearest) if nearest else {}
        worktrees = environment.get("ONWARD_WORKTREES") or near.get("worktrees") or general.get("worktrees")
        # A server that a variable names is meant even where it names none.
        server = environment.get("ONWARD_SERVER", general.get("server"))
        self.is_elsewhere = bool(server or environment.get("ONWARD_DATABASE_URL") or general.get("database_url"))
        # A project that the general file names is for commands; sessions go by the file of their own folder.
        self.named = " ".join(str(environment.get("ONWARD_PROJECT") or near.get("project") or "").split())
        self.root, self.remote = place_of(self.cwd)
        if worktrees == "apart" and (linked := linked_worktree(self.cwd)):
            self.root, self.remote = linked, ""


class Master:
    """A project's master handoff: the `page` as it was rendered, empty before the first; `since` is when the last session ended (ISO 8601), `session` what its agent calls it."""

    __slots__ = ("name", "number", "page", "remote", "root", "session", "since")

    def __init__(self, name: str, root: str, remote: str, page: str = "", number: int = 0, session: str = "", since: str = "") -> None:
        self.name, self.root, self.remote = name, root, remote
        self.page, self.number, self.session, self.since = page, number, session, since


def find(told: Told) -> Master | None:
    """Return the master handoff of the project that *told* leads to, as importing a session would find it; None where there is no such project, or no store.

    Raises `sqlite3.Error` where the store cannot be read.
    """
    path = os.path.join(told.home, FILE_NAME)
    if not os.path.exists(path):
        return None
    connection = sqlite3.connect(f"file:{_quoted(path)}?mode=ro", uri=True, timeout=BUSY_SECONDS)
    try:
        project = _project(connection, told)
        if project is None:
            return None
        project_id, name, root, remote = project
        row = connection.execute(_NEWEST, (project_id,)).fetchone()
        return Master(name, root, remote, row[0], row[1], row[2] or "", _iso(row[3])) if row else Master(name, root, remote)
    finally:
        connection.close()


_NEWEST = """
SELECT handoffs.markdown, handoffs.session_number, sessions.native_id, coalesce(sessions.ended_at, handoffs.created_at)
FROM handoffs LEFT JOIN sessions ON sessions.project_id = handoffs.project_id AND sessions.number = handoffs.session_number
WHERE handoffs.project_id = ? ORDER BY handoffs.version DESC LIMIT 1
"""
_PROJECT = "SELECT id, name, root, remote FROM projects WHERE "
_AT_PLACE = "remote = :remote AND :remote != '' OR root = :root AND root != '' AND (remote = '' OR :remote = '') ORDER BY id LIMIT 1"


def _project(connection: sqlite3.Connection, told: Told) -> tuple[int, str, str, str] | None:
    """Return the project as `projects.found` finds it."""
    if told.named:
        where, values = "name = :named", {"named": told.named}
    else:
        given = given_to(
            connection.execute("SELECT project_id, root, remote, below FROM places ORDER BY id"), told.cwd, told.root, told.remote
        )
        where, values = (_AT_PLACE, {"root": told.root, "remote": told.remote}) if given is None else ("id = :id", {"id": str(given)})
    row: tuple[int, str, str, str] | None = connection.execute(_PROJECT + where, values).fetchone()
    return row


def _quoted(path: str) -> str:
    """Return *path* as a URI has it. (What quotes for everybody takes longer to import than all of this.)"""
    path = os.path.abspath(path).replace("\\", "/")
    for sign in "%?#":
        path = path.replace(sign, f"%{ord(sign):02x}")
    return path if path.startswith("/") else f"/{path}"


def _iso(kept_at: int) -> str:
    """Return a time as git takes it: whole seconds, UTC."""
    import time

    return time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(kept_at // 1_000_000))
