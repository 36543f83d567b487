"""The knowledge base: what sessions of any project taught, stored once with its sources; and what people wrote.

An entry from sessions exists as long as one of its sources, in the words of the newest. Harvesting never changes an entry that a person
wrote or edited.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from onward.core.facts.fact import Handle
from onward.core.knowledge.entry import PAIR_PREFIX, HarvestedEntry, KnowledgeAuthor, KnowledgeEntry, KnowledgeKind, KnowledgeSource
from onward.core.knowledge.signature import terms
from onward.store import schema
from onward.store.clock import now, to_datetime
from onward.store.lazy_module import sa
from onward.store.statements import MAX_PARAMETERS, Query, batches, dialect_insert
from onward.store.text import storable_text

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection

_MAX_POSTINGS = 4000
"""Entries that one question looks at, at most: those of its rarest terms."""
_TERM_CHARS = 64


def save_session_entries(connection: Connection, session_id: int, entries: Sequence[HarvestedEntry], *, has_pairs: bool = True) -> None:
    """Store what a session teaches, replacing what it taught before. Without *has_pairs*, *entries* are those of its facts, and the pairs
    that its turns show stay.
    """
    replaced = schema.knowledge_sources.c.session_id == session_id
    if not has_pairs:
        replaced &= ~schema.knowledge_sources.c.fact_id.startswith(PAIR_PREFIX)
    old_ids = set(connection.execute(_entry_ids_query(replaced)).scalars())
    connection.execute(sa.delete(schema.knowledge_sources).where(replaced))
    entries_by_key = {(entry.kind, entry.signature): entry for entry in entries}
    ids = _ensure_entries(connection, entries_by_key)
    if ids:
        rows = [
            {
                "knowledge_id": ids[key],
                "session_id": session_id,
                "fact_id": entry.fact_id,
                "turn": entry.turn,
                "category": entry.category,
                "text": storable_text(entry.text),
                "error": storable_text(entry.error),
                "fix": storable_text(entry.fix),
            }
            for key, entry in entries_by_key.items()
        ]
        connection.execute(sa.insert(schema.knowledge_sources), rows)
    refresh_entries(connection, old_ids | set(ids.values()))


def _ensure_entries(
    connection: Connection, entries_by_key: dict[tuple[KnowledgeKind, str], HarvestedEntry]
) -> dict[tuple[KnowledgeKind, str], int]:
    """Return the ids of the entries of these kinds and signatures, created if missing, in a fixed order that prevents deadlocks."""
    if not entries_by_key:
        return {}
    at = now()
    rows = [
        {
            "kind": kind,
            "signature": signature,
            "category": entries_by_key[kind, signature].category,
            "text": "",
            "fix": "",
            "author": "session",
            "is_hidden": False,
            "shown": 0,
            "used": 0,
            "created_at": at,
            "updated_at": at,
        }
        for kind, signature in sorted(entries_by_key)
    ]
    connection.execute(dialect_insert(connection)(schema.knowledge).on_conflict_do_nothing(), rows)
    entry_rows = connection.execute(
        sa.select(schema.knowledge.c.id, schema.knowledge.c.kind, schema.knowledge.c.signature).where(
            schema.knowledge.c.kind.in_(sorted({kind for kind, _ in entries_by_key})),
            schema.knowledge.c.signature.in_(sorted({name for _, name in entries_by_key})),
        )
    )
    return {(row.kind, row.signature): row.id for row in entry_rows if (row.kind, row.signature) in entries_by_key}


def refresh_entries(connection: Connection, ids: Collection[int]) -> None:
    """Give entries the words of their newest source and delete those without a source. Entries that a person wrote do not change."""
    for batch in batches(sorted(ids)):
        has_source = sa.exists().where(schema.knowledge_sources.c.knowledge_id == schema.knowledge.c.id)
        is_orphan = schema.knowledge.c.id.in_(batch) & (schema.knowledge.c.author == "session") & ~has_source
        connection.execute(sa.delete(schema.knowledge).where(is_orphan))
        for entry in connection.execute(
            sa.select(schema.knowledge).where(schema.knowledge.c.id.in_(batch), schema.knowledge.c.author == "session")
        ).all():
            newest = connection.execute(
                sa.select(schema.knowledge_sources)
                .where(schema.knowledge_sources.c.knowledge_id == entry.id)
                .order_by(schema.knowledge_sources.c.session_id.desc(), schema.knowledge_sources.c.fact_id.desc())
                .limit(1)
            ).one()
            words = (newest.category, newest.text, newest.error, newest.fix)
            if not entry.is_hidden and words != (entry.category, entry.text, entry.error, entry.fix):
                _reword(connection, entry.id, *words)


def _reword(connection: Connection, entry_id: int, category: str, text: str, error: str, fix: str) -> None:
    values = {"category": category, "text": text, "error": error, "fix": fix, "updated_at": now()}
    connection.execute(sa.update(schema.knowledge).where(schema.knowledge.c.id == entry_id).values(values))
    index_entry(connection, entry_id, text, error, fix)


def index_entry(connection: Connection, entry_id: int, *texts: str) -> None:
    """Index an entry by the words of its text, its error and its fix."""
    connection.execute(sa.delete(schema.knowledge_terms).where(schema.knowledge_terms.c.knowledge_id == entry_id))
    rows = [{"knowledge_id": entry_id, "term": term} for term in sorted({term for text in texts for term in _terms(text)})]
    if rows:
        connection.execute(sa.insert(schema.knowledge_terms), rows)


def index_entries(connection: Connection, ids: Collection[int]) -> None:
    """Index the entries of these ids that exist and are not hidden."""
    for entry in find_by_ids(connection, ids).values():
        index_entry(connection, entry.id, entry.text, entry.error, entry.fix)


def _terms(text: str) -> set[str]:
    return {term[:_TERM_CHARS] for term in terms(text)}


def withdraw_facts(connection: Connection, project_id: int, fact_ids: Collection[str]) -> None:
    """Remove facts of a project from the sources, because they were retracted or replaced."""
    for batch in batches(sorted(fact_ids)):
        project_sessions = sa.select(schema.sessions.c.id).where(schema.sessions.c.project_id == project_id)
        condition = schema.knowledge_sources.c.fact_id.in_(batch) & schema.knowledge_sources.c.session_id.in_(project_sessions)
        ids = set(connection.execute(_entry_ids_query(condition)).scalars())
        if ids:
            connection.execute(sa.delete(schema.knowledge_sources).where(condition))
            refresh_entries(connection, ids)


def rows_of_session(connection: Connection, session_id: int) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the rows of the entries that a session is a source of, each with the name of the table."""
    taught = schema.knowledge.c.id.in_(_entry_ids_query(schema.knowledge_sources.c.session_id == session_id))
    return [(schema.knowledge.name, dict(row._mapping)) for row in connection.execute(sa.select(schema.knowledge).where(taught))]  # noqa: SLF001 - its public name


