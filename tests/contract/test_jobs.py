"""Jobs are requested once, run step by step, cancelled, and retried. `tests/faults` tests the worker with kill -9."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from onward.app.admin import backups
from onward.app.archives.archives import export_project
from onward.app.jobs import jobs, kinds
from onward.app.jobs.jobs import Job, JobContext, JobStopped, StepProgress, StepResult
from onward.app.projects import projects
from onward.app.sessions import completion_job, sessions
from onward.app.sessions.completion_job import Completion
from onward.app.transcripts.imports import import_paths
from onward.errors import BadInput, Conflict, NotFound, StoreBusy
from onward.settings import Settings
from onward.store import Store, events

SAMPLES = Path(__file__).parents[2] / "src" / "onward" / "samples"
ME = "worker-1"


@pytest.fixture
def context(store: Store, tmp_path: Path) -> JobContext:
    return JobContext(store, tmp_path / "home", first_wait_seconds=0.0)


def run_steps(context: JobContext, pieces: Mapping[str, Any], job: Job, *, worker: str = ME, most: int = 30) -> Job:
    """Run steps of a job until this run and all later ones are over."""
    for _ in range(most):
        job = jobs.require(context.store, job.id)
        if not job.is_open:
            break
        jobs.take_step(context, pieces, job.run, worker, StepProgress())
    return job


def count_to_three(_: JobContext, job: Job, running: StepProgress) -> StepResult:
    """A job of three steps."""
    done = job.memo.get("done", 0) + 1
    running.report(done, 3, f"piece {done}")
    return StepResult(done == 3, {"done": done}, {"sum": job.result.get("sum", 0) + done})


def states_of(context: JobContext, job: Job) -> list[str]:
    with context.store.read() as connection:
        return [event.data["state"] for event in events.list_after(connection, 0, job_id=job.id)]


def test_a_job_is_done_step_by_step(context: JobContext) -> None:
    job = jobs.request_job(context.store, "count", {"x": 1}, requested_by="me")
    assert (job.state, job.is_open, job.arguments, job.requested_by) == ("queued", True, {"x": 1}, "me")
    assert jobs.take_step(context, {"count": count_to_three}, job.run, ME, StepProgress())
    half = jobs.require(context.store, job.id)
    assert (half.state, half.done, half.total, half.step, half.worker) == ("running", 1, 3, "piece 1", ME)
    done = run_steps(context, {"count": count_to_three}, job)
    assert (done.state, done.done, done.result, done.error, done.is_open) == ("done", 3, {"sum": 6}, None, False)
    assert not jobs.take_step(context, {"count": count_to_three}, job.run, ME, StepProgress())
    assert states_of(context, job)[-1] == "done"
    assert states_of(context, job).count("done") == 1


def test_while_it_is_open_there_is_one_job_of_a_key(context: JobContext) -> None:
    first = jobs.request_job(context.store, "count", {}, key="k")
    assert jobs.request_job(context.store, "count", {}, key="k") == first
    assert jobs.request_job(context.store, "other", {}, key="k").id != first.id
    assert jobs.request_job(context.store, "count", {}).id != jobs.request_job(context.store, "count", {}).id
    run_steps(context, {"count": count_to_three}, first)
    assert jobs.request_job(context.store, "count", {}, key="k").id != first.id


def test_temporary_failures_are_retried_and_permanent_ones_are_not(context: JobContext) -> None:
    tries: list[int] = []

    def failing(error: Exception, until: int) -> Callable[..., StepResult]:
        def step(_: JobContext, __: Job, ___: StepProgress) -> StepResult:
            tries.append(1)
            if len(tries) < until:
                raise error
            return StepResult(True, {}, {})

        return step

    done = run_steps(context, {"x": failing(StoreBusy("busy"), 3)}, jobs.request_job(context.store, "x", {}))
    assert (done.state, len(tries), done.error) == ("done", 3, None)
    tries.clear()
    failed = run_steps(context, {"x": failing(StoreBusy("busy", "Wait."), 99)}, jobs.request_job(context.store, "x", {}))
    assert (failed.state, len(tries)) == ("failed", jobs.MAX_ATTEMPTS)
    assert failed.error == {"code": "store_busy", "message": "busy", "hint": "Wait."}
    for error, code in ((BadInput("bad"), "bad_input"), (ZeroDivisionError("secret"), "defect")):
        tries.clear()
        failed = run_steps(context, {"x": failing(error, 99)}, jobs.request_job(context.store, "x", {}))
        assert (failed.state, len(tries)) == ("failed", 1)
        assert failed.error is not None
        assert failed.error["code"] == code
        assert "secret" not in str(failed.error)


def test_attempts_wait_longer_and_longer(context: JobContext) -> None:
    context = JobContext(context.store, context.home, first_wait_seconds=10.0)

    def busy(*_: object) -> StepResult:
        raise StoreBusy("busy")

    job = jobs.request_job(context.store, "x", {})
    waits = []
    for _ in range(4):
        jobs.take_step(context, {"x": busy}, jobs.require(context.store, job.id).run, ME, StepProgress())
        now = jobs.require(context.store, job.id)
        assert now.due_at
        assert now.started_at
        waits.append(round((now.due_at - now.started_at).total_seconds() / 10))
    assert waits == [1, 2, 4, 6]


def test_a_job_that_has_not_begun_is_cancelled_at_once(context: JobContext) -> None:
    job = jobs.request_job(context.store, "count", {})
    assert jobs.cancel(context.store, job.id).state == "cancelled"
    assert not jobs.take_step(context, {"count": count_to_three}, job.run, ME, StepProgress())
    assert jobs.cancel(context.store, job.id).state == "cancelled"


def test_a_running_job_is_cancelled_and_resumed(context: JobContext) -> None:
    def cancelled(at: JobContext, job: Job, running: StepProgress) -> StepResult:
        if job.memo.get("done") == 1 and not job.result.get("is_unchanged"):
            jobs.cancel(at.store, job.id)
            jobs.record_beat(at.store, job.run, ME, running)
        return count_to_three(at, job, running)

    job = run_steps(context, {"count": cancelled}, jobs.request_job(context.store, "count", {}))
    assert (job.state, job.memo) == ("cancelled", {"done": 1})
    again = jobs.retry(context.store, job.id)
    assert (again.state, again.run != job.run, again.finished_at, again.cancel_asked_at) == ("queued", True, None, None)
    assert run_steps(context, {"count": count_to_three}, again).result == {"sum": 6}
    with pytest.raises(Conflict):
        jobs.retry(context.store, job.id)


def test_a_retry_waits_for_another_job_of_its_key(context: JobContext) -> None:
    job = jobs.cancel(context.store, jobs.request_job(context.store, "count", {}, key="k").id)
    jobs.request_job(context.store, "count", {}, key="k")
    with pytest.raises(Conflict):
        jobs.retry(context.store, job.id)


def test_a_worker_that_lost_its_job_changes_nothing(context: JobContext) -> None:
    def taken(at: JobContext, job: Job, running: StepProgress) -> StepResult:
        jobs.take_step(at, {"count": count_to_three}, job.run, "worker-2", StepProgress())
        jobs.record_beat(at.store, job.run, ME, running)
        assert running.is_stopped
        return StepResult(True, {}, {"mine": True})

    job = jobs.request_job(context.store, "count", {})
    assert not jobs.take_step(context, {"count": taken}, job.run, ME, StepProgress())
    now = jobs.require(context.store, job.id)
    assert (now.worker, now.state, now.result) == ("worker-2", "running", {"sum": 1})


def test_a_worker_that_was_told_to_stop_cancels_only_what_was_cancelled(context: JobContext) -> None:
    job = jobs.request_job(context.store, "count", {"to": 3})
    # The worker was suspended, another had its job for a moment, and it took the job back.
    assert not jobs.take_step(context, {"count": count_to_three}, job.run, ME, StepProgress(is_stopped=True))
    assert jobs.require(context.store, job.id).state == "running"
    jobs.cancel(context.store, job.id)
    assert not jobs.take_step(context, {"count": count_to_three}, job.run, ME, StepProgress())
    assert jobs.require(context.store, job.id).state == "cancelled"


def test_progress_is_written_with_the_heartbeat(context: JobContext) -> None:
    job = jobs.request_job(context.store, "count", {})
    running = StepProgress()
    jobs.take_step(context, {"count": count_to_three}, job.run, ME, running)
    running.report(2, 7, "here")
    jobs.record_beat(context.store, job.run, ME, running)
    now = jobs.require(context.store, job.id)
    assert (now.done, now.total, now.step) == (2, 7, "here")
    running.is_stopped = True
    with pytest.raises(JobStopped):
        running.report(3, 7)


def test_jobs_are_listed_newest_first(context: JobContext) -> None:
    project = projects.create(context.store, "kopi")
    all_jobs = [jobs.request_job(context.store, "count", {}, project=project if n % 2 else None) for n in range(5)]
    run_steps(context, {"count": count_to_three}, all_jobs[0])
    assert [job.id for job in jobs.list_jobs(context.store, limit=3)] == [all_jobs[4].id, all_jobs[3].id, all_jobs[2].id]
    assert [job.id for job in jobs.list_jobs(context.store, before=all_jobs[2].id)] == [all_jobs[1].id, all_jobs[0].id]
    assert [job.id for job in jobs.list_jobs(context.store, project=project)] == [all_jobs[3].id, all_jobs[1].id]
    assert [job.id for job in jobs.list_jobs(context.store, state="done")] == [all_jobs[0].id]
    assert [job.id for job in jobs.list_open(context.store)] == [job.id for job in all_jobs[1:]]
    with pytest.raises(NotFound):
        jobs.require(context.store, 99)


def test_transcripts_are_imported_in_pieces(context: JobContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kinds, "_PIECE_FILES", 2)
    upload = tmp_path / "home" / "uploads" / "u"
    upload.mkdir(parents=True)
    for path in SAMPLES.glob("*.jsonl"):
        (upload / path.name).write_bytes(path.read_bytes())
    (upload / "note.jsonl").write_text("{\n", "utf-8")
    project = projects.create(context.store, "klinik")
    arguments = {"paths": [str(upload), str(tmp_path / "none")], "complete": True, "upload": str(upload)}
    job = run_steps(context, kinds.STEP_FUNCTIONS, jobs.request_job(context.store, "import", arguments, project=project))
    assert job.state == "done"
    assert (job.done, job.total) == (4, 4)
    assert {name: job.result[name] for name in ("files", "sessions", "handoffs", "failed")} == {
        "files": 4,
        "sessions": 3,
        "handoffs": 3,
        "failed": 1,
    }
    assert [error["code"] for error in job.result["errors"]] == ["unreadable_file"]
    assert not upload.exists()


def test_an_import_that_can_read_none_of_its_files_fails(context: JobContext) -> None:
    license_text = "Permission is granted, free of charge, to any person.\nThe software comes without warranty.\n"
    text_job = run_steps(context, kinds.STEP_FUNCTIONS, jobs.request_job(context.store, "import", upload_texts(context, license_text)))
    assert (text_job.state, text_job.error and text_job.error["code"]) == ("failed", "unknown_format")
    both_job = run_steps(
        context, kinds.STEP_FUNCTIONS, jobs.request_job(context.store, "import", upload_texts(context, license_text, "\x7fELF" * 99))
    )
    assert (both_job.state, both_job.error and both_job.error["code"]) == ("failed", "bad_input")
    assert projects.list_projects(context.store) == []


PARTS = ("User: Use port 9100.\nAssistant: Done, print.ts uses it.", "User: Cut the paper, too.\nAssistant: It is cut after each ticket.")


def upload_texts(context: JobContext, *texts: str) -> dict[str, Any]:
    """Return the arguments of a job for uploaded texts."""
    folder = kinds.create_upload_folder(context.home)
    for place, text in enumerate(texts):
        (folder / str(place)).write_text(text, "utf-8")
    return {"uploads": [(f"{place}.txt", str(folder / str(place))) for place in range(len(texts))], "upload": str(folder)}


def test_a_session_takes_its_transcript_in_and_is_completed(context: JobContext) -> None:
    project = projects.create(context.store, "klinik")
    session = sessions.start(context.store, project).session
    secret = "ghp_" + "a8B3" * 9
    given = upload_texts(context, *PARTS)
    words = Completion(accomplishments=[f"It prints with {secret}"], blockers=["No spare roll"], credits_used=42.0, refine=True)
    job = completion_job.request_completion(context.store, project, session, given, words)
    assert completion_job.request_completion(context.store, project, session, given, words) == job
    with pytest.raises(Conflict, match=f"Job {job.id}"):
        completion_job.request_completion(context.store, project, session, given)
    assert secret not in str(job.arguments)
    # Each step is interrupted after its work, and run again.
    for _ in range(3):
        kinds.STEP_FUNCTIONS[job.kind](context, jobs.require(context.store, job.id), StepProgress())
        assert jobs.require(context.store, job.id).is_open
        jobs.take_step(context, kinds.STEP_FUNCTIONS, job.run, ME, StepProgress())
    done = jobs.require(context.store, job.id)
    assert (done.state, done.done, done.total) == ("done", 3, 3)
    expected = {
        "session_id": session.id,
        "session_number": 1,
        "new_turns": 4,
        "handoff_version": 1,
        "is_unchanged": True,
        "llm": "not configured",
    }
    assert done.result == expected
    now = sessions.require_by_id(context.store, session.id)
    assert (now.status, now.turns, now.blockers, now.credits_used) == ("completed", 4, ("No spare roll",), 42.0)
    assert not Path(given["upload"]).exists()
    assert completion_job.find_latest(context.store, project, now) == done


def test_an_empty_transcript_fails_the_job_and_keeps_the_input(context: JobContext) -> None:
    project = projects.create(context.store, "klinik")
    session = sessions.start(context.store, project).session
    given = upload_texts(context, PARTS[0], "")
    failed = run_steps(context, kinds.STEP_FUNCTIONS, completion_job.request_completion(context.store, project, session, given))
    assert failed.error is not None
    assert (failed.state, failed.error["code"], failed.done) == ("failed", "bad_input", 1)
    assert sessions.require_by_id(context.store, session.id).turns == 2
    assert Path(given["upload"]).exists()
    Path(given["uploads"][1][1]).write_text(PARTS[1], "utf-8")
    assert run_steps(context, kinds.STEP_FUNCTIONS, jobs.retry(context.store, failed.id)).result["new_turns"] == 4


def test_a_project_goes_out_and_comes_in_by_jobs(context: JobContext, tmp_path: Path) -> None:
    project = projects.create(context.store, "klinik")
    import_paths(context.store, [SAMPLES / "1-claude-code.jsonl"], project=project, complete=True)
    rebuilt = run_steps(context, kinds.STEP_FUNCTIONS, jobs.request_job(context.store, "rebuild", {}, project=project))
    assert (rebuilt.state, rebuilt.result["handoff_version"]) == ("done", 2)
    out = run_steps(context, kinds.STEP_FUNCTIONS, jobs.request_job(context.store, "export", {}, project=project))
    file = kinds.output_path(context.home, out)
    assert out.result["size_bytes"] == file.stat().st_size
    assert file.read_bytes() == export_project(context.store, project, tmp_path / "x.zip").path.read_bytes()
    projects.delete(context.store, project)
    back = run_steps(context, kinds.STEP_FUNCTIONS, jobs.request_job(context.store, "import-project", {"path": str(file)}))
    assert (back.state, back.result["name"], back.result["is_unchanged"]) == ("done", "klinik", False)
    assert not file.exists()


def test_the_store_is_copied_while_it_is_open(context: JobContext, tmp_path: Path) -> None:
    projects.create(context.store, "klinik")
    if context.store.path is None:
        with pytest.raises(BadInput, match="PostgreSQL"):
            backups.request_backup(context.store)
        return
    job = backups.request_backup(context.store)
    assert backups.request_backup(context.store) == job
    done = run_steps(context, kinds.STEP_FUNCTIONS, job)
    assert (done.state, done.done, done.result["projects"], done.result["name"]) == (
        "done",
        done.total,
        1,
        f"onward-{done.created_at:%Y-%m-%d}.db",
    )
    back = backups.restore(Settings(tmp_path / "elsewhere", tmp_path), kinds.output_path(context.home, done))
    assert (back.projects, back.size_bytes) == (1, done.result["size_bytes"])


def test_bad_input_and_missing_targets_fail_a_job(context: JobContext, tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(b"no zip")
    bad = run_steps(context, kinds.STEP_FUNCTIONS, jobs.request_job(context.store, "import-project", {"path": str(tmp_path / "x.zip")}))
    assert bad.error is not None
    assert (bad.state, bad.error["code"]) == ("failed", "bad_archive")
    project = projects.create(context.store, "kopi")
    open_jobs = [
        jobs.request_job(context.store, kind, {"paths": [str(SAMPLES)]}, project=project) for kind in ("rebuild", "export", "import")
    ]
    projects.delete(context.store, project)
    for job in open_jobs:
        finished_job = run_steps(context, kinds.STEP_FUNCTIONS, job)
        assert finished_job.error is not None
        assert (finished_job.state, finished_job.error["code"]) == ("failed", "not_found")
    unknown = run_steps(context, kinds.STEP_FUNCTIONS, jobs.request_job(context.store, "later", {}))
    assert unknown.error is not None
    assert "does not know the job kind" in str(unknown.error["message"])


def test_old_files_are_removed(tmp_path: Path) -> None:
    for name in ("exports/1.zip", "uploads/u/x.jsonl", "onward.db"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    kinds.delete_expired_files(tmp_path, time.time())
    assert (tmp_path / "exports/1.zip").exists()
    kinds.delete_expired_files(tmp_path, time.time() + kinds.RETENTION_SECONDS + 60)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["exports", "onward.db", "uploads"]
