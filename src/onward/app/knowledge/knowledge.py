"""The knowledge base: solutions, practices and dead ends learned in any project, and search in them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from math import log
from typing import TYPE_CHECKING

from onward.app.edits import check_edit, lock_edits
from onward.core.extract.command_lines import find_error_line
from onward.core.facts.phrases import FAILED_WITH
from onward.core.knowledge.categories import CATEGORIES, category_of
from onward.core.knowledge.entry import (
    KNOWLEDGE_KINDS,
    ErrorHistory,
    ErrorOccurrence,
    KnowledgeAuthor,
    KnowledgeDetail,
    KnowledgeEntry,
    KnowledgeHit,
    KnowledgeKind,
    KnowledgeSource,
    KnownFix,
)
from onward.core.knowledge.error_lines import error_text, failure_line, without_head
from onward.core.knowledge.signature import argument_terms, containment, likeness, signature, terms
from onward.core.project import Project
from onward.errors import BadInput, NotFound
from onward.message import Message
from onward.redact import DISTILL_KEY, Redactor
from onward.store import Store, knowledge, project_files

if TYPE_CHECKING:
    from sqlalchemy import Connection

__all__ = [
    "CATEGORIES",
    "KNOWLEDGE_KINDS",
    "ErrorHistory",
    "ErrorOccurrence",
    "KnowledgeAuthor",
    "KnowledgeDetail",
    "KnowledgeEntry",
    "KnowledgeHit",
    "KnowledgeKind",
    "KnowledgeSource",
    "KnownFix",
    "add",
    "delete",
    "edit",
    "list_entries",
    "match_error",
    "record_used",
    "restore",
    "search",
    "show",
]


MAX_TEXT_CHARS = 4000
MIN_LIKENESS = 0.42
"""The lowest similarity of two errors that counts as a match; unrelated sentences about the same program reach less."""
_MAX_LINES, _MAX_LINE_CHARS = 20, 600
_MAX_CANDIDATES = 60
_MIN_PART_TERMS = 3
_CODE_NAME = re.compile(r"\b(?:[A-Z]{1,5}-?\d{2,}|E[A-Z]{4,}|[A-Z]+_[A-Z_]+)\b|\w(?:Error|Exception)\b")
"""A name that says which error it is by itself; any other single word says nothing."""
_ARGUMENT_WEIGHT = 0.4
"""How much a name in an error weighs beside the words that say what went wrong."""
_MOST_CONTAINED = 0.9
"""The likeness of an error that holds all the words of another."""


def list_entries(
    store: Store,
    *,
    kind: KnowledgeKind | None = None,
    category: str = "",
    author: KnowledgeAuthor | None = None,
    project: Project | None = None,
    before: int | None = None,
    limit: int | None = None,
) -> list[KnowledgeEntry]:
    """Return entries, newest first; with *project*, those with a source in its sessions."""
    project_id = project.id if project else None
    with store.read() as connection:
        return knowledge.list_entries(
            connection, kind=kind, category=category, author=author, project_id=project_id, before=before, limit=limit
        )


def show(store: Store, entry_id: int) -> KnowledgeDetail:
    """Return an entry with its sources. Raises `NotFound`."""
    with store.read() as connection:
        return KnowledgeDetail(_require_entry(connection, entry_id), knowledge.list_sources(connection, [entry_id]).get(entry_id, []))


def add(store: Store, text: str, *, kind: KnowledgeKind = "practice", fix: str = "", category: str = "") -> KnowledgeEntry:
    """Create an entry. Without *category*, Onward chooses one from the text."""
    text, fix = _clean_text(text), _clean_text(fix, may_be_empty=True)
    with store.write() as connection:
        return knowledge.create(connection, _require_kind(kind), _clean_category(category) or category_of(f"{text} {fix}"), text, fix)


def edit(
    store: Store,
    entry_id: int,
    *,
    text: str | None = None,
    fix: str | None = None,
    category: str | None = None,
    kind: KnowledgeKind | None = None,
    version: str = "",
) -> KnowledgeEntry:
    """Change the given fields of an entry. From then on the entry is the user's: harvesting does not change it any more. Raises
    `EditConflict` if a field changed since *version*.
    """
    with store.write() as connection:
        lock_edits(connection)
        entry = _require_entry(connection, entry_id)
        if version:
            check_edit(version, entry, {"text": text, "fix": fix, "kind": kind, "category": category or None})
        knowledge.update_entry(
            connection,
            entry_id,
            kind=_require_kind(kind or entry.kind),
            category=_clean_category(category or "") or entry.category,
            text=entry.text if text is None else _clean_text(text),
            error=entry.error if text is None else "",
            fix=entry.fix if fix is None else _clean_text(fix, may_be_empty=True),
        )
        return _require_entry(connection, entry_id)


def delete(store: Store, entry_id: int) -> KnowledgeEntry:
    """Delete an entry and return its last state. It is not created again when sessions contain the same lesson."""
    with store.write() as connection:
        entry = _require_entry(connection, entry_id)
        knowledge.delete_entry(connection, entry_id)
        return entry


def restore(store: Store, entry: KnowledgeEntry) -> KnowledgeEntry:
    """Restore a deleted entry; *entry* is what `delete` returned. An entry that a user wrote gets a new id."""
    with store.write() as connection:
        clean_entry = replace(
            entry,
            kind=_require_kind(entry.kind),
            category=_clean_category(entry.category),
            text=_clean_text(entry.text),
            error=_clean_text(entry.error, may_be_empty=True),
            fix=_clean_text(entry.fix, may_be_empty=True),
        )
        return knowledge.restore(connection, clean_entry)


def record_used(store: Store, entry_id: int) -> KnowledgeEntry:
    """Record that an entry helped."""
    with store.write() as connection:
        entry = _require_entry(connection, entry_id)
        knowledge.record_used(connection, [entry_id])
        return replace(entry, used=entry.used + 1)


def search(
    store: Store, query: str, *, project: Project | None = None, kind: KnowledgeKind | None = None, category: str = "", limit: int = 20
) -> list[KnowledgeHit]:
    """Return the entries that match *query* best, rare words weighing more. Any text is a query. With *project*, only entries from its
    sessions.
    """
    query_terms = terms(query)
    if not query_terms:
        raise BadInput(Message("{query!r} contains no word to search for.", query=query), "Use at least one word.")
    with store.read() as connection:
        matches = knowledge.match_terms(connection, query_terms)
        weights = _term_weights(matches.term_counts, matches.entry_count)
        candidate_ids = [entry_id for entry_id, _ in matches.shared_terms.most_common(_MAX_CANDIDATES * 4)]
        entries = [
            entry
            for entry in knowledge.find_by_ids(connection, candidate_ids).values()
            if kind in (None, entry.kind) and category in ("", entry.category)
        ]
        sources = knowledge.list_sources(connection, [entry.id for entry in entries])
    total_weight = sum(weights.get(term, 0.0) for term in query_terms) or 1.0
    hits = [
        KnowledgeHit(
            entry,
            _closest_source(sources.get(entry.id, ()), project),
            sum(weights.get(term, 0.0) for term in query_terms & terms(f"{entry.text} {entry.fix}")) / total_weight,
        )
        for entry in entries
    ]
    if project is not None:
        hits = [hit for hit in hits if hit.source and hit.source.project_id == project.id]
    return sorted(hits, key=lambda hit: (-hit.score, -hit.entry.used, -hit.entry.id))[:limit]


def match_error(store: Store, error: str, *, project: Project | None = None, limit: int = 5) -> ErrorHistory:
    """Return what is known about *error*, which may contain other text: fixes of *project* first, then those of other projects, best
    match first.

    Every returned entry is counted as shown.
    """
    lines = _error_lines(error)
    if not lines:
        raise BadInput("The text contains no error.", "Include the line that says what went wrong.")
    with store.read() as connection:
        matches = _match_lines(connection, lines, project, limit)
    if matches.fixes:
        with store.write() as connection:
            knowledge.record_shown(connection, [answer.entry.id for answer in matches.fixes])
    return matches


def _match_lines(connection: Connection, lines: Sequence[str], project: Project | None, limit: int) -> ErrorHistory:
    signatures = {name for line in lines if (name := signature(line))}
    same_ids = set(knowledge.find_solutions(connection, signatures).values())
    line_terms = [line_terms for line in lines if len(line_terms := terms(line)) > 1 or _CODE_NAME.search(line)]
    arguments = frozenset[str]().union(*map(argument_terms, lines))
    matches = knowledge.match_terms(connection, frozenset().union(*line_terms))
    weights = _term_weights(matches.term_counts, matches.entry_count)
    entry_ids = {entry_id for entry_id, _ in matches.shared_terms.most_common(_MAX_CANDIDATES)} | same_ids
    entries, sources = knowledge.find_by_ids(connection, entry_ids), knowledge.list_sources(connection, entry_ids)
    answers = [
        _build_answer(
            entry,
            entry_id in same_ids,
            max((_likeness(words, entry, weights, arguments) for words in line_terms), default=0.0),
            sources.get(entry_id, ()),
            project,
        )
        for entry_id, entry in entries.items()
    ]
    close_answers = [answer for answer in answers if answer.certainty == "same" or answer.likeness_ratio >= MIN_LIKENESS]
    close_answers.sort(
        key=lambda answer: (
            not answer.is_own,
            answer.certainty != "same",
            answer.entry.kind != "solution",
            -answer.likeness_ratio,
            -answer.entry.id,
        )
    )
    occurrences = sorted(
        project_files.find_error_occurrences(connection, signatures, 50),
        key=lambda occurrence: project is None or occurrence.project_id != project.id,
    )
    return ErrorHistory(close_answers[:limit], occurrences[: limit * 2])


def _build_answer(
    entry: KnowledgeEntry, is_same: bool, likeness_ratio: float, sources: Sequence[KnowledgeSource], project: Project | None
) -> KnownFix:
    source = _closest_source(sources, project)
    text, fix = (source.text, source.fix) if source and entry.author == "session" else (entry.text, entry.fix)
    is_own = bool(source and project and source.project_id == project.id)
    return KnownFix(
        entry=entry,
        text=text,
        fix=fix,
        certainty="same" if is_same else "similar",
        likeness_ratio=1.0 if is_same else round(likeness_ratio, 3),
        source=source,
        is_own=is_own,
    )


def _closest_source(sources: Iterable[KnowledgeSource], project: Project | None) -> KnowledgeSource | None:
    """Return the newest source in *project*, or else the newest source."""
    all_sources = list(sources)
    return next((source for source in all_sources if project and source.project_id == project.id), all_sources[0] if all_sources else None)


def _likeness(words: frozenset[str], entry: KnowledgeEntry, weights: Mapping[str, float], arguments: frozenset[str]) -> float:
    """Return how alike an error line of these *words* and *entry* are: as wholes, or as far as the shorter holds what the longer says.
    Terms of *arguments* and of the entry's own count in part.
    """
    names, heaviest = arguments | argument_terms(entry.error or entry.text), max(weights.values(), default=1.0)
    # The line that names the error is alone in the text; the error has the lines around it, too.
    candidates = [terms(text) for text in dict.fromkeys((entry.error or entry.text, entry.text.rpartition(FAILED_WITH)[2]))]
    scaled = {term: weights.get(term, heaviest) * (_ARGUMENT_WEIGHT if term in names else 1.0) for term in words.union(*candidates)}
    return max(
        max(likeness(words, error_terms, scaled), _MOST_CONTAINED * containment(words, error_terms, scaled)) for error_terms in candidates
    )


def _term_weights(term_counts: Mapping[str, int], entry_count: int) -> dict[str, float]:
    """Return the weight of each term: the fewer entries contain it, the higher."""
    return {term: log(1 + (entry_count + 1) / count) for term, count in term_counts.items()}


def _error_lines(error: str) -> list[str]:
    """Return what describes the error: the lines with words such as "failed", the last line, where a traceback names its error, and the
    line that names it with those that continue it. In a chain of errors the last one is also taken alone.
    """
    lines = list(dict.fromkeys(without_head(line)[:_MAX_LINE_CHARS] for line in error.splitlines() if line.strip()))
    trouble_lines = [line for line in lines if find_error_line(line)][-_MAX_LINES:]
    named = failure_line(error)
    parts = [error_text(error, named), named.rpartition(": ")[2]] if named else []
    return list(dict.fromkeys((*trouble_lines, *lines[-1:], *(part for part in parts if len(terms(part)) >= _MIN_PART_TERMS))))


def _require_entry(connection: Connection, entry_id: int) -> KnowledgeEntry:
    entries: Collection[KnowledgeEntry] = knowledge.find_by_ids(connection, [entry_id]).values()
    for entry in entries:
        return entry
    raise NotFound(Message("There is no entry {entry_id} in the knowledge base.", entry_id=entry_id), "List entries: onward knowledge list")


def _require_kind(kind: str) -> KnowledgeKind:
    for known_kind in KNOWLEDGE_KINDS:
        if known_kind == kind:
            return known_kind
    raise BadInput(
        Message("{kind!r} is not a kind of knowledge.", kind=kind), Message("Use one of: {kinds}.", kinds=", ".join(KNOWLEDGE_KINDS))
    )


def _clean_category(category: str) -> str:
    category = " ".join(category.lower().split())
    if category and category not in CATEGORIES:
        raise BadInput(
            Message("{category!r} is not a category.", category=category),
            Message("Use one of: {categories}. Or leave it out, and Onward chooses one.", categories=", ".join(CATEGORIES)),
        )
    return category


def _clean_text(text: str, *, may_be_empty: bool = False) -> str:
    redacted = Redactor(DISTILL_KEY).text(text.strip())
    if not redacted and not may_be_empty:
        raise BadInput("An entry needs a text.", "Give the text.")
    if len(redacted) > MAX_TEXT_CHARS:
        raise BadInput(
            Message("An entry has at most {limit} characters.", limit=MAX_TEXT_CHARS), "Shorten it, or split it into two entries."
        )
    return redacted
