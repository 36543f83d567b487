"""Knowledge: what sessions learned that holds beyond them, what people wrote, and whether an error was met before."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any, cast, get_args
from urllib.parse import urlencode

from fastapi import Form, Response

from onward.app import knowledge, models, projects, troubleshooting
from onward.app.knowledge import CATEGORIES, KNOWLEDGE_KINDS, Entry, KnowledgeAuthor, KnowledgeKind
from onward.core.project import Project
from onward.errors import BadInput
from onward.web.below import spoken
from onward.web.language import _
from onward.web.rendering import go, page, partial
from onward.web.visit import At, Toast, Visit, routes
from onward.wiring import models_of

router = routes()

MOST_ENTRIES = 50
MOST_QUERY_CHARS = 2000
MOST_ERROR_CHARS = 200_000
_CARRIED = ("id", "kind", "category", "author", "text", "fix")
Text = Annotated[str, Form()]


@router.get("/knowledge")
def listed(at: At, q: str = "", kind: str = "", category: str = "", project: str = "", before: int | None = None) -> Response:
    """Show the entries, the newest first; with words, those that hold most of them."""
    choices = [(line.project.id, line.project.name) for line in projects.known(at.store)]
    return page(at, "pages/knowledge.html", choices=choices, **_choices(), **_found(at, q, kind, category, project, before))


@router.get("/parts/knowledge")
def found(at: At, q: str = "", kind: str = "", category: str = "", project: str = "") -> Response:
    """Answer the entries that go with what was typed and chosen so far."""
    return partial(at, "partials/_knowledge.html", **_found(at, q, kind, category, project, None))


@router.get("/knowledge/seen")
def ask_seen(at: At, project: str = "") -> Response:
    """Ask for an error."""
    choices = [(line.project.id, line.project.name) for line in projects.known(at.store)]
    asking = models.asking_for(at.store, models_of(at.settings))
    return page(at, "pages/knowledge_seen.html", choices=choices, project=project, may_ask=asking is not None)


@router.post("/parts/knowledge/seen")
def seen(at: At, error: Text = "", project: Text = "", use_ai: Text = "") -> Response:
    """Answer what is known of an error: own fixes first, then what a model makes of it, and a checklist in any case."""
    chosen = _project(at, project)
    asking = models.asking_for(at.store, models_of(at.settings), project=chosen) if use_ai and at.may("write") else None
    try:
        told = troubleshooting.troubleshoot(at.store, error[:MOST_ERROR_CHARS], project=chosen, asking=asking, always=bool(use_ai))
    except BadInput as refused:
        return partial(at, "partials/_seen.html", told=None, project=chosen, error=str(refused))
    return partial(at, "partials/_seen.html", told=told, project=chosen, error="")


@router.get("/knowledge/{entry_id}")
def show(at: At, entry_id: int) -> Response:
    """Show an entry, and who tells it."""
    return page(at, "pages/knowledge_entry.html", detail=knowledge.show(at.store, entry_id))


@router.get("/parts/knowledge/new")
def ask_new(at: At) -> Response:
    """Ask what was learned."""
    return _form(at, {"kind": "practice"}, is_dialog=True)


@router.post("/parts/knowledge/new")
def new(at: At, text: Text = "", fix: Text = "", kind: Text = "practice", category: Text = "") -> Response:
    """Keep what a person learned."""
    try:
        made = knowledge.add(at.store, text, kind=_kind(kind) or "practice", fix=fix, category=category)
    except BadInput as error:
        return _form(at, {"text": text, "fix": fix, "kind": kind, "category": category}, error=error)
    return go(at, f"/knowledge/{made.id}", toast=Toast(_("It is kept")))


@router.get("/parts/knowledge/{entry_id}/edit")
def ask_edit(at: At, entry_id: int) -> Response:
    """Ask how to say it better."""
    return _form(at, asdict(knowledge.show(at.store, entry_id).entry), entry_id=entry_id, is_dialog=True)


@router.post("/parts/knowledge/{entry_id}/edit")
def edit(at: At, entry_id: int, text: Text = "", fix: Text = "", kind: Text = "", category: Text = "") -> Response:
    """Say better what an entry says."""
    try:
        knowledge.edit(at.store, entry_id, text=text, fix=fix, category=category, kind=_kind(kind))
    except BadInput as error:
        return _form(at, {"text": text, "fix": fix, "kind": kind, "category": category}, entry_id=entry_id, error=error)
    return go(at, f"/knowledge/{entry_id}", toast=Toast(_("It is kept")))


@router.post("/parts/knowledge/{entry_id}/helped")
def helped(at: At, entry_id: int) -> Response:
    """Note that an entry helped."""
    knowledge.note_used(at.store, entry_id)
    return go(at, f"/knowledge/{entry_id}", toast=Toast(_("Good to know")))


@router.delete("/parts/knowledge/{entry_id}")
def delete(at: At, entry_id: int) -> Response:
    """Delete an entry. It can be taken back for as long as the toast stays."""
    gone = knowledge.delete(at.store, entry_id)
    carried = json.dumps({name: getattr(gone, name) for name in _CARRIED})
    return go(at, "/knowledge", toast=Toast(_("It is deleted"), undo=f"/parts/knowledge/back?{urlencode({'entry': carried})}"))


@router.post("/parts/knowledge/back")
def back(at: At, entry: str = "") -> Response:
    """Take back that an entry was deleted."""
    one = _carried(entry)
    if one is None:
        raise BadInput(_("That is no entry."), _("Write it anew."))
    made = knowledge.bring_back(at.store, one)
    return go(at, f"/knowledge/{made.id}", toast=Toast(_("It is back")))


def _carried(text: str) -> Entry | None:
    """Return the entry that an undo carries; None where it carries none."""
    try:
        told = json.loads(text)
    except ValueError:
        return None
    if (
        not isinstance(told, dict)
        or not isinstance(told.get("id"), int)
        or not all(isinstance(told.get(name), str) for name in _CARRIED[1:])
    ):
        return None
    kind = _kind(told["kind"])
    author: KnowledgeAuthor = "session" if told["author"] == "session" else "person"
    at = datetime.now(UTC)
    return None if kind is None else Entry(told["id"], kind, told["category"], told["text"], told["fix"], author, 0, 0, 0, at, at)


def _found(at: Visit, q: str, kind: str, category: str, project: str, before: int | None) -> dict[str, Any]:
    asked, chosen, of_kind = q.replace("\0", " ").strip()[:MOST_QUERY_CHARS], _project(at, project), _kind(kind)
    entries: list[Entry]
    try:
        if asked:
            hits = knowledge.search(at.store, asked, project=chosen, kind=of_kind, category=category, limit=MOST_ENTRIES)
            entries = [one.entry for one in hits]
        else:
            entries = knowledge.listed(at.store, kind=of_kind, category=category, project=chosen, before=before, limit=MOST_ENTRIES + 1)
    except BadInput:
        entries = []
    filters = {"q": asked, "kind": kind, "category": category, "project": project}
    return {**filters, "filters": filters, "entries": entries[:MOST_ENTRIES], "has_more": not asked and len(entries) > MOST_ENTRIES}


def _choices() -> dict[str, Any]:
    return {"kinds": [(kind, kind_name(kind)) for kind in KNOWLEDGE_KINDS], "categories": [(one, spoken(one)) for one in CATEGORIES]}


def kind_name(kind: str) -> str:
    """Return what a kind of knowledge is called."""
    return {
        "solution": _("solution"), "lesson": _("lesson"), "decision": _("decision"), "pattern": _("pattern"), "practice": _("practice"),
    }[kind]  # fmt: skip


def _kind(kind: str) -> KnowledgeKind | None:
    return cast("KnowledgeKind", kind) if kind in get_args(KnowledgeKind) else None


def _project(at: Visit, project: str) -> Project | None:
    return projects.of_id(at.store, int(project)) if project.isdecimal() and len(project) < 10 else None


def _form(at: Visit, values: dict[str, Any], *, entry_id: int = 0, error: BadInput | None = None, is_dialog: bool = False) -> Response:
    return partial(
        at, "partials/_knowledge_form.html", status_code=422 if error else 200, values=values, error=str(error) if error else "", entry_id=entry_id,
        is_dialog=is_dialog, **_choices(),
    )  # fmt: skip
