"""The knowledge base: what sessions of any project taught, each thing once, with the sessions that tell it; and what people wrote.

An entry that sessions tell lives as long as one of them does, and says it in the words of the newest. Once a person wrote or changed an entry, no harvest touches its words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, delete, exists, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from onward.core.entry import Entry, KnowledgeAuthor, Source
from onward.core.facts import Handle
from onward.core.knowledge import Gathered, KnowledgeKind
from onward.core.signature import terms
from onward.store.clock import now, told_always
from onward.store.schema import knowledge, knowledge_sources, knowledge_terms, projects, sessions
from onward.store.wording import keepable

_MOST_PARAMETERS = 500
_MOST_POSTINGS = 4000
"""Entries that are looked at, at most, for one question: those of its rarest terms."""
_TERM_CHARS = 64


def keep(connection: Connection, session_id: int, told: Sequence[Gathered]) -> None:
    """Keep what a session tells, instead of what it told before."""
    before = set(connection.execute(_ids_of(knowledge_sources.c.session_id == session_id)).scalars())
    connection.execute(delete(knowledge_sources).where(knowledge_sources.c.session_id == session_id))
    by_name = {(one.kind, one.signature): one for one in told}
    ids = _entries(connection, by_name)
    if ids:
        rows = [
            {
                "knowledge_id": ids[name], "session_id": session_id, "fact_id": one.fact_id, "turn": one.turn,
                "category": one.category, "text": keepable(one.text), "fix": keepable(one.fix),
            }
            for name, one in by_name.items()
        ]  # fmt: skip
        connection.execute(insert(knowledge_sources), rows)
    settle(connection, before | set(ids.values()))


def _entries(connection: Connection, told: dict[tuple[KnowledgeKind, str], Gathered]) -> dict[tuple[KnowledgeKind, str], int]:
    """Return the ids of the entries of these kinds and signatures, made where they are missing; in one order for all, so that no two writers wait for each other."""
    if not told:
        return {}
    at = now()
    rows = [
        {
            "kind": kind, "signature": signature, "category": told[kind, signature].category, "text": "", "fix": "", "author": "session",
            "is_hidden": False, "shown": 0, "used": 0, "created_at": at, "updated_at": at,
        }
        for kind, signature in sorted(told)
    ]  # fmt: skip
    ours = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    connection.execute(ours(knowledge).on_conflict_do_nothing(), rows)
    found = connection.execute(
        select(knowledge.c.id, knowledge.c.kind, knowledge.c.signature).where(
            knowledge.c.kind.in_(sorted({kind for kind, _ in told})), knowledge.c.signature.in_(sorted({name for _, name in told}))
        )
    )
    return {(row.kind, row.signature): row.id for row in found if (row.kind, row.signature) in told}


def settle(connection: Connection, ids: Collection[int]) -> None:
    """Let entries say what their newest source says, and drop those that no session tells any more; what a person wrote stays as it is."""
    for some in _portions(sorted(ids)):
        has_source = exists().where(knowledge_sources.c.knowledge_id == knowledge.c.id)
        gone = knowledge.c.id.in_(some) & (knowledge.c.author == "session") & ~has_source
        connection.execute(delete(knowledge).where(gone))
        for entry in connection.execute(select(knowledge).where(knowledge.c.id.in_(some), knowledge.c.author == "session")).all():
            newest = connection.execute(
                select(knowledge_sources)
                .where(knowledge_sources.c.knowledge_id == entry.id)
                .order_by(knowledge_sources.c.session_id.desc(), knowledge_sources.c.fact_id.desc())
                .limit(1)
            ).one()
            told = (newest.category, newest.text, newest.fix)
            if not entry.is_hidden and told != (entry.category, entry.text, entry.fix):
                _reword(connection, entry.id, *told)


def _reword(connection: Connection, entry_id: int, category: str, text: str, fix: str) -> None:
    values = {"category": category, "text": text, "fix": fix, "updated_at": now()}
    connection.execute(update(knowledge).where(knowledge.c.id == entry_id).values(values))
    index(connection, entry_id, text, fix)


def index(connection: Connection, entry_id: int, text: str, fix: str) -> None:
    """Have an entry found by these words."""
    connection.execute(delete(knowledge_terms).where(knowledge_terms.c.knowledge_id == entry_id))
    rows = [{"knowledge_id": entry_id, "term": term} for term in sorted(_terms(f"{text} {fix}"))]
    if rows:
        connection.execute(insert(knowledge_terms), rows)


def _terms(text: str) -> set[str]:
    return {term[:_TERM_CHARS] for term in terms(text)}


def withdraw(connection: Connection, project_id: int, fact_ids: Collection[str]) -> None:
    """Take facts of a project away as sources: they were retracted, or replaced."""
    for some in _portions(sorted(fact_ids)):
        of_project = select(sessions.c.id).where(sessions.c.project_id == project_id)
        which = knowledge_sources.c.fact_id.in_(some) & knowledge_sources.c.session_id.in_(of_project)
        ids = set(connection.execute(_ids_of(which)).scalars())
        if ids:
            connection.execute(delete(knowledge_sources).where(which))
            settle(connection, ids)


def of_project(connection: Connection, project_id: int) -> set[int]:
    """Return the ids of the entries that sessions of a project tell."""
    of_sessions = select(sessions.c.id).where(sessions.c.project_id == project_id)
    return set(connection.execute(_ids_of(knowledge_sources.c.session_id.in_(of_sessions))).scalars())


def add(connection: Connection, kind: KnowledgeKind, category: str, text: str, fix: str) -> Entry:
    """Store an entry that a person wrote, and return it."""
    at = now()
    made = connection.execute(
        insert(knowledge)
        .values(
            kind=kind, signature=None, category=category, text="", fix="", author="person", is_hidden=False, shown=0, used=0,
            created_at=at, updated_at=at,
        )
        .returning(knowledge.c.id)
    )  # fmt: skip
    entry_id = made.scalar_one()
    _reword(connection, entry_id, category, keepable(text), keepable(fix))
    return by_ids(connection, [entry_id])[entry_id]


def change(connection: Connection, entry_id: int, *, kind: KnowledgeKind, category: str, text: str, fix: str) -> None:
    """Set what an entry says; from now on it is the person's."""
    _reword(connection, entry_id, category, keepable(text), keepable(fix))
    values: dict[str, Any] = {"author": "person"}
    kept = connection.execute(select(knowledge.c.kind).where(knowledge.c.id == entry_id)).scalar_one()
    if kept != kind:
        # Of another kind it is another thing than the sessions tell.
        values |= {"kind": kind, "signature": None}
    connection.execute(update(knowledge).where(knowledge.c.id == entry_id).values(values))


