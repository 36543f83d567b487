"""Where turns came from: the files that were imported, and what became of their records."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

import orjson
from sqlalchemy import Connection, delete, insert, select, update

from onward.core.transcript.transcript import ImportReport
from onward.store.clock import now, to_datetime
from onward.store.schema import imports


@dataclass(frozen=True, slots=True)
class ImportedPath:
    """One file as it was imported last."""

    path: str
    report: ImportReport
    imported_at: datetime


def record_import(connection: Connection, project_id: int, path: str, report: ImportReport) -> None:
    """Remember what became of a file, instead of what was remembered of it before."""
    path = path.encode("utf-8", "replace").decode().replace("\0", "")
    connection.execute(delete(imports).where(imports.c.project_id == project_id, imports.c.path == path))
    values = {"format": report.format, "report_json": orjson.dumps(asdict(report)).decode(), "imported_at": now()}
    connection.execute(insert(imports).values(project_id=project_id, path=path, **values))


def move_imports(connection: Connection, from_id: int, to_id: int) -> None:
    """Give the files of one project to another; those that the other knows too, it knows already."""
    known_paths = select(imports.c.path).where(imports.c.project_id == to_id).scalar_subquery()
    connection.execute(delete(imports).where(imports.c.project_id == from_id, imports.c.path.in_(known_paths)))
    connection.execute(update(imports).where(imports.c.project_id == from_id).values(project_id=to_id))


def list_imports(connection: Connection, project_id: int, *, after: str | None = None, limit: int | None = None) -> list[ImportedPath]:
    """Return the files that a project's turns came from, by path, from *after* one path on."""
    query = select(imports).where(imports.c.project_id == project_id).order_by(imports.c.path).limit(limit)
    if after is not None:
        query = query.where(imports.c.path > after)
    return [
        ImportedPath(row.path, ImportReport(**orjson.loads(row.report_json)), to_datetime(row.imported_at))
        for row in connection.execute(query)
    ]
