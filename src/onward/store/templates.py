"""Templates: what a kind of session is for and what it should not forget, by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import Connection, Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from onward.core.template import Template
from onward.errors import Conflict
from onward.store.clock import now, told_always
from onward.store.schema import templates
from onward.store.wording import keepable


def add(connection: Connection, name: str, description: str, objectives: Sequence[str], checklist: Sequence[str]) -> Template:
    """Store a new template. Raises `Conflict` when the name is taken."""
    at = now()
    row = {**_row(name, description, objectives, checklist), "created_at": at, "updated_at": at}
    with connection.begin_nested():
        try:
            return _made(connection.execute(insert(templates).values(row).returning(*templates.c)).one())
        except IntegrityError:
            raise _taken(name) from None


def change(
    connection: Connection, template_id: int, name: str, description: str, objectives: Sequence[str], checklist: Sequence[str]
) -> Template | None:
    """Store a template as it is to be from now on, and return it; None when it is gone. Raises `Conflict` when the name is taken."""
    row = {**_row(name, description, objectives, checklist), "updated_at": now()}
    with connection.begin_nested():
        try:
            found = connection.execute(update(templates).where(templates.c.id == template_id).values(row).returning(*templates.c)).first()
        except IntegrityError:
            raise _taken(name) from None
    return None if found is None else _made(found)


def _row(name: str, description: str, objectives: Sequence[str], checklist: Sequence[str]) -> dict[str, Any]:
    return {
        "name": keepable(name),
        "description": keepable(description),
        "objectives_json": _json(objectives),
        "checklist_json": _json(checklist),
    }


def _taken(name: str) -> Conflict:
    return Conflict(f"There is a template named {name!r} already.", "Choose another name, or delete that one first.")


def by_name(connection: Connection, name: str) -> Template | None:
    """Return the template of that name, or None."""
    row = connection.execute(select(templates).where(templates.c.name == name)).first()
    return None if row is None else _made(row)


def by_id(connection: Connection, template_id: int) -> Template | None:
    """Return the template of that id, or None."""
    row = connection.execute(select(templates).where(templates.c.id == template_id)).first()
    return None if row is None else _made(row)


def listed(connection: Connection, *, after: str | None = None, limit: int | None = None) -> list[Template]:
    """Return the templates by name, from after one name on."""
    query = select(templates).order_by(templates.c.name).limit(limit)
    if after is not None:
        query = query.where(templates.c.name > after)
    return [_made(row) for row in connection.execute(query)]


def remove(connection: Connection, template_id: int) -> None:
    """Delete a template; sessions that began with it keep their objectives and their checklist."""
    connection.execute(delete(templates).where(templates.c.id == template_id))


def _json(texts: Sequence[str]) -> str:
    return orjson.dumps([keepable(text) for text in texts]).decode()


def _made(row: Row[Any]) -> Template:
    objectives, checklist = (tuple(orjson.loads(text)) for text in (row.objectives_json, row.checklist_json))
    return Template(row.id, row.name, row.description, objectives, checklist, told_always(row.created_at), told_always(row.updated_at))
