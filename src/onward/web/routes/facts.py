"""The facts of a project: list, add, edit, pin, retract. Every change can be undone."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias
from urllib.parse import urlencode

from fastapi import Form, Query, Response

from onward.app.projects import facts, projects
from onward.app.projects.facts import Fact
from onward.app.projects.projects import Project
from onward.core.edit_version import edit_version
from onward.core.facts.fact import FACT_KINDS, FactKind, FactState
from onward.errors import BadInput, EditConflict, NotFound
from onward.web.language import _
from onward.web.messages import translate_error
from onward.web.page_request import CurrentPageRequest, PageRequest, Toast, page_router
from onward.web.project_page import HANDOFF_CHANGED, project_context
from onward.web.render import change_response, page, partial

router = page_router()

MAX_FACTS = 50
MAX_FACT_CHARS = 2000
MAX_OF_A_LINE = 12

FactAction: TypeAlias = Literal["save", "pin", "unpin", "retract", "restore", "promote"]
LineAction: TypeAlias = Literal["retract", "resolve", "pin", "restore", "unpin"]
STATES: tuple[FactState, ...] = ("live", "resolved", "superseded", "contradicted", "retracted")


@router.get("/projects/{project_id}/facts")
def list_facts(
    request: CurrentPageRequest,
    project_id: int,
    kind: FactKind | Literal[""] = "",
    state: FactState | Literal["all", ""] = "",
    text: str = "",
    number: int = 1,
) -> Response:
    """Show a project's facts, newest first; only live ones unless another state is chosen."""
    context = project_context(request, project_id, "facts")
    wanted_state: FactState | None = None if state == "all" else state or "live"
    ledger_facts = facts.list_facts(request.store, context["project"], kind=kind or None, state=wanted_state, text=text.strip())[::-1]
    offset = (max(1, number) - 1) * MAX_FACTS
    return page(
        request,
        "pages/project_facts.html",
        **context,
        facts=ledger_facts[offset : offset + MAX_FACTS],
        total=len(ledger_facts),
        kind=kind,
        state=state,
        text=text.strip(),
        number=max(1, number),
        has_more=len(ledger_facts) > offset + MAX_FACTS,
        kinds=FACT_KINDS,
        states=STATES,
        event=HANDOFF_CHANGED,
    )


@router.get("/parts/projects/{project_id}/facts/new")
def show_new_form(request: CurrentPageRequest, project_id: int, kind: FactKind = "rule") -> Response:
    """Return the dialog that adds a fact."""
    return partial(
        request,
        "partials/_fact_new.html",
        project=projects.require(request.store, project_id),
        kinds=FACT_KINDS,
        kind=kind,
        text="",
        error="",
    )


@router.post("/parts/projects/{project_id}/facts/new")
def add_fact(
    request: CurrentPageRequest,
    project_id: int,
    kind: Annotated[FactKind, Form()],
    text: Annotated[str, Form(max_length=MAX_FACT_CHARS)] = "",
) -> Response:
    """Add a fact."""
    project = projects.require(request.store, project_id)
    try:
        new_fact = facts.add(request.store, project, kind, text)
    except BadInput as error:
        return partial(
            request,
            "partials/_fact_new_form.html",
            status_code=422,
            project=project,
            kinds=FACT_KINDS,
            kind=kind,
            text=text,
            error=translate_error(error),
        )
    return _change_made(request, project, _("Added to the ledger"), new_fact.id, {"do": "retract"})


@router.get("/parts/projects/{project_id}/facts/line")
def show_line_facts(request: CurrentPageRequest, project_id: int, fact: Annotated[list[str], Query(max_length=MAX_OF_A_LINE)]) -> Response:
    """Return the dialog that edits, pins and retracts the facts behind a handoff line."""
    project = projects.require(request.store, project_id)
    line_facts = [line_fact for name in fact if (line_fact := _find_fact(request, project, name))]
    if not line_facts:
        raise NotFound(_("The facts behind this line no longer exist."), _("Reload the page."))
    return partial(request, "partials/_fact_dialog.html", project=project, facts=line_facts, errors={})


