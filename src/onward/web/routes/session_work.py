"""What is done with a session: beginning one, completing it, giving it a transcript, opening it again, leaving it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from pathlib import Path
from typing import Annotated, Any, Literal

from anyio.to_thread import run_sync
from fastapi import Form, Query, Request, Response

from onward.app import handoffs, jobs, models, projects, session_jobs, sessions, templates
from onward.app.credits import Best, best, outlook
from onward.app.jobs import Job
from onward.app.session_jobs import Words
from onward.core.handoff import render
from onward.core.project import Project
from onward.core.session import Session
from onward.core.stored_handoff import StoredHandoff
from onward.errors import BadInput, Conflict, NotFound
from onward.web.briefing import since
from onward.web.language import _
from onward.web.long_work import follow, soon, told
from onward.web.rendering import go, partial
from onward.web.uploads import PASTED, Sent, received
from onward.web.visit import At, Toast, Visit, routes, window
from onward.wiring import models_of

router = routes()

NEW = "new"
"""What stands for a project that is not there yet."""
MOST_CHOICES = 200
TICKED = "onward:checklist"
_KNOWN_AGENTS = ("claude-code", "codex", "cursor", "gemini", "aider", "cline", "opencode")

Text = Annotated[str, Form(max_length=100_000)]


@dataclass(frozen=True, slots=True)
class Choices:
    """What a session can begin with. `previous` is the handoff that the chosen project left, told with what changed since."""

    projects: Sequence[Project]
    project: Project | None
    handoff: StoredHandoff | None
    previous: str
    best: Best
    templates: Sequence[templates.Template]
    agents: Sequence[str]


def _choices(at: Visit, project: str) -> Choices:
    there = [line.project for line in projects.listed(at.store, limit=MOST_CHOICES)]
    chosen = projects.of_id(at.store, int(project)) if project.isdecimal() else None
    if chosen is None and project != NEW and there:
        latest = sessions.of_all(at.store, limit=1)
        chosen = next((one for one in there if latest and one.id == latest[0].project_id), there[0])
    if chosen and chosen.id not in {one.id for one in there}:
        there = [chosen, *there]
    newest = handoffs.versions(at.store, chosen, limit=1) if chosen else []
    left = newest[0] if newest else None
    told = render(since(at, chosen, left)) if chosen and left else ""
    names = list(dict.fromkeys((*sessions.agents(at.store), *_KNOWN_AGENTS)))
    return Choices(there, chosen, left, told, best(at.store, window=window(at.settings)), templates.listed(at.store), names)


@router.get("/parts/sessions/start")
def start_dialog(at: At, project: str = "", account: str = "") -> Response:
    """Answer the dialog to begin a session, with what the last one left."""
    values = {"name": "", "objectives": "", "agent": "", "template": "", "account": account}
    return partial(at, "partials/_start_dialog.html", choices=_choices(at, project), values=values, errors={}, based_on=None)


@router.get("/parts/sessions/start/form")
def start_form(
    at: At,
    project: str = "",
    name: str = "",
    objectives: str = "",
    agent: str = "",
    template: str = "",
    account: str = "",
    filled: str = "",
) -> Response:
    """Answer the form anew, after another project or template was chosen: what was typed stays, and the template's objectives come in."""
    chosen = templates.find(at.store, template) if template else None
    lines = _lines(objectives)
    before = templates.find(at.store, filled) if filled and filled != template and _there(at, filled) else None
    kept = [line for line in lines if before is None or line not in before.objectives]
    new = [line for line in (chosen.objectives if chosen and filled != template else ()) if line not in kept]
    values = {"name": name, "objectives": "\n".join([*new, *kept]), "agent": agent, "template": template, "account": account}
    return partial(at, "partials/_start_form.html", choices=_choices(at, project), values=values, errors={}, based_on=chosen)


def _there(at: Visit, template: str) -> bool:
    try:
        return bool(templates.find(at.store, template))
    except NotFound:
        return False


@router.post("/parts/sessions/start")
def start(
    at: At,
    project: Text = "",
    name: Text = "",
    objectives: Text = "",
    agent: Annotated[str, Form(max_length=100)] = "",
    template: Text = "",
    account: Text = "",
) -> Response:
    """Begin a session, and show it: what its agent is to be given is there to copy."""
    try:
        chosen = _project(at, project, name.strip())
        begun = sessions.start(
            at.store,
            chosen,
            agent=agent.strip(),
            objectives=_lines(objectives),
            template=templates.find(at.store, template) if template else None,
            account_id=int(account) if account.isdecimal() else None,
        )
    except BadInput as error:
        values = {"name": name, "objectives": objectives, "agent": agent, "template": template, "account": account}
        return partial(
            at,
            "partials/_start_form.html",
            status_code=422,
            choices=_choices(at, project),
            values=values,
            errors={"name": str(error)},
            based_on=templates.find(at.store, template) if template else None,
        )
    told = _("Session %(number)s of %(project)s has begun", number=begun.session.number, project=chosen.name)
    return go(at, f"/sessions/{begun.session.id}", toast=Toast(told))


