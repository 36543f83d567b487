"""Common behaviour of all routes: envelope, errors, ids, sizes, Host and Origin, idempotency."""

from __future__ import annotations

import gzip
import json

import pytest
from starlette.testclient import TestClient


def test_success_and_refusal_look_the_same_everywhere(client: TestClient) -> None:
    answer = client.post("/api/projects", json={"name": "kopi"}).json()
    assert answer["success"] is True
    assert answer["data"]["name"] == "kopi"
    refused = client.get("/api/projects/77")
    assert refused.status_code == 404
    error = refused.json()["error"]
    assert refused.json()["success"] is False
    assert error["code"] == "not_found"
    assert "77" in error["message"]
    assert error["request_id"] == refused.headers["x-request-id"]


def test_a_name_taken_is_a_conflict(client: TestClient) -> None:
    assert client.post("/api/projects", json={"name": "kopi"}).status_code == 200
    assert client.post("/api/projects", json={"name": "kopi"}).status_code == 409


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "bad_json"),
        (b'{"name": "\\ud800"}', 400, "bad_json"),
        (b"[]", 422, "invalid"),
        (b"{}", 422, "invalid"),
        (b'{"name": ""}', 422, "invalid"),
        (b'{"name": "12"}', 422, "bad_input"),
        (b'{"name": "a\\u0000b"}', 200, ""),
    ],
)
def test_invalid_requests_are_refused(client: TestClient, body: bytes, status: int, code: str) -> None:
    answer = client.post("/api/projects", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == status
    assert answer.json().get("error", {}).get("code", "") == code


@pytest.mark.parametrize("path", ["/api/projects/0", "/api/projects/-1", "/api/projects/2147483648", "/api/projects/x"])
def test_ids_are_positive_integers(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 422


def test_unknown_routes_and_methods_say_so_in_the_envelope(client: TestClient) -> None:
    assert client.get("/api/nothing").json()["error"]["code"] == "unknown_route"
    assert client.put("/api/projects").json()["error"]["code"] == "method_not_allowed"


def test_lists_continue_at_the_cursor(client: TestClient) -> None:
    for name in ("a", "b", "c"):
        client.post("/api/projects", json={"name": name})
    first = client.get("/api/projects?limit=2").json()
    client.post("/api/projects", json={"name": "aa"})
    second = client.get("/api/projects", params={"limit": 2, "cursor": first["next_cursor"]}).json()
    assert [item["name"] for item in first["data"] + second["data"]] == ["a", "b", "c"]
    assert second["next_cursor"] is None


@pytest.mark.parametrize("cursor", ["x", "e30", "WzFd", "W10", "WzEsMl0"])
def test_a_cursor_of_another_list_is_refused(client: TestClient, cursor: str) -> None:
    assert client.get("/api/projects", params={"cursor": cursor}).status_code == 422


@pytest.mark.parametrize("limit", [0, 201, "x"])
def test_pages_have_at_most_200_rows(client: TestClient, limit: object) -> None:
    assert client.get("/api/projects", params={"limit": limit}).status_code == 422


def test_a_request_keeps_the_id_it_came_with(client: TestClient) -> None:
    assert client.get("/healthz", headers={"X-Request-ID": "trace-1"}).headers["x-request-id"] == "trace-1"
    odd = client.get("/healthz", headers={"X-Request-ID": "a b"}).headers["x-request-id"]
    assert odd != "a b"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Host": "localhost:9"}, 200),
        ({"Host": "[::1]:3000"}, 200),
        ({"Host": "evil.example"}, 403),
        ({"Host": "127.0.0.1.evil.example:3000"}, 403),
        ({"Origin": "http://127.0.0.1:3000"}, 200),
        ({"Origin": "http://127.0.0.1:4000"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
def test_foreign_hosts_and_origins_are_refused(client: TestClient, headers: dict[str, str], status: int) -> None:
    assert client.get("/api/projects", headers=headers).status_code == status


def test_a_write_with_a_key_is_done_once(client: TestClient) -> None:
    key = {"Idempotency-Key": "k-1"}
    first = client.post("/api/projects", json={"name": "kopi"}, headers=key)
    again = client.post("/api/projects", json={"name": "kopi"}, headers=key)
    assert again.status_code == 200
    assert again.content == first.content
    assert again.headers["idempotent-replayed"] == "true"
    assert client.post("/api/projects", json={"name": "teh"}, headers=key).status_code == 422
    assert client.post("/api/projects", json={"name": "kopi"}, headers={"Idempotency-Key": "k-2"}).status_code == 409
    assert len(client.get("/api/projects").json()["data"]) == 1


def test_a_refusal_with_a_key_is_repeated_too(client: TestClient) -> None:
    key = {"Idempotency-Key": "k-1"}
    first = client.post("/api/projects", json={"name": "12"}, headers=key)
    assert first.status_code == 422
    assert client.post("/api/projects", json={"name": "12"}, headers=key).content == first.content


@pytest.mark.parametrize("key", ["a b", "x" * 201])
def test_a_key_is_a_word(client: TestClient, key: str) -> None:
    assert client.post("/api/projects", json={"name": "kopi"}, headers={"Idempotency-Key": key}).status_code == 422


def test_long_answers_are_compressed(client: TestClient) -> None:
    with client.stream("GET", "/openapi.json", headers={"Accept-Encoding": "gzip"}) as answer:
        assert answer.headers["content-encoding"] == "gzip"
        assert json.loads(gzip.decompress(b"".join(answer.iter_raw())))["openapi"].startswith("3.1")


def test_a_body_beyond_the_limit_is_refused(client: TestClient) -> None:
    megabyte = b" " * 2**20

    def body():
        for _ in range(65):
            yield megabyte

    answer = client.post("/api/projects", content=body(), headers={"content-type": "application/json"})
    assert answer.status_code == 413
    assert "64 MiB" in answer.json()["error"]["message"]
    oversized = client.post("/api/projects", content=b"{}", headers={"content-type": "application/json", "content-length": str(2**30)})
    assert oversized.status_code == 413
    keyed = client.post("/api/projects", content=body(), headers={"content-type": "application/json", "idempotency-key": "k"})
    assert keyed.status_code == 413


def test_the_page_of_routes_runs_nothing_but_its_own_lines(client: TestClient) -> None:
    page = client.get("/docs")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "http://" not in page.text
    assert "https://" not in page.text


def test_health(client: TestClient) -> None:
    assert client.get("/healthz").json()["data"] == "alive"
    assert client.get("/readyz").json()["data"] == "ready"


@pytest.mark.slow
def test_the_program_serves_it(server) -> None:
    assert server.get("/readyz").json() == {"success": True, "data": "ready"}
    assert server.post("/api/projects", json={"name": "kopi"}).json()["data"]["id"] == 1
    assert server.get("/api/projects").json()["data"][0]["name"] == "kopi"
