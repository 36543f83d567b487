"""Knowledge: entries from sessions and people, and troubleshooting of an error."""

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
from onward.core.edit_version import edit_version
from onward.core.project import Project
from onward.errors import BadInput, EditConflict, OnwardError
from onward.web.language import _
from onward.web.messages import translate_error, translate_message
from onward.web.page_request import CurrentPageRequest, PageRequest, Toast, page_router
from onward.web.render import page, partial, redirect

router = page_router()

MAX_ENTRIES = 50
MAX_QUERY_CHARS = 2000
MAX_ERROR_CHARS = 200_000
_UNDO_FIELDS = ("id", "kind", "category", "author", "text", "error", "fix")
Text = Annotated[str, Form()]


@router.get("/knowledge")
def list_entries(
    request: CurrentPageRequest, q: str = "", kind: str = "", category: str = "", project: str = "", before: int | None = None
) -> Response:
    """Show the entries, newest first; with a query, the best matches."""
    choices = [(line.project.id, line.project.name) for line in projects.list_known(request.store)]
    return page(
        request, "pages/knowledge.html", choices=choices, **_form_choices(), **_entries_context(request, q, kind, category, project, before)
    )


@router.get("/parts/knowledge")
def entries_part(request: CurrentPageRequest, q: str = "", kind: str = "", category: str = "", project: str = "") -> Response:
    """Return the entries that match the filters."""
    return partial(request, "partials/_knowledge.html", **_entries_context(request, q, kind, category, project, None))


@router.get("/knowledge/seen")
def show_troubleshoot_page(request: CurrentPageRequest, project: str = "") -> Response:
    """Show the form to paste an error."""
    choices = [(line.project.id, line.project.name) for line in projects.list_known(request.store)]
    model_context = gateway.find_model_context(request.store, build_model_setup(request.settings))
    return page(request, "pages/troubleshoot.html", choices=choices, project=project, has_model=model_context is not None)


@router.post("/parts/knowledge/seen")
def troubleshoot_error(request: CurrentPageRequest, error: Text = "", project: Text = "", use_ai: Text = "") -> Response:
    """Return the diagnosis of an error: past fixes, a model's answer if asked for, and a checklist."""
    chosen_project = _find_project(request, project)
    model_context = (
        gateway.find_model_context(request.store, build_model_setup(request.settings), project=chosen_project)
        if use_ai and request.may("write")
        else None
    )
    try:
        diagnosis = troubleshooter.troubleshoot(
            request.store, error[:MAX_ERROR_CHARS], project=chosen_project, model_context=model_context, always=bool(use_ai)
        )
    except BadInput as refusal:
        return partial(request, "partials/_troubleshooting.html", result=None, project=chosen_project, error=translate_error(refusal))
    return partial(request, "partials/_troubleshooting.html", result=diagnosis, project=chosen_project, error="")


@router.get("/knowledge/{entry_id}")
def show_entry(request: CurrentPageRequest, entry_id: int) -> Response:
    """Show an entry with its sources."""
    return page(request, "pages/knowledge_entry.html", detail=knowledge.show(request.store, entry_id))


@router.get("/parts/knowledge/new")
def show_new_form(request: CurrentPageRequest) -> Response:
    """Return the form for a new entry."""
    return _entry_form(request, {"kind": "practice"}, is_dialog=True)


@router.post("/parts/knowledge/new")
def create_entry(request: CurrentPageRequest, text: Text = "", fix: Text = "", kind: Text = "practice", category: Text = "") -> Response:
    """Add an entry."""
    try:
        entry = knowledge.add(request.store, text, kind=_parse_kind(kind) or "practice", fix=fix, category=category)
    except BadInput as error:
        return _entry_form(request, {"text": text, "fix": fix, "kind": kind, "category": category}, error=error)
    return redirect(request, f"/knowledge/{entry.id}", toast=Toast(_("Saved")))


@router.get("/parts/knowledge/{entry_id}/edit")
def show_edit_form(request: CurrentPageRequest, entry_id: int) -> Response:
    """Return the form that edits an entry."""
    return _entry_form(request, asdict(knowledge.show(request.store, entry_id).entry), entry_id=entry_id, is_dialog=True)


