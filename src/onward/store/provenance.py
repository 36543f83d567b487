"""Imported files: where a project's turns came from, and what each import did."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

import orjson
from sqlalchemy import Connection, delete, insert, select, update

from onward.core.transcript.transcript import ImportReport
from onward.store.clock import now, to_datetime
from onward.store.schema import imports
from onward.store.text import storable_text


@dataclass(frozen=True, slots=True)
class ImportedPath:
    """A file with the report of its last import."""

    path: str
    report: ImportReport
    imported_at: datetime


def record_import(connection: Connection, project_id: int, path: str, report: ImportReport) -> None:
    """Store the report of an import, replacing an earlier one of the same file."""
    path = storable_text(path)
    connection.execute(delete(imports).where(imports.c.project_id == project_id, imports.c.path == path))
    values = {"format": report.format, "report_json": orjson.dumps(asdict(report)).decode(), "imported_at": now()}
    connection.execute(insert(imports).values(project_id=project_id, path=path, **values))


def move_imports(connection: Connection, from_id: int, to_id: int) -> None:
    """Move the imported files of a project to another. Files that the other also imported keep its report."""
    known_paths = select(imports.c.path).where(imports.c.project_id == to_id).scalar_subquery()
    connection.execute(delete(imports).where(imports.c.project_id == from_id, imports.c.path.in_(known_paths)))
    connection.execute(update(imports).where(imports.c.project_id == from_id).values(project_id=to_id))


def list_imports(connection: Connection, project_id: int, *, after: str | None = None, limit: int | None = None) -> list[ImportedPath]:
    """Return a project's imported files by path; with *after*, those with a later path."""
    query = select(imports).where(imports.c.project_id == project_id).order_by(imports.c.path).limit(limit)
    if after is not None:
        query = query.where(imports.c.path > after)
    return [
        ImportedPath(row.path, ImportReport(**orjson.loads(row.report_json)), to_datetime(row.imported_at))
        for row in connection.execute(query)
    ]