def _project(at: Visit, project: str, name: str) -> Project:
    """Return the project that was chosen, or the new one of that name."""
    if project and project != NEW:
        return projects.of_id(at.store, int(project) if project.isdecimal() else 0)
    if not name:
        raise BadInput(_("A session belongs to a project."), _("Name one."))
    return projects.resolve(at.store, name, create=True)


def _lines(text: str) -> list[str]:
    return [line for one in text.splitlines() if (line := one.strip())]


@router.get("/parts/sessions/{session_id}/complete")
def complete_dialog(at: At, session_id: int, job: int = 0) -> Response:
    """Answer the dialog to complete a session; with what was written for a *job* that did not come to its end."""
    one = sessions.of_id(at.store, session_id)
    about = _about_completing(at, one)
    return partial(at, "partials/_complete_dialog.html", **about | {"values": about["values"] | _written(at, one, job)})


def _written(at: Visit, one: Session, job_id: int) -> dict[str, str]:
    """Return what was written in a form for a job: what is said of a session, and what was pasted."""
    asked = jobs.find(at.store, job_id).arguments if job_id else {}
    if asked.get("session_id") != one.id:
        return {}
    pasted = next((Path(path) for name, path in asked.get("uploads", []) if name == PASTED), None)
    said = asked["said"] or {}
    written = {name: "\n".join(said.get(name, ())) for name in ("accomplishments", "blockers")}
    if said.get("credits_used") is not None:
        written["credits"] = f"{said['credits_used']:g}"
    return written | {"text": pasted.read_text("utf-8") if pasted and pasted.exists() else ""}


def _about_completing(at: Visit, one: Session, **more: Any) -> dict[str, Any]:
    project = projects.of_id(at.store, one.project_id)
    used = "" if one.credits_used is None else f"{one.credits_used:g}"
    said = {"accomplishments": "\n".join(one.accomplishments), "blockers": "\n".join(one.blockers), "credits": used, "text": ""}
    return {
        "session": one,
        "project": project,
        "outlook": outlook(at.store, one, window=window(at.settings)),
        "has_model": models.asking_for(at.store, models_of(at.settings), project=project) is not None,
        "values": said,
        "errors": {},
        "error": "",
        **more,
    }


@router.get("/parts/sessions/{session_id}/checklist")
def checklist(at: At, session_id: int, within: Literal["page", "dialog"] = "page") -> Response:
    """Answer what a session should not forget, and what of it is done."""
    return partial(at, "partials/_checklist.html", session=sessions.of_id(at.store, session_id), within=within)


@router.post("/parts/sessions/{session_id}/checklist/{item}")
def tick(at: At, session_id: int, item: int, done: bool = True) -> Response:
    """Note whether an item of a session's checklist is done; wherever the checklist is shown, it is fetched anew."""
    sessions.tick(at.store, sessions.of_id(at.store, session_id), item, is_done=done)
    return Response(status_code=204, headers={"hx-trigger": TICKED})


@router.get("/parts/sessions/{session_id}/outlook")
def foreseen(at: At, session_id: int, typed: Annotated[str, Query(alias="credits")] = "") -> Response:
    """Answer what the credits that are typed come to: against the account's, and whether it is time to go on with another."""
    one = sessions.of_id(at.store, session_id)
    used, error = _credits(typed)
    seen = outlook(at.store, one, window=window(at.settings), credits_used=used)
    return partial(at, "partials/_outlook.html", session=one, outlook=seen, error=error)


