"""The knowledge base."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Query, Response
from pydantic import Field

from onward.api.answers.envelope import answers, ok, pages
from onward.api.answers.paging import Paging
from onward.api.bodies import MAX_ID, Body, ChangeBody, EditVersion, Id, IdField, Text
from onward.api.context import Context
from onward.api.parsing import create_router
from onward.app.knowledge import knowledge
from onward.app.knowledge.knowledge import (
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
from onward.app.projects import projects
from onward.app.projects.projects import Project
from onward.core.edit_version import edit_version
from onward.errors import Conflict, NotFound

router = create_router("knowledge")

MAX_ERROR_CHARS = 200_000
KnowledgeProjectFilter = Annotated[int | None, Query(ge=1, le=MAX_ID, description="Only entries from sessions of this project.")]
EntryKindFilter = Annotated[KnowledgeKind | None, Query(description="Only entries of this kind.")]
CategoryFilter = Annotated[Text, Query(max_length=100, description="Only entries of this category.")]


class NewEntryBody(Body):
    """An entry to add. Without `category` the category follows from its words."""

    text: Text = Field(
        min_length=1, max_length=knowledge.MAX_TEXT_CHARS, examples=["Ask for port 0 in tests: two runs at once never meet."]
    )
    fix: Text = Field("", max_length=knowledge.MAX_TEXT_CHARS, description="The fix, for an error.", examples=[""])
    kind: KnowledgeKind = "practice"
    category: Text = Field("", max_length=100, examples=["tests"])


class EntryChangeBody(ChangeBody):
    """The fields of an entry to change. Harvesting no longer changes an edited entry."""

    text: Text | None = Field(None, min_length=1, max_length=knowledge.MAX_TEXT_CHARS, examples=["Ask for port 0 in tests."])
    fix: Text | None = Field(None, max_length=knowledge.MAX_TEXT_CHARS)
    kind: KnowledgeKind | None = None
    category: Text | None = Field(None, max_length=100)
    version: EditVersion = Field("", description="The version that was read; 409 if it changed since.", examples=[""])


class ErrorBody(Body):
    """An error with any text around it, and the project whose own fixes come first."""

    error: Text = Field(min_length=1, max_length=MAX_ERROR_CHARS, examples=["KeyError: 'currency'"])
    project_id: IdField | None = Field(None, examples=[1])
    context: Text = Field(
        "", max_length=MAX_ERROR_CHARS, description="What was done when the error occurred.", examples=["while rendering the cart"]
    )


class ErrorMatchBody(ErrorBody):
    """An error, and the most fixes to return."""

    limit: int = Field(5, ge=1, le=50)


@dataclass(frozen=True, slots=True)
class KnowledgeSourceShape:
    """A source session of an entry: its project, and the handle of the turn."""

    entry_id: int
    project_id: int
    project: str
    handle: str
    fact_id: str
    text: str
    fix: str


@dataclass(frozen=True, slots=True)
class EntryShape:
    """An entry. `error` is the error that the text is about, empty if there is none or if a person wrote the text.

    `source_count` sessions are its sources; `shown` and `used` count how often it was shown and how often it helped.
    """

    id: int
    kind: str
    category: str
    text: str
    error: str
    fix: str
    author: str
    shown: int
    used: int
    source_count: int
    created_at: datetime
    updated_at: datetime
    version: str


@dataclass(frozen=True, slots=True)
class EntryDetailShape:
    """An entry with its source sessions, the newest first."""

    entry: EntryShape
    sources: list[KnowledgeSourceShape]


@dataclass(frozen=True, slots=True)
class KnowledgeHitShape:
    """An entry that matches the query. `score` (0..1) is the share of the query that it contains, weighted by how rare the words are."""

    entry: EntryShape
    score: float
    source: KnowledgeSourceShape | None


@dataclass(frozen=True, slots=True)
class FixShape:
    """A known fix. `certainty` is `same` if errors differ in paths and numbers only, else `similar` by `likeness_ratio`; `is_own` if it is
    from this project.
    """

    entry_id: int
    kind: str
    category: str
    text: str
    fix: str
    certainty: str
    likeness_ratio: float
    is_own: bool
    source: KnowledgeSourceShape | None
    entry: EntryShape


@dataclass(frozen=True, slots=True)
class ErrorOccurrenceShape:
    """A session in which the same error occurred."""

    project_id: int
    project: str
    handle: str
    text: str
    is_solved: bool


@dataclass(frozen=True, slots=True)
class ErrorMatchesShape:
    """Known fixes of an error, this project's own first, and the sessions in which it occurred."""

    fixes: list[FixShape]
    occurrences: list[ErrorOccurrenceShape]


def entry_shape(entry: KnowledgeEntry) -> EntryShape:
    """Return the shape of an entry."""
    return EntryShape(
        id=entry.id,
        kind=entry.kind,
        category=entry.category,
        text=entry.text,
        error=entry.error,
        fix=entry.fix,
        author=entry.author,
        shown=entry.shown,
        used=entry.used,
        source_count=entry.sources,
        created_at=entry.created_at,
        updated_at=entry.updated_at,
        version=edit_version(entry),
    )


def _knowledge_source_shape(source: KnowledgeSource) -> KnowledgeSourceShape:
    return KnowledgeSourceShape(
        entry_id=source.knowledge_id,
        project_id=source.project_id,
        project=source.project,
        handle=str(source.handle),
        fact_id=source.fact_id,
        text=source.text,
        fix=source.fix,
    )


