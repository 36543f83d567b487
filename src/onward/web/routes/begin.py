"""Three ways to begin: what this machine's agents left, a conversation that is pasted or sent, and sample sessions. Each is a job, followed on the page."""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from secrets import token_hex
from typing import Annotated

from anyio.to_thread import run_sync
from fastapi import Form, Request, Response
from starlette.datastructures import UploadFile

from onward.app import discovery, job_kinds, jobs, projects
from onward.app.discovery import FoundTranscript
from onward.app.jobs import Job
from onward.errors import BadInput, NotAllowed, OnwardError
from onward.settings import read_machine
from onward.web.language import _
from onward.web.rendering import page, partial
from onward.web.visit import At, Toast, Visit, routes

router = routes()

DEMO = "antre"
MOST_FILES = 1000
_PIECE_BYTES = 1024 * 1024


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
    return _asked(at, jobs.ask(at.store, "import", {"paths": paths, "complete": complete}, key="begin", requested_by="dashboard"))


@router.post("/parts/begin/paste")
async def paste(at: At, request: Request) -> Response:
    """Keep what was pasted or chosen in the home folder, where the job finds it, and removes it."""
    folder = at.settings.home / job_kinds.UPLOADS / token_hex(16)
    folder.mkdir(parents=True, mode=0o700)
    try:
        async with request.form(max_files=MOST_FILES, max_part_size=at.settings.body_limit_mb * 2**20) as form:
            name, text = str(form.get("project") or "").strip(), str(form.get("text") or "")
            uploads: list[tuple[str, Path]] = []
            for value in form.getlist("files"):
                if isinstance(value, UploadFile) and value.filename:
                    uploads.append((value.filename.replace("\0", ""), folder / str(len(uploads))))
                    with uploads[-1][1].open("wb") as file:
                        while piece := await value.read(_PIECE_BYTES):
                            file.write(piece)
            if text.strip():
                uploads.append(("pasted", folder / "pasted"))
                uploads[-1][1].write_text(text, encoding="utf-8")
        return await run_sync(_pasted, at, name, text, uploads, folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _pasted(at: Visit, name: str, text: str, uploads: list[tuple[str, Path]], folder: Path) -> Response:
    errors = {}
    if not uploads:
        errors["text"] = _("Paste a conversation, or choose files.")
    if not name:
        errors["project"] = _("This is needed.")
    if not errors:
        try:
            project = projects.resolve(at.store, name, create=True)
        except BadInput as error:
            errors["project"] = str(error)
    if errors:
        shutil.rmtree(folder, ignore_errors=True)
        return partial(at, "partials/_paste.html", status_code=422, errors=errors, values={"project": name, "text": text})
    files = [(called, str(path)) for called, path in uploads]
    return _asked(
        at,
        jobs.ask(
            at.store, "import", {"uploads": files, "upload": str(folder), "complete": True}, project=project, requested_by="dashboard"
        ),
    )


@router.post("/parts/begin/demo")
def demo(at: At) -> Response:
    """Import sample sessions into a project of their own."""
    # Imported here: they are wanted once.
    from onward import samples

    folder = at.settings.home / job_kinds.UPLOADS / token_hex(16)
    folder.mkdir(parents=True, mode=0o700)
    try:
        project = projects.resolve(at.store, DEMO, create=True)
        files = [(path.name, str(path)) for path in samples.write(folder / "samples")]
        return _asked(
            at,
            jobs.ask(
                at.store, "import", {"uploads": files, "upload": str(folder), "complete": True}, project=project, requested_by="dashboard"
            ),
        )
    except OnwardError:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _asked(at: Visit, job: Job) -> Response:
    return partial(at, "partials/_job.html", job=job, then="/", toast=Toast(_("The import has begun. You may leave this page."), "info"))


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
