"""The master handoff of the project that a folder belongs to, read straight from the SQLite file.

The one place outside `store` that speaks SQL: opening the store imports SQLAlchemy, which takes longer than a session may wait for its
hook. `tests/policy/test_layers.py` holds that no other module does, and `tests/agents/test_stored_handoff.py` that both ways find the same
handoff.
"""

from __future__ import annotations

import itertools
import json
import os
import sqlite3
from collections.abc import Mapping, Sequence

from onward import locations
from onward.app.repository.detection import find_assigned_project, find_linked_worktree, find_repository, real_folder
from onward.app.repository.moved_folder import KnownRepository, find_moved
from onward.core.text import paths

BUSY_SECONDS = 0.5
FILE_NAME = "onward.db"


class FolderContext:
    """The evidence for a folder's project, and whether the store is elsewhere than in the data folder. Raises `BadSetting` if a settings
    file is invalid.
    """

    __slots__ = ("cwd", "home", "is_elsewhere", "project_name", "remote", "root")

    def __init__(self, home: str, cwd: str, environment: Mapping[str, str]) -> None:
        self.home, self.cwd = home, paths.normalise(cwd)
        home_settings = locations.read_values(os.path.join(home, locations.HOME_FILE))
        settings_path = locations.find_project_file(self.cwd)
        folder_settings = locations.read_values(settings_path) if settings_path else {}
        worktrees = environment.get("ONWARD_WORKTREES") or folder_settings.get("worktrees") or home_settings.get("worktrees")
        # An empty variable overrides the server in the settings file.
        server = environment.get("ONWARD_SERVER", home_settings.get("server"))
        self.is_elsewhere = bool(server or environment.get("ONWARD_DATABASE_URL") or home_settings.get("database_url"))
        # A project in the general settings file is for commands only; sessions use the file of their own folder.
        self.project_name = " ".join(str(environment.get("ONWARD_PROJECT") or folder_settings.get("project") or "").split())
        self.root, self.remote = find_repository(self.cwd)
        if worktrees == "apart" and (linked := find_linked_worktree(self.cwd)):
            self.root, self.remote = linked, ""


class RenderedHandoff:
    """A project's master handoff. `page` is its Markdown, empty before the first; `files` are those that it names; `since` is when the
    last session ended (ISO 8601), `session` the agent's id of it.
    """

    __slots__ = ("files", "name", "number", "page", "remote", "root", "session", "since")

    def __init__(
        self,
        name: str,
        root: str,
        remote: str,
        *,
        page: str = "",
        files: Sequence[str] = (),
        number: int = 0,
        session: str = "",
        since: str = "",
    ) -> None:
        self.name, self.root, self.remote = name, root, remote
        self.page, self.files, self.number, self.session, self.since = page, files, number, session, since


def find_handoff(context: FolderContext) -> RenderedHandoff | None:
    """Return the master handoff of the project of *context*, the project that importing a session would choose; None if there is no project
    or no store.

    Raises `sqlite3.Error` if the store cannot be read.
    """
    connection = _open_to_read(context)
    if connection is None:
        return None
    try:
        project = _find_project(connection, context)
        if project is None:
            return None
        project_id, name, root, remote = project
        row = connection.execute(_NEWEST, (project_id,)).fetchone()
        if row is None:
            return RenderedHandoff(name, root, remote)
        markdown, document, number, session, since = row
        return RenderedHandoff(
            name, root, remote, page=markdown, files=json.loads(document).get("files", ()), number=number, session=session or "",
            since=_format_time(since),
        )  # fmt: skip
    finally:
        connection.close()


def find_moved_project(context: FolderContext) -> KnownRepository | None:
    """Return the project whose folder was moved to that of *context*; None if there is none. A store of an earlier version knows none."""
    connection = None if context.is_elsewhere else _open_to_read(context)
    if connection is None:
        return None
    try:
        rows = connection.execute(
            "SELECT name, root, remote, root_commit FROM projects WHERE root_commit != '' AND root != ? AND status = 'active'",
            (context.root,),
        ).fetchall()
    except (sqlite3.DatabaseError, UnicodeDecodeError):
        return None
    finally:
        connection.close()
    return find_moved(itertools.starmap(KnownRepository, rows), context.root, context.remote)


