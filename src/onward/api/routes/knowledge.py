"""The knowledge base."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Query, Response
from pydantic import Field

from onward.api.desk import At
from onward.api.envelope import answers, ok, pages
from onward.api.paging import Paging
from onward.api.parsing import routes
from onward.api.shapes import MOST_ID, Body, Change, Id, IdField, Text
from onward.app import knowledge, projects
from onward.app.knowledge import Answer, Detail, Entry, Hit, KnowledgeAuthor, KnowledgeKind, MetBefore, Seen, Source
from onward.app.projects import Project
from onward.errors import NotFound

router = routes("knowledge")

LONGEST_ERROR_CHARS = 200_000
OfProject = Annotated[int | None, Query(ge=1, le=MOST_ID, description="Only what sessions of this project tell.")]
OfKind = Annotated[KnowledgeKind | None, Query(description="Only entries of this kind.")]
OfCategory = Annotated[Text, Query(max_length=100, description="Only entries about this.")]


class NewEntry(Body):
    """An entry that a person writes. Without `category` its words tell what it is about."""

    text: Text = Field(
        min_length=1, max_length=knowledge.MOST_TEXT_CHARS, examples=["Ask for port 0 in tests: two runs at once never meet."]
    )
    fix: Text = Field("", max_length=knowledge.MOST_TEXT_CHARS, description="What ends it, for an error.", examples=[""])
    kind: KnowledgeKind = "practice"
    category: Text = Field("", max_length=100, examples=["tests"])


class EntryChange(Change):
    """What of an entry changes. From then on no harvest touches it."""

    text: Text | None = Field(None, min_length=1, max_length=knowledge.MOST_TEXT_CHARS, examples=["Ask for port 0 in tests."])
    fix: Text | None = Field(None, max_length=knowledge.MOST_TEXT_CHARS)
    kind: KnowledgeKind | None = None
    category: Text | None = Field(None, max_length=100)


class Trouble(Body):
    """An error, with any text around it; and the project whose own fixes come first."""

    error: Text = Field(min_length=1, max_length=LONGEST_ERROR_CHARS, examples=["KeyError: 'currency'"])
    project_id: IdField | None = Field(None, examples=[1])
    context: Text = Field("", max_length=LONGEST_ERROR_CHARS, description="What was being done.", examples=["while rendering the cart"])


class SeenTrouble(Trouble):
    """An error, and how many fixes are asked for at most."""

    limit: int = Field(5, ge=1, le=50)


@dataclass(frozen=True, slots=True)
class SourceShape:
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
    sources: list[SourceShape]


@dataclass(frozen=True, slots=True)
class HitShape:
    """An entry that was found. `score` (0..1) is the share of the question that it holds, by how telling its words are."""

    entry: EntryShape
    score: float
    source: SourceShape | None


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
    source: SourceShape | None
    entry: EntryShape


@dataclass(frozen=True, slots=True)
class MetShape:
    """A session that met the very same error."""

    project_id: int
    project: str
    handle: str
    text: str
    solved: bool


@dataclass(frozen=True, slots=True)
class SeenShape:
    """Whether an error was seen before: fixes, this project's own first, and the sessions that met it."""

    fixes: list[FixShape]
    met: list[MetShape]


def entry_shape(one: Entry) -> EntryShape:
    """Return an entry as it is answered."""
    return EntryShape(
        one.id, one.kind, one.category, one.text, one.fix, one.author, one.shown, one.used, one.sources, one.created_at, one.updated_at
    )  # fmt: skip


def _source_shape(one: Source) -> SourceShape:
    return SourceShape(one.knowledge_id, one.project_id, one.project, str(one.handle), one.fact_id, one.text, one.fix)


def _detail_shape(one: Detail) -> EntryDetailShape:
    return EntryDetailShape(entry_shape(one.entry), [_source_shape(source) for source in one.sources])


def _hit_shape(one: Hit) -> HitShape:
    return HitShape(entry_shape(one.entry), round(one.score, 4), _source_shape(one.source) if one.source else None)


