"""Imports: sessions of this machine's agents, a pasted or uploaded conversation, and sample sessions. Each one is a job."""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated

from anyio.to_thread import run_sync
from fastapi import Form, Response

from onward.app.jobs import jobs, kinds
from onward.app.projects import projects
from onward.app.transcripts import agent_folders
from onward.app.transcripts.agent_folders import FoundTranscript
from onward.errors import NotAllowed, OnwardError
from onward.settings import read_machine
from onward.web.job_pages import redirect_to_job
from onward.web.language import _
from onward.web.page_request import CurrentPageRequest, PageRequest, Toast, page_router
from onward.web.render import page, partial
from onward.web.uploads import Submission, receive_form, resolve_project

router = page_router()

DEMO_PROJECT = "antre"


@dataclass(frozen=True, slots=True)
class AgentTranscripts:
    """The transcripts of one agent on this machine."""

    agent: str
    files: int
    sessions: int
    size_bytes: int
    newest_at: datetime
    unreadable: int


@router.get("/begin")
def show_import_page(request: CurrentPageRequest) -> Response:
    """Show the ways to import sessions."""
    return page(request, "pages/import_sessions.html")


@router.get("/parts/begin/found")
def show_agent_files(request: CurrentPageRequest) -> Response:
    """Return the agents with transcripts on this machine."""
    if not request.caller.is_local:
        return partial(request, "partials/_agent_sessions.html", agents=None)
    transcripts = agent_folders.survey(agent_folders.agent_folders(read_machine(), Path.cwd()), request.settings.worktrees)
    return partial(request, "partials/_agent_sessions.html", agents=_summarize_by_agent(transcripts))


@router.post("/parts/begin/import")
def import_agent_files(
    request: CurrentPageRequest, agent: Annotated[list[str] | None, Form()] = None, complete: Annotated[bool, Form()] = False
) -> Response:
    """Start an import of the transcripts of the chosen agents."""
    if not request.caller.is_local:
        raise NotAllowed(_("Folders can only be imported on the machine that contains them."), _("Upload the files instead."))
    chosen_agents = set(agent or ())
    folders = [folder for folder in agent_folders.agent_folders(read_machine(), Path.cwd()) if folder.agent in chosen_agents]
    paths = [str(path) for path in agent_folders.list_files(folders)]
    if not paths:
        return partial(
            request,
            "partials/_form_error.html",
            text=_("Choose at least one agent."),
            toast=Toast(_("Choose at least one agent."), "error"),
            status_code=422,
        )
    return redirect_to_job(
        request, jobs.request_job(request.store, "import", {"paths": paths, "complete": complete}, key="begin", requested_by="dashboard")
    )


@router.post("/parts/begin/paste")
async def import_pasted(request: CurrentPageRequest) -> Response:
    """Start an import of a pasted or uploaded conversation."""
    async with receive_form(request) as submission:
        return await run_sync(_import_pasted, request, submission)


def _import_pasted(request: PageRequest, submission: Submission) -> Response:
    project, errors = resolve_project(request, submission)
    if project is None:
        return partial(
            request,
            "partials/_paste.html",
            status_code=422,
            errors=errors,
            values={"project": submission["project"], "text": submission.fields.get("text", "")},
        )
    submission.is_taken = True
    return redirect_to_job(
        request,
        jobs.request_job(
            request.store, "import", {**submission.job_arguments(), "complete": True}, project=project, requested_by="dashboard"
        ),
    )


@router.post("/parts/begin/demo")
def import_demo(request: CurrentPageRequest) -> Response:
    """Import sample sessions into a separate project."""
    # Imported here because it is rarely needed.
    from onward import samples

    folder = kinds.create_upload_folder(request.settings.home)
    try:
        project = projects.resolve(request.store, DEMO_PROJECT, create=True)
        files = [(path.name, str(path)) for path in samples.write(folder / "samples")]
        arguments = {"uploads": files, "upload": str(folder), "complete": True}
        return redirect_to_job(
            request, jobs.request_job(request.store, "import", arguments, project=project, requested_by="dashboard"), "/"
        )
    except OnwardError:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _summarize_by_agent(transcripts: list[FoundTranscript]) -> list[AgentTranscripts]:
    """Return the transcripts counted by agent, the agent with the most sessions first."""
    files, sessions, sizes, unreadable = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    newest: dict[str, datetime] = {}
    for transcript in transcripts:
        if transcript.error or not transcript.sessions:
            unreadable[transcript.agent] += transcript.error is not None
            continue
        files[transcript.agent] += 1
        sessions[transcript.agent] += len(transcript.sessions)
        sizes[transcript.agent] += transcript.size_bytes
        newest[transcript.agent] = max(newest.get(transcript.agent, transcript.changed_at), transcript.changed_at)
    return [
        AgentTranscripts(
            agent=agent, files=files[agent], sessions=count, size_bytes=sizes[agent], newest_at=newest[agent], unreadable=unreadable[agent]
        )
        for agent, count in sessions.most_common()
    ]
