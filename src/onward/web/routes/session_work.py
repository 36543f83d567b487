"""What is done with a session: beginning one, completing it, giving it a transcript, opening it again, leaving it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from math import isfinite
from typing import Annotated, Any
from urllib.parse import urlencode

from anyio.to_thread import run_sync
from fastapi import Form, Query, Request, Response
from starlette.datastructures import FormData, UploadFile

from onward.app import handoffs, models, projects, refining, saving, sessions, templates
from onward.app.completing import complete as complete_session
from onward.app.credits import Best, best, outlook
from onward.core.handoff import render
from onward.core.project import Project
from onward.core.session import Session
from onward.core.stored_handoff import StoredHandoff
from onward.errors import BadInput, NotFound, OnwardError
from onward.web.briefing import since
from onward.web.language import _, ngettext
from onward.web.rendering import go, partial
from onward.web.visit import At, Toast, Visit, routes, window
from onward.wiring import models_of

router = routes()

NEW = "new"
"""What stands for a project that is not there yet."""
MOST_CHOICES = 200
MOST_FILES = 20
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
            at.store, chosen, agent=agent.strip(), objectives=_lines(objectives), account_id=int(account) if account.isdecimal() else None
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
def complete_dialog(at: At, session_id: int) -> Response:
    """Answer the dialog to complete a session."""
    return partial(at, "partials/_complete_dialog.html", **_about_completing(at, sessions.of_id(at.store, session_id)))


def _about_completing(at: Visit, one: Session, **more: Any) -> dict[str, Any]:
    project = projects.of_id(at.store, one.project_id)
    used = "" if one.credits_used is None else f"{one.credits_used:g}"
    said = {"accomplishments": "\n".join(one.accomplishments), "blockers": "\n".join(one.blockers), "credits": used, "text": ""}
    return {
        "session": one,
        "project": project,
        "based_on": templates.fitting(at.store, one),
        "outlook": outlook(at.store, one, window=window(at.settings)),
        "has_model": models.asking_for(at.store, models_of(at.settings), project=project) is not None,
        "values": said,
        "errors": {},
        "error": "",
        **more,
    }


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


@router.post("/parts/sessions/{session_id}/complete")
async def complete(at: At, session_id: int, request: Request) -> Response:
    """Complete a session with what is said of it, after what its transcript adds, and show the handoff."""
    async with request.form(max_files=MOST_FILES, max_part_size=at.settings.body_limit_mb * 2**20) as form:
        files = await _files(form)
        said = {name: str(form.get(name) or "") for name in ("accomplishments", "blockers", "credits", "text", "refine", "then")}
    return await run_sync(_completed, at, session_id, said, files)


async def _files(form: FormData) -> list[tuple[str, bytes]]:
    return [(one.filename, await one.read()) for one in form.getlist("files") if isinstance(one, UploadFile) and one.filename]


def _completed(at: Visit, session_id: int, said: dict[str, str], files: list[tuple[str, bytes]]) -> Response:
    one = sessions.of_id(at.store, session_id)
    used, wrong = _credits(said["credits"])
    errors = {"credits": wrong} if wrong else {}
    if not errors:
        try:
            one = _taken(at, one, said["text"], files)
        except OnwardError as error:
            errors = {"text": str(error)}
    if errors:
        values = {name: said[name] for name in ("accomplishments", "blockers", "credits", "text")}
        return partial(at, "partials/_complete_form.html", status_code=422, **_about_completing(at, one, values=values, errors=errors))
    seen = outlook(at.store, one, window=window(at.settings), credits_used=used)
    done = complete_session(
        at.store,
        one,
        accomplishments=_lines(said["accomplishments"]),
        blockers=_lines(said["blockers"]),
        credits_used=used,
        budget_tokens=at.settings.budget_tokens,
    )
    there: dict[str, object] = {}
    if said["refine"]:
        project = projects.of_id(at.store, one.project_id)
        job = refining.ask(at.store, models_of(at.settings), project, handoff=done.handoff, requested_by="dashboard")
        there.update({"job": job.id} if job else {})
    if said["then"] == "rotate" and seen.to:
        there["on"] = seen.to.standing.account.id
    toast = Toast(_("Session %(number)s is completed: handoff %(version)s is ready", number=one.number, version=done.handoff.version))
    return go(at, f"/sessions/{one.id}/handoff" + (f"?{urlencode(there)}" if there else ""), toast=toast)


def _taken(at: Visit, one: Session, text: str, files: Sequence[tuple[str, bytes]]) -> Session:
    """Return a session after the turns came in that it did not have: of files, and of a text that was pasted."""
    for name, data in files:
        one = saving.save(at.store, one.id, saving.turns_of_file(BytesIO(data), name)).session
    if text.strip():
        one = saving.save_spoken(at.store, one.id, records=None, text=text).session
    return one


@router.get("/parts/sessions/{session_id}/import")
def import_dialog(at: At, session_id: int) -> Response:
    """Answer the dialog to give a session a transcript."""
    return partial(at, "partials/_import_dialog.html", session=sessions.of_id(at.store, session_id), text="", error="")


@router.post("/parts/sessions/{session_id}/import")
async def import_into(at: At, session_id: int, request: Request) -> Response:
    """Append to a session what it does not have of a transcript."""
    async with request.form(max_files=MOST_FILES, max_part_size=at.settings.body_limit_mb * 2**20) as form:
        files, text = await _files(form), str(form.get("text") or "")
    return await run_sync(_imported, at, session_id, text, files)


def _imported(at: Visit, session_id: int, text: str, files: list[tuple[str, bytes]]) -> Response:
    before = sessions.of_id(at.store, session_id)
    try:
        if not files and not text.strip():
            raise BadInput(_("There is nothing to add."), _("Paste a conversation, or choose files."))
        after = _taken(at, before, text, files)
    except OnwardError as error:
        return partial(at, "partials/_import_form.html", status_code=422, session=before, text=text, error=str(error))
    new = after.turns - before.turns
    told = ngettext("%(num)s new turn", "%(num)s new turns", new) if new else _("The session has all of these turns already")
    return go(at, f"/sessions/{session_id}", toast=Toast(told, "success" if new else "info"))


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