def fix_shape(one: Answer) -> FixShape:
    """Return a fix as it is answered."""
    source = _source_shape(one.source) if one.source else None
    return FixShape(
        one.entry.id, one.entry.kind, one.entry.category, one.text, one.fix, one.sure, one.likeness_ratio, one.is_own, source, entry_shape(one.entry)
    )  # fmt: skip


def met_shape(one: MetBefore) -> MetShape:
    """Return a session that met an error as it is answered."""
    return MetShape(one.project_id, one.project, f"s{one.session}.{one.turn}", one.text, one.is_solved)


def _seen_shape(one: Seen) -> SeenShape:
    return SeenShape([fix_shape(answer) for answer in one.answers], [met_shape(met) for met in one.met])


def _project(at: At, project_id: int | None) -> Project | None:
    return None if project_id is None else projects.of_id(at.store, project_id)


@router.get("/knowledge", summary="List the knowledge base", **pages(EntryShape, NotFound))
def listed(
    at: At,
    page: Paging,
    kind: OfKind = None,
    category: OfCategory = "",
    author: Annotated[KnowledgeAuthor | None, Query(description="Only what sessions tell, or what a person wrote.")] = None,
    project_id: OfProject = None,
) -> Response:
    """Answer the entries, the newest first."""
    project = _project(at, project_id)
    found = knowledge.listed(
        at.store, kind=kind, category=category, author=author, project=project, before=page.last(int), limit=page.limit + 1
    )
    return page.answer(found, shape=entry_shape, last=lambda one: (one.id,))


@router.post("/knowledge", summary="Write an entry", **answers(EntryShape))
def add(at: At, body: NewEntry) -> Response:
    """Write an entry by hand: no harvest overwrites it."""
    return ok(entry_shape(knowledge.add(at.store, body.text, kind=body.kind, fix=body.fix, category=body.category)))


@router.get("/knowledge/search", summary="Search the knowledge base", **answers(list[HitShape], NotFound))
def search(
    at: At,
    q: Annotated[Text, Query(min_length=1, max_length=1000, description="A few words, or an error.", examples=["stale lock file"])],
    kind: OfKind = None,
    category: OfCategory = "",
    project_id: OfProject = None,
    limit: Annotated[int, Query(ge=1, le=200, description="How many at most.")] = 20,
) -> Response:
    """Answer the entries that hold most of the question, the best first. Any text is a question."""
    found = knowledge.search(at.store, q, project=_project(at, project_id), kind=kind, category=category, limit=limit)
    return ok([_hit_shape(one) for one in found])


@router.post("/knowledge/seen", summary="Was this error seen before?", **answers(SeenShape, NotFound))
def seen(at: At, body: SeenTrouble) -> Response:
    """Answer the fixes that were found before: the project's own first, then other projects', each with its source and how sure it is."""
    return ok(_seen_shape(knowledge.seen(at.store, body.error, project=_project(at, body.project_id), limit=body.limit)))


@router.get("/knowledge/{entry_id}", summary="Show an entry", **answers(EntryDetailShape, NotFound))
def show(at: At, entry_id: Id) -> Response:
    """Answer an entry with the sessions that tell it."""
    return ok(_detail_shape(knowledge.show(at.store, entry_id)))


@router.patch("/knowledge/{entry_id}", summary="Change an entry", **answers(EntryShape, NotFound))
def change(at: At, entry_id: Id, body: EntryChange) -> Response:
    """Say better what an entry says."""
    return ok(entry_shape(knowledge.edit(at.store, entry_id, text=body.text, fix=body.fix, category=body.category, kind=body.kind)))


@router.post("/knowledge/{entry_id}/used", summary="Note that an entry helped", **answers(EntryShape, NotFound))
def used(at: At, entry_id: Id) -> Response:
    """Count an entry as having helped."""
    return ok(entry_shape(knowledge.note_used(at.store, entry_id)))


@router.delete("/knowledge/{entry_id}", summary="Delete an entry", **answers(EntryShape, NotFound))
def delete(at: At, entry_id: Id) -> Response:
    """Delete an entry and answer it as it was. It stays away, though sessions tell it again."""
    return ok(entry_shape(knowledge.delete(at.store, entry_id)))
