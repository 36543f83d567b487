"""Handoffs: the master handoff of a project as one wants to read it, its versions, what they say differently, and one made of a conversation at hand."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from anyio.to_thread import run_sync
from fastapi import Query, Request, Response

from onward.app import handoffs, jobs, llm_keys, models, projects, refining
from onward.app.handoffs import Current, StoredHandoff
from onward.app.projects import Project
from onward.core.handoff import to_json
from onward.core.master_prompt import render_prompt
from onward.errors import BadInput, NotFound, OnwardError
from onward.settings import LEAST_BUDGET_TOKENS
from onward.web.language import _
from onward.web.long_work import follow
from onward.web.marking import marked
from onward.web.of_project import CHANGED, closing, newest, refinements
from onward.web.rendering import go, page, partial
from onward.web.uploads import Sent, project_for, received
from onward.web.visit import At, Toast, Visit, routes
from onward.wiring import models_of

router = routes()

MOST_PROJECTS, MOST_VERSIONS = 500, 30
MOST_GOAL_CHARS = 2000
MOST_BUDGET_TOKENS = 200_000
BUDGETS = (1000, 2000, 4000, 8000)

View: TypeAlias = Literal["read", "markdown", "prompt", "json"]


@router.get("/handoff")
def show(
    at: At,
    project: int | None = None,
    version: int | None = None,
    view: View = "read",
    budget: Annotated[int | None, Query(ge=LEAST_BUDGET_TOKENS, le=MOST_BUDGET_TOKENS)] = None,
    goal: Annotated[str, Query(max_length=MOST_GOAL_CHARS)] = "",
) -> Response:
    """Show a project's handoff: of the one that is named, else of the only one; as it is now, at a budget of its own, or as an earlier version has it."""
    frame = _frame(at, project)
    chosen: Project | None = frame["project"]
    found = None
    if chosen:
        found = handoffs.of_id(at.store, chosen, version) if version else _at_budget(at, chosen, budget)
    asked = {"project": chosen.id if chosen else None, "version": version, "budget": budget, "goal": goal}
    return page(
        at, "pages/handoff.html", **frame, found=found, view=view, asked=asked, budgets=BUDGETS, goal=goal, budget=budget, event=CHANGED, closing=closing(found.handoff) if found else [],
        text=_written(found, view, goal) if found else "", newest_id=_newest_id(at, chosen, version), **_model(at, chosen),
    )  # fmt: skip


@router.get("/handoff/versions")
def versions(at: At, project: int | None = None, before: int | None = None) -> Response:
    """Show every handoff that was made of a project, the newest first."""
    frame = _frame(at, project)
    if frame["project"] is None:
        return go(at, "/handoff")
    found = handoffs.versions(at.store, frame["project"], before=before, limit=MOST_VERSIONS + 1)
    return page(
        at, "pages/handoff_versions.html", **frame, versions=found[:MOST_VERSIONS], before=before, has_more=len(found) > MOST_VERSIONS
    )


@router.get("/handoff/compare")
def compare(at: At, project: int | None = None, old: int = 0, new: int = 0) -> Response:
    """Show what two versions say differently, side by side; the earlier one is on the left. Without two of them, they are to be chosen."""
    frame = _frame(at, project)
    if frame["project"] is None or not (old and new):
        return go(at, f"/handoff/versions?project={frame['project'].id}" if frame["project"] else "/handoff")
    before, after = sorted((old, new))
    if before == after:
        raise BadInput(_("A version says what it says: choose two."))
    found = handoffs.redlined(at.store, frame["project"], before, after)
    return page(at, "pages/handoff_compare.html", **frame, found=found, marked=marked)


@router.post("/parts/handoff/restore/{project_id}/{handoff_id}")
def restore(at: At, project_id: int, handoff_id: int) -> Response:
    """Make an earlier version the master handoff again."""
    project = projects.of_id(at.store, project_id)
    stood = newest(at, project)
    made = handoffs.restore(at.store, project, handoff_id)
    undo = f"/parts/handoff/restore/{project_id}/{stood.id}" if stood else ""
    return go(
        at,
        f"/handoff?project={project_id}",
        toast=Toast(_("It is the master handoff again, as version %(number)s.", number=made.version), undo=undo),
    )


@router.post("/parts/handoff/refine/{project_id}")
def refine(at: At, project_id: int) -> Response:
    """Have a model write the newest handoff better."""
    job = refining.ask(at.store, models_of(at.settings), projects.of_id(at.store, project_id), requested_by="dashboard")
    if job is None:
        raise refining.no_model()
    return partial(at, "partials/_job.html", job=job, then=f"/handoff?project={project_id}")


@router.get("/handoff/new")
def ask(at: At, project: int | None = None) -> Response:
    """Show where a conversation is pasted or sent."""
    frame = _frame(at, project)
    values = {"project": frame["project"].name if frame["project"] else "", "text": "", "by": "rules"}
    return page(at, "pages/handoff_new.html", **frame, values=values, errors={}, **_model(at, frame["project"]))


@router.post("/parts/handoff/new")
async def make(at: At, request: Request) -> Response:
    """Take a conversation into a project, and make the project's next handoff."""
    async with received(at, request) as sent:
        return await run_sync(_made, at, sent)


def _made(at: Visit, sent: Sent) -> Response:
    project, errors = project_for(at, sent)
    if project is None:
        values = {"project": sent["project"], "text": sent.fields.get("text", ""), "by": sent["by"]}
        lines = projects.known(at.store, limit=MOST_PROJECTS)
        return partial(at, "partials/_handoff_new.html", status_code=422, errors=errors, values=values, lines=lines, **_model(at, None))
    arguments = {**sent.arguments(), "complete": True, "refine": sent["by"] == "model"}
    sent.is_taken = True
    return follow(at, jobs.ask(at.store, "import", arguments, project=project, requested_by="dashboard"))


def _frame(at: Visit, project_id: int | None) -> dict[str, Any]:
    lines = projects.known(at.store, limit=MOST_PROJECTS)
    chosen = projects.of_id(at.store, project_id) if project_id else lines[0].project if len(lines) == 1 else None
    return {"lines": lines, "project": chosen}


def _at_budget(at: Visit, project: Project, budget: int | None) -> Current | None:
    try:
        return handoffs.current(at.store, project, budget_tokens=budget)
    except NotFound:
        return None


def _newest_id(at: Visit, project: Project | None, version: int | None) -> int | None:
    """Return the id of the master handoff, where it is an earlier version that is looked at."""
    stands = newest(at, project) if project and version else None
    return stands.id if stands else None


def _written(found: Current | StoredHandoff, view: View, goal: str) -> str | dict[str, object]:
    if view == "prompt":
        return render_prompt(found.handoff, next_goal=goal.strip())
    return to_json(found.handoff) if view == "json" else found.markdown


def _model(at: Visit, project: Project | None) -> dict[str, Any]:
    """Return whether a model is at hand, by name, else why not; and what refining the project's handoff came to last."""
    told: dict[str, Any] = {"model": "", "no_model": _("No language model is set up."), "refinements": []}
    known = models_of(at.settings)
    try:
        asking = models.asking_for(at.store, known, project=project)
    except OnwardError as error:
        asking, told["no_model"] = None, str(error)
    if asking:
        told["model"] = llm_keys.show(at.store, known).model
    if project:
        stands = newest(at, project)
        told["refinements"] = refinements(at, project, stands.version) if stands and stands.version else []
    return told
