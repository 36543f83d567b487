"""Refinement over HTTP: on completion, on request, and for drafts; a failing model never makes a request fail."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from onward.adapters import build_model_setup
from onward.api.application import build
from onward.app.jobs import jobs
from onward.app.jobs.jobs import JobContext, StepProgress
from onward.app.jobs.kinds import STEP_FUNCTIONS
from onward.settings import LLMSettings, Settings
from onward.store import Store

from .conftest import ScriptedModel
from .scripted_writers import writes

pytestmark = pytest.mark.slow

CONVERSATION = (
    "User: Never log card numbers. Move the checkout to port 8443, the old one is taken.\n"
    "Assistant: I'll move it, because 8080 belongs to the proxy. The checkout listens on port 8443 now, in `deploy/checkout.yaml`; all "
    "14 tests pass.\n"
    "User: Next, the refunds."
)


@pytest.fixture
def settings(tmp_path: Path, scripted: ScriptedModel) -> Settings:
    llm = LLMSettings(url=scripted.url, model="scripted", key=scripted.key, usd_per_million=(1.0, 2.0))
    return Settings(tmp_path / "home", tmp_path / "claude", llm=llm)


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    with (
        Store.at_folder(settings.home) as store,
        TestClient(build(store, settings), base_url="http://127.0.0.1:3000", client=("127.0.0.1", 9)) as http_client,
    ):
        yield http_client


@pytest.fixture
def client_without_model(tmp_path: Path) -> Iterator[TestClient]:
    """A client of a server without a model."""
    settings = Settings(tmp_path / "none", tmp_path / "claude")
    with (
        Store.at_folder(settings.home) as store,
        TestClient(build(store, settings), base_url="http://127.0.0.1:3000", client=("127.0.0.1", 9)) as http_client,
    ):
        yield http_client


def complete_session(client: TestClient, **body: Any) -> dict[str, Any]:
    project = client.post("/api/projects", json={"name": "shop"}).json()["data"]
    new_session = client.post("/api/sessions/create", json={"project_id": project["id"]}).json()
    answer = client.post(f"/api/sessions/{new_session['session_id']}/complete", json={"conversation_text": CONVERSATION, **body})
    assert answer.status_code == 200, answer.text
    return {**answer.json(), "project_id": project["id"]}


def run_job(settings: Settings, job_id: int) -> None:
    with Store.at_folder(settings.home) as store:
        bench, run = JobContext(store, settings.home, model_setup=build_model_setup(settings)), jobs.require(store, job_id).run
        while jobs.take_step(bench, STEP_FUNCTIONS, run, "worker", StepProgress()):
            pass


def test_completing_asks_for_a_refinement_where_one_is_wanted(client: TestClient, settings: Settings, scripted: ScriptedModel) -> None:
    scripted.answers(writes())
    answer = complete_session(client, use_ai=True)
    assert answer["llm"] == "refining"
    assert answer["data"]["handoff"]["generator"] == "rules"
    run_job(settings, answer["job_id"])
    job = client.get(f"/api/jobs/{answer['job_id']}").json()["data"]
    assert (job["kind"], job["state"], job["result"]["is_stored"]) == ("refine", "done", True)
    versions = client.get(f"/api/projects/{answer['project_id']}/handoffs").json()["data"]
    assert [version["generator"] for version in versions] == ["scripted-1", "rules"]
    newest = client.get(f"/api/projects/{answer['project_id']}/handoffs/{versions[0]['id']}").json()["data"]
    assert newest["refinement"]["standing"] > 0
    assert newest["refinement"]["cost_usd"] == pytest.approx(job["spend_usd"])
    master = client.get(f"/api/projects/{answer['project_id']}/handoff").json()["data"]
    assert (master["generator"], master["markdown"]) == ("scripted-1", newest["markdown"])
    red = client.get(f"/api/projects/{answer['project_id']}/handoffs/redline?from=1&to=2").json()["data"]
    assert any("We will" in line["text"] for change in red["changes"] for line in change["new"])
    assert client.get(f"/api/projects/{answer['project_id']}/handoffs/redline?from=1&to=9").status_code == 404


@pytest.mark.parametrize(("body", "llm"), [({}, "not asked"), ({"use_ai": False, "hugging_face_token": "x"}, "not asked")])
def test_completing_asks_no_model_by_itself(client: TestClient, scripted: ScriptedModel, body: dict[str, Any], llm: str) -> None:
    answer = complete_session(client, **body)
    assert (answer["llm"], answer["job_id"]) == (llm, None)
    assert scripted.requests == []


def test_completing_never_fails_because_of_a_model(client_without_model: TestClient, tmp_path: Path) -> None:
    assert complete_session(client_without_model, use_ai=True)["llm"] == "not configured"


def test_completing_never_fails_because_a_key_cannot_be_kept(tmp_path: Path) -> None:
    broken = Settings(tmp_path / "home", tmp_path / "claude", sealing_key="no key at all")
    with (
        Store.at_folder(broken.home) as store,
        TestClient(build(store, broken), base_url="http://127.0.0.1:3000", client=("127.0.0.1", 9)) as client,
    ):
        answer = complete_session(client, hugging_face_token="hf" + "_" + "Zk4" * 11)
    assert answer["data"]["handoff"]["generator"] == "rules"
    assert answer["job_id"] is None
    assert answer["llm"] not in ("refining", "not asked")


def test_refining_is_asked_for_and_estimated(client: TestClient, scripted: ScriptedModel) -> None:
    scripted.answers(writes())
    path = f"/api/projects/{complete_session(client)['project_id']}/handoff/refine"
    dry = client.post(path, json={"dry_run": True})
    assert dry.status_code == 200
    assert dry.json()["data"]["calls"] >= 1
    assert dry.json()["data"]["cost_usd"] > 0
    answer = client.post(path, json={})
    assert answer.status_code == 202
    assert client.post(path, json={}).json()["job_id"] == answer.json()["job_id"]
    assert scripted.requests == []


def test_refining_without_a_model_or_a_handoff_says_what_to_do(client_without_model: TestClient, client: TestClient) -> None:
    path = f"/api/projects/{complete_session(client_without_model)['project_id']}/handoff/refine"
    for body in ({}, {"dry_run": True}):
        refused = client_without_model.post(path, json=body)
        assert refused.status_code == 422
        assert "llm-key" in refused.json()["error"]["message"]
    project = client.post("/api/projects", json={"name": "new"}).json()["data"]
    assert client.post(f"/api/projects/{project['id']}/handoff/refine", json={}).status_code == 404


def test_a_draft_is_refined_while_one_waits(client: TestClient, scripted: ScriptedModel) -> None:
    project = client.post("/api/projects", json={"name": "shop"}).json()["data"]
    scripted.answers(writes())
    answer = client.post("/api/ai/handoff", json={"project_id": project["id"], "conversation_text": CONVERSATION}).json()
    assert (answer["llm"], answer["data"]["generator"]) == ("refined", "scripted-1")
    assert "Never log card numbers." in answer["data"]["markdown"]
    draft = client.get(f"/api/projects/{project['id']}/drafts").json()["data"][0]["handoff"]
    assert (draft["generator"], draft["refinement"]) == ("scripted-1", answer["data"]["refinement"])
    assert len(scripted.requests) <= 3
    plain = client.post("/api/ai/handoff", json={"conversation_text": CONVERSATION, "use_ai": False}).json()
    assert (plain["llm"], plain["data"]["generator"]) == ("not asked", "rules")


@pytest.mark.parametrize("status", [401, 402, 429, 500])
def test_a_draft_survives_any_failure_of_the_model(client: TestClient, scripted: ScriptedModel, status: int) -> None:
    scripted.does(scripted.fails(status, retry_after="60"))
    answer = client.post("/api/ai/handoff", json={"conversation_text": CONVERSATION})
    assert answer.status_code == 200
    assert answer.json()["data"]["generator"] == "rules"
    assert answer.json()["llm"] not in ("refined", "not configured")
    assert scripted.key not in answer.text
    assert len(scripted.requests) == 1


def test_a_draft_without_a_model_is_the_rules(client_without_model: TestClient) -> None:
    answer = client_without_model.post("/api/ai/handoff", json={"conversation_text": CONVERSATION}).json()
    assert (answer["llm"], answer["data"]["generator"]) == ("not configured", "rules")
