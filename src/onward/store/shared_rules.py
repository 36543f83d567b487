"""Rules that a person gave to every project."""

from __future__ import annotations

from typing import Any

import orjson
from sqlalchemy import Connection, Row, insert, select, update

from onward.core.facts.fact import Fact, FactState, from_json
from onward.core.facts.shared_rules import shared_fact
from onward.store.clock import now, to_datetime
from onward.store.schema import facts, projects, shared_rules


def list_shared(connection: Connection) -> list[Fact]:
    """Return the rules for every project as facts, the retracted ones too, in the order in which they were shared."""
    return [_from_row(row) for row in connection.execute(select(shared_rules).order_by(shared_rules.c.created_at, shared_rules.c.id))]


def save(connection: Connection, fact: Fact, project_id: int | None = None) -> None:
    """Store a rule for every project, or its new text and state. *project_id* is the project that it was first a rule of."""
    at = now()
    values = {"text": fact.text, "state": fact.state, "updated_at": at}
    if connection.execute(update(shared_rules).where(shared_rules.c.id == fact.id).values(values)).rowcount == 0:
        connection.execute(insert(shared_rules).values(id=fact.id, project_id=project_id, created_at=at, **values))


def find_project_id(connection: Connection, fact_id: str) -> int | None:
    """Return the project that the rule of that id was first a rule of, or None."""
    return connection.execute(select(shared_rules.c.project_id).where(shared_rules.c.id == fact_id)).scalar()


def list_project_rules(connection: Connection) -> list[tuple[str, Fact]]:
    """Return the current rules of all active projects, each with its project's name."""
    query = (
        select(projects.c.name, facts.c.body_json)
        .join(projects, projects.c.id == facts.c.project_id)
        .where(facts.c.kind == "rule", facts.c.state == "live", projects.c.status == "active")
        .order_by(projects.c.name, facts.c.id)
    )
    return [(name, from_json(orjson.loads(body))) for name, body in connection.execute(query)]


def _from_row(row: Row[Any]) -> Fact:
    state: FactState = row.state
    return shared_fact(row.id, row.text, state, to_datetime(row.created_at))
