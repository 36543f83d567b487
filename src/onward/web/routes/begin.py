"""Three ways to begin: what this machine's agents left, a conversation that is pasted or sent, and sample sessions. Each is a job, followed on the page."""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated

from anyio.to_thread import run_sync
from fastapi import Form, Request, Response

from onward.app import discovery, job_kinds, jobs, projects
from onward.app.discovery import FoundTranscript
from onward.errors import NotAllowed, OnwardError
from onward.settings import read_machine
from onward.web.language import _
from onward.web.long_work import follow
from onward.web.rendering import page, partial
from onward.web.uploads import Sent, project_for, received
from onward.web.visit import At, Toast, Visit, routes

router = routes()

DEMO = "antre"


@dataclass(frozen=True, slots=True)
class AgentFound:
    """What one agent left on this machine."""

    agent: str
    files: int
    sessions: int
    size_bytes: int
    newest_at: datetime
    unreadable: int


@router.get("/begin")
def begin(at: At) -> Response:
    """Show the ways to begin, also where there is something already."""
    return page(at, "pages/begin.html")


@router.get("/parts/begin/found")
def found(at: At) -> Response:
    """Answer what the agents of this machine left, looked up now."""
    if not at.caller.is_here:
        return partial(at, "partials/_found.html", agents=None)
    seen = discovery.survey(discovery.agent_folders(read_machine(), Path.cwd()), at.settings.worktrees)
    return partial(at, "partials/_found.html", agents=_by_agent(seen))


@router.post("/parts/begin/import")
def import_found(at: At, agent: Annotated[list[str] | None, Form()] = None, complete: Annotated[bool, Form()] = False) -> Response:
    """Ask for the import of what the chosen agents left."""
    if not at.caller.is_here:
        raise NotAllowed(_("Only somebody at this machine may import its folders."), _("Send the files instead."))
    chosen = set(agent or ())
    folders = [one for one in discovery.agent_folders(read_machine(), Path.cwd()) if one.agent in chosen]
    paths = [str(path) for path in discovery.files_in(folders)]
    if not paths:
        return partial(
            at,
            "partials/_nothing.html",
            text=_("Choose at least one agent."),
            toast=Toast(_("Choose at least one agent."), "error"),
            status_code=422,
        )
    return follow(at, jobs.ask(at.store, "import", {"paths": paths, "complete": complete}, key="begin", requested_by="dashboard"))


@router.post("/parts/begin/paste")
async def paste(at: At, request: Request) -> Response:
    """Ask for the import of what was pasted or chosen."""
    async with received(at, request) as sent:
        return await run_sync(_pasted, at, sent)


def _pasted(at: Visit, sent: Sent) -> Response:
    project, errors = project_for(at, sent)
    if project is None:
        return partial(
            at,
            "partials/_paste.html",
            status_code=422,
            errors=errors,
            values={"project": sent["project"], "text": sent.fields.get("text", "")},
        )
    sent.is_taken = True
    return follow(at, jobs.ask(at.store, "import", {**sent.arguments(), "complete": True}, project=project, requested_by="dashboard"))


@router.post("/parts/begin/demo")
def demo(at: At) -> Response:
    """Import sample sessions into a project of their own."""
    # Imported here: they are wanted once.
    from onward import samples

    folder = job_kinds.new_upload(at.settings.home)
    try:
        project = projects.resolve(at.store, DEMO, create=True)
        files = [(path.name, str(path)) for path in samples.write(folder / "samples")]
        arguments = {"uploads": files, "upload": str(folder), "complete": True}
        return follow(at, jobs.ask(at.store, "import", arguments, project=project, requested_by="dashboard"), "/")
    except OnwardError:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _by_agent(seen: list[FoundTranscript]) -> list[AgentFound]:
    """Return what was found by agent, the one with the most sessions first."""
    files, held, sizes, unreadable = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    newest: dict[str, datetime] = {}
    for one in seen:
        if one.error or not one.sessions:
            unreadable[one.agent] += one.error is not None
            continue
        files[one.agent] += 1
        held[one.agent] += len(one.sessions)
        sizes[one.agent] += one.size_bytes
        newest[one.agent] = max(newest.get(one.agent, one.changed_at), one.changed_at)
    return [AgentFound(agent, files[agent], count, sizes[agent], newest[agent], unreadable[agent]) for agent, count in held.most_common()]
