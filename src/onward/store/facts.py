"""The ledger of a project: the facts folded from its sessions, and what people changed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson
from zstandard import ZstdCompressor, ZstdDecompressor

from onward.core.facts.fact import Fact, FactKind, from_json, to_json
from onward.core.facts.ledger import Edit, Ledger, fact_order
from onward.core.preservation.reference import Reference
from onward.store import schema
from onward.store.clock import now, to_micros
from onward.store.lazy_module import sa
from onward.store.statements import NO_LIMIT, Query, batches

if TYPE_CHECKING:
    from sqlalchemy import Connection

_ADD = "add"
"""The kind of an edit that states a new fact: its text is the fact."""


@dataclass(frozen=True, slots=True)
class StoredLedger:
    """The ledger at one version: the facts folded from the sessions, without people's edits, and the references of its preservation."""

    version: int
    ledger: Ledger
    references: list[Reference]


def read_ledger(connection: Connection, project_id: int) -> StoredLedger:
    """Return a project's ledger."""
    (row,) = _LEDGER.all(connection, project_id=project_id)
    facts = (from_json(orjson.loads(row.body_json)) for row in _FACTS.all(connection, project_id=project_id))
    references = [Reference.from_json(reference) for reference in orjson.loads(row.reference_json)]
    return StoredLedger(row.version, Ledger(tuple(sorted(facts, key=fact_order))), references)


def read_part_of_ledger(connection: Connection, project_id: int, may_matter: Callable[[str], bool], ids: Collection[str]) -> Ledger:
    """Return the facts of a project's ledger whose JSON may matter, its rules, and those with one of *ids*."""
    facts = (
        from_json(orjson.loads(row.body_json))
        for row in _FACTS.stream(connection, project_id=project_id)
        if row.kind == "rule" or row.id in ids or may_matter(row.body_json)
    )
    return Ledger(tuple(sorted(facts, key=fact_order)))


_LEDGER = Query("SELECT version, reference_json FROM ledgers WHERE project_id = :project_id")
_FACTS = Query("SELECT id, kind, body_json FROM facts WHERE project_id = :project_id")
_EDITS = Query("SELECT * FROM fact_edits WHERE project_id = :project_id AND created_at <= :until ORDER BY id")


def list_by_kind(connection: Connection, project_id: int, kind: FactKind) -> list[Fact]:
    """Return the current facts of one kind in a project's folded ledger, in order."""
    query = sa.select(schema.facts.c.body_json).where(
        schema.facts.c.project_id == project_id, schema.facts.c.kind == kind, schema.facts.c.state.in_(("live", "contradicted"))
    )
    return sorted((from_json(orjson.loads(body)) for body in connection.execute(query).scalars()), key=fact_order)


def list_by_ids(connection: Connection, project_id: int, ids: Collection[str]) -> list[Fact]:
    """Return the facts with one of *ids* in a project's folded ledger, in order."""
    matches: list[Fact] = []
    for batch in batches(sorted(ids)):
        query = sa.select(schema.facts.c.body_json).where(schema.facts.c.project_id == project_id, schema.facts.c.id.in_(batch))
        matches += [from_json(orjson.loads(body)) for body in connection.execute(query).scalars()]
    return sorted(matches, key=fact_order)


def ledger_version(connection: Connection, project_id: int) -> int:
    """Return the current version of a project's ledger."""
    return int(connection.execute(sa.select(schema.ledgers.c.version).where(schema.ledgers.c.project_id == project_id)).scalar_one())


def find_project_ids(connection: Connection, fact_id: str) -> list[int]:
    """Return the ids of the projects that have a fact of that id, at most two."""
    edited_projects = sa.select(schema.fact_edits.c.project_id).where(schema.fact_edits.c.fact_id == fact_id)
    query = sa.select(schema.facts.c.project_id).where(schema.facts.c.id == fact_id).union(edited_projects).limit(2)
    return list(connection.execute(query).scalars())


