"""Handoffs: all versions of a project's handoff. The newest is its master handoff."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from onward.core.handoff.document import Handoff, from_json, render, to_json
from onward.core.handoff.versions import HandoffSummary, MasterHandoff, StoredHandoff
from onward.core.handoff.writer_report import RULES, WriterReport
from onward.core.preservation.scores import Preservation
from onward.message import to_data
from onward.store import schema
from onward.store.clock import now, to_datetime
from onward.store.lazy_module import sa
from onward.store.statements import Query, batches

if TYPE_CHECKING:
    from sqlalchemy import Connection


class HandoffBasisRow(NamedTuple):
    """The project of a handoff, the number of its newest session, and its budget."""

    project_id: int
    session_number: int
    budget_tokens: int


def create(
    connection: Connection,
    project_id: int,
    session_id: int | None,
    ledger_version: int,
    master: MasterHandoff,
    *,
    generator: str = RULES,
    refinement: WriterReport | None = None,
) -> StoredHandoff:
    """Store *master* as the newest version of a locked project's handoff and return it."""
    next_version = (
        sa.select(sa.func.coalesce(sa.func.max(schema.handoffs.c.version), 0) + 1)
        .where(schema.handoffs.c.project_id == project_id)
        .scalar_subquery()
    )
    values = {
        "project_id": project_id,
        "session_id": session_id,
        "version": next_version,
        "ledger_version": ledger_version,
        "session_number": master.handoff.session,
        **document_columns(master, generator, refinement),
    }
    return _from_row(connection.execute(sa.insert(schema.handoffs).values(values).returning(*schema.handoffs.c)).one())


def document_columns(master: MasterHandoff, generator: str, refinement: WriterReport | None) -> dict[str, Any]:
    """Return the columns that handoffs and drafts share."""
    return {
        "budget_tokens": master.budget_tokens,
        "markdown": render(master.handoff),
        "document_json": orjson.dumps(to_json(master.handoff)).decode(),
        "preservation_json": orjson.dumps(master.preservation.to_json()).decode(),
        "generator": generator,
        "refinement_json": None if refinement is None else orjson.dumps(to_data(refinement.to_json())).decode(),
        "created_at": now(),
    }


def replace_document(connection: Connection, handoff_id: int, document: Handoff, preservation: Preservation) -> None:
    """Replace the text of a handoff and its measure, in all their forms. The report of a model's part has the old text, so it goes."""
    values = {
        "session_id": None,
        "markdown": render(document),
        "document_json": orjson.dumps(to_json(document)).decode(),
        "preservation_json": orjson.dumps(preservation.to_json()).decode(),
        "refinement_json": None,
    }
    connection.execute(sa.update(schema.handoffs).where(schema.handoffs.c.id == handoff_id).values(**values))


def find_basis(connection: Connection, handoff_id: int) -> HandoffBasisRow | None:
    """Return what a handoff was composed from, without its text, or None."""
    columns = (schema.handoffs.c.project_id, schema.handoffs.c.session_number, schema.handoffs.c.budget_tokens)
    row = connection.execute(sa.select(*columns).where(schema.handoffs.c.id == handoff_id)).first()
    return None if row is None else HandoffBasisRow(*row)


def rewrite(connection: Connection, handoff_id: int, master: MasterHandoff) -> None:
    """Replace all text of a handoff by that of *master*, which the rules wrote; its time stays."""
    values = document_columns(master, RULES, None)
    del values["created_at"]
    connection.execute(sa.update(schema.handoffs).where(schema.handoffs.c.id == handoff_id).values(**values))


def delete_handoffs(connection: Connection, ids: Collection[int]) -> None:
    """Delete handoffs."""
    for batch in batches(sorted(ids)):
        connection.execute(sa.delete(schema.handoffs).where(schema.handoffs.c.id.in_(batch)))


def restore(connection: Connection, handoff: StoredHandoff, ledger_version: int) -> StoredHandoff:
    """Store a version again, as the newest of a locked project, and return it."""
    master = MasterHandoff(handoff.handoff, handoff.preservation, handoff.budget_tokens)
    return create(connection, handoff.project_id, None, ledger_version, master, generator=handoff.generator, refinement=handoff.refinement)