def ids_of_project(connection: Connection, project_id: int) -> set[int]:
    """Return the ids of the entries that a project's sessions are sources of."""
    project_sessions = sa.select(schema.sessions.c.id).where(schema.sessions.c.project_id == project_id)
    return set(connection.execute(_entry_ids_query(schema.knowledge_sources.c.session_id.in_(project_sessions))).scalars())


def create(connection: Connection, kind: KnowledgeKind, category: str, text: str, fix: str, *, error: str = "") -> KnowledgeEntry:
    """Store an entry that a person wrote, and return it."""
    at = now()
    result = connection.execute(
        sa.insert(schema.knowledge)
        .values(
            kind=kind,
            signature=None,
            category=category,
            text="",
            fix="",
            author="person",
            is_hidden=False,
            shown=0,
            used=0,
            created_at=at,
            updated_at=at,
        )
        .returning(schema.knowledge.c.id)
    )
    entry_id = result.scalar_one()
    _reword(connection, entry_id, category, storable_text(text), storable_text(error), storable_text(fix))
    return find_by_ids(connection, [entry_id])[entry_id]


def update_entry(connection: Connection, entry_id: int, *, kind: KnowledgeKind, category: str, text: str, error: str, fix: str) -> None:
    """Change an entry. From now on it belongs to people and harvesting leaves it alone."""
    _reword(connection, entry_id, category, storable_text(text), storable_text(error), storable_text(fix))
    values: dict[str, Any] = {"author": "person"}
    stored_kind = connection.execute(sa.select(schema.knowledge.c.kind).where(schema.knowledge.c.id == entry_id)).scalar_one()
    if stored_kind != kind:
        # An entry of another kind no longer matches what the sessions teach.
        values |= {"kind": kind, "signature": None}
    connection.execute(sa.update(schema.knowledge).where(schema.knowledge.c.id == entry_id).values(values))


