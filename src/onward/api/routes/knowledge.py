"""The knowledge base."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Query, Response
from pydantic import Field

from onward.api.answers.envelope import answers, ok, pages
from onward.api.answers.paging import Paging
from onward.api.bodies import MAX_ID, Body, ChangeBody, Id, IdField, Text
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
from onward.errors import NotFound

router = create_router("knowledge")

MAX_ERROR_CHARS = 200_000
KnowledgeProjectFilter = Annotated[int | None, Query(ge=1, le=MAX_ID, description="Only what sessions of this project tell.")]
KindFilter = Annotated[KnowledgeKind | None, Query(description="Only entries of this kind.")]
CategoryFilter = Annotated[Text, Query(max_length=100, description="Only entries about this.")]


class NewEntryBody(Body):
    """An entry that a person writes. Without `category` its words tell what it is about."""

    text: Text = Field(
        min_length=1, max_length=knowledge.MAX_TEXT_CHARS, examples=["Ask for port 0 in tests: two runs at once never meet."]
    )
    fix: Text = Field("", max_length=knowledge.MAX_TEXT_CHARS, description="What ends it, for an error.", examples=[""])
    kind: KnowledgeKind = "practice"
    category: Text = Field("", max_length=100, examples=["tests"])


class EntryChangeBody(ChangeBody):
    """What of an entry changes. From then on no harvest touches it."""

    text: Text | None = Field(None, min_length=1, max_length=knowledge.MAX_TEXT_CHARS, examples=["Ask for port 0 in tests."])
    fix: Text | None = Field(None, max_length=knowledge.MAX_TEXT_CHARS)
    kind: KnowledgeKind | None = None
    category: Text | None = Field(None, max_length=100)


class ErrorBody(Body):
    """An error, with any text around it; and the project whose own fixes come first."""

    error: Text = Field(min_length=1, max_length=MAX_ERROR_CHARS, examples=["KeyError: 'currency'"])
    project_id: IdField | None = Field(None, examples=[1])
    context: Text = Field("", max_length=MAX_ERROR_CHARS, description="What was being done.", examples=["while rendering the cart"])


class ErrorMatchBody(ErrorBody):
    """An error, and how many fixes are asked for at most."""

    limit: int = Field(5, ge=1, le=50)


@dataclass(frozen=True, slots=True)
class KnowledgeSourceShape:
    """A session that tells an entry: its project, and the handle of the turn."""

    entry_id: int
    project_id: int
    project: str
    handle: str
    fact_id: str
    text: str
    fix: str


@dataclass(frozen=True, slots=True)
class EntryShape:
    """A piece of knowledge. `source_count` sessions tell it; `shown` and `used` count how often it was answered and how often it helped."""

    id: int
    kind: str
    category: str
    text: str
    fix: str
    author: str
    shown: int
    used: int
    source_count: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class EntryDetailShape:
    """An entry with the sessions that tell it, the newest first."""

    entry: EntryShape
    sources: list[KnowledgeSourceShape]


@dataclass(frozen=True, slots=True)
class KnowledgeHitShape:
    """An entry that was found. `score` (0..1) is the share of the question that it holds, by how telling its words are."""

    entry: EntryShape
    score: float
    source: KnowledgeSourceShape | None


@dataclass(frozen=True, slots=True)
class FixShape:
    """A fix that was found before. `sure` is `same` where only paths and numbers differ, else `similar` by `likeness_ratio`; `own` says that this project found it."""

    entry_id: int
    kind: str
    category: str
    text: str
    fix: str
    sure: str
    likeness_ratio: float
    own: bool
    source: KnowledgeSourceShape | None
    entry: EntryShape


@dataclass(frozen=True, slots=True)
class ErrorOccurrenceShape:
    """A session that met the very same error."""

    project_id: int
    project: str
    handle: str
    text: str
    solved: bool


@dataclass(frozen=True, slots=True)
class ErrorMatchesShape:
    """Whether an error was seen before: fixes, this project's own first, and the sessions that met it."""

    fixes: list[FixShape]
    met: list[ErrorOccurrenceShape]


def entry_shape(entry: KnowledgeEntry) -> EntryShape:
    """Return an entry as it is answered."""
    return EntryShape(
        id=entry.id, kind=entry.kind, category=entry.category, text=entry.text, fix=entry.fix, author=entry.author, shown=entry.shown, used=entry.used, source_count=entry.sources, created_at=entry.created_at, updated_at=entry.updated_at
    )  # fmt: skip


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
    """Return a fix as it is answered."""
    source = _knowledge_source_shape(answer.source) if answer.source else None
    return FixShape(
        entry_id=answer.entry.id, kind=answer.entry.kind, category=answer.entry.category, text=answer.text, fix=answer.fix, sure=answer.sure, likeness_ratio=answer.likeness_ratio, own=answer.is_own, source=source, entry=entry_shape(answer.entry)
    )  # fmt: skip


