"""Folders and repositories that a person assigned to a project. They take precedence over recognition by repository."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from onward.store import schema
from onward.store.lazy_module import sa
from onward.store.statements import Query

if TYPE_CHECKING:
    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class RepositoryAssignment:
    """Sessions that run here belong to the project.

    With `includes_subfolders`: in the folder `root` and all folders below it. Without: in the repository at `root` or `remote`.
    """

    project_id: int
    root: str
    remote: str
    includes_subfolders: bool


def assign(connection: Connection, assignment: RepositoryAssignment) -> None:
    """Assign a folder or repository to a project, replacing an earlier assignment."""
    connection.execute(
        sa.delete(schema.places).where(
            schema.places.c.root == assignment.root,
            schema.places.c.remote == assignment.remote,
            schema.places.c.below.is_(assignment.includes_subfolders),
        )
    )
    connection.execute(
        sa.insert(schema.places).values(
            project_id=assignment.project_id, root=assignment.root, remote=assignment.remote, below=assignment.includes_subfolders
        )
    )


def reassign_all(connection: Connection, from_id: int, to_id: int) -> None:
    """Move all assignments of one project to another."""
    connection.execute(sa.update(schema.places).where(schema.places.c.project_id == from_id).values(project_id=to_id))


def list_assignments(connection: Connection) -> list[RepositoryAssignment]:
    """Return all assignments, oldest first."""
    return [RepositoryAssignment(row.project_id, row.root, row.remote, bool(row.below)) for row in _ALL.all(connection)]


_ALL = Query("SELECT * FROM places ORDER BY id")