def remove(connection: Connection, entry_id: int) -> None:
    """Delete an entry; one that sessions tell stays away though they tell it again."""
    connection.execute(update(knowledge).where(knowledge.c.id == entry_id).values(is_hidden=True, author="session"))
    connection.execute(delete(knowledge_terms).where(knowledge_terms.c.knowledge_id == entry_id))
    settle(connection, [entry_id])


def bring_back(connection: Connection, one: Entry) -> Entry:
    """Take back that an entry was removed, and return it. What a person wrote is stored anew, for nothing of it was left; so is what no session tells any more."""
    hidden = (knowledge.c.id == one.id) & knowledge.c.is_hidden
    if connection.execute(update(knowledge).where(hidden).values(is_hidden=False, author=one.author)).rowcount:
        _reword(connection, one.id, one.category, keepable(one.text), keepable(one.fix))
        return by_ids(connection, [one.id])[one.id]
    return add(connection, one.kind, one.category, one.text, one.fix)


def listed(
    connection: Connection,
    *,
    kind: KnowledgeKind | None = None,
    category: str = "",
    author: KnowledgeAuthor | None = None,
    project_id: int | None = None,
    before: int | None = None,
    limit: int | None = None,
) -> list[Entry]:
    """Return entries, the newest first, from before one id on. With *project_id* those that its sessions tell."""
    which = ~knowledge.c.is_hidden
    for column, value in ((knowledge.c.kind, kind), (knowledge.c.category, category), (knowledge.c.author, author)):
        which &= column == value if value else True
    if project_id is not None:
        tells = knowledge_sources.join(sessions, sessions.c.id == knowledge_sources.c.session_id)
        of_project = select(knowledge_sources.c.knowledge_id).select_from(tells).where(sessions.c.project_id == project_id)
        which &= knowledge.c.id.in_(of_project)
    if before is not None:
        which &= knowledge.c.id < before
    return _found(connection, which, limit)


def by_ids(connection: Connection, ids: Collection[int]) -> dict[int, Entry]:
    """Return the entries of these ids, those that are there."""
    found: dict[int, Entry] = {}
    for some in _portions(sorted(ids)):
        found |= {one.id: one for one in _found(connection, knowledge.c.id.in_(some) & ~knowledge.c.is_hidden)}
    return found


