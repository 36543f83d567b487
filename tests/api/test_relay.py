"""Handover to the next account over HTTP."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from onward import samples
from onward.app.accounts import accounts
from onward.app.projects import projects
from onward.app.sessions import sessions
from onward.client.sessions import RemoteSessions
from onward.client.transport import ServerConnection
from onward.store import Store


def test_a_session_is_completed_and_the_next_account_named(client: TestClient, store: Store) -> None:
    project = projects.create(store, "kopi")
    missing = client.post("/api/sessions/next", json={"project_id": project.id})
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "not_found")
    account = accounts.create(store, {"name": "claude-1", "credits_total": 100}).account
    accounts.create(store, {"name": "codex-1", "credits_total": 100})
    sessions.start(store, project, account_id=account.id)
    body = {"projectId": project.id, "accomplishments": "The till prints", "creditsUsed": 40, "limitReached": True, "nextGoal": "Refunds"}
    answer = client.post("/api/sessions/next", json=body).json()["data"]
    assert (answer["session"]["number"], answer["session"]["status"], answer["is_unchanged"], answer["new_turns"]) == (
        1,
        "completed",
        False,
        0,
    )
    assert (answer["previous_account"]["name"], answer["previous_account"]["status"]) == ("claude-1", "exhausted")
    assert (answer["next"]["account"]["name"], answer["agent"]) == ("codex-1", "codex")
    assert "Your task now: Refunds" in answer["prompt"]
    assert "The till prints" in answer["prompt"]
    again = client.post("/api/sessions/next", json={"project_id": project.id}).json()["data"]
    assert (again["session"], again["handoff"]["id"]) == (None, answer["handoff"]["id"])


def test_what_agents_of_the_servers_machine_wrote_is_imported_for_programs_of_that_machine(
    client: TestClient, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "person"))
    for name in ("CLAUDE_CONFIG_DIR", "CODEX_HOME"):
        monkeypatch.delenv(name, raising=False)
    shop = tmp_path / "shop"
    (shop / ".git").mkdir(parents=True)
    transcript = tmp_path / "person" / ".claude" / "projects" / "x" / "one.jsonl"
    transcript.parent.mkdir(parents=True)
    transcript.write_bytes(samples.write(tmp_path)[0].read_bytes().replace(b"/home/dewi/antre", str(shop).encode()))
    project, other_project = projects.create(store, "shop", repository=(str(shop), "")), projects.create(store, "nowhere")
    body = {"project_id": project.id, "catch_up": True}
    far = client.post("/api/sessions/next", json=body, headers={"X-Forwarded-For": "203.0.113.7"})
    assert far.status_code in (401, 403)
    assert client.post("/api/sessions/next", json={**body, "project_id": other_project.id}).status_code == 422
    assert client.post("/api/sessions/next", json={"project_id": project.id}).status_code == 404
    answer = client.post("/api/sessions/next", json=body).json()["data"]
    assert (answer["session"]["number"], answer["new_turns"]) == (1, answer["session"]["turn_count"])
    assert answer["new_turns"] > 40


def test_the_client_returns_the_same_as_the_use_case(client: TestClient, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    project = projects.create(store, "kopi")
    account = accounts.create(store, {"name": "one", "provider": "anthropic", "credits_total": 100}).account
    sessions.start(store, project, account_id=account.id)
    server = ServerConnection("http://127.0.0.1:3000", "")
    monkeypatch.setattr(server, "post", lambda path, body: client.post(f"/api{path}", json=body).json())
    done = RemoteSessions(server).relay(project, blockers=["No keys"], credits_used=5)
    assert done.session == sessions.require(store, project, 1)
    assert done.previous
    assert (done.previous.account.name, done.previous.credits_used, done.agent, done.is_unchanged) == ("one", 5, "claude-code", False)
    assert done.account
    assert done.account.name == "one"
    assert "No keys" in done.prompt()
