"""Pages follow what the reader looks at, and say what became of each file of an import."""

from __future__ import annotations

from pathlib import Path

from starlette.testclient import TestClient

from onward.app.jobs import jobs, kinds
from onward.app.jobs.jobs import JobContext, StepProgress
from onward.app.projects import projects
from onward.app.sessions import sessions
from onward.app.sessions.current_session import find_current
from onward.store import Store

TALK = "User: Always answer on port 8443.\nAssistant: The gateway answers on port 8443 now."
HEADERS = {"Origin": "http://127.0.0.1:3000", "HX-Request": "true"}


def chosen_project(client: TestClient, address: str, query: str = "") -> str:
    """Return the value of the chosen project in the dialog that starts a session, opened on the page at *address*."""
    text = client.get(f"/parts/sessions/start{query}", headers=HEADERS | {"HX-Current-URL": f"http://127.0.0.1:3000{address}"}).text
    return text.partition("selected")[0].rpartition('value="')[2].partition('"')[0]


def test_a_session_starts_in_the_project_in_view(local_client: TestClient, store: Store) -> None:
    kopi, teh = (projects.create(store, name) for name in ("kopi", "teh"))
    older = sessions.start(store, kopi).session
    sessions.start(store, teh)
    assert chosen_project(local_client, "/") == str(teh.id)
    for address in (f"/projects/{kopi.id}", f"/projects/{kopi.id}/facts", f"/sessions/{older.id}", f"/handoff?project={kopi.id}"):
        assert chosen_project(local_client, address) == str(kopi.id)
    assert chosen_project(local_client, f"/projects/{kopi.id}", f"?project={teh.id}") == str(teh.id)
    assert chosen_project(local_client, "/sessions/999999") == str(teh.id)


def test_the_menu_shows_the_project_at_work_and_the_one_in_view(local_client: TestClient, store: Store) -> None:
    by_name = [projects.create(store, f"project-{number:02}") for number in range(20)]
    sessions.start(store, by_name[-1])
    shelf = local_client.get("/").text.partition('class="shelf"')[2].partition("</nav>")[0]
    assert "project-19" in shelf
    assert "project-00" in shelf
    shelf = local_client.get(f"/projects/{by_name[15].id}").text.partition('class="shelf"')[2].partition("</nav>")[0]
    assert "project-15" in shelf
    assert "project-19" in shelf


def test_all_active_sessions_are_counted(store: Store) -> None:
    project = projects.create(store, "kopi")
    for _ in range(25):
        sessions.start(store, project)
    current = find_current(store)
    assert current
    assert current.other_count == 24


def test_an_import_reports_each_file_and_is_undone(local_client: TestClient, store: Store, tmp_path: Path) -> None:
    project = projects.create(store, "kopi")
    paths = [tmp_path / name for name in ("chat.txt", "licence.bin")]
    paths[0].write_text(TALK)
    paths[1].write_bytes(b"\x00\x01\x02")
    arguments = {"uploads": [(path.name, str(path)) for path in paths], "upload": None, "complete": True}
    job = jobs.request_job(store, "import", arguments, project=project)
    run_import(store, tmp_path, job.run)
    text = local_client.get(f"/parts/jobs/{job.id}", headers=HEADERS).text
    assert "Partly done" in text
    assert "circle-check" in text
    assert "licence.bin" in text
    assert "unknown format" in text
    assert "kopi #1" in text
    assert "2 turns" in text
    assert "Undo the import" in text
    (session,) = sessions.list_sessions(store, project)
    undone = local_client.post(f"/parts/jobs/{job.id}/undo", headers=HEADERS)
    assert f"/parts/sessions/undelete?session={session.id}" in undone.headers["hx-trigger"]
    assert sessions.list_sessions(store, project, with_empty=True) == []
    assert local_client.post(f"/parts/jobs/{job.id}/undo", headers=HEADERS).status_code < 400


def run_import(store: Store, home: Path, run: str) -> None:
    """Do the work of an import job, as a worker does."""
    while jobs.take_step(JobContext(store, home), kinds.STEP_FUNCTIONS, run, "worker", StepProgress()):
        pass
