"""The ledger: a project's facts as they were folded, and what a person said of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import orjson
from sqlalchemy import Connection, delete, insert, select, update
from zstandard import ZstdCompressor, ZstdDecompressor

from onward.core.facts import Fact, Kind, from_json, to_json
from onward.core.ledger import Edit, Ledger, order
from onward.core.preservation import Reference
from onward.store.clock import kept, now
from onward.store.schema import distilled, fact_edits, facts, ledgers, sessions

_ADDED = "add"
"""The kind of an edit that is a fact of its own: its text is the fact."""
_MOST_PARAMETERS = 500


@dataclass(frozen=True, slots=True)
class StoredLedger:
    """The ledger as it was at one version: what was folded from the sessions, without a person's edits, and what its preservation is measured against."""

    version: int
    folded: Ledger
    references: list[Reference]


def ledger(connection: Connection, project_id: int) -> StoredLedger:
    """Return a project's ledger."""
    version, references = connection.execute(
        select(ledgers.c.version, ledgers.c.reference_json).where(ledgers.c.project_id == project_id)
    ).one()
    bodies = connection.execute(select(facts.c.body_json).where(facts.c.project_id == project_id)).scalars()
    folded = Ledger(tuple(sorted((from_json(orjson.loads(body)) for body in bodies), key=order)))
    return StoredLedger(version, folded, [Reference.from_json(one) for one in orjson.loads(references)])


def of_kind(connection: Connection, project_id: int, kind: Kind) -> list[Fact]:
    """Return the facts of one kind that stand in a project's ledger as it was folded, in order."""
    query = select(facts.c.body_json).where(
        facts.c.project_id == project_id, facts.c.kind == kind, facts.c.state.in_(("live", "contradicted"))
    )
    return sorted((from_json(orjson.loads(body)) for body in connection.execute(query).scalars()), key=order)


def of_ids(connection: Connection, project_id: int, ids: Collection[str]) -> list[Fact]:
    """Return those of a project's facts as they were folded that have one of *ids*, in order."""
    wanted, found = sorted(ids), list[Fact]()
    for start in range(0, len(wanted), _MOST_PARAMETERS):
        query = select(facts.c.body_json).where(facts.c.project_id == project_id, facts.c.id.in_(wanted[start : start + _MOST_PARAMETERS]))
        found += [from_json(orjson.loads(body)) for body in connection.execute(query).scalars()]
    return sorted(found, key=order)


def version(connection: Connection, project_id: int) -> int:
    """Return the version that a project's ledger is at."""
    return int(connection.execute(select(ledgers.c.version).where(ledgers.c.project_id == project_id)).scalar_one())


def projects_of(connection: Connection, fact_id: str) -> list[int]:
    """Return the ids of the projects that have a fact of that id, at most two."""
    said = select(fact_edits.c.project_id).where(fact_edits.c.fact_id == fact_id)
    query = select(facts.c.project_id).where(facts.c.id == fact_id).union(said).limit(2)
    return list(connection.execute(query).scalars())


def replace(connection: Connection, project_id: int, before: StoredLedger, after: StoredLedger) -> bool:
    """Store the ledger as it is *after*; False, and nothing stored, when another was faster and it is no longer as it was *before*."""
    if not advance(connection, project_id, before.version, after.references):
        return False
    old = {fact.id: fact for fact in before.folded.facts}
    new = {fact.id: fact for fact in after.folded.facts}
    changed = [fact for name, fact in new.items() if old.get(name) != fact]
    _remove(connection, project_id, [name for name, fact in old.items() if new.get(name) != fact])
    if changed:
        connection.execute(insert(facts), [_row(project_id, fact) for fact in changed])
    return True


def advance(connection: Connection, project_id: int, version: int, references: Sequence[Reference] | None = None) -> bool:
    """Move the ledger on from *version*; False when it is no longer there."""
    values: dict[str, object] = {"version": version + 1, "updated_at": now()}
    if references is not None:
        values["reference_json"] = orjson.dumps([one.to_json() for one in references]).decode()
    moved = connection.execute(update(ledgers).where(ledgers.c.project_id == project_id, ledgers.c.version == version).values(values))
    return moved.rowcount == 1


def _row(project_id: int, fact: Fact) -> dict[str, object]:
    body = orjson.dumps(to_json(fact)).decode()
    return {"project_id": project_id, "id": fact.id, "session": fact.session, "kind": fact.kind, "state": fact.state, "body_json": body}


