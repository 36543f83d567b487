"""Knowledge, troubleshooting, files, templates and analytics over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

ERROR = "src/cart.py:41: KeyError: 'currency'"


def call(number: int, name: str, arguments: dict[str, Any], answer: str, exit_code: int = 0) -> list[dict[str, Any]]:
    return [
        {"role": "assistant", "content": "", "tool_calls": [{"id": str(number), "name": name, "arguments": arguments}]},
        {"role": "tool", "results": [{"call_id": str(number), "text": answer, "exit_code": exit_code}]},
    ]


FIX_TURNS = [
    {"role": "user", "content": "The cart breaks for guests. Find out why and mend it, please."},
    *call(1, "Bash", {"command": "pytest tests"}, f"{ERROR}\n1 failed", 1),
    {
        "role": "assistant",
        "content": "The root cause: guests have no currency, so `cart.py` raises a KeyError; the fix is to default it to IDR.",
    },
    *call(2, "Edit", {"file_path": "src/cart.py", "old_string": "a", "new_string": "a\nb"}, "ok"),
    *call(3, "Bash", {"command": "pytest tests"}, "1 passed"),
]


@pytest.fixture
def project(client: TestClient) -> int:
    """A project with two completed sessions that fixed the same error."""
    project_id: int = client.post("/api/projects", json={"name": "shop"}).json()["data"]["id"]
    for credits in (80, 90):
        session = client.post("/api/sessions", json={"projectId": project_id}).json()["session_id"]
        assert client.post("/api/conversations/save", json={"session_id": session, "turns": FIX_TURNS}).status_code == 200
        done = client.post(f"/api/sessions/{session}/complete", json={"accomplishments": "Mended the cart", "credits_used": credits})
        assert done.status_code == 200, done.text
    return project_id


def data(answer: Any) -> Any:
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def test_the_knowledge_base_fills_itself_and_is_corrected(client: TestClient, project: int) -> None:
    listed = data(client.get("/api/knowledge", params={"project_id": project, "kind": "solution"}))
    solved = next(entry for entry in listed if "failed with" in entry["text"])
    assert (solved["author"], solved["source_count"]) == ("session", 2)
    detail = data(client.get(f"/api/knowledge/{solved['id']}"))
    assert [source["handle"] for source in detail["sources"]] == ["s2.2", "s1.2"]
    assert data(client.get("/api/knowledge/search", params={"q": "currency KeyError"}))[0]["score"] > 0.5
    changed = data(client.patch(f"/api/knowledge/{solved['id']}", json={"fix": "Default to IDR."}))
    assert (changed["fix"], changed["author"]) == ("Default to IDR.", "person")
    assert data(client.post(f"/api/knowledge/{solved['id']}/used"))["used"] == solved["used"] + 1
    assert data(client.delete(f"/api/knowledge/{solved['id']}"))["id"] == solved["id"]
    assert client.get(f"/api/knowledge/{solved['id']}").status_code == 404


def test_entries_are_written_and_listed_in_pages(client: TestClient) -> None:
    for number in range(3):
        data(client.post("/api/knowledge", json={"text": f"Practice {number}: test first"}))
    first = client.get("/api/knowledge", params={"limit": 2, "author": "person"}).json()
    rest = client.get("/api/knowledge", params={"limit": 2, "author": "person", "cursor": first["next_cursor"]}).json()
    assert [entry["text"][9] for entry in first["data"] + rest["data"]] == ["2", "1", "0"]
    assert rest["next_cursor"] is None
    for body in ({}, {"text": ""}, {"text": "x", "kind": "recipe"}, {"text": "x", "category": "cooking"}, {"text": "x" * 4001}):
        assert client.post("/api/knowledge", json=body).status_code == 422
    assert client.patch("/api/knowledge/1", json={}).status_code == 422


def test_an_error_seen_before_is_answered_with_its_source(client: TestClient, project: int) -> None:
    trouble = {"error": "Traceback\n/ci/cart.py:99: KeyError: 'currency'", "projectId": project}
    history = data(client.post("/api/knowledge/seen", json=trouble))
    fix = history["fixes"][0]
    assert (fix["certainty"], fix["is_own"], fix["source"]["project"]) == ("same", True, "shop")
    assert "src/cart.py" in fix["fix"]
    assert [occurrence["is_solved"] for occurrence in history["occurrences"]] == [True, True]
    advice = data(client.post("/api/ai/troubleshoot", json=trouble))
    assert advice["made_by"] == "rules"
    assert advice["fixes"][0]["entry_id"] == fix["entry_id"]
    assert all(advice[name] for name in ("root_causes", "steps", "prevention", "category"))
    assert fix["text"] in advice["root_causes"][0]
    assert data(client.get(f"/api/knowledge/{fix['entry_id']}"))["entry"]["shown"] == 2


def test_troubleshooting_needs_an_error_and_an_existing_project(client: TestClient) -> None:
    assert client.post("/api/ai/troubleshoot", json={"error": "x", "project_id": 9}).status_code == 404
    assert client.post("/api/ai/troubleshoot", json={"error": " "}).status_code == 422
    assert client.post("/api/ai/troubleshoot", json={}).status_code == 422
    advice = data(client.post("/api/ai/troubleshoot", json={"error": "connect ECONNREFUSED 127.0.0.1:5432"}))
    assert (advice["fixes"], advice["category"]) == ([], "network")


def test_files_list_changes_lines_and_sessions(client: TestClient, project: int) -> None:
    files = data(client.get(f"/api/projects/{project}/files"))
    assert [(file["path"], file["change"], file["added_lines"], file["removed_lines"]) for file in files] == [
        ("src/cart.py", "edited", 2, 0)
    ]
    assert [(session["session_number"], session["first_turn"]) for session in files[0]["sessions"]] == [(1, "s1.5"), (2, "s2.5")]
    assert data(client.get(f"/api/projects/{project}/files", params={"path": "nothing%"})) == []
    assert client.get(f"/api/projects/{project}/files", params={"session": 9}).status_code == 404
    assert client.get("/api/projects/99/files").status_code == 404


def test_a_session_begins_with_a_template(client: TestClient, project: int) -> None:
    new = {"name": "bugfix", "objectives": "- Find the cause", "checklist": ["A test fails without the fix"]}
    template = data(client.post("/api/templates", json=new))
    assert template["objectives"] == ["Find the cause"]
    assert client.post("/api/templates", json=new).status_code == 409
    assert client.post("/api/templates", json={"name": "empty"}).status_code == 422
    new_session = client.post("/api/sessions/create", json={"project_id": project, "template": "bugfix", "objectives": ["Mend it"]}).json()
    session = data(client.get(f"/api/sessions/{new_session['session_id']}"))
    assert "Find the cause" in str(session)
    assert data(client.get("/api/templates")) == [template]
    assert data(client.get(f"/api/templates/{template['id']}")) == template
    changed = data(client.patch(f"/api/templates/{template['id']}", json={"name": "mending", "checklist": ["Said what was wrong"]}))
    assert (changed["name"], changed["objectives"], changed["checklist"]) == ("mending", template["objectives"], ["Said what was wrong"])
    assert client.patch(f"/api/templates/{template['id']}", json={"objectives": [], "checklist": []}).status_code == 422
    assert client.patch("/api/templates/99", json={"name": "none"}).status_code == 404
    other = data(client.post("/api/templates", json={**new, "name": "release"}))
    assert client.patch(f"/api/templates/{other['id']}", json={"name": "mending"}).status_code == 409
    assert data(client.delete(f"/api/templates/{other['id']}")) == other
    assert data(client.delete(f"/api/templates/{template['id']}")) == changed
    assert client.get(f"/api/templates/{template['id']}").status_code == 404


def test_growth_is_predicted_and_measured_side_by_side(client: TestClient, project: int) -> None:
    report = data(client.get("/api/analytics/growth", params={"project_id": project}))
    first, second = report["points"]
    assert first["predicted"] == pytest.approx(
        {"session": 1, "efficiency_ratio": 0.70500, "knowledge_factor": 1.09531, "output": 61.776}, abs=1e-3
    )
    assert first["actual"]["recovery_tokens"] is not None
    assert second["actual"]["facts_used_again"] > 0
    assert second["actual"]["explained_tokens"] > 0
    assert report["growth"] == data(client.get("/api/stats"))["growth"]
    assert report["growth_basis"] == "credits"
    assert (report["reach"]["session"], report["reach"]["nearest_session"]) == (None, 156)
    assert "never" in report["reach"]["message"]
    assert len(data(client.get("/api/analytics/growth"))["points"]) == 2
    table = client.get("/api/analytics/growth", params={"project_id": project, "format": "csv"})
    assert table.headers["content-type"].startswith("text/csv")
    assert len(table.text.splitlines()) == 3
    assert client.get("/api/analytics/growth", params={"project_id": 99}).status_code == 404


def test_patterns_list_recurring_items(client: TestClient, project: int) -> None:
    patterns = data(client.get("/api/analytics/patterns", params={"project_id": project}))
    assert [(error["text"], error["sessions"], error["handle"]) for error in patterns["errors"]] == [(ERROR, 2, "s2.2")]
    assert [(file["path"], file["sessions"]) for file in patterns["files"]] == [("src/cart.py", 2)]
    assert client.get("/api/analytics/patterns", params={"format": "csv"}).text.startswith("what,project,")


def test_retention_counts_facts_in_later_handoffs(client: TestClient, project: int) -> None:
    report = data(client.get("/api/analytics/retention", params={"project_id": project}))
    assert report["sessions"] == 2
    first = report["points"][0]
    assert (first["later"], first["kept_ratio"], first["sessions"], first["high_ratio"]) == (0, 1.0, 2, 1.0)
    assert 0 < first["low_ratio"] < 1 <= first["facts"]
    assert (report["points"][1]["later"], report["points"][1]["sessions"]) == (1, 1)
    assert 0 < report["points"][1]["kept_ratio"] <= 1
    assert client.get("/api/analytics/retention", params={"project_id": 99}).status_code == 404
    assert client.get("/api/analytics/retention").status_code == 422


def test_an_empty_store_has_empty_analytics(client: TestClient) -> None:
    assert data(client.get("/api/analytics/growth"))["points"] == []
    assert data(client.get("/api/analytics/patterns")) == {"errors": [], "files": [], "blockers": []}
    assert data(client.get("/api/knowledge")) == data(client.get("/api/templates")) == []