def _credits(text: str) -> tuple[float | None, str]:
    """Return the number that was typed, None for nothing, and what is wrong with it."""
    said = text.strip().replace(",", ".")
    if not said:
        return None, ""
    try:
        number = float(said)
    except ValueError:
        return None, _("This is no number.")
    if not isfinite(number) or not 0 <= number <= 1_000_000_000:
        return None, _("Credits are a number from 0 on.")
    return number, ""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a form asked to have done with a session: the job that does it and where that leads, or what is wrong, by field."""

    session: Session
    sent: Sent
    then: str
    job: Job | None
    errors: dict[str, str]


def _asked(at: Visit, one: Session, sent: Sent, then: str, words: Words | None = None) -> Asked:
    project = projects.of_id(at.store, one.project_id)
    try:
        job = session_jobs.ask(at.store, project, one, sent.arguments(), words, requested_by="dashboard")
    except Conflict as error:
        return Asked(one, sent, then, None, {"text": str(error)})
    sent.is_taken = True
    return Asked(one, sent, then, job, {})


async def _answered(at: Visit, asked: Asked, again: Callable[[Visit, Asked], Response]) -> Response:
    """Lead to what came of a form, if that is soon there, else to how far it is; where something is wrong with it, answer it *again*."""
    job = await soon(at, asked.job) if asked.job else None
    if job and job.state == "failed" and job.error:
        asked = replace(asked, errors={"text": f"{job.error['message']} {job.error['hint']}".strip()})
        job = None
    if job is None:
        return await run_sync(again, at, asked)
    return go(at, asked.then, toast=told(job)) if job.state == "done" else follow(at, job, asked.then)


@router.post("/parts/sessions/{session_id}/complete")
async def complete(at: At, session_id: int, request: Request) -> Response:
    """Complete a session with what is said of it, after what its transcript adds, and show the handoff."""
    async with received(at, request) as sent:
        asked = await run_sync(_completion, at, session_id, sent)
    return await _answered(at, asked, _complete_again)


def _completion(at: Visit, session_id: int, sent: Sent) -> Asked:
    one = sessions.of_id(at.store, session_id)
    used, wrong = _credits(sent["credits"])
    if wrong:
        return Asked(one, sent, "", None, {"credits": wrong})
    seen = outlook(at.store, one, window=window(at.settings), credits_used=used)
    on = f"?on={seen.to.standing.account.id}" if sent["then"] == "rotate" and seen.to else ""
    words = Words(_lines(sent["accomplishments"]), _lines(sent["blockers"]), used, bool(sent["refine"]))
    return _asked(at, one, sent, f"/sessions/{one.id}/handoff{on}", words)


def _complete_again(at: Visit, asked: Asked) -> Response:
    values = {name: asked.sent.fields.get(name, "") for name in ("accomplishments", "blockers", "credits", "text")}
    about = _about_completing(at, sessions.of_id(at.store, asked.session.id), values=values, errors=asked.errors)
    return partial(at, "partials/_complete_form.html", status_code=422, **about)


@router.get("/parts/sessions/{session_id}/import")
def import_dialog(at: At, session_id: int, job: int = 0) -> Response:
    """Answer the dialog to give a session a transcript; with what was pasted for a *job* that did not come to its end."""
    one = sessions.of_id(at.store, session_id)
    return partial(at, "partials/_import_dialog.html", session=one, text=_written(at, one, job).get("text", ""), error="")


@router.post("/parts/sessions/{session_id}/import")
async def import_into(at: At, session_id: int, request: Request) -> Response:
    """Append to a session what it does not have of a transcript."""
    async with received(at, request) as sent:
        asked = await run_sync(_import, at, session_id, sent)
    return await _answered(at, asked, _import_again)


def _import(at: Visit, session_id: int, sent: Sent) -> Asked:
    one, then = sessions.of_id(at.store, session_id), f"/sessions/{session_id}"
    if not sent.files:
        return Asked(one, sent, then, None, {"text": f"{_('There is nothing to add.')} {_('Paste a conversation, or choose files.')}"})
    return _asked(at, one, sent, then)


def _import_again(at: Visit, asked: Asked) -> Response:
    text, error = asked.sent.fields.get("text", ""), asked.errors["text"]
    return partial(at, "partials/_import_form.html", status_code=422, session=asked.session, text=text, error=error)


@router.post("/parts/sessions/{session_id}/reopen")
def reopen(at: At, session_id: int) -> Response:
    """Make a session active again."""
    one = sessions.reopen(at.store, sessions.of_id(at.store, session_id))
    return go(at, f"/sessions/{one.id}", toast=Toast(_("Session %(number)s is active again", number=one.number)))


@router.post("/parts/sessions/{session_id}/abandon")
def abandon(at: At, session_id: int) -> Response:
    """Leave a session without completing it; that can be taken back."""
    one = sessions.abandon(at.store, sessions.of_id(at.store, session_id))
    undo = f"/parts/sessions/{one.id}/reopen"
    return go(at, f"/sessions/{one.id}", toast=Toast(_("Session %(number)s is abandoned; its turns stay", number=one.number), undo=undo))