def _remove(connection: Connection, project_id: int, names: Sequence[str]) -> None:
    for start in range(0, len(names), _MOST_PARAMETERS):
        connection.execute(delete(facts).where(facts.c.project_id == project_id, facts.c.id.in_(names[start : start + _MOST_PARAMETERS])))


class Contribution(NamedTuple):
    """What one session adds to the ledger."""

    facts: list[Fact]
    references: list[Reference]


def contribute(connection: Connection, session_id: int, added: Contribution) -> None:
    """Keep what a session adds to the ledger, instead of what it added before."""
    document = {"facts": [to_json(one) for one in added.facts], "references": [one.to_json() for one in added.references]}
    connection.execute(delete(distilled).where(distilled.c.session_id == session_id))
    connection.execute(insert(distilled).values(session_id=session_id, body=ZstdCompressor(level=1).compress(orjson.dumps(document))))


def has_contributed(connection: Connection, session_id: int) -> bool:
    """Say whether the ledger holds something of a session."""
    return connection.execute(select(distilled.c.session_id).where(distilled.c.session_id == session_id)).first() is not None


def contributions(connection: Connection, project_id: int, *, upto: int | None = None, without: int | None = None) -> Contribution:
    """Return what the sessions of a project add together: those up to one number, or all but one."""
    query = select(distilled.c.body).join(sessions).where(sessions.c.project_id == project_id).order_by(sessions.c.number)
    if upto is not None:
        query = query.where(sessions.c.number <= upto)
    if without is not None:
        query = query.where(sessions.c.number != without)
    return _unpacked(connection.execute(query).scalars())


def _unpacked(bodies: Iterable[bytes]) -> Contribution:
    added, unpack = Contribution([], []), ZstdDecompressor().decompress
    for body in bodies:
        document = orjson.loads(unpack(body))
        added.facts.extend(map(from_json, document["facts"]))
        added.references.extend(map(Reference.from_json, document["references"]))
    return added


def forget_contributions(connection: Connection, project_id: int) -> None:
    """Drop what the sessions of a project added."""
    of_project = select(sessions.c.id).where(sessions.c.project_id == project_id)
    connection.execute(delete(distilled).where(distilled.c.session_id.in_(of_project)))


def note(connection: Connection, project_id: int, said: Fact | Edit) -> None:
    """Keep what a person said: a fact of their own, or something of another. Later words come after earlier ones."""
    if isinstance(said, Edit):
        values = {"fact_id": said.fact_id, "kind": said.kind, "text": said.text}
    else:
        values = {"fact_id": said.id, "kind": _ADDED, "text": orjson.dumps(to_json(said)).decode()}
    connection.execute(insert(fact_edits).values(project_id=project_id, created_at=now(), **values))


def move_edits(
    connection: Connection, from_id: int, to_id: int, renamed: Mapping[str, str], noted: Mapping[str, Fact], *, everything: bool
) -> int:
    """Give what a person said of facts to another project, where they are *renamed*, and what an agent *noted*; with *everything* also what was said of others. Return how much it was."""
    moved = 0
    names = {**renamed, **{name: fact.id for name, fact in noted.items()}}
    query = (
        select(fact_edits.c.id, fact_edits.c.fact_id, fact_edits.c.kind).where(fact_edits.c.project_id == from_id).order_by(fact_edits.c.id)
    )
    for edit_id, name, kind in connection.execute(query).all():
        if everything or name in names:
            values: dict[str, object] = {"project_id": to_id, "fact_id": names.get(name, name)}
            if kind == _ADDED and name in noted:
                values["text"] = orjson.dumps(to_json(noted[name])).decode()
            connection.execute(update(fact_edits).where(fact_edits.c.id == edit_id).values(**values))
            moved += 1
    return moved


def contribution(connection: Connection, session_id: int) -> Contribution:
    """Return what one session adds to the ledger; nothing where it was not completed."""
    body = connection.execute(select(distilled.c.body).where(distilled.c.session_id == session_id)).scalar()
    return _unpacked([body] if body is not None else [])


def edits(connection: Connection, project_id: int, *, until: datetime | None = None) -> tuple[list[Fact], list[Edit]]:
    """Return the facts that a person stated, and the edits, in order; all of them, or those made *until* a time."""
    query = select(fact_edits).where(fact_edits.c.project_id == project_id).order_by(fact_edits.c.id)
    rows = connection.execute(query if until is None else query.where(fact_edits.c.created_at <= kept(until))).all()
    added = [from_json(orjson.loads(row.text)) for row in rows if row.kind == _ADDED]
    return added, [Edit(row.fact_id, row.kind, row.text) for row in rows if row.kind != _ADDED]