@router.post("/parts/projects/{project_id}/lines/{action}")
def correct_line(
    request: CurrentPageRequest,
    project_id: int,
    action: LineAction,
    fact: Annotated[list[str], Query(max_length=MAX_OF_A_LINE)],
) -> Response:
    """Say of all facts behind a handoff line that they are wrong, done, or to be kept. The toast offers to undo this."""
    project = projects.require(request.store, project_id)
    ids = facts.correct(request.store, project, fact, action)
    if action in ("restore", "unpin"):
        return change_response(request, HANDOFF_CHANGED, Toast(_("Undone"), "info"), fallback_url=f"/projects/{project_id}")
    message = {
        "retract": _("Wrong: removed from future handoffs."),
        "resolve": _("Done: no longer listed as open."),
        "pin": _("Pinned: shown in every handoff."),
    }[action]
    query = urlencode({"fact": ids}, doseq=True)
    undo_url = f"/parts/projects/{project.id}/lines/{'unpin' if action == 'pin' else 'restore'}?{query}"
    return change_response(request, HANDOFF_CHANGED, Toast(message, undo=undo_url), fallback_url=f"/projects/{project.id}")


@router.post("/parts/projects/{project_id}/facts/{fact_id}")
def correct_fact(
    request: CurrentPageRequest,
    project_id: int,
    fact_id: str,
    do: Annotated[FactAction, Form()],
    text: Annotated[str, Form(max_length=MAX_FACT_CHARS)] = "",
    version: Annotated[str, Form()] = "",
) -> Response:
    """Edit, pin, unpin, retract or restore a fact."""
    project = projects.require(request.store, project_id)
    previous_fact = facts.require(request.store, project, fact_id)
    if do == "promote":
        shared_rule = facts.promote(request.store, project, fact_id)
        return _change_made(request, project, _describe_action(do), shared_rule.id, {"do": "retract"})
    try:
        _apply_action(request, project, fact_id, do, text, version)
    except (BadInput, EditConflict) as error:
        return partial(
            request,
            "partials/_fact_form.html",
            status_code=422,
            project=project,
            fact=previous_fact._replace(statement=text, message=None, remark=None),
            version=edit_version(previous_fact),
            error=translate_error(error),
        )
    undo_query: dict[str, str] = {"do": "save", "text": previous_fact.text} if do == "save" else {"do": _REVERSE_ACTIONS[do]}
    return _change_made(request, project, _describe_action(do), previous_fact.id, undo_query)


@router.post("/parts/projects/{project_id}/facts/{fact_id}/undo")
def undo_action(request: CurrentPageRequest, project_id: int, fact_id: str, do: FactAction, text: str = "") -> Response:
    """Undo a change of a fact."""
    project = projects.require(request.store, project_id)
    _apply_action(request, project, fact_id, do, text)
    return change_response(request, HANDOFF_CHANGED, Toast(_("Undone"), "info"), fallback_url=f"/projects/{project_id}")


_REVERSE_ACTIONS: dict[FactAction, FactAction] = {"pin": "unpin", "unpin": "pin", "retract": "restore", "restore": "retract"}


def _apply_action(request: PageRequest, project: Project, fact_id: str, action: FactAction, text: str, version: str = "") -> None:
    if action == "save":
        facts.change(request.store, project, fact_id, text=text, version=version)
    else:
        {"pin": facts.pin, "unpin": facts.unpin, "retract": facts.retract, "restore": facts.restore}[action](
            request.store, project, fact_id
        )


def _describe_action(action: FactAction) -> str:
    if action == "save":
        return _("Saved. Your wording overrides the extracted one.")
    if action == "retract":
        return _("Removed from future handoffs.")
    return {
        "pin": _("Pinned: shown in every handoff."),
        "unpin": _("Unpinned"),
        "restore": _("Restored."),
        "promote": _("Now a rule for every project."),
    }[action]


def _change_made(request: PageRequest, project: Project, message: str, fact_id: str, undo_query: dict[str, str]) -> Response:
    undo_url = f"/parts/projects/{project.id}/facts/{fact_id}/undo?{urlencode(undo_query)}"
    return change_response(request, HANDOFF_CHANGED, Toast(message, undo=undo_url), fallback_url=f"/projects/{project.id}")


def _find_fact(request: PageRequest, project: Project, name: str) -> Fact | None:
    try:
        return facts.require(request.store, project, name)
    except NotFound:
        return None