class StatusLineProject:
    """What the status line shows of a project: its name, the number of the running session (0 if it is not stored), and when the newest
    handoff was made (Unix time, 0 before the first).
    """

    __slots__ = ("handoff_at", "name", "session_number")

    def __init__(self, name: str, session_number: int, handoff_at: float) -> None:
        self.name, self.session_number, self.handoff_at = name, session_number, handoff_at


class PassingLimit:
    """How much of a limit is used at the time `at`, as an agent reports it to its status line. Times are Unix times."""

    __slots__ = ("at", "model", "resets_at", "used_percent", "window_minutes")

    def __init__(self, window_minutes: int, model: str, used_percent: float, resets_at: float | None, at: float) -> None:
        self.window_minutes, self.model, self.used_percent, self.resets_at, self.at = window_minutes, model, used_percent, resets_at, at


def find_status(context: FolderContext, session: str) -> StatusLineProject | None:
    """Return the status of the project of *context* and of its *session*, the agent's id; None if there is no project or no store."""
    connection = _open_to_read(context)
    if connection is None:
        return None
    try:
        project = _find_project(connection, context)
        if project is None:
            return None
        handoff_at = connection.execute("SELECT max(created_at) FROM handoffs WHERE project_id = ?", project[:1]).fetchone()[0]
        row = connection.execute("SELECT number FROM sessions WHERE project_id = ? AND native_id = ?", (project[0], session)).fetchone()
        return StatusLineProject(project[1], row[0] if row else 0, (handoff_at or 0) / 1_000_000)
    finally:
        connection.close()


def record_limits(home: str, agent: str, session: str, profile: str, limits: Sequence[PassingLimit]) -> None:
    """Store *limits* that differ from the stored ones of that session. Raises `sqlite3.Error` if the store is busy or older than them."""
    path = os.path.join(home, FILE_NAME)
    if not os.path.exists(path):
        return
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS)
    try:
        for limit in limits:
            resets_at = None if limit.resets_at is None else int(limit.resets_at * 1_000_000)
            key = (agent, session, limit.model, limit.window_minutes)
            if connection.execute(_READING, key).fetchone() != (limit.used_percent, resets_at):
                values = (*key, limit.used_percent, resets_at, "", profile, int(limit.at * 1_000_000))
                connection.execute(_STORE_READING, values)
        connection.commit()
    finally:
        connection.close()


def _open_to_read(context: FolderContext) -> sqlite3.Connection | None:
    path = os.path.join(context.home, FILE_NAME)
    return sqlite3.connect(locations.read_only_url(path), uri=True, timeout=BUSY_SECONDS) if os.path.exists(path) else None


_READING = """
SELECT used_percent, resets_at FROM limit_readings WHERE agent = ? AND native_id = ? AND model = ? AND window_minutes = ?
"""
_STORE_READING = """
INSERT OR REPLACE INTO limit_readings
  (agent, native_id, model, window_minutes, used_percent, resets_at, plan, profile, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_NEWEST = """
SELECT handoffs.markdown, handoffs.document_json, handoffs.session_number, sessions.native_id,
  coalesce(sessions.ended_at, handoffs.created_at)
FROM handoffs LEFT JOIN sessions ON sessions.project_id = handoffs.project_id AND sessions.number = handoffs.session_number
WHERE handoffs.project_id = ? ORDER BY handoffs.version DESC LIMIT 1
"""
_PROJECT = "SELECT id, name, root, remote FROM projects WHERE "
_BY_REPOSITORY = "remote = :remote AND :remote != '' OR root = :root AND root != '' AND (remote = '' OR :remote = '') ORDER BY id LIMIT 1"


def _find_project(connection: sqlite3.Connection, context: FolderContext) -> tuple[int, str, str, str] | None:
    """Return the project as `projects.find_by_origin` does."""
    if context.project_name:
        condition, values = "name = :name", {"name": context.project_name}
    else:
        project_id = find_assigned_project(
            connection.execute("SELECT project_id, root, remote, below FROM places ORDER BY id"),
            real_folder(context.cwd),
            context.root,
            context.remote,
        )
        condition, values = (
            (_BY_REPOSITORY, {"root": context.root, "remote": context.remote})
            if project_id is None
            else ("id = :id", {"id": str(project_id)})
        )
    row: tuple[int, str, str, str] | None = connection.execute(_PROJECT + condition, values).fetchone()
    return row


def _format_time(timestamp: int) -> str:
    """Return a time as git accepts it: whole seconds, UTC."""
    import time

    return time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(timestamp // 1_000_000))
