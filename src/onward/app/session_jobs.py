"""A session's transcript taken in and the session completed, as a job: what is large takes longer than a person waits, and is not lost where the way to them is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from onward.app import jobs, projects, refining, saving, sessions
from onward.app.completing import complete
from onward.app.jobs import Bench, Job, Left, Running
from onward.core.project import Project
from onward.core.session import Session
from onward.errors import Conflict
from onward.redact import Redactor
from onward.store import Store

KIND = "session"
_MOST_LOOKED_AT = 20


@dataclass(frozen=True, slots=True)
class Words:
    """What a person says of a session on completing it; with `refine`, a model is then asked to write its handoff better."""

    accomplishments: Sequence[str]
    blockers: Sequence[str]
    credits_used: float | None
    refine: bool = False


def ask(
    store: Store, project: Project, session: Session, sent: Mapping[str, Any], words: Words | None = None, *, requested_by: str = ""
) -> Job:
    """Ask for the uploads that *sent* names to be appended to a session (`job_kinds.import_transcripts` says how), and with *words* for the session to be completed.

    Asked again for the same, it is the same job. Raises `Conflict` while something else is being done with the session.
    """
    redact = Redactor(project.key).text
    said: dict[str, Any] | None = None
    if words is not None:
        said = asdict(words) | {"accomplishments": [*map(redact, words.accomplishments)], "blockers": [*map(redact, words.blockers)]}
    arguments = {**sent, "session_id": session.id, "turns": session.turns, "said": said}
    job = jobs.ask(store, KIND, arguments, project=project, key=str(session.id), requested_by=requested_by)
    if job.arguments["said"] != said or job.arguments.get("upload") != sent.get("upload"):
        raise Conflict(f"Session {session.number} is being worked on by job {job.id} already.", "Wait for that one, then send this again.")
    return job


def latest(store: Store, project: Project, session: Session) -> Job | None:
    """Return the job of a session that was asked for last, if that is among the latest of its project."""
    found = jobs.listed(store, project=project, limit=_MOST_LOOKED_AT)
    return next((one for one in found if one.kind == KIND and one.arguments["session_id"] == session.id), None)


def carry_out(bench: Bench, job: Job, running: Running) -> Left:
    """Append to the session `session_id` what it does not have of `uploads`, one file a piece; then complete it with what is `said` of it, if anything is."""
    uploads, said, place = job.arguments.get("uploads", []), job.arguments["said"], int(job.memo.get("next", 0))
    total = len(uploads) + (said is not None)
    one = sessions.of_id(bench.store, job.arguments["session_id"])
    if place < len(uploads):
        name, path = uploads[place]
        running.at(place, total, name)
        with Path(path).open("rb") as file:
            saving.save(bench.store, one.id, saving.turns_of_file(file, name))
        running.at(place + 1, total, "")
        return Left(False, {"next": place + 1}, {})
    result: dict[str, Any] = {"session_id": one.id, "session_number": one.number, "new_turns": one.turns - job.arguments["turns"]}
    if said is not None:
        running.at(place, total, "making the handoff")
        words = {name: said[name] for name in ("accomplishments", "blockers", "credits_used")}
        done = complete(bench.store, one, **words, budget_tokens=bench.budget_tokens)
        result |= {"handoff_version": done.handoff.version, "again": done.again}
        if said["refine"]:
            result |= refining.ask_after(bench, job, projects.of_id(bench.store, one.project_id), done.handoff)
        running.at(total, total, "")
    upload = job.arguments.get("upload")
    return Left(True, {}, result, Path(upload) if upload else None)
