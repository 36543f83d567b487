"""Cross-origin requests: only the sites in the settings may send them, and get the headers that their browser needs."""

from __future__ import annotations

from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from onward.api.application import build
from onward.settings import Settings
from onward.store import Store

OURS, FOREIGN = "https://desk.example", "https://elsewhere.example"


@pytest.fixture
def cors_client(store: Store, settings: Settings) -> TestClient:
    return TestClient(build(store, replace(settings, cors_origins=(OURS,))), base_url="http://127.0.0.1:3000", client=("127.0.0.1", 50000))


def test_a_page_of_a_named_site_may_ask(cors_client: TestClient) -> None:
    answer = cors_client.get("/api/stats", headers={"Origin": OURS})
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, OURS)
    wanted = {"Origin": OURS, "Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "idempotency-key"}
    before = cors_client.options("/api/projects/1", headers=wanted)
    assert (before.status_code, before.headers["access-control-allow-origin"]) == (200, OURS)
    assert "PATCH" in before.headers["access-control-allow-methods"]


def test_a_page_of_another_site_may_not(cors_client: TestClient) -> None:
    answer = cors_client.get("/api/stats", headers={"Origin": FOREIGN})
    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers


def test_no_site_is_named_by_itself(client: TestClient) -> None:
    assert client.get("/api/stats", headers={"Origin": OURS}).status_code == 403
