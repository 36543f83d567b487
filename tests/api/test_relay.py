"""Handing over, over HTTP."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from onward import samples
from onward.app import accounts, projects, sessions
from onward.client.sessions import Sessions
from onward.client.wire import Wire
from onward.store import Store


def test_a_session_is_completed_and_the_next_account_named(client: TestClient, store: Store) -> None:
    ours = projects.new(store, "kopi")
    missing = client.post("/api/sessions/next", json={"project_id": ours.id})
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "not_found")
    one = accounts.new(store, {"name": "claude-1", "credits_total": 100}).account
    accounts.new(store, {"name": "codex-1", "credits_total": 100})
    sessions.start(store, ours, account_id=one.id)
    asked = {"projectId": ours.id, "accomplishments": "The till prints", "creditsUsed": 40, "limitReached": True, "nextGoal": "Refunds"}
    told = client.post("/api/sessions/next", json=asked).json()["data"]
    assert (told["session"]["number"], told["session"]["status"], told["again"], told["new_turns"]) == (1, "completed", False, 0)
    assert (told["left_account"]["name"], told["left_account"]["status"]) == ("claude-1", "exhausted")
    assert (told["next"]["account"]["name"], told["agent"]) == ("codex-1", "codex")
    assert "Your task now: Refunds" in told["prompt"]
    assert "The till prints" in told["prompt"]
    again = client.post("/api/sessions/next", json={"project_id": ours.id}).json()["data"]
    assert (again["session"], again["handoff"]["id"]) == (None, told["handoff"]["id"])


def test_what_agents_of_the_servers_machine_wrote_is_imported_for_programs_of_that_machine(
    client: TestClient, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "person"))
    for name in ("CLAUDE_CONFIG_DIR", "CODEX_HOME"):
        monkeypatch.delenv(name, raising=False)
    shop = tmp_path / "shop"
    (shop / ".git").mkdir(parents=True)
    kept = tmp_path / "person" / ".claude" / "projects" / "x" / "one.jsonl"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(samples.write(tmp_path)[0].read_bytes().replace(b"/home/dewi/antre", str(shop).encode()))
    ours, nowhere = projects.new(store, "shop", place=(str(shop), "")), projects.new(store, "nowhere")
    asked = {"project_id": ours.id, "catch_up": True}
    far = client.post("/api/sessions/next", json=asked, headers={"X-Forwarded-For": "203.0.113.7"})
    assert far.status_code in (401, 403)
    assert client.post("/api/sessions/next", json={**asked, "project_id": nowhere.id}).status_code == 422
    assert client.post("/api/sessions/next", json={"project_id": ours.id}).status_code == 404
    told = client.post("/api/sessions/next", json=asked).json()["data"]
    assert (told["session"]["number"], told["new_turns"]) == (1, told["session"]["turn_count"])
    assert told["new_turns"] > 40


def test_the_client_tells_the_same_as_the_use_case(client: TestClient, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = projects.new(store, "kopi")
    account = accounts.new(store, {"name": "one", "provider": "anthropic", "credits_total": 100}).account
    sessions.start(store, ours, account_id=account.id)
    wire = Wire("http://127.0.0.1:3000", "")
    monkeypatch.setattr(wire, "post", lambda path, said: client.post(f"/api{path}", json=said).json())
    done = Sessions(wire).relay(ours, blockers=["No keys"], credits_used=5)
    assert done.session == sessions.find(store, ours, 1)
    assert done.left
    assert (done.left.account.name, done.left.credits_used, done.agent, done.again) == ("one", 5, "claude-code", False)
    assert done.account
    assert done.account.name == "one"
    assert "No keys" in done.prompt()
