"""Rules for every project over HTTP."""

from __future__ import annotations

from starlette.testclient import TestClient


def test_a_rule_is_promoted_and_taken_back(client: TestClient) -> None:
    projects = [client.post("/api/projects", json={"name": name}).json()["data"]["id"] for name in ("shop", "blog", "wiki")]
    rule = client.post(f"/api/projects/{projects[0]}/facts", json={"kind": "rule", "text": "Answer in Indonesian."}).json()["data"]
    shared = client.post(f"/api/facts/{rule['id']}/promote", json={"projectId": projects[0]}).json()["data"]
    assert (shared["kind"], shared["text"]) == ("shared_rule", "Answer in Indonesian.")
    for project in projects:
        listed = client.get(f"/api/projects/{project}/facts", params={"kind": "shared_rule"}).json()["data"]
        assert [fact["id"] for fact in listed] == [shared["id"]]
    # The project that it comes from needs no name.
    answer = client.patch(f"/api/facts/{shared['id']}", json={"state": "retracted"})
    assert answer.json()["data"]["state"] == "retracted"
    assert client.get(f"/api/projects/{projects[1]}/facts", params={"kind": "shared_rule"}).json()["data"] == []
    assert client.get("/api/facts/suggestions").json()["data"] == []
    decision = client.post(f"/api/projects/{projects[0]}/facts", json={"kind": "decision", "text": "Use SSE."}).json()["data"]
    assert client.post(f"/api/facts/{decision['id']}/promote", json={}).status_code == 422
