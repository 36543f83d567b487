"""Handoffs: a project's master handoff, its versions, their comparison, and a new one from a conversation."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from anyio.to_thread import run_sync
from fastapi import Query, Response

from onward.adapters import build_model_setup
from onward.app.handoffs import handoffs, writer
from onward.app.handoffs.handoffs import CurrentHandoff, StoredHandoff
from onward.app.jobs import jobs
from onward.app.models import gateway, keys
from onward.app.projects import projects
from onward.app.projects.projects import Project
from onward.app.sessions import sessions
from onward.core.handoff.document import to_json
from onward.core.handoff.prompt import render_prompt
from onward.errors import BadInput, NotFound, OnwardError
from onward.settings import MIN_BUDGET_TOKENS
from onward.web.job_pages import redirect_to_job
from onward.web.language import _
from onward.web.messages import translate_error
from onward.web.page_request import CurrentPageRequest, PageRequest, Toast, page_router
from onward.web.project_page import closing_lines, find_master_handoff, find_writer_jobs
from onward.web.render import page, partial, redirect
from onward.web.uploads import Submission, receive_form, resolve_project
from onward.web.word_diff import mark_differences

router = page_router()

MAX_PROJECTS, MAX_VERSIONS = 500, 30
MAX_GOAL_CHARS = 2000
MAX_BUDGET_TOKENS = 200_000
BUDGETS = (1000, 2000, 4000, 8000)

HandoffView: TypeAlias = Literal["read", "markdown", "prompt", "json"]


@router.get("/handoff")
def show_handoff(
    request: CurrentPageRequest,
    project: int | None = None,
    version: int | None = None,
    view: HandoffView = "read",
    budget: Annotated[int | None, Query(ge=MIN_BUDGET_TOKENS, le=MAX_BUDGET_TOKENS)] = None,
    goal: Annotated[str, Query(max_length=MAX_GOAL_CHARS)] = "",
) -> Response:
    """Show a project's handoff, at a budget or in an earlier version.

    Without a project in the address, it is the one last worked on.
    """
    context = _project_context(request, project)
    chosen_project: Project | None = context["project"]
    handoff = None
    if chosen_project:
        handoff = handoffs.require(request.store, chosen_project, version) if version else _find_at_budget(request, chosen_project, budget)
    params = {"project": chosen_project.id if chosen_project else None, "version": version, "budget": budget, "goal": goal}
    return page(
        request,
        "pages/handoff.html",
        **context,
        handoff=handoff,
        view=view,
        params=params,
        budgets=BUDGETS,
        goal=goal,
        budget=budget,
        closing=closing_lines(handoff.handoff) if handoff else [],
        known_texts=_known_texts(request, chosen_project, handoff) if chosen_project and handoff and not version else None,
        text=_render_view(handoff, view, goal) if handoff else "",
        newest_id=_newest_id(request, chosen_project, version),
        **_model_context(request, chosen_project),
    )


@router.get("/handoff/versions")
def list_versions(request: CurrentPageRequest, project: int | None = None, before: int | None = None) -> Response:
    """Show every version of a project's handoff, newest first."""
    context = _project_context(request, project)
    if context["project"] is None:
        return redirect(request, "/handoff")
    listed_versions = handoffs.list_versions(request.store, context["project"], before=before, limit=MAX_VERSIONS + 1)
    return page(
        request,
        "pages/handoff_versions.html",
        **context,
        versions=listed_versions[:MAX_VERSIONS],
        before=before,
        has_more=len(listed_versions) > MAX_VERSIONS,
    )


@router.get("/handoff/compare")
def compare_versions(request: CurrentPageRequest, project: int | None = None, old: int = 0, new: int = 0) -> Response:
    """Show the differences between two versions, the earlier one on the left. Without two versions, go back to the list."""
    context = _project_context(request, project)
    if context["project"] is None or not (old and new):
        return redirect(request, f"/handoff/versions?project={context['project'].id}" if context["project"] else "/handoff")
    old_version, new_version = sorted((old, new))
    if old_version == new_version:
        raise BadInput(_("Choose two different versions."))
    comparison = handoffs.compare_versions(request.store, context["project"], old_version, new_version)
    return page(request, "pages/handoff_compare.html", **context, comparison=comparison, mark_differences=mark_differences)


@router.post("/parts/handoff/restore/{project_id}/{handoff_id}")
def restore_version(request: CurrentPageRequest, project_id: int, handoff_id: int) -> Response:
    """Restore an earlier version as the master handoff."""
    project = projects.require(request.store, project_id)
    previous_handoff = find_master_handoff(request, project)
    restored_handoff = handoffs.restore(request.store, project, handoff_id)
    undo_url = f"/parts/handoff/restore/{project_id}/{previous_handoff.id}" if previous_handoff else ""
    return redirect(
        request,
        f"/handoff?project={project_id}",
        toast=Toast(_("Restored as version %(number)s.", number=restored_handoff.version), undo=undo_url),
    )


