"""Actions on a session: start, complete, add a transcript, reopen, abandon."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from pathlib import Path
from typing import Annotated, Any, Literal

from anyio.to_thread import run_sync
from fastapi import Form, Query, Response

from onward.adapters import build_model_setup
from onward.app.accounts.selection import AccountChoice, best_account, outlook
from onward.app.edits import merge_statements
from onward.app.handoffs import handoffs
from onward.app.jobs import jobs
from onward.app.jobs.jobs import Job
from onward.app.models import gateway
from onward.app.projects import projects
from onward.app.sessions import completion_job, sessions, templates
from onward.app.sessions.completion_job import Completion
from onward.core.agents import AGENTS
from onward.core.edit_version import WordChoice, edit_version
from onward.core.handoff.document import render
from onward.core.handoff.versions import StoredHandoff
from onward.core.project import Project
from onward.core.session import Session
from onward.errors import BadInput, Conflict, EditConflict, NotFound
from onward.web.brief import add_repository_changes
from onward.web.job_pages import completion_toast, redirect_to_job, wait_briefly
from onward.web.language import _
from onward.web.messages import translate_error, translate_message
from onward.web.page_request import CurrentPageRequest, PageRequest, Toast, page_router, rotation_window
from onward.web.project_view import find_viewed_project_id
from onward.web.render import partial, redirect
from onward.web.uploads import PASTED_NAME, Submission, receive_form

router = page_router()

NEW_PROJECT = "new"
"""The form value for a new project."""
MAX_CHOICES = 200
CHECKLIST_CHANGED = "onward:checklist"
_KNOWN_AGENTS = tuple(agent.id for agent in AGENTS if agent.is_agent and agent.folders)

Text = Annotated[str, Form(max_length=100_000)]


@dataclass(frozen=True, slots=True)
class StartChoices:
    """The choices of the start dialog. `previous` is the chosen project's handoff as text, with repository changes since."""

    projects: Sequence[Project]
    project: Project | None
    handoff: StoredHandoff | None
    previous: str
    best: AccountChoice
    templates: Sequence[templates.Template]
    agents: Sequence[str]


def _start_choices(request: PageRequest, project: str) -> StartChoices:
    known_projects = [line.project for line in projects.list_projects(request.store, limit=MAX_CHOICES)]
    chosen_project = projects.require(request.store, int(project)) if project.isdecimal() else None
    if chosen_project is None and project != NEW_PROJECT and known_projects:
        latest_sessions = sessions.list_all(request.store, limit=1)
        chosen_project = next(
            (candidate for candidate in known_projects if latest_sessions and candidate.id == latest_sessions[0].project_id),
            known_projects[0],
        )
    if chosen_project and chosen_project.id not in {candidate.id for candidate in known_projects}:
        known_projects = [chosen_project, *known_projects]
    versions = handoffs.list_versions(request.store, chosen_project, limit=1) if chosen_project else []
    previous_handoff = versions[0] if versions else None
    previous_text = render(add_repository_changes(request, chosen_project, previous_handoff)) if chosen_project and previous_handoff else ""
    agent_names = list(dict.fromkeys((*sessions.list_agents(request.store), *_KNOWN_AGENTS)))
    return StartChoices(
        projects=known_projects,
        project=chosen_project,
        handoff=previous_handoff,
        previous=previous_text,
        best=best_account(request.store, window=rotation_window(request.settings)),
        templates=templates.list_templates(request.store),
        agents=agent_names,
    )


@router.get("/parts/sessions/start")
def start_dialog_part(request: CurrentPageRequest, project: str = "", account: str = "") -> Response:
    """Return the dialog that starts a session, with the last handoff; by default in the project that the reader is looking at."""
    project = project or _viewed_project(request)
    values = {"name": "", "objectives": "", "agent": "", "template": "", "account": account}
    return partial(
        request, "partials/_start_dialog.html", choices=_start_choices(request, project), values=values, errors={}, based_on=None
    )


def _viewed_project(request: PageRequest) -> str:
    project_id = find_viewed_project_id(request)
    return str(project_id) if project_id and projects.list_known(request.store, only_ids=[project_id]) else ""


