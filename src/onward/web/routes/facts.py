"""The ledger of a project: its facts, and what a person says of them. Whatever was said can be taken back."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias
from urllib.parse import urlencode

from fastapi import Form, Query, Response

from onward.app import facts, projects
from onward.app.facts import Fact
from onward.app.projects import Project
from onward.core.facts import KINDS, Kind, State
from onward.errors import BadInput, NotFound
from onward.web.language import _
from onward.web.of_project import CHANGED, around
from onward.web.rendering import changed, page, partial
from onward.web.visit import At, Toast, Visit, routes

router = routes()

MOST_FACTS = 50
MOST_FACT_CHARS = 2000
MOST_OF_A_LINE = 12

Saying: TypeAlias = Literal["save", "pin", "unpin", "retract", "restore"]
STATES: tuple[State, ...] = ("live", "resolved", "superseded", "contradicted", "retracted")


@router.get("/projects/{project_id}/facts")
def listed(
    at: At, project_id: int, kind: Kind | Literal[""] = "", state: State | Literal["all", ""] = "", text: str = "", number: int = 1
) -> Response:
    """Show a project's facts, the newest first; those that stand, where no state is asked for."""
    frame = around(at, project_id, "facts")
    wanted: State | None = None if state == "all" else state or "live"
    found = facts.listed(at.store, frame["project"], kind=kind or None, state=wanted, text=text.strip())[::-1]
    first = (max(1, number) - 1) * MOST_FACTS
    return page(
        at, "pages/project_facts.html", **frame, facts=found[first : first + MOST_FACTS], total=len(found), kind=kind, state=state, text=text.strip(),
        number=max(1, number), has_more=len(found) > first + MOST_FACTS, kinds=KINDS, states=STATES, event=CHANGED,
    )  # fmt: skip


@router.get("/parts/projects/{project_id}/facts/new")
def ask(at: At, project_id: int, kind: Kind = "rule") -> Response:
    """Answer the dialog in which a fact is stated."""
    return partial(at, "partials/_fact_new.html", project=projects.of_id(at.store, project_id), kinds=KINDS, kind=kind, text="", error="")


@router.post("/parts/projects/{project_id}/facts/new")
def add(at: At, project_id: int, kind: Annotated[Kind, Form()], text: Annotated[str, Form(max_length=MOST_FACT_CHARS)] = "") -> Response:
    """State a fact."""
    project = projects.of_id(at.store, project_id)
    try:
        made = facts.add(at.store, project, kind, text)
    except BadInput as error:
        return partial(
            at, "partials/_fact_new_form.html", status_code=422, project=project, kinds=KINDS, kind=kind, text=text, error=str(error)
        )
    return _said(at, project, _("Added to the ledger"), made.id, {"do": "retract"})


@router.get("/parts/projects/{project_id}/facts/line")
def line(at: At, project_id: int, fact: Annotated[list[str], Query(max_length=MOST_OF_A_LINE)]) -> Response:
    """Answer the dialog in which the facts behind a line are corrected, pinned and retracted."""
    project = projects.of_id(at.store, project_id)
    found = [one for name in fact if (one := _there(at, project, name))]
    if not found:
        raise NotFound(_("This line’s facts are in the ledger no longer."), _("Reload the page."))
    return partial(at, "partials/_fact_dialog.html", project=project, facts=found, errors={})


@router.post("/parts/projects/{project_id}/facts/{fact_id}")
def say(
    at: At, project_id: int, fact_id: str, do: Annotated[Saying, Form()], text: Annotated[str, Form(max_length=MOST_FACT_CHARS)] = ""
) -> Response:
    """Say something of a fact: another wording, that it is always shown, or that it is wrong."""
    project = projects.of_id(at.store, project_id)
    before = facts.find(at.store, project, fact_id)
    try:
        _do(at, project, fact_id, do, text)
    except BadInput as error:
        return partial(at, "partials/_fact_form.html", status_code=422, project=project, fact=before._replace(text=text), error=str(error))
    back: dict[str, str] = {"do": "save", "text": before.text} if do == "save" else {"do": _BACK[do]}
    return _said(at, project, _words(do), before.id, back)


@router.post("/parts/projects/{project_id}/facts/{fact_id}/undo")
def undo(at: At, project_id: int, fact_id: str, do: Saying, text: str = "") -> Response:
    """Take back what was said of a fact."""
    project = projects.of_id(at.store, project_id)
    _do(at, project, fact_id, do, text)
    return changed(at, CHANGED, Toast(_("Undone"), "info"), back=f"/projects/{project_id}")


_BACK: dict[Saying, Saying] = {"pin": "unpin", "unpin": "pin", "retract": "restore", "restore": "retract"}


def _do(at: Visit, project: Project, fact_id: str, do: Saying, text: str) -> None:
    if do == "save":
        facts.reword(at.store, project, fact_id, text)
    else:
        {"pin": facts.pin, "unpin": facts.unpin, "retract": facts.retract, "restore": facts.restore}[do](at.store, project, fact_id)


def _words(do: Saying) -> str:
    if do == "save":
        return _("Corrected. Your words stand from now on.")
    if do == "retract":
        return _("Retracted: it is in no handoff any more.")
    return {"pin": _("Pinned: it is in every handoff."), "unpin": _("Unpinned"), "restore": _("It stands again.")}[do]


def _said(at: Visit, project: Project, words: str, fact_id: str, back: dict[str, str]) -> Response:
    undo = f"/parts/projects/{project.id}/facts/{fact_id}/undo?{urlencode(back)}"
    return changed(at, CHANGED, Toast(words, undo=undo), back=f"/projects/{project.id}")


def _there(at: Visit, project: Project, name: str) -> Fact | None:
    try:
        return facts.find(at.store, project, name)
    except NotFound:
        return None
