"""Jobs, events and archives over HTTP."""

from __future__ import annotations

import io
import json
import os
import signal
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from starlette.testclient import TestClient

from onward.app.admin import backups
from onward.app.jobs import jobs, kinds
from onward.app.jobs.jobs import JobContext, StepProgress
from onward.app.projects import projects
from onward.app.transcripts.imports import import_paths
from onward.settings import Settings
from onward.store import Store

from .conftest import serving

SAMPLES = Path(__file__).parents[2] / "src" / "onward" / "samples"
SAMPLE = SAMPLES / "1-claude-code.jsonl"


def run_jobs(store: Store, settings: Settings) -> None:
    """Run every open job, as a worker would."""
    bench = JobContext(store, settings.home)
    for job in jobs.list_open(store):
        while jobs.take_step(bench, kinds.STEP_FUNCTIONS, job.run, "me", StepProgress()):
            pass


@pytest.fixture
def klinik(store: Store) -> int:
    project = projects.create(store, "klinik")
    import_paths(store, [SAMPLE], project=project, complete=True)
    return project.id


def test_a_project_goes_out_and_comes_in(client: TestClient, klinik: int, settings: Settings) -> None:
    sent = client.post("/api/private/export-project", json={"projectId": klinik, "training": True})
    assert sent.headers["content-type"] == "application/zip"
    assert 'filename="klinik.onward.zip"' in sent.headers["content-disposition"]
    assert "training.jsonl" in zipfile.ZipFile(io.BytesIO(sent.content)).namelist()
    again = client.post("/api/projects/import", content=sent.content, headers={"content-type": "application/zip"}).json()
    assert again["data"] == {
        "project_id": klinik,
        "name": "klinik",
        "session_count": 1,
        "turn_count": again["data"]["turn_count"],
        "handoff_count": 1,
        "is_unchanged": True,
    }
    client.delete(f"/api/projects/{klinik}?cascade=true&name=klinik")
    form = client.post("/api/projects/import?name=baru", files={"file": ("x.zip", sent.content)}).json()
    assert (form["data"]["name"], form["data"]["is_unchanged"]) == ("baru", False)
    assert list(settings.home.rglob("*.zip")) == []


@pytest.mark.parametrize("content", [b"", b"PK", b"no zip at all"])
def test_invalid_archives_are_refused_and_leave_nothing(client: TestClient, settings: Settings, content: bytes) -> None:
    answer = client.post("/api/projects/import", content=content)
    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == "bad_archive"
    assert client.post("/api/projects/import", files={"other": content}).status_code == 422
    assert client.get("/api/projects").json()["data"] == []
    assert list(settings.home.rglob("*.zip")) == []


def test_an_export_in_the_background(client: TestClient, store: Store, settings: Settings, klinik: int) -> None:
    answer = client.post("/api/private/export-project", json={"project_id": klinik, "in_background": True})
    assert answer.status_code == 202
    job = answer.json()["data"]
    assert answer.headers["location"] == f"/api/jobs/{job['id']}"
    assert (answer.json()["job_id"], job["kind"], job["state"], job["project_id"]) == (job["id"], "export", "queued", klinik)
    same = client.post("/api/private/export-project", json={"project_id": klinik, "in_background": True}).json()
    assert same["job_id"] == job["id"]
    assert client.get(f"/api/jobs/{job['id']}/file").status_code == 404
    run_jobs(store, settings)
    done = client.get(f"/api/jobs/{job['id']}").json()["data"]
    assert (done["state"], done["result"]["sessions"]) == ("done", 1)
    file = client.get(f"/api/jobs/{job['id']}/file")
    assert len(file.content) == done["result"]["size_bytes"]
    sent = client.post("/api/projects/import?in_background=true", content=file.content).json()
    run_jobs(store, settings)
    assert client.get(f"/api/jobs/{sent['job_id']}").json()["data"]["result"]["is_unchanged"] is True


def test_a_backup_is_created_and_downloaded(client: TestClient, store: Store, settings: Settings, klinik: int, tmp_path: Path) -> None:
    answer = client.post("/api/backups")
    if store.path is None:
        assert "pg_dump" in answer.json()["error"]["message"]
        return
    path = f"/api/backups/{answer.json()['job_id']}/file"
    assert client.get(path).status_code == 404
    run_jobs(store, settings)
    fetched = client.get(path)
    assert f'filename="{client.get(answer.headers["location"]).json()["data"]["result"]["name"]}"' in fetched.headers["content-disposition"]
    (tmp_path / "copy.db").write_bytes(fetched.content)
    assert backups.restore(Settings(tmp_path / "elsewhere", tmp_path), tmp_path / "copy.db").projects == 1
    # A backup contains every project and cannot be fetched with access to one.
    assert client.get(f"{answer.headers['location']}/file").status_code == 404