def error_occurrence_shape(occurrence: ErrorOccurrence) -> ErrorOccurrenceShape:
    """Return a session that met an error as it is answered."""
    return ErrorOccurrenceShape(
        project_id=occurrence.project_id,
        project=occurrence.project,
        handle=f"s{occurrence.session}.{occurrence.turn}",
        text=occurrence.text,
        solved=occurrence.is_solved,
    )


def _error_matches_shape(matches: ErrorHistory) -> ErrorMatchesShape:
    return ErrorMatchesShape(
        [fix_shape(answer) for answer in matches.fixes], [error_occurrence_shape(occurrence) for occurrence in matches.occurrences]
    )


def _find_project(context: Context, project_id: int | None) -> Project | None:
    return None if project_id is None else projects.require(context.store, project_id)


@router.get("/knowledge", summary="List the knowledge base", **pages(EntryShape, NotFound))
def list_entries(
    context: Context,
    page: Paging,
    kind: KindFilter = None,
    category: CategoryFilter = "",
    author: Annotated[KnowledgeAuthor | None, Query(description="Only what sessions tell, or what a person wrote.")] = None,
    project_id: KnowledgeProjectFilter = None,
) -> Response:
    """Answer the entries, the newest first."""
    project = _find_project(context, project_id)
    entries = knowledge.list_entries(
        context.store, kind=kind, category=category, author=author, project=project, before=page.last_key(int), limit=page.limit + 1
    )
    return page.answer(entries, shape=entry_shape, key_of=lambda entry: (entry.id,))


@router.post("/knowledge", summary="Write an entry", **answers(EntryShape))
def add_entry(context: Context, body: NewEntryBody) -> Response:
    """Write an entry by hand: no harvest overwrites it."""
    return ok(entry_shape(knowledge.add(context.store, body.text, kind=body.kind, fix=body.fix, category=body.category)))


@router.get("/knowledge/search", summary="Search the knowledge base", **answers(list[KnowledgeHitShape], NotFound))
def search_entries(
    context: Context,
    q: Annotated[Text, Query(min_length=1, max_length=1000, description="A few words, or an error.", examples=["stale lock file"])],
    kind: KindFilter = None,
    category: CategoryFilter = "",
    project_id: KnowledgeProjectFilter = None,
    limit: Annotated[int, Query(ge=1, le=200, description="How many at most.")] = 20,
) -> Response:
    """Answer the entries that hold most of the question, the best first. Any text is a question."""
    hits = knowledge.search(context.store, q, project=_find_project(context, project_id), kind=kind, category=category, limit=limit)
    return ok([_knowledge_hit_shape(hit) for hit in hits])


@router.post("/knowledge/seen", summary="Was this error seen before?", **answers(ErrorMatchesShape, NotFound))
def match_error(context: Context, body: ErrorMatchBody) -> Response:
    """Answer the fixes that were found before: the project's own first, then other projects', each with its source and how sure it is."""
    return ok(
        _error_matches_shape(
            knowledge.match_error(context.store, body.error, project=_find_project(context, body.project_id), limit=body.limit)
        )
    )


@router.get("/knowledge/{entry_id}", summary="Show an entry", **answers(EntryDetailShape, NotFound))
def show_entry(context: Context, entry_id: Id) -> Response:
    """Answer an entry with the sessions that tell it."""
    return ok(_detail_shape(knowledge.show(context.store, entry_id)))


@router.patch("/knowledge/{entry_id}", summary="Change an entry", **answers(EntryShape, NotFound))
def change_entry(context: Context, entry_id: Id, body: EntryChangeBody) -> Response:
    """Say better what an entry says."""
    return ok(entry_shape(knowledge.edit(context.store, entry_id, text=body.text, fix=body.fix, category=body.category, kind=body.kind)))


@router.post("/knowledge/{entry_id}/used", summary="Note that an entry helped", **answers(EntryShape, NotFound))
def note_entry_used(context: Context, entry_id: Id) -> Response:
    """Count an entry as having helped."""
    return ok(entry_shape(knowledge.record_used(context.store, entry_id)))


@router.delete("/knowledge/{entry_id}", summary="Delete an entry", **answers(EntryShape, NotFound))
def delete_entry(context: Context, entry_id: Id) -> Response:
    """Delete an entry and answer it as it was. It stays away, though sessions tell it again."""
    return ok(entry_shape(knowledge.delete(context.store, entry_id)))
