"""Adding a transcript to a session and completing it as a job: large transcripts take longer than a request, and survive a lost
connection.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from onward.app.handoffs import writer
from onward.app.jobs import jobs
from onward.app.jobs.jobs import Job, JobContext, StepProgress, StepResult
from onward.app.projects import projects
from onward.app.sessions import sessions
from onward.app.sessions.completion import complete
from onward.app.transcripts.local_agents import LocalAgents
from onward.app.turns import client_turns
from onward.core.edit_version import WordChoice
from onward.core.project import Project
from onward.core.session import Session
from onward.errors import Conflict
from onward.message import Message
from onward.redact import Redactor
from onward.store import Store

JOB_KIND = "session"
_MAX_RECENT_JOBS = 20


@dataclass(frozen=True, slots=True)
class Completion:
    """What the user says on completing a session, from which version of it, and what that does to existing words. With `refine`, a
    language model writes the handoff afterwards.
    """

    accomplishments: Sequence[str]
    blockers: Sequence[str]
    credits_used: float | None
    refine: bool = False
    version: str = ""
    words: WordChoice | None = None


def request_completion(
    store: Store,
    project: Project,
    session: Session,
    upload_arguments: Mapping[str, Any],
    completion: Completion | None = None,
    *,
    catches_up: bool = False,
    requested_by: str = "",
) -> Job:
    """Request a job that appends the uploads of *upload_arguments* to a session (`kinds.import_transcripts` describes them), and with
    *completion* completes it.

    With *catches_up*, the worker first imports what the agents of its machine wrote since. The same request again returns the same job.
    Raises `Conflict` while another job works on the session.
    """
    redact = Redactor(project.key).text
    statements: dict[str, Any] | None = None
    if completion is not None:
        statements = asdict(completion) | {
            "accomplishments": [*map(redact, completion.accomplishments)],
            "blockers": [*map(redact, completion.blockers)],
        }
    arguments = {**upload_arguments, "session_id": session.id, "turns": session.turns, "said": statements, "catch_up": catches_up}
    job = jobs.request_job(store, JOB_KIND, arguments, project=project, key=str(session.id), requested_by=requested_by)
    if job.arguments["said"] != statements or job.arguments.get("upload") != upload_arguments.get("upload"):
        raise Conflict(
            Message("Job {job} is already working on session {number}.", number=session.number, job=job.id),
            "Wait until it is done, then send this again.",
        )
    return job


def find_latest(store: Store, project: Project, session: Session) -> Job | None:
    """Return the job of a session that was requested last, if it is among the latest of its project."""
    project_jobs = jobs.list_jobs(store, project=project, limit=_MAX_RECENT_JOBS)
    return next((job for job in project_jobs if job.kind == JOB_KIND and job.arguments["session_id"] == session.id), None)


def run_step(context: JobContext, job: Job, progress: StepProgress) -> StepResult:
    """Append the next of the job's uploads to the session; after the last one, complete the session if the job says so."""
    uploads, statements, position = job.arguments.get("uploads", []), job.arguments["said"], int(job.memo.get("next", 0))
    total = len(uploads) + (statements is not None)
    session = sessions.require_by_id(context.store, job.arguments["session_id"])
    if position < len(uploads):
        name, path = uploads[position]
        progress.report(position, total, name)
        with Path(path).open("rb") as file:
            client_turns.append_turns(context.store, session.id, client_turns.parse_file(file, name))
        progress.report(position + 1, total, "")
        return StepResult(False, {"next": position + 1}, {})
    result: dict[str, Any] = {
        "session_id": session.id,
        "session_number": session.number,
        "new_turns": session.turns - job.arguments["turns"],
    }
    if statements is not None:
        progress.report(position, total, "creating the handoff")
        completion_fields = {name: statements[name] for name in ("accomplishments", "blockers", "credits_used", "version", "words")}
        project = projects.require(context.store, session.project_id)
        completion = complete(
            context.store,
            session,
            local_agents=_local_agents(context, project) if job.arguments.get("catch_up") else None,
            **completion_fields,
            budget_tokens=context.budget_tokens,
        )
        result["new_turns"] += completion.new_turns
        result |= {"handoff_version": completion.handoff.version, "is_unchanged": completion.is_unchanged}
        if statements["refine"]:
            result |= writer.request_after(context, job, project, completion.handoff)
        progress.report(total, total, "")
    upload = job.arguments.get("upload")
    return StepResult(True, {}, result, Path(upload) if upload else None)


def _local_agents(context: JobContext, project: Project) -> LocalAgents | None:
    """Return the agents of the worker's machine for *project*; None without a machine or a folder."""
    if context.machine is None or not project.root:
        return None
    return LocalAgents(context.machine, Path(project.root), project, context.worktrees)