def replace_ledger(connection: Connection, project_id: int, old_ledger: StoredLedger, new_ledger: StoredLedger) -> bool:
    """Store *new_ledger*. Return False and store nothing if the ledger is no longer at the version of *old_ledger*."""
    if not advance_version(connection, project_id, old_ledger.version, new_ledger.references):
        return False
    old_facts = {fact.id: fact for fact in old_ledger.ledger.facts}
    new_facts = {fact.id: fact for fact in new_ledger.ledger.facts}
    changed_facts = [fact for fact_id, fact in new_facts.items() if old_facts.get(fact_id) != fact]
    _delete_facts(connection, project_id, [fact_id for fact_id, fact in old_facts.items() if new_facts.get(fact_id) != fact])
    if changed_facts:
        connection.execute(sa.insert(schema.facts), [_to_row(project_id, fact) for fact in changed_facts])
    return True


def advance_version(connection: Connection, project_id: int, version: int, references: Sequence[Reference] | None = None) -> bool:
    """Advance the ledger from *version*. Return False if it is no longer at that version."""
    values: dict[str, object] = {"version": version + 1, "updated_at": now()}
    if references is not None:
        values["reference_json"] = orjson.dumps([reference.to_json() for reference in references]).decode()
    result = connection.execute(
        sa.update(schema.ledgers).where(schema.ledgers.c.project_id == project_id, schema.ledgers.c.version == version).values(values)
    )
    return result.rowcount == 1


def delete_facts(connection: Connection, project_id: int) -> None:
    """Delete all facts of a project's ledger, damaged ones included."""
    connection.execute(sa.delete(schema.facts).where(schema.facts.c.project_id == project_id))


def _to_row(project_id: int, fact: Fact) -> dict[str, object]:
    body = orjson.dumps(to_json(fact)).decode()
    return {"project_id": project_id, "id": fact.id, "session": fact.session, "kind": fact.kind, "state": fact.state, "body_json": body}


def _delete_facts(connection: Connection, project_id: int, fact_ids: Sequence[str]) -> None:
    for batch in batches(fact_ids):
        connection.execute(sa.delete(schema.facts).where(schema.facts.c.project_id == project_id, schema.facts.c.id.in_(batch)))


class Contribution(NamedTuple):
    """What one session adds to the ledger."""

    facts: list[Fact]
    references: list[Reference]


def save_contribution(connection: Connection, session_id: int, contribution: Contribution) -> None:
    """Store what a session adds to the ledger, replacing its earlier contribution."""
    document = {
        "facts": [to_json(fact) for fact in contribution.facts],
        "references": [reference.to_json() for reference in contribution.references],
    }
    connection.execute(sa.delete(schema.distilled).where(schema.distilled.c.session_id == session_id))
    connection.execute(
        sa.insert(schema.distilled).values(
            session_id=session_id, body=ZstdCompressor(level=1, write_checksum=True).compress(orjson.dumps(document))
        )
    )


def has_contributed(connection: Connection, session_id: int) -> bool:
    """Return whether a session has a contribution."""
    return (
        connection.execute(sa.select(schema.distilled.c.session_id).where(schema.distilled.c.session_id == session_id)).first() is not None
    )


def merge_contributions(connection: Connection, project_id: int, *, upto: int | None = None, without: int | None = None) -> Contribution:
    """Return what the sessions of a project add together: those up to number *upto*, or all but number *without*."""
    query = (
        sa.select(schema.distilled.c.body)
        .join(schema.sessions)
        .where(schema.sessions.c.project_id == project_id)
        .order_by(schema.sessions.c.number)
    )
    if upto is not None:
        query = query.where(schema.sessions.c.number <= upto)
    if without is not None:
        query = query.where(schema.sessions.c.number != without)
    return _unpack(connection.execute(query).scalars())


def _unpack(bodies: Iterable[bytes]) -> Contribution:
    contribution, unpack = Contribution([], []), ZstdDecompressor().decompress
    for body in bodies:
        document = orjson.loads(unpack(body))
        contribution.facts.extend(map(from_json, document["facts"]))
        contribution.references.extend(map(Reference.from_json, document["references"]))
    return contribution