@router.get("/parts/sessions/start/form")
def start_form_part(
    request: CurrentPageRequest,
    project: str = "",
    name: str = "",
    objectives: str = "",
    agent: str = "",
    template: str = "",
    account: str = "",
    filled: str = "",
) -> Response:
    """Return the form for another project or template. Entered text stays; the template's objectives are added."""
    chosen_template = templates.require(request.store, template) if template else None
    lines = _split_lines(objectives)
    previous_template = (
        templates.require(request.store, filled) if filled and filled != template and _has_template(request, filled) else None
    )
    typed_lines = [line for line in lines if previous_template is None or line not in previous_template.objectives]
    template_lines = [
        line for line in (chosen_template.objectives if chosen_template and filled != template else ()) if line not in typed_lines
    ]
    values = {
        "name": name,
        "objectives": "\n".join([*template_lines, *typed_lines]),
        "agent": agent,
        "template": template,
        "account": account,
    }
    return partial(
        request, "partials/_start_form.html", choices=_start_choices(request, project), values=values, errors={}, based_on=chosen_template
    )


def _has_template(request: PageRequest, template: str) -> bool:
    try:
        return bool(templates.require(request.store, template))
    except NotFound:
        return False


@router.post("/parts/sessions/start")
def start_session(
    request: CurrentPageRequest,
    project: Text = "",
    name: Text = "",
    objectives: Text = "",
    agent: Annotated[str, Form(max_length=100)] = "",
    template: Text = "",
    account: Text = "",
) -> Response:
    """Start a session and show it, with the briefing to copy."""
    try:
        chosen_project = _resolve_project(request, project, name.strip())
        detail = sessions.start(
            request.store,
            chosen_project,
            agent=agent.strip(),
            objectives=_split_lines(objectives),
            template=templates.require(request.store, template) if template else None,
            account_id=int(account) if account.isdecimal() else None,
        )
    except BadInput as error:
        values = {"name": name, "objectives": objectives, "agent": agent, "template": template, "account": account}
        return partial(
            request,
            "partials/_start_form.html",
            status_code=422,
            choices=_start_choices(request, project),
            values=values,
            errors={"name": translate_error(error)},
            based_on=templates.require(request.store, template) if template else None,
        )
    message = _("Session %(number)s of %(project)s started", number=detail.session.number, project=chosen_project.name)
    return redirect(request, f"/sessions/{detail.session.id}", toast=Toast(message))


def _resolve_project(request: PageRequest, project: str, name: str) -> Project:
    """Return the chosen project, or create one of that name."""
    if project and project != NEW_PROJECT:
        return projects.require(request.store, int(project) if project.isdecimal() else 0)
    if not name:
        raise BadInput(_("A session needs a project."), _("Enter a name."))
    return projects.resolve(request.store, name, create=True)


def _split_lines(text: str) -> list[str]:
    return [line for raw_line in text.splitlines() if (line := raw_line.strip())]


@router.get("/parts/sessions/{session_id}/complete")
def complete_dialog_part(request: CurrentPageRequest, session_id: int, job: int = 0) -> Response:
    """Return the dialog that completes a session; with *job*, filled with the input of that failed job."""
    session = sessions.require_by_id(request.store, session_id)
    context = _completion_context(request, session)
    return partial(
        request, "partials/_complete_dialog.html", **context | {"values": context["values"] | _draft_values(request, session, job)}
    )


def _draft_values(request: PageRequest, session: Session, job_id: int) -> dict[str, str]:
    """Return the input of a form that a job was started with."""
    arguments = jobs.require(request.store, job_id).arguments if job_id else {}
    if arguments.get("session_id") != session.id:
        return {}
    pasted_path = next((Path(path) for name, path in arguments.get("uploads", []) if name == PASTED_NAME), None)
    completion = arguments["said"] or {}
    values = {name: "\n".join(completion.get(name, ())) for name in ("accomplishments", "blockers")}
    if completion.get("credits_used") is not None:
        values["credits"] = f"{completion['credits_used']:g}"
    return values | {"text": pasted_path.read_text("utf-8") if pasted_path and pasted_path.exists() else ""}


