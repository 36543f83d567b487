"""The routes of both earlier systems, called with the bodies that their clients send: snake_case and camelCase, lists and text."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic.alias_generators import to_camel
from starlette.testclient import TestClient

TURNS = [
    {"role": "user", "content": "Always keep the checkout on port 8443."},
    {"role": "assistant", "content": "Done: the checkout listens on port 8443."},
]
TALK = "User: Always answer on port 9443.\nAssistant: The gateway answers on port 9443 now."
KEY = "hf_" + "kEyOfNobody" * 3
NAMES = {"snake": lambda name: name, "camel": to_camel}


@pytest.fixture(params=sorted(NAMES))
def spelled(request: pytest.FixtureRequest) -> Any:
    """Returns a body with its field names in the spelling of this run."""
    spell = NAMES[request.param]
    return lambda **fields: {("useAI" if name == "use_ai" and request.param == "camel" else spell(name)): fields[name] for name in fields}


def call(client: TestClient, method: str, path: str, body: Any = None, status: int = 200) -> Any:
    answer = client.request(method, f"/api{path}", json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


@pytest.fixture
def project(client: TestClient) -> int:
    return int(call(client, "POST", "/projects", {"name": "kopi", "description": "The shop"})["data"]["id"])


def test_the_loop_of_both_systems(client: TestClient, project: int, spelled: Any) -> None:
    account = call(client, "POST", "/accounts", spelled(name="claude-1", credits_total=100))["data"]["id"]
    started = call(client, "POST", "/sessions/create", spelled(project_id=project, account_id=account, objectives=["Ship the checkout"]))
    session = started["session_id"]
    assert started["session_number"] == 1
    assert started["previous_handoff"] is None
    assert started["data"]["objectives"] == ["Ship the checkout"]
    for path in ("/conversations/save", "/ai/save-conversation"):
        saved = call(client, "POST", path, spelled(session_id=session, turns=TURNS))["data"]
        assert saved["turn_count"] == 2
    words = spelled(
        credits_used=88,
        accomplishments="- The checkout is up\n- The port is kept",
        blockers=["Production keys are missing"],
        hugging_face_token=KEY,
        use_ai=False,
        auto_generate_handoff=True,
    )
    done = call(client, "POST", f"/sessions/{session}/complete", words)
    assert done["data"]["session"]["accomplishments"] == ["The checkout is up", "The port is kept"]
    assert done["data"]["session"]["credits_used"] == 88
    assert "8443" in done["data"]["handoff"]["markdown"]
    second = call(client, "POST", "/sessions/create-with-handoff", spelled(project_id=project, previous_handoff=None))
    previous = second["previous_handoff"]
    assert "Production keys are missing" in previous["blockers"]
    assert {"master_prompt", "compressed_context", "next_steps", "technical_notes", "success_criteria", "credits"} <= set(previous)
    detail = call(client, "GET", f"/sessions/{session}/detail")["data"]
    assert detail["account"]["name"] == "claude-1"
    assert [turn["content"] for turn in detail["conversation"]] == [turn["content"] for turn in TURNS]
    assert [entry["has_handoff"] for entry in call(client, "GET", f"/projects/{project}/sessions-timeline")["data"]] == [True, False]
    assert len(call(client, "GET", f"/projects/{project}/sessions")["data"]) == 2
    assert len(call(client, "GET", "/sessions")["data"]) == 2
    assert len(call(client, "GET", f"/ai/conversations/{project}")["data"]) == 2
    assert {"projects", "sessions", "growth"} <= set(call(client, "GET", "/stats")["data"])
    assert call(client, "GET", f"/analytics/growth?project_id={project}")["data"]
    assert call(client, "GET", f"/projects/{project}/files")["data"] == []


def test_completing_with_turns_or_text(client: TestClient, project: int, spelled: Any) -> None:
    for fields in ({"turns": TURNS, "accomplishments": ["Up"]}, {"conversation_text": TALK, "blockers": "Keys are missing"}):
        session = call(client, "POST", "/sessions", spelled(project_id=project))["session_id"]
        done = call(client, "POST", f"/sessions/{session}/complete", spelled(**fields))["data"]
        assert done["new_turns"] == 2


def test_handoffs_of_conversations(client: TestClient, project: int, spelled: Any) -> None:
    text = call(client, "POST", "/ai/handoff", spelled(project_id=project, conversation_text=TALK, use_ai=True))
    assert text["llm"] == "not configured"
    assert "9443" in text["data"]["markdown"]
    turns = call(client, "POST", "/ai/handoff", spelled(project_id=project, conversation_history=TURNS, use_ai=False))
    assert "8443" in turns["data"]["markdown"]
    assert len(call(client, "GET", f"/projects/{project}/drafts")["data"]) == 2


def test_accounts_and_their_choice(client: TestClient, project: int, spelled: Any) -> None:
    rows = [spelled(name=f"pool-{number:03}", credits_total=100, credits_used=number % 90) for number in range(100)]
    assert call(client, "POST", "/private/batch-create-accounts", {"accounts": rows})["data"]["count"] == 100
    best = call(client, "POST", "/private/select-best-account", spelled(specialization=[], credits_needed=50))["data"]
    assert best["account"]["name"].startswith("pool-")
    account = best["account"]["id"]
    session = call(client, "POST", "/sessions/create", spelled(project_id=project, account_id=account))["session_id"]
    assert call(client, "POST", "/private/auto-rotate", spelled(session_id=session, credits_used=90))["data"]
    assert call(client, "POST", "/private/analyze-credits", spelled(project_id=project))["data"]
    changed = call(client, "PATCH", f"/accounts/{account}", spelled(credits_used=77, reset_time="2030-01-01T00:00:00Z"))["data"]
    assert changed["credits_used"] == 77
    assert call(client, "GET", f"/accounts/{account}")["data"]
    assert call(client, "DELETE", f"/accounts/{account}")["data"]


def test_knowledge_troubleshooting_compression_and_templates(client: TestClient, project: int, spelled: Any) -> None:
    entry = call(client, "POST", "/knowledge", spelled(text="Ask for port 0 in tests.", kind="practice"))["data"]["id"]
    assert call(client, "PATCH", f"/knowledge/{entry}", spelled(category="tests"))["data"]["category"] == "tests"
    assert call(client, "GET", "/knowledge/search?q=port")["data"]
    answer = call(client, "POST", "/ai/troubleshoot", spelled(project_id=project, error="KeyError: 'currency'", context="the cart"))
    assert answer["data"]
    short = call(client, "POST", "/private/smart-compress", spelled(text=TALK * 40, budget_tokens=200))["data"]
    assert short["tokens"] <= 200
    template = call(client, "POST", "/templates", spelled(name="bugfix", objectives="Find the cause"))["data"]["id"]
    assert call(client, "DELETE", f"/templates/{template}")["data"]
    exported = client.post("/api/private/export-project", json=spelled(project_id=project))
    assert exported.headers["content-type"] == "application/zip"


STATED = {
    "session_number": 7,
    "accomplishments": ["The checkout works on staging"],
    "blockers": ["Production keys are missing"],
    "next_steps": ["Write migration 0042"],
    "technical_notes": ["The gateway keeps port 8443"],
    "success_criteria": ["All receipts print"],
    "master_prompt": "## Decisions\n- PostgreSQL because of the reports",
    "credits": {"used": 88},
}


def test_a_handoff_sent_with_the_first_session_is_kept(client: TestClient, project: int, spelled: Any) -> None:
    sent = spelled(**STATED)
    started = call(client, "POST", "/sessions/create-with-handoff", spelled(project_id=project, previous_handoff=sent))
    previous = started["previous_handoff"]
    assert started["session_number"] == 1
    assert previous["accomplishments"][0] == "The checkout works on staging"
    assert previous["blockers"] == ["Production keys are missing"]
    assert "Write migration 0042" in previous["next_steps"]
    handoff = call(client, "GET", f"/projects/{project}/handoff")["data"]["markdown"]
    for text in ("The checkout works", "Production keys", "0042", "8443", "receipts", "PostgreSQL", "used: 88"):
        assert text in handoff
    session = started["session_id"]
    done = call(client, "POST", f"/sessions/{session}/complete", {"turns": TURNS})["data"]["handoff"]["markdown"]
    assert "0042" in done


def test_a_handoff_sent_as_text_is_kept_and_onwards_own_is_not_repeated(client: TestClient, project: int) -> None:
    text = "Session 7 moved the checkout to staging.\n\nBlockers:\n- Production keys are missing\n"
    first = call(client, "POST", "/sessions/create", {"projectId": project, "previousHandoff": text})
    assert first["previous_handoff"]["blockers"] == ["Production keys are missing"]
    assert any("moved the checkout" in line for line in first["previous_handoff"]["accomplishments"])
    call(client, "POST", f"/sessions/{first['session_id']}/complete", {"turns": TURNS})
    version = call(client, "GET", f"/projects/{project}/handoff")["data"]["version"]
    prompt = client.get(f"/api/projects/{project}/handoff?format=prompt").text
    call(client, "POST", "/sessions/create", {"projectId": project, "previousHandoff": prompt})
    echo = call(client, "POST", "/sessions/create", {"project_id": project})["previous_handoff"]
    again = call(client, "POST", "/sessions/create", {"project_id": project, "previous_handoff": echo})
    assert again["previous_handoff"]["handoff_id"] == echo["handoff_id"]
    assert call(client, "GET", f"/projects/{project}/handoff")["data"]["version"] == version


@pytest.mark.parametrize(
    ("path", "body", "field", "nearest"),
    [
        ("/sessions/{session}/complete", {"acomplishments": ["Up"]}, "acomplishments", "accomplishments"),
        ("/sessions/{session}/complete", {"messages": TURNS}, "messages", "turns"),
        ("/conversations/save", {"session_id": 1, "messages": TURNS}, "messages", "turns"),
        ("/conversations/save", {"session_id": 1}, "turns", "turns"),
        ("/conversations/save", {"session_id": 1, "sessionId": 1, "turns": []}, "sessionId", "session_id"),
        ("/conversations/save", {"session_id": 1, "turns": [{"role": "user", "mesage": "Go"}]}, "mesage", "message"),
        ("/conversations/save", {"session_id": 1, "turns": [{"role": "user", "content": "Go", "text": "Stop"}]}, "texts", "content"),
        ("/conversations/save", {"session_id": 1, "turns": TURNS, "conversation_text": TALK}, "twice", "Send one"),
        ("/ai/handoff", {"project_id": 1, "history": TURNS}, "history", "conversation_history"),
        ("/ai/handoff", {"project_id": 1, "conversationtext": TALK}, "conversationtext", "conversation_text"),
        ("/projects", {"name": "teh", "descripton": "Tea"}, "descripton", "description"),
        ("/projects/1/facts", {"kind": "rule", "text": "Port 8443", "pined": True}, "pined", "kind"),
        ("/accounts", {"name": "a", "credit_total": 5}, "credit_total", "credits_total"),
        ("/knowledge", {"text": "Ask for port 0", "catgory": "tests"}, "catgory", "category"),
        ("/templates", {"name": "bugfix", "check_list": ["x"]}, "check_list", "checklist"),
        ("/private/smart-compress", {"text": "x", "budget": 300}, "budget", "budget_tokens"),
        ("/sessions/{session}/reopen", {"reason": "more work"}, "reason", "none"),
        ("/imports?projectId=1&name=a.txt", {"role": "user", "content": "Go"}, "projectId", "project_id"),
    ],
)
def test_what_is_not_known_is_refused_by_name(client: TestClient, project: int, path: str, body: Any, field: str, nearest: str) -> None:
    session = call(client, "POST", "/sessions", {"project_id": project})["session_id"]
    error = call(client, "POST", path.format(session=session), body, 422)["error"]
    assert field in error["message"]
    assert nearest in error["message"]
    stored = call(client, "GET", f"/sessions/{session}")["data"]["session"]
    assert (stored["status"], stored["turn_count"], stored["accomplishments"]) == ("in_progress", 0, [])


def test_a_turn_may_have_the_names_of_any_chat_format(client: TestClient, project: int) -> None:
    session = call(client, "POST", "/sessions", {"project_id": project})["session_id"]
    turns = [
        {"role": "user", "message": "Go"},
        {"sender": "assistant", "text": "Gone", "created_at": "2026-03-01T12:00:00Z"},
        {"role": "assistant", "content": None, "refusal": None, "annotations": [], "tool_calls": [{"function": {"name": "ls"}}]},
        {"role": "tool", "tool_call_id": "c1", "content": "a.txt", "name": "ls"},
        {"role": "assistant", "content": [{"type": "text", "text": "One file."}], "stop_reason": "end_turn", "model": "m"},
    ]
    assert call(client, "POST", "/conversations/save", {"session_id": session, "turns": turns})["data"]["turn_count"] == 5


def test_a_form_field_that_nobody_reads_is_refused(client: TestClient, project: int) -> None:
    answer = client.post("/api/imports", data={"project_id": str(project)}, files=[("files", ("a.txt", TALK.encode()))])
    assert answer.status_code == 422
    assert "project_id" in answer.json()["error"]["message"]


def test_the_lists_the_key_and_going_on_with_a_session(client: TestClient, project: int, spelled: Any) -> None:
    call(client, "POST", "/accounts", spelled(name="claude-1"))
    call(client, "POST", "/knowledge", spelled(text="Ask for port 0 in tests."))
    call(client, "POST", "/templates", spelled(name="bugfix", objectives="Find the cause"))
    for path in ("/projects", "/accounts", "/knowledge", "/templates"):
        assert len(call(client, "GET", path)["data"]) >= 1, path
    session = call(client, "POST", "/sessions", spelled(project_id=project))["session_id"]
    call(client, "POST", f"/sessions/{session}/complete", spelled(turns=TURNS))
    assert call(client, "POST", f"/sessions/{session}/reopen")["data"]["status"] == "in_progress"
    call(client, "PUT", "/llm/key", spelled(key=KEY))
    assert KEY not in client.get("/api/llm/key").text
    assert call(client, "DELETE", "/llm/key")["data"]
    archive = client.post("/api/private/export-project", json=spelled(project_id=project)).content
    copy = client.post("/api/projects/import", params={"name": "kopi-2"}, content=archive, headers={"content-type": "application/zip"})
    assert copy.status_code in (200, 202), copy.text