def _detail_shape(detail: KnowledgeDetail) -> EntryDetailShape:
    return EntryDetailShape(entry_shape(detail.entry), [_knowledge_source_shape(source) for source in detail.sources])


def _knowledge_hit_shape(hit: KnowledgeHit) -> KnowledgeHitShape:
    return KnowledgeHitShape(entry_shape(hit.entry), round(hit.score, 4), _knowledge_source_shape(hit.source) if hit.source else None)


def fix_shape(answer: KnownFix) -> FixShape:
    """Return the shape of a fix."""
    source = _knowledge_source_shape(answer.source) if answer.source else None
    return FixShape(
        entry_id=answer.entry.id,
        kind=answer.entry.kind,
        category=answer.entry.category,
        text=answer.text,
        fix=answer.fix,
        certainty=answer.certainty,
        likeness_ratio=answer.likeness_ratio,
        is_own=answer.is_own,
        source=source,
        entry=entry_shape(answer.entry),
    )


def error_occurrence_shape(occurrence: ErrorOccurrence) -> ErrorOccurrenceShape:
    """Return the shape of an error's occurrence."""
    return ErrorOccurrenceShape(
        project_id=occurrence.project_id,
        project=occurrence.project,
        handle=f"s{occurrence.session}.{occurrence.turn}",
        text=occurrence.text,
        is_solved=occurrence.is_solved,
    )


def _error_matches_shape(matches: ErrorHistory) -> ErrorMatchesShape:
    return ErrorMatchesShape(
        [fix_shape(answer) for answer in matches.fixes], [error_occurrence_shape(occurrence) for occurrence in matches.occurrences]
    )


def _find_project(context: Context, project_id: int | None) -> Project | None:
    return None if project_id is None else projects.require(context.store, project_id)


@router.get("/knowledge", summary="List the entries", **pages(EntryShape, NotFound))
def list_entries(
    context: Context,
    page: Paging,
    kind: EntryKindFilter = None,
    category: CategoryFilter = "",
    author: Annotated[KnowledgeAuthor | None, Query(description="Only from sessions, or only by people.")] = None,
    project_id: KnowledgeProjectFilter = None,
) -> Response:
    """List the entries, the newest first."""
    project = _find_project(context, project_id)
    entries = knowledge.list_entries(
        context.store, kind=kind, category=category, author=author, project=project, before=page.last_key(int), limit=page.limit + 1
    )
    return page.answer(entries, shape=entry_shape, key_of=lambda entry: (entry.id,))


@router.post("/knowledge", summary="Add an entry", **answers(EntryShape))
def add_entry(context: Context, body: NewEntryBody) -> Response:
    """Add an entry by hand. Harvesting does not overwrite it."""
    return ok(entry_shape(knowledge.add(context.store, body.text, kind=body.kind, fix=body.fix, category=body.category)))


@router.get("/knowledge/search", summary="Search the knowledge base", **answers(list[KnowledgeHitShape], NotFound))
def search_entries(
    context: Context,
    q: Annotated[Text, Query(min_length=1, max_length=1000, description="A few words, or an error.", examples=["stale lock file"])],
    kind: EntryKindFilter = None,
    category: CategoryFilter = "",
    project_id: KnowledgeProjectFilter = None,
    limit: Annotated[int, Query(ge=1, le=200, description="The most entries.")] = 20,
) -> Response:
    """Return the entries that match the query best. Any text is a query."""
    hits = knowledge.search(context.store, q, project=_find_project(context, project_id), kind=kind, category=category, limit=limit)
    return ok([_knowledge_hit_shape(hit) for hit in hits])


@router.post("/knowledge/seen", summary="Find known fixes of an error", **answers(ErrorMatchesShape, NotFound))
def match_error(context: Context, body: ErrorMatchBody) -> Response:
    """Return known fixes: the project's own first, then other projects', each with its source and certainty."""
    return ok(
        _error_matches_shape(
            knowledge.match_error(context.store, body.error, project=_find_project(context, body.project_id), limit=body.limit)
        )
    )


@router.get("/knowledge/{entry_id}", summary="Show an entry", **answers(EntryDetailShape, NotFound))
def show_entry(context: Context, entry_id: Id) -> Response:
    """Return an entry with its source sessions."""
    return ok(_detail_shape(knowledge.show(context.store, entry_id)))


@router.patch("/knowledge/{entry_id}", summary="Change an entry", **answers(EntryShape, NotFound, Conflict))
def change_entry(context: Context, entry_id: Id, body: EntryChangeBody) -> Response:
    """Edit an entry."""
    entry = knowledge.edit(
        context.store, entry_id, text=body.text, fix=body.fix, category=body.category, kind=body.kind, version=body.version
    )
    return ok(entry_shape(entry))


@router.post("/knowledge/{entry_id}/used", summary="Record that an entry helped", **answers(EntryShape, NotFound))
def note_entry_used(context: Context, entry_id: Id) -> Response:
    """Record that an entry helped."""
    return ok(entry_shape(knowledge.record_used(context.store, entry_id)))


@router.delete("/knowledge/{entry_id}", summary="Delete an entry", **answers(EntryShape, NotFound))
def delete_entry(context: Context, entry_id: Id) -> Response:
    """Delete an entry and return it. Harvesting does not add it again."""
    return ok(entry_shape(knowledge.delete(context.store, entry_id)))