def _completion_context(request: PageRequest, session: Session, **overrides: Any) -> dict[str, Any]:
    project = projects.require(request.store, session.project_id)
    used = "" if session.credits_used is None else f"{session.credits_used:g}"
    values = {"accomplishments": "\n".join(session.accomplishments), "blockers": "\n".join(session.blockers), "credits": used, "text": ""}
    return {
        "session": session,
        "project": project,
        "outlook": outlook(request.store, session, window=rotation_window(request.settings)),
        "has_model": gateway.find_model_context(request.store, build_model_setup(request.settings), project=project) is not None,
        "values": values,
        "version": edit_version(session),
        "errors": {},
        "error": "",
        **overrides,
    }


@router.get("/parts/sessions/{session_id}/checklist")
def checklist_part(request: CurrentPageRequest, session_id: int, within: Literal["page", "dialog"] = "page") -> Response:
    """Return the checklist of a session."""
    return partial(request, "partials/_checklist.html", session=sessions.require_by_id(request.store, session_id), within=within)


@router.post("/parts/sessions/{session_id}/checklist/{item}")
def tick_item(request: CurrentPageRequest, session_id: int, item: int, done: bool = True) -> Response:
    """Tick or untick an item of a checklist; all views of the checklist refetch it."""
    sessions.tick(request.store, sessions.require_by_id(request.store, session_id), item, is_done=done)
    return Response(status_code=204, headers={"hx-trigger": CHECKLIST_CHANGED})


@router.get("/parts/sessions/{session_id}/outlook")
def outlook_part(request: CurrentPageRequest, session_id: int, typed_credits: Annotated[str, Query(alias="credits")] = "") -> Response:
    """Return what the entered credits mean for the account, and whether rotation is due."""
    session = sessions.require_by_id(request.store, session_id)
    used, error = _parse_credits(typed_credits)
    session_outlook = outlook(request.store, session, window=rotation_window(request.settings), credits_used=used)
    return partial(request, "partials/_credit_outlook.html", session=session, outlook=session_outlook, error=error)


def _parse_credits(text: str) -> tuple[float | None, str]:
    """Return the entered number, None if empty, and what is wrong with it."""
    number_text = text.strip().replace(",", ".")
    if not number_text:
        return None, ""
    try:
        number = float(number_text)
    except ValueError:
        return None, _("Enter a number.")
    if not isfinite(number) or not 0 <= number <= 1_000_000_000:
        return None, _("Enter a number of 0 or more.")
    return number, ""


@dataclass(frozen=True, slots=True)
class SessionTask:
    """A submitted session form: its job and where that leads, or the errors by field."""

    session: Session
    submission: Submission
    next_url: str
    job: Job | None
    errors: dict[str, str]


def _request_job(
    request: PageRequest, session: Session, submission: Submission, next_url: str, completion: Completion | None = None
) -> SessionTask:
    project = projects.require(request.store, session.project_id)
    try:
        job = completion_job.request_completion(
            request.store,
            project,
            session,
            submission.job_arguments(),
            completion,
            catches_up=request.caller.is_local,
            requested_by="dashboard",
        )
    except Conflict as error:
        return SessionTask(session=session, submission=submission, next_url=next_url, job=None, errors={"text": translate_error(error)})
    submission.is_taken = True
    return SessionTask(session=session, submission=submission, next_url=next_url, job=job, errors={})


async def _respond(request: PageRequest, task: SessionTask, show_again: Callable[[PageRequest, SessionTask], Response]) -> Response:
    """Redirect to the result if the job ends soon, else to its progress; on errors, show the form again with *show_again*."""
    job = await wait_briefly(request, task.job) if task.job else None
    if job and job.state == "failed" and job.error:
        task = replace(task, errors={"text": f"{translate_message(job.error['message'])} {translate_message(job.error['hint'])}".strip()})
        job = None
    if job is None:
        return await run_sync(show_again, request, task)
    return (
        redirect(request, task.next_url, toast=completion_toast(job))
        if job.state == "done"
        else redirect_to_job(request, job, task.next_url)
    )


@router.post("/parts/sessions/{session_id}/complete")
async def complete_session(request: CurrentPageRequest, session_id: int) -> Response:
    """Complete a session: import its transcript, store the completion notes, and show the handoff."""
    async with receive_form(request) as submission:
        task = await run_sync(_complete, request, session_id, submission)
    return await _respond(request, task, _complete_form)