def test_transcripts_are_imported_in_the_background(client: TestClient, store: Store, settings: Settings) -> None:
    project = client.post("/api/projects", json={"name": "klinik"}).json()["data"]["id"]
    files = [("files", (path.name, path.read_bytes())) for path in sorted(SAMPLES.glob("*.jsonl"), reverse=True)]
    sent = client.post(f"/api/imports?in_background=true&complete=true&project_id={project}", files=files)
    assert sent.status_code == 202
    here = client.post("/api/imports", params={"in_background": True, "path": str(SAMPLE), "project_id": project})
    assert here.status_code in (202, 403)
    run_jobs(store, settings)
    job = client.get(f"/api/jobs/{sent.json()['job_id']}").json()["data"]
    assert (job["state"], job["result"]["files"], job["result"]["handoffs"], job["result"]["errors"]) == ("done", 3, 3, [])
    assert [path for path in settings.home.rglob("*") if path.is_file() and "uploads" in path.parts] == []
    assert client.post("/api/imports?in_background=true", content=b"").status_code == 422
    assert client.post("/api/imports?in_background=true&project_id=99", content=b"x").status_code == 404
    assert list((settings.home / "uploads").iterdir()) == []


def test_an_upload_may_be_longer_than_other_bodies(client: TestClient) -> None:
    megabytes = b" " * (65 * 2**20)
    assert client.post("/api/projects/import", content=megabytes).json()["error"]["code"] == "bad_archive"
    assert client.post("/api/projects/import", content=megabytes, headers={"Idempotency-Key": "k"}).status_code == 413
    assert client.post("/api/projects", content=megabytes).status_code == 413


def test_jobs_are_listed_cancelled_and_tried_again(client: TestClient, klinik: int) -> None:
    first = client.post(f"/api/projects/{klinik}/rebuild").json()["job_id"]
    assert client.post(f"/api/projects/{klinik}/rebuild").json()["job_id"] == first
    assert client.post(f"/api/jobs/{first}/retry").status_code == 409
    assert client.post(f"/api/jobs/{first}/cancel").json()["data"]["state"] == "cancelled"
    assert client.post(f"/api/jobs/{first}/retry").json()["data"]["state"] == "queued"
    second = client.post("/api/private/export-project", json={"project_id": klinik, "in_background": True}).json()["job_id"]
    page = client.get("/api/jobs?limit=1").json()
    assert page["data"][0]["kind"] == "export"
    rest = client.get("/api/jobs", params={"limit": 1, "cursor": page["next_cursor"]}).json()
    assert (rest["data"][0]["id"], rest["next_cursor"]) == (first, None)
    assert [job["id"] for job in client.get(f"/api/jobs?state=queued&project_id={klinik}").json()["data"]] == [second, first]
    assert client.get("/api/jobs?state=done").json()["data"] == []
    for path in ("/api/jobs/99", "/api/jobs/99/file", "/api/jobs?project_id=99"):
        assert client.get(path).status_code == 404
    for path in ("/api/jobs/99/cancel", "/api/jobs/99/retry", "/api/projects/99/rebuild"):
        assert client.post(path).status_code == 404


def read_events(lines: Iterator[str], most: int) -> list[tuple[str, dict[str, object]]]:
    """Read events from a stream until *most* have arrived."""
    events: list[tuple[str, dict[str, object]]] = []
    kind = ""
    while len(events) < most:
        line = next(lines)
        if line.startswith("event: "):
            kind = line.removeprefix("event: ")
        elif line.startswith("data: "):
            events.append((kind, json.loads(line.removeprefix("data: "))))
    return events


@pytest.mark.slow
def test_events_are_streamed_and_resumed(server: httpx2.Client) -> None:
    project = server.post("/api/projects", json={"name": "klinik"}).json()["data"]["id"]
    with server.stream("GET", "/api/events", headers={"Last-Event-ID": "0"}) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        lines = stream.iter_lines()
        assert next(lines).startswith("retry:")
        job = server.post(f"/api/projects/{project}/rebuild").json()["job_id"]
        events = read_events(lines, 1)
        while events[-1][1]["state"] != "done":
            events += read_events(lines, 1)
    assert {(kind, event["job_id"], event["project_id"]) for kind, event in events} == {("job", job, project)}
    assert events[0][1]["state"] == "queued"
    assert server.get(f"/api/jobs/{job}").json()["data"]["state"] == "done"
    with server.stream("GET", f"/api/events?job={job}", headers={"Last-Event-ID": str(events[0][1]["id"])}) as stream:
        assert read_events(stream.iter_lines(), len(events) - 1) == events[1:]
    with server.stream("GET", "/api/events", headers={"Last-Event-ID": "99999"}) as stream:
        assert read_events(stream.iter_lines(), 1) == [("missed", {})]


@pytest.mark.slow
def test_a_server_stops_with_open_event_streams(tmp_path: Path) -> None:
    environment = {**os.environ, "ONWARD_HOME": str(tmp_path / "home")}
    lines: list[str] = []
    with (tmp_path / "log").open("wb") as log, serving(environment, log.fileno()) as (process, http_client):
        with http_client.stream("GET", "/api/events") as stream:
            for line in stream.iter_lines():
                lines.append(line)
                process.terminate()
        assert process.wait(60) in (0, -signal.SIGTERM)
    # The server ended the stream itself; a cut stream would raise an error.
    assert lines
