"""Projects: what a person works on over many sessions."""

from __future__ import annotations

from collections.abc import Collection
from secrets import token_bytes
from typing import TYPE_CHECKING, Any

from onward.core.project import Project, ProjectTotals
from onward.errors import Conflict
from onward.message import Message
from onward.store import schema
from onward.store.clock import now, to_datetime
from onward.store.lazy_module import sa
from onward.store.statements import NO_LIMIT, Query

if TYPE_CHECKING:
    from sqlalchemy import Connection


def create(connection: Connection, name: str, description: str = "", root: str = "", remote: str = "") -> Project:
    """Store a new project and return it. Raises `Conflict` when the name is taken."""
    at = now()
    key = token_bytes(32)
    row = {"name": name, "description": description, "root": root, "remote": remote, "status": "active", "secret_key": key}
    with connection.begin_nested():
        try:
            project_id = connection.execute(
                sa.insert(schema.projects).values(**row, created_at=at, updated_at=at).returning(schema.projects.c.id)
            ).scalar_one()
        except sa.exc.IntegrityError:
            raise Conflict(
                Message("There is already a project named {name!r}.", name=name), "Choose another name, or use that project."
            ) from None
    connection.execute(sa.insert(schema.ledgers).values(project_id=project_id, version=0, reference_json="[]", updated_at=at))
    return Project(
        id=project_id,
        name=name,
        description=description,
        root=root,
        remote=remote,
        status="active",
        key=key,
        created_at=to_datetime(at),
        updated_at=to_datetime(at),
    )


_BY_ID = Query("SELECT * FROM projects WHERE id = :id")
_BY_NAME = Query("SELECT * FROM projects WHERE name = :name")
_BY_ROOT = Query("SELECT * FROM projects WHERE root = :root ORDER BY id")
_BY_REMOTE = Query("SELECT * FROM projects WHERE remote = :remote OR (root = :root AND root != '' AND remote = '') ORDER BY id")
_BY_STATUS = Query("SELECT * FROM projects WHERE status = :status AND name > :after ORDER BY name LIMIT :most")
_BY_IDS = Query("SELECT * FROM projects WHERE id IN :ids")
_LAST_AT = "coalesce(ended_at, started_at, completed_at, created_at)"
"""When a session was last worked on. An import completes it long after that."""
_LATEST = Query(f"SELECT project_id, {_LAST_AT} AS last_at FROM sessions ORDER BY id DESC LIMIT :most")  # noqa: S608
_TOTALS = Query(f"""
    SELECT project_id, count(*) AS sessions, count(completed_at) AS completed, coalesce(sum(turns), 0) AS turns,
    coalesce(sum(tokens), 0) AS tokens, coalesce(sum(credits_used), 0) AS credits_used,
    max({_LAST_AT}) AS last_at
    FROM sessions WHERE project_id IN :ids GROUP BY project_id
""")  # noqa: S608
_SESSION_COUNTS = Query("SELECT project_id, count(*) AS sessions FROM sessions WHERE project_id IN :ids GROUP BY project_id")


def find(connection: Connection, project_id: int) -> Project | None:
    """Return the project of that id, or None."""
    return _from_row_or_none(_BY_ID.first(connection, id=project_id))


def find_by_name(connection: Connection, name: str) -> Project | None:
    """Return the project of that name, or None."""
    return _from_row_or_none(_BY_NAME.first(connection, name=name))


def find_by_key(connection: Connection, key: bytes) -> Project | None:
    """Return the project with that secret key, whatever its name is here, or None."""
    return _from_row_or_none(connection.execute(sa.select(schema.projects).where(schema.projects.c.secret_key == key)).first())


def find_by_repository(connection: Connection, root: str, remote: str) -> list[Project]:
    """Return the projects of a repository, oldest first: those with its remote, or with its folder if either has no remote."""
    if remote:
        return [_from_row(row) for row in _BY_REMOTE.all(connection, root=root, remote=remote)]
    return [_from_row(row) for row in _BY_ROOT.all(connection, root=root)] if root else []


def list_projects(connection: Connection, *, archived: bool = False, after: str | None = None, limit: int | None = None) -> list[Project]:
    """Return the active or the archived projects by name; with *after*, those with later names."""
    status = "archived" if archived else "active"
    rows = _BY_STATUS.all(connection, status=status, after=after or "", most=NO_LIMIT if limit is None else limit)
    return [_from_row(row) for row in rows]


def list_by_ids(connection: Connection, ids: Collection[int]) -> list[Project]:
    """Return the projects with these ids in their order, each once; missing ones are left out."""
    by_id = {row.id: _from_row(row) for row in _BY_IDS.all(connection, ids=list(ids))}
    return [by_id[project_id] for project_id in dict.fromkeys(ids) if project_id in by_id]


def list_latest_ids(connection: Connection, limit: int) -> list[int]:
    """Return the ids of the projects of the *limit* sessions that were added last, each once, the one last worked on first."""
    latest = sorted(_LATEST.all(connection, most=limit), key=lambda row: -row.last_at)
    return list(dict.fromkeys(row.project_id for row in latest))


def totals_by_id(connection: Connection, ids: Collection[int]) -> dict[int, ProjectTotals]:
    """Return the totals of the projects with these ids; projects without sessions are left out."""
    return {
        row.project_id: ProjectTotals(
            sessions=row.sessions,
            completed=row.completed,
            turns=int(row.turns),
            tokens=int(row.tokens),
            credits_used=float(row.credits_used),
            last_at=to_datetime(int(row.last_at)),
        )
        for row in _TOTALS.all(connection, ids=list(ids))
    }


def count_sessions(connection: Connection, ids: Collection[int]) -> dict[int, int]:
    """Return the number of sessions of the projects with these ids; projects without sessions are left out. Cheaper than `totals_by_id`."""
    return {row.project_id: row.sessions for row in _SESSION_COUNTS.all(connection, ids=list(ids))}


def update_project(connection: Connection, project_id: int, **values: str) -> None:
    """Set columns of a project. Raises `Conflict` when a new name is taken."""
    with connection.begin_nested():
        try:
            connection.execute(sa.update(schema.projects).where(schema.projects.c.id == project_id).values(**values, updated_at=now()))
        except sa.exc.IntegrityError:
            raise Conflict(Message("There is already a project named {name!r}.", name=values.get("name")), "Choose another name.") from None


def lock_project(connection: Connection, project_id: int) -> bool:
    """Lock a project until the transaction ends. Return False if it does not exist. SQLite has one writer at a time anyway."""
    query = sa.select(schema.projects.c.id).where(schema.projects.c.id == project_id).with_for_update()
    return connection.execute(query).first() is not None


def delete_project(connection: Connection, project_id: int) -> None:
    """Delete a project with everything in it, and the knowledge that only it taught."""
    # Only who deletes needs it.
    from onward.store import knowledge

    entry_ids = knowledge.ids_of_project(connection, project_id)
    connection.execute(sa.delete(schema.projects).where(schema.projects.c.id == project_id))
    knowledge.refresh_entries(connection, entry_ids)


def _from_row_or_none(row: Any | None) -> Project | None:
    return None if row is None else _from_row(row)


def _from_row(row: Any) -> Project:
    return Project(
        id=row.id,
        name=row.name,
        description=row.description,
        root=row.root,
        remote=row.remote,
        status=row.status,
        key=bytes(row.secret_key),
        created_at=to_datetime(row.created_at),
        updated_at=to_datetime(row.updated_at),
        root_commit=row.root_commit,
    )
