"""Every door shows the same preservation of a project's handoff."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

TURNS = [
    {"role": "user", "content": "Always keep the checkout on port 8443. Never push to main. Add the coupon field to `src/cart.ts`."},
    {"role": "assistant", "content": "The coupon field is in `src/cart.ts`; the tests run with `npm test -- cart`. Next: the receipt."},
]


@pytest.fixture
def project(client: TestClient) -> int:
    project_id: int = client.post("/api/projects", json={"name": "shop"}).json()["data"]["id"]
    for _ in range(2):
        session = client.post("/api/sessions/create", json={"project_id": project_id}).json()["session_id"]
        client.post("/api/conversations/save", json={"session_id": session, "turns": TURNS})
        client.post(f"/api/sessions/{session}/complete", json={"credits_used": 20})
    return project_id


def test_every_route_has_the_same_figure(client: TestClient, project: int) -> None:
    def data(path: str) -> Any:
        return client.get(f"/api{path}").json()["data"]

    handoff = data(f"/projects/{project}/handoff")
    ratio = handoff["preservation_ratio"]
    assert isinstance(ratio, float)
    assert 0 < ratio <= 1
    assert handoff["preservation"]["preservation_ratio"] == ratio
    assert data("/stats")["mean_preservation_ratio"] == ratio
    assert data(f"/projects/{project}")["mean_preservation_ratio"] == ratio
    assert data(f"/analytics/growth?project_id={project}")["preservation_ratio"] == ratio
    assert data(f"/projects/{project}/sessions-timeline")[-1]["preservation_ratio"] == ratio
    assert data(f"/projects/{project}/handoffs")[0]["preservation_ratio"] == ratio
