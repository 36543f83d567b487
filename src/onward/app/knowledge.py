"""The knowledge base: what was learned once, in whichever project, found again when it is needed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from math import log

from sqlalchemy import Connection

from onward.core.categories import CATEGORIES, category_of
from onward.core.entry import Answer, Detail, Entry, Hit, KnowledgeAuthor, MetBefore, Seen, Source
from onward.core.extract.worked import trouble_in
from onward.core.knowledge import FAILED, KNOWLEDGE_KINDS, KnowledgeKind
from onward.core.project import Project
from onward.core.signature import likeness, signature, terms
from onward.errors import BadInput, NotFound
from onward.redact import DISTILL_KEY, Redactor
from onward.store import Store, knowledge, touched

__all__ = [
    "CATEGORIES", "KNOWLEDGE_KINDS", "Answer", "Detail", "Entry", "Hit", "KnowledgeAuthor", "KnowledgeKind", "MetBefore", "Seen", "Source",
    "add", "bring_back", "delete", "edit", "listed", "note_used", "search", "seen", "show",
]  # fmt: skip


MOST_TEXT_CHARS = 4000
LEAST_LIKENESS = 0.42
"""Below that, two errors have no more in common than two sentences about the same program."""
_MOST_LINES, _LINE_CHARS = 20, 600
_LOOKED_AT = 60


def listed(
    store: Store,
    *,
    kind: KnowledgeKind | None = None,
    category: str = "",
    author: KnowledgeAuthor | None = None,
    project: Project | None = None,
    before: int | None = None,
    limit: int | None = None,
) -> list[Entry]:
    """Return entries, the newest first; with *project*, those that its sessions tell."""
    of_project = project.id if project else None
    with store.read() as connection:
        return knowledge.listed(connection, kind=kind, category=category, author=author, project_id=of_project, before=before, limit=limit)


def show(store: Store, entry_id: int) -> Detail:
    """Return an entry and who tells it. Raises `NotFound`."""
    with store.read() as connection:
        return Detail(_there(connection, entry_id), knowledge.sources(connection, [entry_id]).get(entry_id, []))


def add(store: Store, text: str, *, kind: KnowledgeKind = "practice", fix: str = "", category: str = "") -> Entry:
    """Write an entry. Without *category* the words tell it."""
    text, fix = _worded(text), _worded(fix, may_be_empty=True)
    with store.write() as connection:
        return knowledge.add(connection, _kind(kind), _category(category) or category_of(f"{text} {fix}"), text, fix)


def edit(
    store: Store,
    entry_id: int,
    *,
    text: str | None = None,
    fix: str | None = None,
    category: str | None = None,
    kind: KnowledgeKind | None = None,
) -> Entry:
    """Say better what an entry says. It is the person's from now on: no harvest changes it. What is None stays as it is."""
    with store.write() as connection:
        one = _there(connection, entry_id)
        knowledge.change(
            connection,
            entry_id,
            kind=_kind(kind or one.kind),
            category=_category(category or "") or one.category,
            text=one.text if text is None else _worded(text),
            fix=one.fix if fix is None else _worded(fix, may_be_empty=True),
        )
        return _there(connection, entry_id)


def delete(store: Store, entry_id: int) -> Entry:
    """Delete an entry and return it as it was. It stays away, though sessions tell it again."""
    with store.write() as connection:
        one = _there(connection, entry_id)
        knowledge.remove(connection, entry_id)
        return one


def bring_back(store: Store, one: Entry) -> Entry:
    """Take back that an entry was deleted: *one* is what `delete` returned. What a person wrote comes back under another id."""
    with store.write() as connection:
        wanted = replace(
            one, kind=_kind(one.kind), category=_category(one.category), text=_worded(one.text), fix=_worded(one.fix, may_be_empty=True)
        )
        return knowledge.bring_back(connection, wanted)


def note_used(store: Store, entry_id: int) -> Entry:
    """Note that an entry helped."""
    with store.write() as connection:
        one = _there(connection, entry_id)
        knowledge.note_used(connection, [entry_id])
        return replace(one, used=one.used + 1)


def search(
    store: Store, query: str, *, project: Project | None = None, kind: KnowledgeKind | None = None, category: str = "", limit: int = 20
) -> list[Hit]:
    """Return the entries that hold most of what *query* says, by how telling its words are. Any text is a query; with *project*, only what its sessions tell."""
    asked = terms(query)
    if not asked:
        raise BadInput(f"There is no word in {query!r} to look for.", "Ask with a few words.")
    with store.read() as connection:
        found = knowledge.matching(connection, asked)
        weights = _weights(found.holding, found.entries)
        near = [entry_id for entry_id, _ in found.shared.most_common(_LOOKED_AT * 4)]
        entries = [
            one for one in knowledge.by_ids(connection, near).values() if kind in (None, one.kind) and category in ("", one.category)
        ]
        sources = knowledge.sources(connection, [one.id for one in entries])
    whole = sum(weights.get(one, 0.0) for one in asked) or 1.0
    hits = [
        Hit(
            one,
            _closest(sources.get(one.id, ()), project),
            sum(weights.get(t, 0.0) for t in asked & terms(f"{one.text} {one.fix}")) / whole,
        )
        for one in entries
    ]
    if project is not None:
        hits = [one for one in hits if one.source and one.source.project_id == project.id]
    return sorted(hits, key=lambda one: (-one.score, -one.entry.used, -one.entry.id))[:limit]


