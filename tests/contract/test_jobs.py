"""Jobs: asked for once, carried out step by step, stopped, tried again. The worker itself is tested with kill -9 in `tests/faults`."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from onward.app import backups, job_kinds, jobs, projects, session_jobs, sessions
from onward.app.archives import export_project
from onward.app.imports import import_paths
from onward.app.jobs import Bench, Job, Left, Running, Stopped
from onward.app.session_jobs import Words
from onward.errors import BadInput, Conflict, NotFound, StoreBusy
from onward.settings import Settings
from onward.store import Store, events

SAMPLES = Path(__file__).parents[2] / "src" / "onward" / "samples"
ME = "worker-1"


@pytest.fixture
def bench(store: Store, tmp_path: Path) -> Bench:
    return Bench(store, tmp_path / "home", first_wait_seconds=0.0)


def steps(bench: Bench, pieces: Mapping[str, Any], job: Job, *, worker: str = ME, most: int = 30) -> Job:
    """Take steps of a job until its run, and every later one, is over."""
    for _ in range(most):
        job = jobs.find(bench.store, job.id)
        if not job.is_open:
            break
        jobs.take_step(bench, pieces, job.run, worker, Running())
    return job


def counting(_: Bench, job: Job, running: Running) -> Left:
    """Three steps."""
    done = job.memo.get("done", 0) + 1
    running.at(done, 3, f"piece {done}")
    return Left(done == 3, {"done": done}, {"sum": job.result.get("sum", 0) + done})


def told(bench: Bench, job: Job) -> list[str]:
    with bench.store.read() as connection:
        return [event.data["state"] for event in events.after(connection, 0, job_id=job.id)]


def test_a_job_is_done_step_by_step(bench: Bench) -> None:
    asked = jobs.ask(bench.store, "count", {"x": 1}, requested_by="me")
    assert (asked.state, asked.is_open, asked.arguments, asked.requested_by) == ("queued", True, {"x": 1}, "me")
    assert jobs.take_step(bench, {"count": counting}, asked.run, ME, Running())
    half = jobs.find(bench.store, asked.id)
    assert (half.state, half.done, half.total, half.step, half.worker) == ("running", 1, 3, "piece 1", ME)
    done = steps(bench, {"count": counting}, asked)
    assert (done.state, done.done, done.result, done.error, done.is_open) == ("done", 3, {"sum": 6}, None, False)
    assert not jobs.take_step(bench, {"count": counting}, asked.run, ME, Running())
    assert told(bench, asked)[-1] == "done"
    assert told(bench, asked).count("done") == 1


def test_while_it_is_open_there_is_one_job_of_a_key(bench: Bench) -> None:
    first = jobs.ask(bench.store, "count", {}, key="k")
    assert jobs.ask(bench.store, "count", {}, key="k") == first
    assert jobs.ask(bench.store, "other", {}, key="k").id != first.id
    assert jobs.ask(bench.store, "count", {}).id != jobs.ask(bench.store, "count", {}).id
    steps(bench, {"count": counting}, first)
    assert jobs.ask(bench.store, "count", {}, key="k").id != first.id


def test_what_may_pass_is_tried_again_and_what_cannot_is_not(bench: Bench) -> None:
    tries: list[int] = []

    def failing(error: Exception, until: int) -> Callable[..., Left]:
        def piece(_: Bench, __: Job, ___: Running) -> Left:
            tries.append(1)
            if len(tries) < until:
                raise error
            return Left(True, {}, {})

        return piece

    done = steps(bench, {"x": failing(StoreBusy("busy"), 3)}, jobs.ask(bench.store, "x", {}))
    assert (done.state, len(tries), done.error) == ("done", 3, None)
    tries.clear()
    failed = steps(bench, {"x": failing(StoreBusy("busy", "Wait."), 99)}, jobs.ask(bench.store, "x", {}))
    assert (failed.state, len(tries)) == ("failed", jobs.MOST_ATTEMPTS)
    assert failed.error == {"code": "store_busy", "message": "busy", "hint": "Wait."}
    for error, code in ((BadInput("bad"), "bad_input"), (ZeroDivisionError("secret"), "defect")):
        tries.clear()
        failed = steps(bench, {"x": failing(error, 99)}, jobs.ask(bench.store, "x", {}))
        assert (failed.state, len(tries)) == ("failed", 1)
        assert failed.error is not None
        assert failed.error["code"] == code
        assert "secret" not in str(failed.error)


def test_attempts_wait_longer_and_longer(bench: Bench) -> None:
    bench = Bench(bench.store, bench.home, first_wait_seconds=10.0)

    def busy(*_: object) -> Left:
        raise StoreBusy("busy")

    job = jobs.ask(bench.store, "x", {})
    waits = []
    for _ in range(4):
        jobs.take_step(bench, {"x": busy}, jobs.find(bench.store, job.id).run, ME, Running())
        now = jobs.find(bench.store, job.id)
        assert now.due_at
        assert now.started_at
        waits.append(round((now.due_at - now.started_at).total_seconds() / 10))
    assert waits == [1, 2, 4, 6]


def test_a_job_that_has_not_begun_is_cancelled_at_once(bench: Bench) -> None:
    job = jobs.ask(bench.store, "count", {})
    assert jobs.cancel(bench.store, job.id).state == "cancelled"
    assert not jobs.take_step(bench, {"count": counting}, job.run, ME, Running())
    assert jobs.cancel(bench.store, job.id).state == "cancelled"


def test_a_job_at_work_is_stopped_where_it_is_and_gone_on_with(bench: Bench) -> None:
    def cancelled(at: Bench, job: Job, running: Running) -> Left:
        if job.memo.get("done") == 1 and not job.result.get("again"):
            jobs.cancel(at.store, job.id)
            jobs.beat(at.store, job.run, ME, running)
        return counting(at, job, running)

    job = steps(bench, {"count": cancelled}, jobs.ask(bench.store, "count", {}))
    assert (job.state, job.memo) == ("cancelled", {"done": 1})
    again = jobs.retry(bench.store, job.id)
    assert (again.state, again.run != job.run, again.finished_at, again.cancel_asked_at) == ("queued", True, None, None)
    assert steps(bench, {"count": counting}, again).result == {"sum": 6}
    with pytest.raises(Conflict):
        jobs.retry(bench.store, job.id)


def test_a_retry_waits_for_another_job_of_its_key(bench: Bench) -> None:
    job = jobs.cancel(bench.store, jobs.ask(bench.store, "count", {}, key="k").id)
    jobs.ask(bench.store, "count", {}, key="k")
    with pytest.raises(Conflict):
        jobs.retry(bench.store, job.id)


def test_a_worker_that_lost_its_job_changes_nothing(bench: Bench) -> None:
    def taken(at: Bench, job: Job, running: Running) -> Left:
        jobs.take_step(at, {"count": counting}, job.run, "worker-2", Running())
        jobs.beat(at.store, job.run, ME, running)
        assert running.is_stopped
        return Left(True, {}, {"mine": True})

    job = jobs.ask(bench.store, "count", {})
    assert not jobs.take_step(bench, {"count": taken}, job.run, ME, Running())
    now = jobs.find(bench.store, job.id)
    assert (now.worker, now.state, now.result) == ("worker-2", "running", {"sum": 1})


def test_a_worker_that_was_told_to_stop_cancels_only_what_was_cancelled(bench: Bench) -> None:
    job = jobs.ask(bench.store, "count", {"to": 3})
    # It stood still, another had its job for a moment, and it took the job back.
    assert not jobs.take_step(bench, {"count": counting}, job.run, ME, Running(is_stopped=True))
    assert jobs.find(bench.store, job.id).state == "running"
    jobs.cancel(bench.store, job.id)
    assert not jobs.take_step(bench, {"count": counting}, job.run, ME, Running())
    assert jobs.find(bench.store, job.id).state == "cancelled"


def test_progress_is_written_by_the_beat(bench: Bench) -> None:
    job = jobs.ask(bench.store, "count", {})
    running = Running()
    jobs.take_step(bench, {"count": counting}, job.run, ME, running)
    running.at(2, 7, "here")
    jobs.beat(bench.store, job.run, ME, running)
    now = jobs.find(bench.store, job.id)
    assert (now.done, now.total, now.step) == (2, 7, "here")
    running.is_stopped = True
    with pytest.raises(Stopped):
        running.at(3, 7)


def test_jobs_are_listed_newest_first(bench: Bench) -> None:
    project = projects.new(bench.store, "kopi")
    made = [jobs.ask(bench.store, "count", {}, project=project if n % 2 else None) for n in range(5)]
    steps(bench, {"count": counting}, made[0])
    assert [one.id for one in jobs.listed(bench.store, limit=3)] == [made[4].id, made[3].id, made[2].id]
    assert [one.id for one in jobs.listed(bench.store, before=made[2].id)] == [made[1].id, made[0].id]
    assert [one.id for one in jobs.listed(bench.store, project=project)] == [made[3].id, made[1].id]
    assert [one.id for one in jobs.listed(bench.store, state="done")] == [made[0].id]
    assert [one.id for one in jobs.open_ones(bench.store)] == [one.id for one in made[1:]]
    with pytest.raises(NotFound):
        jobs.find(bench.store, 99)


def test_transcripts_are_imported_in_pieces(bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_kinds, "_PIECE_FILES", 2)
    upload = tmp_path / "home" / "uploads" / "u"
    upload.mkdir(parents=True)
    for path in SAMPLES.glob("*.jsonl"):
        (upload / path.name).write_bytes(path.read_bytes())
    (upload / "note.jsonl").write_text("{\n", "utf-8")
    project = projects.new(bench.store, "klinik")
    arguments = {"paths": [str(upload), str(tmp_path / "none")], "complete": True, "upload": str(upload)}
    job = steps(bench, job_kinds.PIECES, jobs.ask(bench.store, "import", arguments, project=project))
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


PARTS = ("User: Use port 9100.\nAssistant: Done, print.ts uses it.", "User: Cut the paper, too.\nAssistant: It is cut after each ticket.")


def sent(bench: Bench, *texts: str) -> dict[str, Any]:
    """Return what a job has to know of texts that were sent."""
    folder = job_kinds.new_upload(bench.home)
    for place, text in enumerate(texts):
        (folder / str(place)).write_text(text, "utf-8")
    return {"uploads": [(f"{place}.txt", str(folder / str(place))) for place in range(len(texts))], "upload": str(folder)}


def test_a_session_takes_its_transcript_in_and_is_completed(bench: Bench) -> None:
    project = projects.new(bench.store, "klinik")
    one = sessions.start(bench.store, project).session
    secret = "ghp_" + "a8B3" * 9
    given, words = sent(bench, *PARTS), Words([f"It prints with {secret}"], ["No spare roll"], 42.0, refine=True)
    job = session_jobs.ask(bench.store, project, one, given, words)
    assert session_jobs.ask(bench.store, project, one, given, words) == job
    with pytest.raises(Conflict, match=f"job {job.id}"):
        session_jobs.ask(bench.store, project, one, given)
    assert secret not in str(job.arguments)
    # Each piece is cut off after what it did, and done again.
    for _ in range(3):
        job_kinds.PIECES[job.kind](bench, jobs.find(bench.store, job.id), Running())
        assert jobs.find(bench.store, job.id).is_open
        jobs.take_step(bench, job_kinds.PIECES, job.run, ME, Running())
    done = jobs.find(bench.store, job.id)
    assert (done.state, done.done, done.total) == ("done", 3, 3)
    told = {"session_id": one.id, "session_number": 1, "new_turns": 4, "handoff_version": 1, "again": True, "llm": "not configured"}
    assert done.result == told
    now = sessions.of_id(bench.store, one.id)
    assert (now.status, now.turns, now.blockers, now.credits_used) == ("completed", 4, ("No spare roll",), 42.0)
    assert not Path(given["upload"]).exists()
    assert session_jobs.latest(bench.store, project, now) == done


def test_a_transcript_that_says_nothing_ends_its_job_and_what_was_written_is_kept(bench: Bench) -> None:
    project = projects.new(bench.store, "klinik")
    one = sessions.start(bench.store, project).session
    given = sent(bench, PARTS[0], "")
    failed = steps(bench, job_kinds.PIECES, session_jobs.ask(bench.store, project, one, given))
    assert failed.error is not None
    assert (failed.state, failed.error["code"], failed.done) == ("failed", "bad_input", 1)
    assert sessions.of_id(bench.store, one.id).turns == 2
    assert Path(given["upload"]).exists()
    Path(given["uploads"][1][1]).write_text(PARTS[1], "utf-8")
    assert steps(bench, job_kinds.PIECES, jobs.retry(bench.store, failed.id)).result["new_turns"] == 4


def test_a_project_goes_out_and_comes_in_by_jobs(bench: Bench, tmp_path: Path) -> None:
    project = projects.new(bench.store, "klinik")
    import_paths(bench.store, [SAMPLES / "1-claude-code.jsonl"], project=project, complete=True)
    rebuilt = steps(bench, job_kinds.PIECES, jobs.ask(bench.store, "rebuild", {}, project=project))
    assert (rebuilt.state, rebuilt.result["handoff_version"]) == ("done", 2)
    out = steps(bench, job_kinds.PIECES, jobs.ask(bench.store, "export", {}, project=project))
    file = job_kinds.made_file(bench.home, out)
    assert out.result["bytes"] == file.stat().st_size
    assert file.read_bytes() == export_project(bench.store, project, tmp_path / "x.zip").path.read_bytes()
    projects.delete(bench.store, project)
    back = steps(bench, job_kinds.PIECES, jobs.ask(bench.store, "import-project", {"path": str(file)}))
    assert (back.state, back.result["name"], back.result["again"]) == ("done", "klinik", False)
    assert not file.exists()


def test_the_store_is_copied_while_it_is_open(bench: Bench, tmp_path: Path) -> None:
    projects.new(bench.store, "klinik")
    if bench.store.path is None:
        with pytest.raises(BadInput, match="PostgreSQL"):
            backups.ask(bench.store)
        return
    asked = backups.ask(bench.store)
    assert backups.ask(bench.store) == asked
    done = steps(bench, job_kinds.PIECES, asked)
    assert (done.state, done.done, done.result["projects"], done.result["name"]) == (
        "done",
        done.total,
        1,
        f"onward-{done.created_at:%Y-%m-%d}.db",
    )
    back = backups.restore(Settings(tmp_path / "elsewhere", tmp_path), job_kinds.made_file(bench.home, done))
    assert (back.projects, back.size_bytes) == (1, done.result["bytes"])


def test_bad_input_and_what_is_gone_end_a_job(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(b"no zip")
    bad = steps(bench, job_kinds.PIECES, jobs.ask(bench.store, "import-project", {"path": str(tmp_path / "x.zip")}))
    assert bad.error is not None
    assert (bad.state, bad.error["code"]) == ("failed", "bad_archive")
    project = projects.new(bench.store, "kopi")
    asked = [jobs.ask(bench.store, kind, {"paths": [str(SAMPLES)]}, project=project) for kind in ("rebuild", "export", "import")]
    projects.delete(bench.store, project)
    for job in asked:
        gone = steps(bench, job_kinds.PIECES, job)
        assert gone.error is not None
        assert (gone.state, gone.error["code"]) == ("failed", "not_found")
    unknown = steps(bench, job_kinds.PIECES, jobs.ask(bench.store, "later", {}))
    assert unknown.error is not None
    assert "knows no work" in unknown.error["message"]


def test_old_files_are_removed(tmp_path: Path) -> None:
    for name in ("exports/1.zip", "uploads/u/x.jsonl", "onward.db"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    job_kinds.tidy(tmp_path, time.time())
    assert (tmp_path / "exports/1.zip").exists()
    job_kinds.tidy(tmp_path, time.time() + job_kinds.KEPT_SECONDS + 60)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["exports", "onward.db", "uploads"]
