"""Projects: what a person works on over many sessions."""

from __future__ import annotations

from collections.abc import Collection
from secrets import token_bytes
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from onward.core.project import Project, ProjectTotals
from onward.errors import Conflict
from onward.message import Message
from onward.store import knowledge
from onward.store.clock import now, to_datetime
from onward.store.schema import ledgers, projects, sessions
from onward.store.statements import PreparedStatement


def create(connection: Connection, name: str, description: str = "", root: str = "", remote: str = "") -> Project:
    """Store a new project and return it. Raises `Conflict` when the name is taken."""
    at = now()
    key = token_bytes(32)
    row = {"name": name, "description": description, "root": root, "remote": remote, "status": "active", "secret_key": key}
    with connection.begin_nested():
        try:
            project_id = connection.execute(
                insert(projects).values(**row, created_at=at, updated_at=at).returning(projects.c.id)
            ).scalar_one()
        except IntegrityError:
            raise Conflict(
                Message("There is already a project named {name!r}.", name=name), "Choose another name, or use that project."
            ) from None
    connection.execute(insert(ledgers).values(project_id=project_id, version=0, reference_json="[]", updated_at=at))
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


# Every request runs these. Building a statement costs five times as much as running it, so they are built once.
_BY_ID = PreparedStatement(select(projects).where(projects.c.id == bindparam("id")))
_LOCK_QUERY = PreparedStatement(select(projects.c.id).where(projects.c.id == bindparam("id")).with_for_update())
_LAST_AT = func.coalesce(sessions.c.ended_at, sessions.c.started_at, sessions.c.completed_at, sessions.c.created_at)
"""When a session was last worked on. An import completes it long after that."""
_TOTALS = PreparedStatement(
    select(
        sessions.c.project_id,
        func.count(),
        func.count(sessions.c.completed_at),
        *(func.coalesce(func.sum(column), 0) for column in (sessions.c.turns, sessions.c.tokens, sessions.c.credits_used)),
        func.max(_LAST_AT),
    )
    .where(sessions.c.project_id.in_(bindparam("ids", expanding=True)))
    .group_by(sessions.c.project_id)
)

_SESSION_COUNTS = (
    select(sessions.c.project_id, func.count())
    .where(sessions.c.project_id.in_(bindparam("ids", expanding=True)))
    .group_by(sessions.c.project_id)
)


def find(connection: Connection, project_id: int) -> Project | None:
    """Return the project of that id, or None."""
    return _from_row_or_none(_BY_ID.first(connection, id=project_id))


def find_by_name(connection: Connection, name: str) -> Project | None:
    """Return the project of that name, or None."""
    return _from_row_or_none(connection.execute(select(projects).where(projects.c.name == name)).first())


def find_by_key(connection: Connection, key: bytes) -> Project | None:
    """Return the project with that secret key, whatever its name is here, or None."""
    return _from_row_or_none(connection.execute(select(projects).where(projects.c.secret_key == key)).first())


def find_by_repository(connection: Connection, root: str, remote: str) -> list[Project]:
    """Return the projects of a repository, oldest first: those with its remote, or with its folder if either has no remote."""
    same_root = (projects.c.root == root) & (projects.c.root != "")
    condition = (projects.c.remote == remote) | (same_root & (projects.c.remote == "")) if remote else same_root
    return [_from_row(row) for row in connection.execute(select(projects).where(condition).order_by(projects.c.id))]


def list_projects(connection: Connection, *, archived: bool = False, after: str | None = None, limit: int | None = None) -> list[Project]:
    """Return the active or the archived projects by name; with *after*, those with later names."""
    query = select(projects).where(projects.c.status == ("archived" if archived else "active")).order_by(projects.c.name).limit(limit)
    if after is not None:
        query = query.where(projects.c.name > after)
    return [_from_row(row) for row in connection.execute(query)]


def list_by_ids(connection: Connection, ids: Collection[int]) -> list[Project]:
    """Return the projects with these ids in their order, each once; missing ones are left out."""
    query = select(projects).where(projects.c.id.in_(ids))
    by_id = {row.id: _from_row(row) for row in connection.execute(query)}
    return [by_id[project_id] for project_id in dict.fromkeys(ids) if project_id in by_id]


def list_latest_ids(connection: Connection, limit: int) -> list[int]:
    """Return the ids of the projects of the *limit* sessions that were added last, each once, the one last worked on first."""
    added = select(sessions.c.project_id, _LAST_AT.label("last_at")).order_by(sessions.c.id.desc()).limit(limit)
    newest = connection.execute(added).all()
    return list(dict.fromkeys(row.project_id for row in sorted(newest, key=lambda row: -row.last_at)))


def totals_by_id(connection: Connection, ids: Collection[int]) -> dict[int, ProjectTotals]:
    """Return the totals of the projects with these ids; projects without sessions are left out."""
    return {
        row[0]: ProjectTotals(
            sessions=row[1],
            completed=row[2],
            turns=int(row[3]),
            tokens=int(row[4]),
            credits_used=float(row[5]),
            last_at=to_datetime(int(row[6])),
        )
        for row in _TOTALS.all(connection, ids=list(ids))
    }


def count_sessions(connection: Connection, ids: Collection[int]) -> dict[int, int]:
    """Return the number of sessions of the projects with these ids; projects without sessions are left out. Cheaper than `totals_by_id`."""
    return {row[0]: row[1] for row in connection.execute(_SESSION_COUNTS, {"ids": list(ids)})}


def update_project(connection: Connection, project_id: int, **values: str) -> None:
    """Set columns of a project. Raises `Conflict` when a new name is taken."""
    with connection.begin_nested():
        try:
            connection.execute(update(projects).where(projects.c.id == project_id).values(**values, updated_at=now()))
        except IntegrityError:
            raise Conflict(Message("There is already a project named {name!r}.", name=values.get("name")), "Choose another name.") from None


def lock_project(connection: Connection, project_id: int) -> bool:
    """Lock a project until the transaction ends. Return False if it does not exist. SQLite has one writer at a time anyway."""
    return _LOCK_QUERY.first(connection, id=project_id) is not None


def delete_project(connection: Connection, project_id: int) -> None:
    """Delete a project with everything in it, and the knowledge that only it taught."""
    entry_ids = knowledge.ids_of_project(connection, project_id)
    connection.execute(delete(projects).where(projects.c.id == project_id))
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