def figures_by_session(connection: Connection, session_ids: Collection[int]) -> dict[int, HandoffSummary]:
    """Return for each session a summary of the newest handoff that completing it produced, where there is one."""
    newest = (
        sa.select(sa.func.max(schema.handoffs.c.id))
        .where(schema.handoffs.c.session_id.in_(session_ids))
        .group_by(schema.handoffs.c.session_id)
    )
    query = sa.select(
        schema.handoffs.c.session_id, schema.handoffs.c.id, schema.handoffs.c.version, schema.handoffs.c.preservation_json
    ).where(schema.handoffs.c.id.in_(newest))
    return {
        row.session_id: HandoffSummary(row.id, row.version, orjson.loads(row.preservation_json)["preservation_ratio"])
        for row in connection.execute(query)
    }


_NEWEST = Query("SELECT * FROM handoffs WHERE project_id = :project_id ORDER BY version DESC LIMIT 1")


def current_kept_counts(connection: Connection, project_ids: Collection[int] | None = None) -> dict[int, tuple[int, int]]:
    """Return for each project how much of what is asked for its current handoff preserves, as (kept, total), where anything is."""
    newest = sa.select(schema.handoffs.c.project_id, sa.func.max(schema.handoffs.c.version).label("version")).group_by(
        schema.handoffs.c.project_id
    )
    if project_ids is not None:
        newest = newest.where(schema.handoffs.c.project_id.in_(project_ids))
    current = newest.subquery()
    query = sa.select(schema.handoffs.c.project_id, schema.handoffs.c.preservation_json).join(
        current, (schema.handoffs.c.project_id == current.c.project_id) & (schema.handoffs.c.version == current.c.version)
    )
    counts: dict[int, tuple[int, int]] = {}
    for row in connection.execute(query):
        groups = orjson.loads(row.preservation_json)["groups"].values()
        if total := sum(group[1] for group in groups):
            counts[row.project_id] = sum(group[0] for group in groups), total
    return counts


def find_newest(connection: Connection, project_id: int) -> StoredHandoff | None:
    """Return a project's master handoff, or None before the first."""
    row = _NEWEST.first(connection, project_id=project_id)
    return None if row is None else _from_row(row)


def list_current(connection: Connection, project_ids: Collection[int], *, only_written: bool = False) -> list[StoredHandoff]:
    """Return the master handoffs of projects; with *only_written*, those that a model wrote."""
    query = _CURRENT_WRITTEN if only_written else _CURRENT
    return [_from_row(row) for batch in batches(sorted(project_ids)) for row in query.all(connection, ids=batch)]


_CURRENT = Query("""
    SELECT * FROM handoffs WHERE (project_id, version) IN
    (SELECT project_id, max(version) FROM handoffs WHERE project_id IN :ids GROUP BY project_id)
""")
_CURRENT_WRITTEN = Query("""
    SELECT * FROM handoffs WHERE generator != 'rules' AND (project_id, version) IN
    (SELECT project_id, max(version) FROM handoffs WHERE project_id IN :ids GROUP BY project_id)
""")


def find(connection: Connection, handoff_id: int) -> StoredHandoff | None:
    """Return the handoff of that id, or None."""
    return _find_first(connection, schema.handoffs.c.id == handoff_id)


def find_version(connection: Connection, project_id: int, version: int) -> StoredHandoff | None:
    """Return a version of a project's handoff, or None."""
    return _find_first(connection, (schema.handoffs.c.project_id == project_id) & (schema.handoffs.c.version == version))


def find_after_session(connection: Connection, project_id: int, number: int) -> StoredHandoff | None:
    """Return the last handoff whose newest session is *number*, corrections included, made before a handoff of a later session; or None."""
    in_project = schema.handoffs.c.project_id == project_id
    later = connection.execute(
        sa.select(sa.func.min(schema.handoffs.c.version)).where(in_project, schema.handoffs.c.session_number > number)
    ).scalar()
    of_number = in_project & (schema.handoffs.c.session_number == number)
    # A version restored later repeats its old text under its old number: it says nothing about that later time.
    return _find_first(connection, of_number if later is None else of_number & (schema.handoffs.c.version < later))