def delete_entry(connection: Connection, entry_id: int) -> None:
    """Delete an entry. One that has sessions as sources is hidden, so that harvesting does not bring it back."""
    connection.execute(sa.update(schema.knowledge).where(schema.knowledge.c.id == entry_id).values(is_hidden=True, author="session"))
    connection.execute(sa.delete(schema.knowledge_terms).where(schema.knowledge_terms.c.knowledge_id == entry_id))
    refresh_entries(connection, [entry_id])


def restore(connection: Connection, entry: KnowledgeEntry) -> KnowledgeEntry:
    """Undo the deletion of an entry and return it. An entry whose row is gone is stored again under a new id."""
    is_hidden = (schema.knowledge.c.id == entry.id) & schema.knowledge.c.is_hidden
    if connection.execute(sa.update(schema.knowledge).where(is_hidden).values(is_hidden=False, author=entry.author)).rowcount:
        _reword(connection, entry.id, entry.category, storable_text(entry.text), storable_text(entry.error), storable_text(entry.fix))
        return find_by_ids(connection, [entry.id])[entry.id]
    return create(connection, entry.kind, entry.category, entry.text, entry.fix, error=entry.error)


def list_entries(
    connection: Connection,
    *,
    kind: KnowledgeKind | None = None,
    category: str = "",
    author: KnowledgeAuthor | None = None,
    project_id: int | None = None,
    before: int | None = None,
    limit: int | None = None,
) -> list[KnowledgeEntry]:
    """Return entries, newest first, with all filters applied: *project_id* selects entries with sources in it, *before* lower ids."""
    condition = ~schema.knowledge.c.is_hidden
    for column, value in ((schema.knowledge.c.kind, kind), (schema.knowledge.c.category, category), (schema.knowledge.c.author, author)):
        condition &= column == value if value else True
    if project_id is not None:
        sourced_sessions = schema.knowledge_sources.join(schema.sessions, schema.sessions.c.id == schema.knowledge_sources.c.session_id)
        project_entries = (
            sa.select(schema.knowledge_sources.c.knowledge_id)
            .select_from(sourced_sessions)
            .where(schema.sessions.c.project_id == project_id)
        )
        condition &= schema.knowledge.c.id.in_(project_entries)
    if before is not None:
        condition &= schema.knowledge.c.id < before
    return _select_entries(connection, condition, limit)


def find_by_ids(connection: Connection, ids: Collection[int]) -> dict[int, KnowledgeEntry]:
    """Return the entries of these ids by id; missing ones are left out."""
    rows = (row for batch in batches(sorted(ids)) for row in _BY_IDS.all(connection, ids=batch))
    return {row.id: _from_row(row) for row in rows}


_BY_IDS = Query("""
    SELECT knowledge.*, (SELECT count(*) FROM knowledge_sources WHERE knowledge_sources.knowledge_id = knowledge.id) AS sources
    FROM knowledge WHERE knowledge.id IN :ids AND NOT knowledge.is_hidden ORDER BY knowledge.id DESC
""")


def _select_entries(connection: Connection, condition: ColumnElement[bool], limit: int | None = None) -> list[KnowledgeEntry]:
    count = sa.select(sa.func.count()).where(schema.knowledge_sources.c.knowledge_id == schema.knowledge.c.id).scalar_subquery()
    query = sa.select(schema.knowledge, count.label("sources")).where(condition).order_by(schema.knowledge.c.id.desc()).limit(limit)
    return [_from_row(row) for row in connection.execute(query)]


def _from_row(row: Any) -> KnowledgeEntry:
    return KnowledgeEntry(
        id=row.id,
        kind=row.kind,
        category=row.category,
        text=row.text,
        error=row.error,
        fix=row.fix,
        author=row.author,
        shown=row.shown,
        used=row.used,
        sources=row.sources,
        created_at=to_datetime(row.created_at),
        updated_at=to_datetime(row.updated_at),
    )


def list_sources(connection: Connection, ids: Collection[int], *, limit_each: int = 20) -> dict[int, list[KnowledgeSource]]:
    """Return for each entry its sources, newest session first, at most *limit_each*."""
    sources_by_entry: dict[int, list[KnowledgeSource]] = {}
    for batch in batches(sorted(ids)):
        for row in _SOURCES.all(connection, ids=batch, most=limit_each):
            source = KnowledgeSource(
                knowledge_id=row.knowledge_id,
                project_id=row.project_id,
                project=row.name,
                handle=Handle(row.number, row.turn),
                fact_id=row.fact_id,
                text=row.text,
                fix=row.fix,
            )
            sources_by_entry.setdefault(row.knowledge_id, []).append(source)
    return sources_by_entry


