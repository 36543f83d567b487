"""Rules that a person gave to every project."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from onward.core.facts.fact import Fact, FactState, from_json
from onward.core.facts.shared_rules import shared_fact
from onward.store import schema
from onward.store.clock import now, to_datetime
from onward.store.lazy_module import sa
from onward.store.statements import Query

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row


def list_shared(connection: Connection) -> list[Fact]:
    """Return the rules for every project as facts, the retracted ones too, in the order in which they were shared."""
    return [_from_row(row) for row in _ALL.all(connection)]


_ALL = Query("SELECT * FROM shared_rules ORDER BY created_at, id")


def save(connection: Connection, fact: Fact, project_id: int | None = None) -> None:
    """Store a rule for every project, or its new text and state. *project_id* is the project that it was first a rule of."""
    at = now()
    values = {"text": fact.text, "state": fact.state, "updated_at": at}
    if connection.execute(sa.update(schema.shared_rules).where(schema.shared_rules.c.id == fact.id).values(values)).rowcount == 0:
        connection.execute(sa.insert(schema.shared_rules).values(id=fact.id, project_id=project_id, created_at=at, **values))


def find_project_id(connection: Connection, fact_id: str) -> int | None:
    """Return the project that the rule of that id was first a rule of, or None."""
    return connection.execute(sa.select(schema.shared_rules.c.project_id).where(schema.shared_rules.c.id == fact_id)).scalar()


def list_project_rules(connection: Connection) -> list[tuple[str, Fact]]:
    """Return the current rules of all active projects, each with its project's name."""
    query = (
        sa.select(schema.projects.c.name, schema.facts.c.body_json)
        .join(schema.projects, schema.projects.c.id == schema.facts.c.project_id)
        .where(schema.facts.c.kind == "rule", schema.facts.c.state == "live", schema.projects.c.status == "active")
        .order_by(schema.projects.c.name, schema.facts.c.id)
    )
    return [(name, from_json(orjson.loads(body))) for name, body in connection.execute(query)]


def _from_row(row: Row[Any]) -> Fact:
    state: FactState = row.state
    return shared_fact(row.id, row.text, state, to_datetime(row.created_at))