def find_by_session(connection: Connection, session_id: int) -> StoredHandoff | None:
    """Return the newest handoff that completing a session produced, or None."""
    return _find_first(connection, schema.handoffs.c.session_id == session_id)


def list_latest_by_session(connection: Connection, project_id: int, limit: int) -> list[tuple[int, Handoff]]:
    """Return the newest handoff of each completed session with the session's number, oldest first; the last *limit* of them."""
    later = schema.handoffs.alias()
    is_newest = ~sa.exists().where(later.c.session_id == schema.handoffs.c.session_id, later.c.id > schema.handoffs.c.id)
    query = sa.select(schema.sessions.c.number, schema.handoffs.c.document_json).join(
        schema.sessions, schema.sessions.c.id == schema.handoffs.c.session_id
    )
    # Read by an index from the newest on, so that older handoffs cost nothing.
    newest = query.where(schema.handoffs.c.project_id == project_id, is_newest).order_by(schema.handoffs.c.version.desc()).limit(limit)
    rows = connection.execute(newest).all()
    return [(row.number, from_json(orjson.loads(row.document_json))) for row in reversed(rows)]


_BY_NUMBERS = Query("""
    SELECT sessions.number, handoffs.document_json FROM handoffs JOIN sessions ON sessions.id = handoffs.session_id
    WHERE handoffs.project_id = :project_id AND sessions.number IN :numbers ORDER BY handoffs.version
""")


def list_by_numbers(connection: Connection, project_id: int, numbers: Collection[int]) -> dict[int, Handoff]:
    """Return the newest handoff of each session with one of these numbers, by number; sessions without one are left out."""
    rows = (row for batch in batches(sorted(numbers)) for row in _BY_NUMBERS.all(connection, project_id=project_id, numbers=batch))
    newest = {row.number: row.document_json for row in rows}
    return {number: from_json(orjson.loads(document)) for number, document in newest.items()}


def list_handoffs(connection: Connection, project_id: int, *, before: int | None = None, limit: int | None = None) -> list[StoredHandoff]:
    """Return a project's handoffs, newest first; with *before*, those of a lower version."""
    query = (
        sa.select(schema.handoffs).where(schema.handoffs.c.project_id == project_id).order_by(schema.handoffs.c.version.desc()).limit(limit)
    )
    if before is not None:
        query = query.where(schema.handoffs.c.version < before)
    return [_from_row(row) for row in connection.execute(query)]


def list_unreadable(connection: Connection) -> list[int]:
    """Return the id of every handoff that cannot be read any more."""
    unreadable_ids = []
    for row in connection.execute(sa.select(schema.handoffs).execution_options(yield_per=100)):
        try:
            _from_row(row)
        except (ValueError, TypeError, KeyError, AttributeError, IndexError):
            unreadable_ids.append(row.id)
    return unreadable_ids


def _find_first(connection: Connection, condition: Any) -> StoredHandoff | None:
    row = connection.execute(sa.select(schema.handoffs).where(condition).order_by(schema.handoffs.c.version.desc()).limit(1)).first()
    return None if row is None else _from_row(row)


def _from_row(row: Any) -> StoredHandoff:
    return StoredHandoff(
        id=row.id,
        project_id=row.project_id,
        session_id=row.session_id,
        version=row.version,
        ledger_version=row.ledger_version,
        session_number=row.session_number,
        budget_tokens=row.budget_tokens,
        markdown=row.markdown,
        handoff=from_json(orjson.loads(row.document_json)),
        preservation=Preservation.from_json(orjson.loads(row.preservation_json)),
        created_at=to_datetime(row.created_at),
        generator=row.generator,
        refinement=None if row.refinement_json is None else WriterReport.from_json(orjson.loads(row.refinement_json)),
    )