@router.post("/parts/handoff/refine/{project_id}")
def refine_handoff(request: CurrentPageRequest, project_id: int) -> Response:
    """Start a job in which a model writes the newest handoff."""
    job = writer.request_writing(
        request.store, build_model_setup(request.settings), projects.require(request.store, project_id), requested_by="dashboard"
    )
    if job is None:
        raise writer.no_model_error()
    return partial(request, "partials/_job.html", job=job, next_url=f"/handoff?project={project_id}")


@router.get("/handoff/new")
def show_new_page(request: CurrentPageRequest, project: int | None = None) -> Response:
    """Show the page to paste or upload a conversation."""
    known_projects = projects.list_known(request.store, limit=MAX_PROJECTS)
    is_chosen = project is not None or len(known_projects) == 1
    context = _project_context(request, project) if is_chosen else {"project": None}
    values = {"project": context["project"].name if context["project"] else "", "text": "", "by": "rules"}
    return page(
        request,
        "pages/handoff_new.html",
        **context,
        project_lines=known_projects,
        values=values,
        errors={},
        **_model_context(request, context["project"]),
    )


@router.post("/parts/handoff/new")
async def create_handoff(request: CurrentPageRequest) -> Response:
    """Import a conversation and create the project's next handoff."""
    async with receive_form(request) as submission:
        return await run_sync(_import_conversation, request, submission)


def _import_conversation(request: PageRequest, submission: Submission) -> Response:
    project, errors = resolve_project(request, submission)
    if project is None:
        values = {"project": submission["project"], "text": submission.fields.get("text", ""), "by": submission["by"]}
        known_projects = projects.list_known(request.store, limit=MAX_PROJECTS)
        return partial(
            request,
            "partials/_handoff_new.html",
            status_code=422,
            errors=errors,
            values=values,
            project_lines=known_projects,
            **_model_context(request, None),
        )
    arguments = {**submission.job_arguments(), "complete": True, "refine": submission["by"] == "model"}
    submission.is_taken = True
    return redirect_to_job(request, jobs.request_job(request.store, "import", arguments, project=project, requested_by="dashboard"))


def _project_context(request: PageRequest, project_id: int | None) -> dict[str, Any]:
    if project_id:
        return {"project": projects.require(request.store, project_id)}
    latest = projects.list_latest(request.store, limit=1)
    return {"project": latest[0].project if latest else None}


def _find_at_budget(request: PageRequest, project: Project, budget: int | None) -> CurrentHandoff | None:
    try:
        return handoffs.current_handoff(request.store, project, budget_tokens=budget)
    except NotFound:
        return None


def _known_texts(request: PageRequest, project: Project, handoff: CurrentHandoff | StoredHandoff) -> frozenset[str] | None:
    """Return the lines of the handoff of the session before; None if this is the first one."""
    completed_sessions = sessions.list_all(request.store, project_id=project.id, status="completed", limit=2)
    previous = next((session for session in completed_sessions if session.number < handoff.handoff.session), None)
    previous_handoff = sessions.show(request.store, previous).handoff if previous else None
    if previous_handoff is None:
        return None
    return frozenset(line.text for section in previous_handoff.handoff.sections for line in section.lines)


def _newest_id(request: PageRequest, project: Project | None, version: int | None) -> int | None:
    """Return the id of the master handoff if an earlier version is shown."""
    master = find_master_handoff(request, project) if project and version else None
    return master.id if master else None


def _render_view(handoff: CurrentHandoff | StoredHandoff, view: HandoffView, goal: str) -> str | dict[str, object]:
    if view == "prompt":
        return render_prompt(handoff.handoff, next_goal=goal.strip())
    return to_json(handoff.handoff) if view == "json" else handoff.markdown


def _model_context(request: PageRequest, project: Project | None) -> dict[str, Any]:
    """Return the configured model, or why there is none, and the latest job that writes the project's handoff."""
    context: dict[str, Any] = {"model": "", "no_model_reason": _("No language model is configured."), "writer_jobs": []}
    configured_models = build_model_setup(request.settings)
    try:
        model_context = gateway.find_model_context(request.store, configured_models, project=project)
    except OnwardError as error:
        model_context, context["no_model_reason"] = None, translate_error(error)
    if model_context:
        context["model"] = keys.show(request.store, configured_models).model
    if project:
        master = find_master_handoff(request, project)
        context["writer_jobs"] = find_writer_jobs(request, project, master.version) if master and master.version else []
    return context