@router.post("/parts/knowledge/{entry_id}/edit")
def edit_entry(
    request: CurrentPageRequest, entry_id: int, text: Text = "", fix: Text = "", kind: Text = "", category: Text = "", version: Text = ""
) -> Response:
    """Edit an entry."""
    try:
        knowledge.edit(request.store, entry_id, text=text, fix=fix, category=category, kind=_parse_kind(kind), version=version)
    except (BadInput, EditConflict) as error:
        return _entry_form(request, {"text": text, "fix": fix, "kind": kind, "category": category}, entry_id=entry_id, error=error)
    return redirect(request, f"/knowledge/{entry_id}", toast=Toast(_("Saved")))


@router.post("/parts/knowledge/{entry_id}/helped")
def record_help(request: CurrentPageRequest, entry_id: int) -> Response:
    """Record that an entry helped."""
    knowledge.record_used(request.store, entry_id)
    return redirect(request, f"/knowledge/{entry_id}", toast=Toast(_("Recorded")))


@router.delete("/parts/knowledge/{entry_id}")
def delete_entry(request: CurrentPageRequest, entry_id: int) -> Response:
    """Delete an entry. The toast offers to undo this."""
    entry = knowledge.delete(request.store, entry_id)
    snapshot = json.dumps({name: getattr(entry, name) for name in _UNDO_FIELDS})
    return redirect(request, "/knowledge", toast=Toast(_("Deleted"), undo=f"/parts/knowledge/back?{urlencode({'entry': snapshot})}"))


@router.post("/parts/knowledge/back")
def restore_entry(request: CurrentPageRequest, entry: str = "") -> Response:
    """Restore a deleted entry."""
    deleted_entry = _parse_snapshot(entry)
    if deleted_entry is None:
        raise BadInput(_("This entry cannot be restored."), _("Add it again."))
    restored_entry = knowledge.restore(request.store, deleted_entry)
    return redirect(request, f"/knowledge/{restored_entry.id}", toast=Toast(_("Restored")))


def _parse_snapshot(text: str) -> KnowledgeEntry | None:
    """Return the entry in the snapshot of an undo; None if it is invalid."""
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
            error=fields["error"],
            fix=fields["fix"],
            author=author,
            shown=0,
            used=0,
            sources=0,
            created_at=now,
            updated_at=now,
        )
    )


def _entries_context(request: PageRequest, q: str, kind: str, category: str, project: str, before: int | None) -> dict[str, Any]:
    query, chosen_project, entry_kind = q.replace("\0", " ").strip()[:MAX_QUERY_CHARS], _find_project(request, project), _parse_kind(kind)
    entries: list[KnowledgeEntry]
    try:
        if query:
            hits = knowledge.search(request.store, query, project=chosen_project, kind=entry_kind, category=category, limit=MAX_ENTRIES)
            entries = [hit.entry for hit in hits]
        else:
            entries = knowledge.list_entries(
                request.store, kind=entry_kind, category=category, project=chosen_project, before=before, limit=MAX_ENTRIES + 1
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
    """Return the name of a kind of knowledge."""
    return {
        "solution": _("solution"),
        "lesson": _("lesson"),
        "decision": _("decision"),
        "pattern": _("pattern"),
        "practice": _("practice"),
    }[kind]


def _parse_kind(kind: str) -> KnowledgeKind | None:
    return cast("KnowledgeKind", kind) if kind in get_args(KnowledgeKind) else None


def _find_project(request: PageRequest, project: str) -> Project | None:
    return projects.require(request.store, int(project)) if project.isdecimal() and len(project) < 10 else None


def _entry_form(
    request: PageRequest, values: dict[str, Any], *, entry_id: int = 0, error: OnwardError | None = None, is_dialog: bool = False
) -> Response:
    return partial(
        request,
        "partials/_knowledge_form.html",
        status_code=422 if error else 200,
        values=values,
        error=translate_error(error) if error else "",
        entry_id=entry_id,
        version=edit_version(knowledge.show(request.store, entry_id).entry) if entry_id else "",
        is_dialog=is_dialog,
        **_form_choices(),
    )
