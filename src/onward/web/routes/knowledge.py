"""Knowledge: what sessions learned that holds beyond them, what people wrote, and whether an error was met before."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any, cast, get_args
from urllib.parse import urlencode

from fastapi import Form, Response

from onward.adapters import build_model_setup
from onward.app.knowledge import knowledge, troubleshooter
from onward.app.knowledge.knowledge import CATEGORIES, KNOWLEDGE_KINDS, KnowledgeAuthor, KnowledgeEntry, KnowledgeKind
from onward.app.models import gateway
from onward.app.projects import projects
from onward.core.project import Project
from onward.errors import BadInput
from onward.web.language import _
from onward.web.messages import translate_error, translate_message
from onward.web.render import page, partial, redirect
from onward.web.visit import CurrentVisit, Toast, Visit, page_router

router = page_router()

MAX_ENTRIES = 50
MAX_QUERY_CHARS = 2000
MAX_ERROR_CHARS = 200_000
_UNDO_FIELDS = ("id", "kind", "category", "author", "text", "fix")
Text = Annotated[str, Form()]


@router.get("/knowledge")
def list_entries(
    visit: CurrentVisit, q: str = "", kind: str = "", category: str = "", project: str = "", before: int | None = None
) -> Response:
    """Show the entries, the newest first; with words, those that hold most of them."""
    choices = [(line.project.id, line.project.name) for line in projects.list_known(visit.store)]
    return page(
        visit, "pages/knowledge.html", choices=choices, **_form_choices(), **_entries_context(visit, q, kind, category, project, before)
    )


@router.get("/parts/knowledge")
def entries_part(visit: CurrentVisit, q: str = "", kind: str = "", category: str = "", project: str = "") -> Response:
    """Answer the entries that go with what was typed and chosen so far."""
    return partial(visit, "partials/_knowledge.html", **_entries_context(visit, q, kind, category, project, None))


@router.get("/knowledge/seen")
def show_troubleshoot_page(visit: CurrentVisit, project: str = "") -> Response:
    """Ask for an error."""
    choices = [(line.project.id, line.project.name) for line in projects.list_known(visit.store)]
    asking = gateway.find_model_context(visit.store, build_model_setup(visit.settings))
    return page(visit, "pages/knowledge_seen.html", choices=choices, project=project, may_ask=asking is not None)


@router.post("/parts/knowledge/seen")
def troubleshoot_error(visit: CurrentVisit, error: Text = "", project: Text = "", use_ai: Text = "") -> Response:
    """Answer what is known of an error: own fixes first, then what a model makes of it, and a checklist in any case."""
    chosen_project = _find_project(visit, project)
    asking = (
        gateway.find_model_context(visit.store, build_model_setup(visit.settings), project=chosen_project)
        if use_ai and visit.may("write")
        else None
    )
    try:
        diagnosis = troubleshooter.troubleshoot(
            visit.store, error[:MAX_ERROR_CHARS], project=chosen_project, model_context=asking, always=bool(use_ai)
        )
    except BadInput as refusal:
        return partial(visit, "partials/_seen.html", told=None, project=chosen_project, error=translate_error(refusal))
    return partial(visit, "partials/_seen.html", told=diagnosis, project=chosen_project, error="")


@router.get("/knowledge/{entry_id}")
def show_entry(visit: CurrentVisit, entry_id: int) -> Response:
    """Show an entry, and who tells it."""
    return page(visit, "pages/knowledge_entry.html", detail=knowledge.show(visit.store, entry_id))


@router.get("/parts/knowledge/new")
def show_new_form(visit: CurrentVisit) -> Response:
    """Ask what was learned."""
    return _entry_form(visit, {"kind": "practice"}, is_dialog=True)


@router.post("/parts/knowledge/new")
def create_entry(visit: CurrentVisit, text: Text = "", fix: Text = "", kind: Text = "practice", category: Text = "") -> Response:
    """Keep what a person learned."""
    try:
        entry = knowledge.add(visit.store, text, kind=_parse_kind(kind) or "practice", fix=fix, category=category)
    except BadInput as error:
        return _entry_form(visit, {"text": text, "fix": fix, "kind": kind, "category": category}, error=error)
    return redirect(visit, f"/knowledge/{entry.id}", toast=Toast(_("It is kept")))


@router.get("/parts/knowledge/{entry_id}/edit")
def show_edit_form(visit: CurrentVisit, entry_id: int) -> Response:
    """Ask how to say it better."""
    return _entry_form(visit, asdict(knowledge.show(visit.store, entry_id).entry), entry_id=entry_id, is_dialog=True)


@router.post("/parts/knowledge/{entry_id}/edit")
def edit_entry(visit: CurrentVisit, entry_id: int, text: Text = "", fix: Text = "", kind: Text = "", category: Text = "") -> Response:
    """Say better what an entry says."""
    try:
        knowledge.edit(visit.store, entry_id, text=text, fix=fix, category=category, kind=_parse_kind(kind))
    except BadInput as error:
        return _entry_form(visit, {"text": text, "fix": fix, "kind": kind, "category": category}, entry_id=entry_id, error=error)
    return redirect(visit, f"/knowledge/{entry_id}", toast=Toast(_("It is kept")))


@router.post("/parts/knowledge/{entry_id}/helped")
def record_help(visit: CurrentVisit, entry_id: int) -> Response:
    """Note that an entry helped."""
    knowledge.record_used(visit.store, entry_id)
    return redirect(visit, f"/knowledge/{entry_id}", toast=Toast(_("Good to know")))


@router.delete("/parts/knowledge/{entry_id}")
def delete_entry(visit: CurrentVisit, entry_id: int) -> Response:
    """Delete an entry. It can be taken back for as long as the toast stays."""
    entry = knowledge.delete(visit.store, entry_id)
    snapshot = json.dumps({name: getattr(entry, name) for name in _UNDO_FIELDS})
    return redirect(visit, "/knowledge", toast=Toast(_("It is deleted"), undo=f"/parts/knowledge/back?{urlencode({'entry': snapshot})}"))


@router.post("/parts/knowledge/back")
def restore_entry(visit: CurrentVisit, entry: str = "") -> Response:
    """Take back that an entry was deleted."""
    deleted_entry = _parse_snapshot(entry)
    if deleted_entry is None:
        raise BadInput(_("That is no entry."), _("Write it anew."))
    restored_entry = knowledge.restore(visit.store, deleted_entry)
    return redirect(visit, f"/knowledge/{restored_entry.id}", toast=Toast(_("It is back")))


def _parse_snapshot(text: str) -> KnowledgeEntry | None:
    """Return the entry that an undo carries; None where it carries none."""
    try:
        fields = json.loads(text)
    except ValueError:
        return None
    if (
        not isinstance(fields, dict)
        or not isinstance(fields.get("id"), int)
        or not all(isinstance(fields.get(name), str) for name in _UNDO_FIELDS[1:])
    ):
        return None
    kind = _parse_kind(fields["kind"])
    author: KnowledgeAuthor = "session" if fields["author"] == "session" else "person"
    now = datetime.now(UTC)
    return (
        None
        if kind is None
        else KnowledgeEntry(
            id=fields["id"],
            kind=kind,
            category=fields["category"],
            text=fields["text"],
            fix=fields["fix"],
            author=author,
            shown=0,
            used=0,
            sources=0,
            created_at=now,
            updated_at=now,
        )
    )


def _entries_context(visit: Visit, q: str, kind: str, category: str, project: str, before: int | None) -> dict[str, Any]:
    query, chosen_project, entry_kind = q.replace("\0", " ").strip()[:MAX_QUERY_CHARS], _find_project(visit, project), _parse_kind(kind)
    entries: list[KnowledgeEntry]
    try:
        if query:
            hits = knowledge.search(visit.store, query, project=chosen_project, kind=entry_kind, category=category, limit=MAX_ENTRIES)
            entries = [hit.entry for hit in hits]
        else:
            entries = knowledge.list_entries(
                visit.store, kind=entry_kind, category=category, project=chosen_project, before=before, limit=MAX_ENTRIES + 1
            )
    except BadInput:
        entries = []
    filters = {"q": query, "kind": kind, "category": category, "project": project}
    return {**filters, "filters": filters, "entries": entries[:MAX_ENTRIES], "has_more": not query and len(entries) > MAX_ENTRIES}


def _form_choices() -> dict[str, Any]:
    return {
        "kinds": [(kind, kind_name(kind)) for kind in KNOWLEDGE_KINDS],
        "categories": [(category, translate_message(category)) for category in CATEGORIES],
    }


def kind_name(kind: str) -> str:
    """Return what a kind of knowledge is called."""
    return {
        "solution": _("solution"), "lesson": _("lesson"), "decision": _("decision"), "pattern": _("pattern"), "practice": _("practice"),
    }[kind]  # fmt: skip


def _parse_kind(kind: str) -> KnowledgeKind | None:
    return cast("KnowledgeKind", kind) if kind in get_args(KnowledgeKind) else None


def _find_project(visit: Visit, project: str) -> Project | None:
    return projects.require(visit.store, int(project)) if project.isdecimal() and len(project) < 10 else None


def _entry_form(
    visit: Visit, values: dict[str, Any], *, entry_id: int = 0, error: BadInput | None = None, is_dialog: bool = False
) -> Response:
    return partial(
        visit, "partials/_knowledge_form.html", status_code=422 if error else 200, values=values, error=translate_error(error) if error else "", entry_id=entry_id,
        is_dialog=is_dialog, **_form_choices(),
    )  # fmt: skip
