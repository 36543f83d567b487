"""Long jobs have a page that can be left and opened again; typed input is not lost."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Page, expect
from starlette.testclient import TestClient

from onward.app.jobs import jobs, kinds
from onward.app.jobs.jobs import Job, JobContext, StepProgress
from onward.app.projects import projects
from onward.app.sessions import sessions
from onward.store import Store
from onward.web import job_pages
from onward.web.routes import jobs as jobs_pages
from onward.work.worker import LOCK_FILE

from .conftest import Site, Watch, serving, violations, visit, wait_until_ready

HTMX = {"HX-Request": "true"}
PASTED = "User: Print the ticket, and never use port 9101 for it.\nAssistant: Done, print.ts uses port 9100."


@pytest.fixture
def _no_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """No worker runs here, so waiting for jobs is switched off."""
    monkeypatch.setattr(job_pages, "WAIT_SECONDS", 0.0)


@pytest.fixture
def session_id(store: Store) -> int:
    return sessions.start(store, projects.create(store, "klinik")).session.id


def run_job(store: Store, home: Path, job_id: int = 1) -> Job:
    while (job := jobs.require(store, job_id)).is_open:
        jobs.take_step(JobContext(store, home), kinds.STEP_FUNCTIONS, job.run, "worker", StepProgress())
    return job


def target_of(path: str) -> str:
    """Return the address that the answer to a form leads to."""
    return str(json.loads(path)["path"])


@pytest.mark.usefixtures("_no_wait")
def test_a_completion_leads_to_its_job_and_that_to_the_handoff(
    local_client: TestClient, store: Store, session_id: int, tmp_path: Path
) -> None:
    form = {"text": PASTED, "accomplishments": "It prints", "credits": "42"}
    answer = local_client.post(f"/parts/sessions/{session_id}/complete", data=form, headers=HTMX)
    job_url = target_of(answer.headers["hx-location"])
    assert job_url == "/jobs/1?next_url=%2Fsessions%2F1%2Fhandoff"
    for page in (job_url, f"/sessions/{session_id}", "/"):
        assert "Waiting to start" in local_client.get(page).text
    again = local_client.post(f"/parts/sessions/{session_id}/complete", data=form | {"accomplishments": "Something else"}, headers=HTMX)
    assert again.status_code == 422
    assert "Job 1 is already working on session 1" in again.text
    assert "Something else" in again.text
    run_job(store, tmp_path / "home")
    part = local_client.get("/parts/jobs/1?next_url=/sessions/1/handoff", headers=HTMX)
    assert 'next-url="/sessions/1/handoff"' in part.text
    assert "Session 1 completed: handoff 1 is ready" in part.headers["hx-trigger"]
    # Opening the page later shows the link without a redirect.
    later = local_client.get("/jobs/1").text
    assert 'next-url="' not in later
    assert 'href="/sessions/1/handoff"' in later
    assert "job-progress" not in local_client.get(f"/sessions/{session_id}").text


def test_all_jobs_are_listed(local_client: TestClient, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "No tasks yet" in local_client.get("/jobs").text
    monkeypatch.setattr(jobs_pages, "MAX_JOBS", 1)
    exported = local_client.post(f"/parts/projects/{projects.create(store, 'klinik').id}/export", headers=HTMX)
    assert target_of(exported.headers["hx-location"]) == "/jobs/1"
    jobs.request_job(store, "backup", {})
    first = local_client.get("/jobs").text
    assert "Backup" in first
    assert 'href="/jobs?before=2"' in first
    assert all(text in local_client.get("/jobs?before=2").text for text in ("Exporting a project", "klinik", "waiting"))
    assert "Exporting a project" in local_client.get("/jobs/1").text


@pytest.mark.usefixtures("_no_wait")
def test_input_of_a_failed_job_can_be_restored(local_client: TestClient, store: Store, session_id: int, tmp_path: Path) -> None:
    form = {"text": PASTED, "accomplishments": "It prints\nIt is cut", "blockers": "No roll", "credits": "42", "refine": "yes"}
    files = [("files", ("empty.jsonl", b"{}"))]
    local_client.post(f"/parts/sessions/{session_id}/complete", data=form, files=files, headers=HTMX)
    assert run_job(store, tmp_path / "home").state == "failed"
    for page in ("/jobs/1", f"/sessions/{session_id}"):
        page_text = local_client.get(page).text
        assert "Onward does not recognise empty.jsonl as a transcript" in page_text
        assert f"/parts/sessions/{session_id}/complete?job=1" in page_text
    dialog = local_client.get(f"/parts/sessions/{session_id}/complete?job=1").text
    assert all(text in dialog for text in ("never use port 9101", "It prints\nIt is cut", "No roll", 'value="42"'))
    assert PASTED not in local_client.get(f"/parts/sessions/{session_id}/complete").text


def test_a_job_leads_to_a_page_of_this_site(local_client: TestClient, store: Store) -> None:
    jobs.request_job(store, "rebuild", {}, project=projects.create(store, "klinik"))
    for elsewhere in ("//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)"):
        assert "evil" not in local_client.get("/jobs/1", params={"next_url": elsewhere}).text


@contextmanager
def block_worker(home: Path) -> Iterator[sqlite3.Connection]:
    """Keep the worker of a home from starting until the lock is released."""
    with closing(sqlite3.connect(home / LOCK_FILE, isolation_level=None)) as lock:
        lock.execute("BEGIN EXCLUSIVE")
        yield lock


def test_a_completion_is_left_come_back_to_and_ends_at_the_handoff(page: Page, watch: Watch, seeded_home: Path, tmp_path: Path) -> None:
    watch.allow("422")
    home = tmp_path / "home"
    shutil.copytree(seeded_home, home)
    with block_worker(home) as lock, serving(home, tmp_path / "server.log") as site:
        visit(page, f"{site.url}/sessions/4")
        page.keyboard.press("c")
        page.locator("#complete-text").fill(PASTED)
        page.locator("#complete-accomplishments").fill("The ticket prints")
        page.locator("#complete-dialog").get_by_role("button", name="Complete", exact=True).click()
        page.wait_for_url("**/jobs/1?next_url=*")
        expect(page.locator("job-progress")).to_contain_text("Waiting to start")
        assert violations(page) == []
        page.reload()
        wait_until_ready(page)
        expect(page.locator("job-progress")).to_contain_text("Waiting to start")
        visit(page, f"{site.url}/sessions/4")
        expect(page.locator("job-progress")).to_contain_text("Waiting to start")
        lock.rollback()
        page.wait_for_url("**/sessions/4/handoff", timeout=60_000)
        expect(page.locator(".handoff-prose").first).to_contain_text("port 9101")


def test_the_end_of_a_job_is_seen_without_events(page: Page, seeded_home: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(seeded_home, home)
    page.route("**/api/events", lambda route: route.fulfill(status=204))
    with block_worker(home) as lock, serving(home, tmp_path / "server.log") as site:
        httpx2.post(f"{site.url}/api/projects/1/rebuild", timeout=60).raise_for_status()
        visit(page, f"{site.url}/jobs/1")
        expect(page.locator("job-progress")).to_contain_text("Waiting to start")
        lock.rollback()
        expect(page.locator("job-progress[state=done]")).to_be_visible(timeout=60_000)


def test_what_is_changed_in_a_form_survives_a_reload_until_it_is_sent(page: Page, site: Site) -> None:
    site.onward("template", "new", "release", "--objective", "Tag it", "--check", "The notes are written")
    for is_saved in (False, True):
        visit(page, f"{site.url}/sessions/templates")
        page.get_by_role("button", name="Edit release").click()
        form = page.locator("#template-dialog")
        if not is_saved:
            form.locator("#template-objectives").fill("Tag it, and sign it")
        else:
            expect(form.locator("#template-objectives")).to_have_value("Tag it, and sign it")
            form.get_by_role("button", name="Save").click()
            expect(form).to_have_count(0)
    expect(page.locator(".template-list")).to_contain_text("Tag it, and sign it")
    assert page.evaluate("Object.keys(sessionStorage).filter((one) => one.startsWith('draft:'))") == []


def test_a_form_that_was_refused_keeps_its_files(page: Page, watch: Watch, site: Site) -> None:
    watch.allow("422")
    visit(page, f"{site.url}/sessions/4")
    page.keyboard.press("c")
    dialog = page.locator("#complete-dialog")
    dialog.locator("[type=file]").set_input_files({"name": "talk.txt", "mimeType": "text/plain", "buffer": PASTED.encode()})
    dialog.get_by_role("textbox", name="Credits used").fill("ten")
    dialog.get_by_role("button", name="Complete", exact=True).click()
    expect(dialog.locator("#complete-credits-error")).to_contain_text("Enter a number")
    assert dialog.locator("[type=file]").evaluate("field => field.files[0].name") == "talk.txt"
    dialog.get_by_role("textbox", name="Credits used").fill("10")
    dialog.get_by_role("button", name="Complete", exact=True).click()
    page.wait_for_url("**/sessions/4/handoff", timeout=60_000)
    expect(page.locator(".handoff-prose").first).to_contain_text("port 9101")