def delete_contributions(connection: Connection, project_id: int) -> None:
    """Delete the contributions of a project's sessions."""
    project_sessions = sa.select(schema.sessions.c.id).where(schema.sessions.c.project_id == project_id)
    connection.execute(sa.delete(schema.distilled).where(schema.distilled.c.session_id.in_(project_sessions)))


def add_edit(connection: Connection, project_id: int, edit: Fact | Edit) -> None:
    """Store what a person said: a fact of their own, or an edit of a fact. Later edits apply after earlier ones."""
    if isinstance(edit, Edit):
        values = {"fact_id": edit.fact_id, "kind": edit.kind, "text": edit.text}
    else:
        values = {"fact_id": edit.id, "kind": _ADD, "text": orjson.dumps(to_json(edit)).decode()}
    connection.execute(sa.insert(schema.fact_edits).values(project_id=project_id, created_at=now(), **values))


def take_session_edits(
    connection: Connection, project_id: int, number: int, fact_ids: Collection[str]
) -> list[tuple[str, Mapping[str, Any]]]:
    """Delete what an agent stated in the session of that number, and the edits of that and of the facts *fact_ids*; return the rows."""
    query = sa.select(schema.fact_edits).where(schema.fact_edits.c.project_id == project_id).order_by(schema.fact_edits.c.id)
    rows = connection.execute(query).all()
    stated_facts = {row.fact_id: from_json(orjson.loads(row.text)) for row in rows if row.kind == _ADD}
    noted_ids = {fact_id for fact_id, fact in stated_facts.items() if fact.author == "agent" and fact.session == number}
    taken_rows = [row for row in rows if row.fact_id in noted_ids or (row.fact_id in fact_ids and row.fact_id not in stated_facts)]
    for batch in batches([row.id for row in taken_rows]):
        connection.execute(sa.delete(schema.fact_edits).where(schema.fact_edits.c.id.in_(batch)))
    return [(schema.fact_edits.name, dict(row._mapping)) for row in taken_rows]  # noqa: SLF001 - its public name


def move_edits(
    connection: Connection, from_id: int, to_id: int, new_ids: Mapping[str, str], noted_facts: Mapping[str, Fact], *, all_edits: bool
) -> int:
    """Move people's edits to another project and return how many were moved.

    *new_ids* maps the ids of facts to their ids there, *noted_facts* the facts that an agent noted. Edits of other facts move only with
    *all_edits*.
    """
    moved_count = 0
    ids = {**new_ids, **{fact_id: fact.id for fact_id, fact in noted_facts.items()}}
    query = (
        sa.select(schema.fact_edits.c.id, schema.fact_edits.c.fact_id, schema.fact_edits.c.kind)
        .where(schema.fact_edits.c.project_id == from_id)
        .order_by(schema.fact_edits.c.id)
    )
    for edit_id, fact_id, kind in connection.execute(query).all():
        if all_edits or fact_id in ids:
            values: dict[str, object] = {"project_id": to_id, "fact_id": ids.get(fact_id, fact_id)}
            if kind == _ADD and fact_id in noted_facts:
                values["text"] = orjson.dumps(to_json(noted_facts[fact_id])).decode()
            connection.execute(sa.update(schema.fact_edits).where(schema.fact_edits.c.id == edit_id).values(**values))
            moved_count += 1
    return moved_count


def read_contribution(connection: Connection, session_id: int) -> Contribution:
    """Return what one session adds to the ledger; empty for a session that is not completed."""
    body = connection.execute(sa.select(schema.distilled.c.body).where(schema.distilled.c.session_id == session_id)).scalar()
    return _unpack([body] if body is not None else [])


def read_edits(connection: Connection, project_id: int, *, until: datetime | None = None) -> tuple[list[Fact], list[Edit]]:
    """Return the facts that people stated, and their edits, in order; with *until*, only those made by that time."""
    rows = _EDITS.all(connection, project_id=project_id, until=NO_LIMIT if until is None else to_micros(until))
    stated_facts = [from_json(orjson.loads(row.text)) for row in rows if row.kind == _ADD]
    return stated_facts, [Edit(row.fact_id, row.kind, row.text) for row in rows if row.kind != _ADD]