def _found(connection: Connection, which: ColumnElement[bool], limit: int | None = None) -> list[Entry]:
    count = select(func.count()).where(knowledge_sources.c.knowledge_id == knowledge.c.id).scalar_subquery()
    query = select(knowledge, count.label("sources")).where(which).order_by(knowledge.c.id.desc()).limit(limit)
    return [
        Entry(
            row.id, row.kind, row.category, row.text, row.fix, row.author, row.shown, row.used, row.sources,
            told_always(row.created_at), told_always(row.updated_at),
        )
        for row in connection.execute(query)
    ]  # fmt: skip


def sources(connection: Connection, ids: Collection[int], *, most_each: int = 20) -> dict[int, list[Source]]:
    """Return by entry the sessions that tell it, the newest first, at most *most_each*."""
    found: dict[int, list[Source]] = {}
    place = func.row_number().over(partition_by=knowledge_sources.c.knowledge_id, order_by=knowledge_sources.c.session_id.desc())
    for some in _portions(sorted(ids)):
        newest = select(knowledge_sources, place.label("place")).where(knowledge_sources.c.knowledge_id.in_(some)).subquery()
        query = (
            select(newest, projects.c.id.label("project_id"), projects.c.name, sessions.c.number)
            .select_from(newest.join(sessions, sessions.c.id == newest.c.session_id).join(projects, projects.c.id == sessions.c.project_id))
            .where(newest.c.place <= most_each)
            .order_by(newest.c.knowledge_id, newest.c.place)
        )
        for row in connection.execute(query):
            one = Source(row.knowledge_id, row.project_id, row.name, Handle(row.number, row.turn), row.fact_id, row.text, row.fix)
            found.setdefault(row.knowledge_id, []).append(one)
    return found


def by_signatures(connection: Connection, signatures: Collection[str]) -> dict[str, int]:
    """Return by signature the solution that has it."""
    query = select(knowledge.c.signature, knowledge.c.id).where(
        knowledge.c.kind == "solution", knowledge.c.signature.in_(sorted(signatures)[:_MOST_PARAMETERS]), ~knowledge.c.is_hidden
    )
    return {row.signature: row.id for row in connection.execute(query)}


class Matching(NamedTuple):
    """Entries that share terms with a question, by how many, and how many entries hold each of its terms, of all there are."""

    shared: Counter[int]
    holding: dict[str, int]
    entries: int


def matching(connection: Connection, asked: Collection[str]) -> Matching:
    """Return the entries that share the rarest of the terms *asked*: as many terms as there is room for."""
    wanted = sorted({term[:_TERM_CHARS] for term in asked})[:_MOST_PARAMETERS]
    count = select(knowledge_terms.c.term, func.count()).where(knowledge_terms.c.term.in_(wanted)).group_by(knowledge_terms.c.term)
    holding = {row[0]: row[1] for row in connection.execute(count)}
    entries = connection.execute(select(func.count()).select_from(knowledge).where(~knowledge.c.is_hidden)).scalar_one()
    chosen: list[str] = []
    room = _MOST_POSTINGS
    for term in sorted(holding, key=lambda one: (holding[one], one)):
        if holding[term] > room and chosen:
            break
        chosen.append(term)
        room -= holding[term]
    postings = select(knowledge_terms.c.knowledge_id).where(knowledge_terms.c.term.in_(chosen))
    found = connection.execute(postings.order_by(knowledge_terms.c.knowledge_id.desc()).limit(_MOST_POSTINGS)).scalars()
    return Matching(Counter(found), holding, entries)


def note_shown(connection: Connection, ids: Iterable[int]) -> None:
    """Count entries as answered once more."""
    for some in _portions(sorted(set(ids))):
        connection.execute(update(knowledge).where(knowledge.c.id.in_(some)).values(shown=knowledge.c.shown + 1))


def note_used(connection: Connection, ids: Iterable[int]) -> None:
    """Count entries as having helped once more."""
    for some in _portions(sorted(set(ids))):
        connection.execute(update(knowledge).where(knowledge.c.id.in_(some)).values(used=knowledge.c.used + 1))


def told_by(connection: Connection, project_id: int, fact_ids: Collection[str]) -> set[int]:
    """Return the ids of the entries that these facts of a project tell."""
    found: set[int] = set()
    for some in _portions(sorted(fact_ids)):
        of_project = select(sessions.c.id).where(sessions.c.project_id == project_id)
        which = knowledge_sources.c.fact_id.in_(some) & knowledge_sources.c.session_id.in_(of_project)
        found |= set(connection.execute(_ids_of(which)).scalars())
    return found


def _ids_of(which: ColumnElement[bool]) -> Any:
    return select(knowledge_sources.c.knowledge_id).where(which).distinct()


def _portions(values: Sequence[Any]) -> list[Sequence[Any]]:
    return [values[start : start + _MOST_PARAMETERS] for start in range(0, len(values), _MOST_PARAMETERS)]