_SOURCES = Query("""
    SELECT newest.*, projects.id AS project_id, projects.name, sessions.number FROM (
        SELECT knowledge_sources.*, row_number() OVER (PARTITION BY knowledge_id ORDER BY session_id DESC) AS place
        FROM knowledge_sources WHERE knowledge_id IN :ids
    ) AS newest
    JOIN sessions ON sessions.id = newest.session_id JOIN projects ON projects.id = sessions.project_id
    WHERE newest.place <= :most ORDER BY newest.knowledge_id, newest.place
""")


def find_solutions(connection: Connection, signatures: Collection[str]) -> dict[str, int]:
    """Return the id of the solution of each of these signatures."""
    query = sa.select(schema.knowledge.c.signature, schema.knowledge.c.id).where(
        schema.knowledge.c.kind == "solution",
        schema.knowledge.c.signature.in_(sorted(signatures)[:MAX_PARAMETERS]),
        ~schema.knowledge.c.is_hidden,
    )
    return {row.signature: row.id for row in connection.execute(query)}


class TermMatches(NamedTuple):
    """Entries that share terms with a question: how many terms each shares, how many entries hold each term, and how many entries exist."""

    shared_terms: Counter[int]
    term_counts: dict[str, int]
    entry_count: int


def match_terms(connection: Connection, question_terms: Collection[str]) -> TermMatches:
    """Return the entries that share the rarest of *question_terms*, as many terms as the limit on entries allows."""
    query_terms = sorted({term[:_TERM_CHARS] for term in question_terms})[:MAX_PARAMETERS]
    term_counts = {row.term: row.entries for row in _TERM_COUNTS.all(connection, terms=query_terms)}
    entry_count = _ENTRY_COUNT.all(connection)[0].entries
    rarest_terms: list[str] = []
    remaining = _MAX_POSTINGS
    for term in sorted(term_counts, key=lambda term: (term_counts[term], term)):
        if term_counts[term] > remaining and rarest_terms:
            break
        rarest_terms.append(term)
        remaining -= term_counts[term]
    entry_ids = [row.knowledge_id for row in _POSTINGS.all(connection, terms=rarest_terms, most=_MAX_POSTINGS)]
    return TermMatches(Counter(entry_ids), term_counts, entry_count)


_TERM_COUNTS = Query("SELECT term, count(*) AS entries FROM knowledge_terms WHERE term IN :terms GROUP BY term")
_ENTRY_COUNT = Query("SELECT count(*) AS entries FROM knowledge WHERE NOT is_hidden")
_POSTINGS = Query("SELECT knowledge_id FROM knowledge_terms WHERE term IN :terms ORDER BY knowledge_id DESC LIMIT :most")


def record_shown(connection: Connection, ids: Iterable[int]) -> None:
    """Count entries as shown once more."""
    for batch in batches(sorted(set(ids))):
        connection.execute(sa.update(schema.knowledge).where(schema.knowledge.c.id.in_(batch)).values(shown=schema.knowledge.c.shown + 1))


def record_used(connection: Connection, ids: Iterable[int]) -> None:
    """Count entries as used once more."""
    for batch in batches(sorted(set(ids))):
        connection.execute(sa.update(schema.knowledge).where(schema.knowledge.c.id.in_(batch)).values(used=schema.knowledge.c.used + 1))


def find_by_facts(connection: Connection, project_id: int, fact_ids: Collection[str]) -> set[int]:
    """Return the ids of the entries that these facts of a project are sources of."""
    entry_ids: set[int] = set()
    for batch in batches(sorted(fact_ids)):
        project_sessions = sa.select(schema.sessions.c.id).where(schema.sessions.c.project_id == project_id)
        condition = schema.knowledge_sources.c.fact_id.in_(batch) & schema.knowledge_sources.c.session_id.in_(project_sessions)
        entry_ids |= set(connection.execute(_entry_ids_query(condition)).scalars())
    return entry_ids


def _entry_ids_query(condition: ColumnElement[bool]) -> Any:
    return sa.select(schema.knowledge_sources.c.knowledge_id).where(condition).distinct()
