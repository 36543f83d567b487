"""The routes with real data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from onward import samples

CONVERSATION = "User: Always answer on port 8443.\nAssistant: The gateway answers on port 8443 now."


@pytest.fixture
def project(client: TestClient, tmp_path: Path) -> int:
    """A project with the sample sessions, completed."""
    project_id = int(client.post("/api/projects", json={"name": "kopi"}).json()["data"]["id"])
    files = [("files", (path.name, path.read_bytes())) for path in samples.write(tmp_path)]
    answer = client.post(f"/api/imports?project_id={project_id}&complete=true", files=files)
    assert answer.status_code == 200, answer.text
    assert all(file["error"] is None and file["sessions"][0]["handoff_version"] for file in answer.json()["data"]["files"])
    return project_id


def data(answer: Any) -> Any:
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def test_stats(client: TestClient, project: int) -> None:
    stats = data(client.get("/api/stats"))
    assert (stats["projects"], stats["sessions"], stats["handoffs"]) == (1, 3, 3)
    assert stats["turns"] > 20
    assert isinstance(stats["growth"], float)
    assert 0 < stats["mean_preservation_ratio"] <= 1
    assert stats["active_session"] is None
    client.post("/api/sessions", json={"project_id": project})
    assert data(client.get("/api/stats"))["active_session"]["number"] == 4


def test_a_project_is_listed_changed_archived_and_deleted(client: TestClient, project: int) -> None:
    listed = data(client.get("/api/projects"))[0]
    assert (listed["session_count"], listed["completed_count"]) == (3, 3)
    assert 0 < listed["mean_preservation_ratio"] <= 1
    where = f"/api/projects/{project}"
    assert data(client.patch(where, json={"name": "teh", "description": "Tea"}))["name"] == "teh"
    assert client.patch(where, json={}).status_code == 422
    assert data(client.post(f"{where}/archive"))["status"] == "archived"
    assert data(client.get("/api/projects")) == []
    assert data(client.get("/api/projects?archived=true"))[0]["description"] == "Tea"
    assert data(client.post(f"{where}/restore"))["status"] == "active"
    refused = client.delete(where)
    assert refused.status_code == 409
    assert "Archive" in refused.json()["error"]["message"]
    assert data(client.delete(f"{where}?cascade=true&name=teh"))["session_count"] == 3
    assert client.get(where).status_code == 404


def test_the_handoff_in_every_shape(client: TestClient, project: int) -> None:
    where = f"/api/projects/{project}/handoff"
    whole = data(client.get(where))
    assert whole["version"] == 3
    assert {"document", "preservation", "confidence_ratio", "compression_ratio"} <= set(whole)
    assert client.get(f"{where}?format=markdown").text == whole["markdown"]
    assert client.get(f"{where}?format=prompt&next_goal=Ship it").text.count("Your task now: Ship it") == 1
    first = data(client.get(f"{where}?at_session=1"))
    assert first["session_number"] == 1
    small = data(client.get(f"{where}?budget=400"))
    assert small["budget_tokens"] == 400
    assert small["version"] is None
    assert len(small["markdown"]) < len(whole["markdown"])
    assert client.get(f"{where}?at_session=9").status_code == 404
    assert client.get(f"{where}?format=pdf").status_code == 422


def test_an_unchanged_handoff_is_not_sent_again(client: TestClient, project: int) -> None:
    where = f"/api/projects/{project}/handoff"
    tag = client.get(where).headers["etag"]
    assert client.get(where, headers={"If-None-Match": tag}).status_code == 304
    assert client.get(f"{where}?format=prompt", headers={"If-None-Match": tag}).status_code == 200
    client.post(f"/api/projects/{project}/facts", json={"kind": "rule", "text": "Never deploy on a Friday"})
    assert client.get(where, headers={"If-None-Match": f'"x", {tag}'}).status_code == 200


def test_versions_are_listed_compared_and_restored(client: TestClient, project: int) -> None:
    where = f"/api/projects/{project}/handoffs"
    page = client.get(f"{where}?limit=2").json()
    rest = client.get(where, params={"cursor": page["next_cursor"]}).json()
    listed = page["data"] + rest["data"]
    assert [version["version"] for version in listed] == [3, 2, 1]
    oldest = data(client.get(f"{where}/{listed[-1]['id']}"))
    restored = data(client.post(f"{where}/{oldest['id']}/restore"))
    assert restored["version"] == 4
    assert data(client.get(f"/api/projects/{project}/handoff"))["markdown"] == oldest["markdown"]
    change = data(client.get(f"{where}/diff?from=1&to=3"))
    assert change["added"]
    assert {"kind", "old", "new"} == set(change["added"][0])
    other = data(client.post("/api/projects", json={"name": "teh"}))["id"]
    assert client.post(f"/api/projects/{other}/handoffs/{oldest['id']}/restore").status_code == 404


def test_facts_are_listed_stated_and_corrected(client: TestClient, project: int) -> None:
    where = f"/api/projects/{project}/facts"
    everything: list[Any] = []
    cursor = ""
    for _ in range(200):
        page = client.get(where, params={"limit": 7, "cursor": cursor}).json()
        everything += page["data"]
        cursor = page["next_cursor"]
        if not cursor:
            break
    assert [fact["id"] for fact in everything] == [fact["id"] for fact in data(client.get(f"{where}?limit=200"))]
    assert len({fact["id"] for fact in everything}) == len(everything) > 20
    stated = data(client.post(where, json={"kind": "rule", "text": "Never deploy on a Friday"}))
    changed = data(client.patch(f"/api/facts/{stated['id']}", json={"text": "Never deploy on a holiday", "pinned": True}))
    assert (changed["text"], changed["pinned"]) == ("Never deploy on a holiday", True)
    assert "holiday" in data(client.get(f"/api/projects/{project}/handoff"))["markdown"]
    retracted = data(client.patch(f"/api/facts/{stated['id']}", json={"projectId": project, "state": "retracted"}))
    assert retracted["state"] == "retracted"
    assert "holiday" not in data(client.get(f"/api/projects/{project}/handoff"))["markdown"]
    assert stated["id"] in {fact["id"] for fact in data(client.get(f"{where}?state=retracted"))}
    assert all(fact["kind"] == "rule" for fact in data(client.get(f"{where}?kind=rule")))
    assert client.patch("/api/facts/none", json={"pinned": True}).status_code == 404
    assert client.post(where, json={"kind": "opinion", "text": "x"}).status_code == 422


def test_a_line_leads_to_its_turns(client: TestClient, project: int) -> None:
    handle = next(fact["sources"][0] for fact in data(client.get(f"/api/projects/{project}/facts")) if fact["sources"])
    source = data(client.get(f"/api/sources/{handle}?project_id={project}"))
    assert source["turns"][0]["handle"] == handle
    assert data(client.get(f"/api/sources/{handle}"))["handle"] == handle
    assert client.get(f"/api/sources/s99.1?project_id={project}").status_code == 404
    assert client.get(f"/api/sources/line?project_id={project}").status_code == 422


def test_the_conversation_of_a_project_in_pages(client: TestClient, project: int) -> None:
    where = f"/api/ai/conversations/{project}"
    forth, cursor = [], ""
    for _ in range(100):
        page = client.get(where, params={"limit": 10, "cursor": cursor}).json()
        forth += [turn["handle"] for turn in page["data"]]
        cursor = page["next_cursor"]
        if not cursor:
            break
    back = [turn["handle"] for turn in data(client.get(where, params={"order": "desc", "limit": 200}))]
    assert len(forth) == data(client.get("/api/stats"))["turns"]
    assert forth == back[::-1]
    assert {turn["role"] for turn in data(client.get(f"{where}?role=user"))} == {"user"}
    assert {turn["session_number"] for turn in data(client.get(f"{where}?session=2"))} == {2}


def test_every_import_reports_each_file(client: TestClient, project: int, tmp_path: Any) -> None:
    raw = client.post("/api/imports", params={"project_id": project, "name": "chat.txt"}, content=CONVERSATION.encode())
    assert data(raw)["files"][0]["path"] == "chat.txt"
    assert data(raw)["files"][0]["sessions"][0]["new_turns"] == 2
    again = client.post("/api/imports", params={"project_id": project, "name": "chat.txt"}, content=CONVERSATION.encode())
    assert data(again)["files"][0]["sessions"][0]["known_turns"] == 2
    odd = client.post(
        "/api/imports", params={"project_id": project}, files=[("files", ("odd.bin", b"\x00\x01\x02")), ("files", ("a.txt", CONVERSATION))]
    )
    files = {file["path"]: file for file in data(odd)["files"]}
    assert files["odd.bin"]["error"]["code"] == "unknown_format"
    assert "odd.bin" in files["odd.bin"]["error"]["message"]
    assert files["a.txt"]["error"] is None
    refused_file = data(client.post("/api/imports", content=CONVERSATION.encode()))["files"][0]
    assert refused_file["error"]["code"] == "bad_input"
    assert client.post("/api/imports").status_code == 422
    (tmp_path / "chat.txt").write_text(CONVERSATION)
    assert client.post("/api/imports", params={"path": str(tmp_path)}).status_code == 200
    assert client.post("/api/imports", params={"project_id": 99}, content=CONVERSATION.encode()).status_code == 404


def test_a_handoff_of_a_conversation_is_a_draft(client: TestClient, project: int) -> None:
    before = data(client.get(f"/api/projects/{project}/handoff"))["version"]
    answer = client.post("/api/ai/handoff", json={"projectId": project, "conversationText": CONVERSATION, "useAi": True}).json()
    assert answer["llm"] == "not configured"
    assert "8443" in answer["data"]["markdown"]
    drafts = data(client.get(f"/api/projects/{project}/drafts"))
    assert [draft["id"] for draft in drafts] == [answer["draft_id"]]
    assert drafts[0]["handoff"]["markdown"] == answer["data"]["markdown"]
    history = [{"role": "user", "content": "Always answer on port 8443."}]
    loose = client.post("/api/ai/handoff", json={"conversation_history": history, "project_id": project, "store": False}).json()
    assert loose["draft_id"] is None
    assert data(client.get(f"/api/projects/{project}/handoff"))["version"] == before
    assert client.post("/api/ai/handoff", json={"project_id": project, "conversation_text": " "}).status_code == 422


def test_a_long_text_is_made_short(client: TestClient) -> None:
    long = "\n".join(
        f"User: Keep port {8000 + number} for the service number {number}.\nAssistant: Port {8000 + number} is kept."
        for number in range(200)
    )
    short = data(client.post("/api/private/smart-compress", json={"text": long, "budgetTokens": 300}))
    assert short["tokens"] <= 300 < short["text_tokens"]
    assert short["ratio"] > 5
    assert 0 <= short["preservation_ratio"] <= 1
    same = data(client.post("/api/private/smart-compress", json={"text": "Port 8443.", "budget_tokens": 300}))
    assert (same["text"], same["ratio"], same["preservation"]) == ("Port 8443.", 1, None)


def test_search(client: TestClient, project: int) -> None:
    word = data(client.get(f"/api/ai/conversations/{project}?role=user"))[0]["content"].split()[-1]
    answer = client.get("/api/search", params={"q": word, "project_id": project, "budget": 500})
    assert answer.status_code == 200, answer.text
    assert answer.json()["tokens"] <= 500
    for hit in answer.json()["data"]:
        assert data(client.get(f"/api/sources/{hit['handle']}?project_id={project}")) if not hit["handle"].endswith(".0") else True
    assert client.get("/api/search", params={"q": "?"}).status_code == 422
    assert client.get("/api/search").status_code == 422
