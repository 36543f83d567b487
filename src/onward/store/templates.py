"""Templates: objectives and a checklist for a kind of session."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import Connection, Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from onward.core.template import Template
from onward.errors import Conflict
from onward.message import Message
from onward.store.clock import now, to_datetime
from onward.store.schema import templates
from onward.store.text import storable_text


def create(connection: Connection, name: str, description: str, objectives: Sequence[str], checklist: Sequence[str]) -> Template:
    """Store a new template. Raises `Conflict` when the name is taken."""
    at = now()
    row = {**_to_row(name, description, objectives, checklist), "created_at": at, "updated_at": at}
    with connection.begin_nested():
        try:
            return _from_row(connection.execute(insert(templates).values(row).returning(*templates.c)).one())
        except IntegrityError:
            raise _name_conflict(name) from None


def update_template(
    connection: Connection, template_id: int, name: str, description: str, objectives: Sequence[str], checklist: Sequence[str]
) -> Template | None:
    """Store the new content of a template and return it, or None if it does not exist. Raises `Conflict` when the name is taken."""
    row = {**_to_row(name, description, objectives, checklist), "updated_at": now()}
    with connection.begin_nested():
        try:
            updated_row = connection.execute(
                update(templates).where(templates.c.id == template_id).values(row).returning(*templates.c)
            ).first()
        except IntegrityError:
            raise _name_conflict(name) from None
    return None if updated_row is None else _from_row(updated_row)


def _to_row(name: str, description: str, objectives: Sequence[str], checklist: Sequence[str]) -> dict[str, Any]:
    return {
        "name": storable_text(name),
        "description": storable_text(description),
        "objectives_json": _to_json(objectives),
        "checklist_json": _to_json(checklist),
    }


def _name_conflict(name: str) -> Conflict:
    return Conflict(
        Message("There is already a template named {name!r}.", name=name), "Choose another name, or delete that template first."
    )


def find_by_name(connection: Connection, name: str) -> Template | None:
    """Return the template of that name, or None."""
    row = connection.execute(select(templates).where(templates.c.name == name)).first()
    return None if row is None else _from_row(row)


def find(connection: Connection, template_id: int) -> Template | None:
    """Return the template of that id, or None."""
    row = connection.execute(select(templates).where(templates.c.id == template_id)).first()
    return None if row is None else _from_row(row)


def list_templates(connection: Connection, *, after: str | None = None, limit: int | None = None) -> list[Template]:
    """Return the templates by name; with *after*, those with later names."""
    query = select(templates).order_by(templates.c.name).limit(limit)
    if after is not None:
        query = query.where(templates.c.name > after)
    return [_from_row(row) for row in connection.execute(query)]


def delete_template(connection: Connection, template_id: int) -> None:
    """Delete a template. Sessions that started with it keep their objectives and checklist."""
    connection.execute(delete(templates).where(templates.c.id == template_id))


def _to_json(texts: Sequence[str]) -> str:
    return orjson.dumps([storable_text(text) for text in texts]).decode()


def _from_row(row: Row[Any]) -> Template:
    objectives, checklist = (tuple(orjson.loads(text)) for text in (row.objectives_json, row.checklist_json))
    return Template(
        id=row.id,
        name=row.name,
        description=row.description,
        objectives=objectives,
        checklist=checklist,
        created_at=to_datetime(row.created_at),
        updated_at=to_datetime(row.updated_at),
    )