_WORD_CHOICES: dict[str, WordChoice] = {"add": "add", "replace": "replace"}


def _complete(request: PageRequest, session_id: int, submission: Submission) -> SessionTask:
    session = sessions.require_by_id(request.store, session_id)
    used, error = _parse_credits(submission["credits"])
    if error:
        return SessionTask(session=session, submission=submission, next_url="", job=None, errors={"credits": error})
    session_outlook = outlook(request.store, session, window=rotation_window(request.settings), credits_used=used)
    account_query = (
        f"?on={session_outlook.target.availability.account.id}" if submission["next_step"] == "rotate" and session_outlook.target else ""
    )
    completion = Completion(
        accomplishments=_split_lines(submission["accomplishments"]),
        blockers=_split_lines(submission["blockers"]),
        credits_used=used,
        refine=bool(submission["refine"]),
        version=submission["version"],
        words=_WORD_CHOICES.get(submission["words"]),
    )
    sent = {"accomplishments": completion.accomplishments, "blockers": completion.blockers}
    try:
        merge_statements(session, sent, version=completion.version, words=completion.words)
    except EditConflict as conflict:
        errors = {"words": translate_message(conflict.message)}
        return SessionTask(session=session, submission=submission, next_url="", job=None, errors=errors)
    return _request_job(request, session, submission, f"/sessions/{session.id}/handoff{account_query}", completion)


def _complete_form(request: PageRequest, task: SessionTask) -> Response:
    values = {name: task.submission.fields.get(name, "") for name in ("accomplishments", "blockers", "credits", "text")}
    context = _completion_context(
        request,
        sessions.require_by_id(request.store, task.session.id),
        values=values,
        errors=task.errors,
        version=task.submission.fields.get("version", ""),
    )
    return partial(request, "partials/_complete_form.html", status_code=422, **context)


@router.get("/parts/sessions/{session_id}/import")
def import_dialog_part(request: CurrentPageRequest, session_id: int, job: int = 0) -> Response:
    """Return the dialog that adds a transcript; with *job*, filled with the input of that failed job."""
    session = sessions.require_by_id(request.store, session_id)
    return partial(
        request, "partials/_import_dialog.html", session=session, text=_draft_values(request, session, job).get("text", ""), error=""
    )


@router.post("/parts/sessions/{session_id}/import")
async def import_transcript(request: CurrentPageRequest, session_id: int) -> Response:
    """Append the new turns of a transcript to a session."""
    async with receive_form(request) as submission:
        task = await run_sync(_import_transcript, request, session_id, submission)
    return await _respond(request, task, _import_form)


def _import_transcript(request: PageRequest, session_id: int, submission: Submission) -> SessionTask:
    session, next_url = sessions.require_by_id(request.store, session_id), f"/sessions/{session_id}"
    if not submission.files:
        return SessionTask(
            session=session,
            submission=submission,
            next_url=next_url,
            job=None,
            errors={"text": f"{_('Nothing to add.')} {_('Paste a conversation or choose files.')}"},
        )
    return _request_job(request, session, submission, next_url)


def _import_form(request: PageRequest, task: SessionTask) -> Response:
    text, error = task.submission.fields.get("text", ""), task.errors["text"]
    return partial(request, "partials/_import_form.html", status_code=422, session=task.session, text=text, error=error)


@router.post("/parts/sessions/{session_id}/reopen")
def reopen_session(request: CurrentPageRequest, session_id: int) -> Response:
    """Reopen a session."""
    session = sessions.reopen(request.store, sessions.require_by_id(request.store, session_id))
    return redirect(request, f"/sessions/{session.id}", toast=Toast(_("Session %(number)s reopened", number=session.number)))


@router.post("/parts/sessions/{session_id}/abandon")
def abandon_session(request: CurrentPageRequest, session_id: int) -> Response:
    """Abandon a session. The toast offers to undo this."""
    session = sessions.abandon(request.store, sessions.require_by_id(request.store, session_id))
    undo_url = f"/parts/sessions/{session.id}/reopen"
    return redirect(
        request,
        f"/sessions/{session.id}",
        toast=Toast(_("Session %(number)s abandoned; its transcript is still stored", number=session.number), undo=undo_url),
    )