def seen(store: Store, error: str, *, project: Project | None = None, limit: int = 5) -> Seen:
    """Return what is known of *error* (any text around it does no harm): *project*'s own fixes first, then other projects', the surest first.

    What is answered is counted as shown.
    """
    lines = _telling_lines(error)
    if not lines:
        raise BadInput("There is no error in that text.", "Give the line that says what went wrong.")
    with store.read() as connection:
        found = _seen(connection, lines, project, limit)
    if found.answers:
        with store.write() as connection:
            knowledge.note_shown(connection, [one.entry.id for one in found.answers])
    return found


def _seen(connection: Connection, lines: Sequence[str], project: Project | None, limit: int) -> Seen:
    signatures = {name for line in lines if (name := signature(line))}
    same = set(knowledge.by_signatures(connection, signatures).values())
    asked = [terms(line) for line in lines]
    matching = knowledge.matching(connection, frozenset().union(*asked))
    weights = _weights(matching.holding, matching.entries)
    near = {entry_id for entry_id, _ in matching.shared.most_common(_LOOKED_AT)} | same
    entries, sources = knowledge.by_ids(connection, near), knowledge.sources(connection, near)
    answers = [
        _answer(one, entry_id in same, max((likeness(line, _error_terms(one), weights) for line in asked), default=0.0), sources.get(entry_id, ()), project)
        for entry_id, one in entries.items()
    ]  # fmt: skip
    told = [one for one in answers if one.sure == "same" or one.likeness_ratio >= LEAST_LIKENESS]
    told.sort(key=lambda one: (not one.is_own, one.sure != "same", one.entry.kind != "solution", -one.likeness_ratio, -one.entry.id))
    met = sorted(touched.met_before(connection, signatures, 50), key=lambda one: project is None or one.project_id != project.id)
    return Seen(told[:limit], met[: limit * 2])


def _answer(one: Entry, is_same: bool, like: float, sources: Sequence[Source], project: Project | None) -> Answer:
    source = _closest(sources, project)
    text, fix = (source.text, source.fix) if source and one.author == "session" else (one.text, one.fix)
    is_own = bool(source and project and source.project_id == project.id)
    return Answer(one, text, fix, "same" if is_same else "similar", 1.0 if is_same else round(like, 3), source, is_own)


def _closest(sources: Iterable[Source], project: Project | None) -> Source | None:
    """Return the newest source in *project*, else the newest."""
    everything = list(sources)
    return next((one for one in everything if project and one.project_id == project.id), everything[0] if everything else None)


def _error_terms(entry: Entry) -> frozenset[str]:
    return terms(entry.text.partition(FAILED)[2] or entry.text)


def _weights(holding: Mapping[str, int], entries: int) -> dict[str, float]:
    """Return how telling each term is: the fewer entries hold it, the more."""
    return {term: log(1 + (entries + 1) / among) for term, among in holding.items()}


def _telling_lines(error: str) -> list[str]:
    """Return the lines of a text that say what went wrong: those with a word of trouble, and the last one, where a traceback names its error."""
    lines = list(dict.fromkeys(line.strip()[:_LINE_CHARS] for line in error.splitlines() if line.strip()))
    told = [line for line in lines if trouble_in(line)][-_MOST_LINES:]
    return list(dict.fromkeys((*told, *lines[-1:])))


def _there(connection: Connection, entry_id: int) -> Entry:
    found: Collection[Entry] = knowledge.by_ids(connection, [entry_id]).values()
    for one in found:
        return one
    raise NotFound(f"There is no entry {entry_id} in the knowledge base.", "List what there is: onward knowledge list")


def _kind(kind: str) -> KnowledgeKind:
    for one in KNOWLEDGE_KINDS:
        if one == kind:
            return one
    raise BadInput(f"{kind!r} is no kind of knowledge.", f"Use one of: {', '.join(KNOWLEDGE_KINDS)}.")


def _category(category: str) -> str:
    category = " ".join(category.lower().split())
    if category and category not in CATEGORIES:
        raise BadInput(f"{category!r} is no category.", f"Use one of: {', '.join(CATEGORIES)}; or leave it out, and the words tell it.")
    return category


def _worded(text: str, *, may_be_empty: bool = False) -> str:
    said = Redactor(DISTILL_KEY).text(text.strip())
    if not said and not may_be_empty:
        raise BadInput("An entry says something.", "Give its text.")
    if len(said) > MOST_TEXT_CHARS:
        raise BadInput(f"An entry has at most {MOST_TEXT_CHARS} characters.", "Say it shorter, or make it two.")
    return said
