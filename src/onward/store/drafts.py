"""Drafts: handoffs made from conversations that belong to no session."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, Row, insert, select

from onward.core.handoff.document import Handoff, from_json
from onward.core.handoff.versions import MasterHandoff
from onward.core.handoff.writer_report import RULES, WriterReport
from onward.core.preservation.scores import Preservation
from onward.store import handoffs
from onward.store.clock import to_datetime
from onward.store.schema import drafts


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft in a project. `generator` says who wrote it: the rules or a model."""

    id: int
    project_id: int
    budget_tokens: int
    markdown: str
    handoff: Handoff
    preservation: Preservation
    created_at: datetime
    generator: str = RULES
    refinement: WriterReport | None = None


def create(
    connection: Connection, project_id: int, master: MasterHandoff, *, generator: str = RULES, refinement: WriterReport | None = None
) -> Draft:
    """Store *master* as a draft and return it."""
    values = {"project_id": project_id, **handoffs.document_columns(master, generator, refinement)}
    return _from_row(connection.execute(insert(drafts).values(values).returning(*drafts.c)).one())


def list_drafts(connection: Connection, project_id: int, *, before: int | None = None, limit: int) -> list[Draft]:
    """Return a project's drafts, newest first; with *before*, those with a lower id."""
    query = select(drafts).where(drafts.c.project_id == project_id).order_by(drafts.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(drafts.c.id < before)
    return [_from_row(row) for row in connection.execute(query)]


def _from_row(row: Row[Any]) -> Draft:
    return Draft(
        id=row.id,
        project_id=row.project_id,
        budget_tokens=row.budget_tokens,
        markdown=row.markdown,
        handoff=from_json(orjson.loads(row.document_json)),
        preservation=Preservation.from_json(orjson.loads(row.preservation_json)),
        created_at=to_datetime(row.created_at),
        generator=row.generator,
        refinement=None if row.refinement_json is None else WriterReport.from_json(orjson.loads(row.refinement_json)),
    )
