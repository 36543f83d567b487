"""Access control: every route, from this machine and from others, without a token and with each scope."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from onward.api.application import build
from onward.api.middleware.access import ADMIN_ROUTES, PUBLIC_PATHS, required_reach
from onward.app.admin import access
from onward.app.admin.access import SCOPES
from onward.errors import Conflict
from onward.settings import Settings
from onward.store import Store

REMOTE_ADDRESS = ("203.0.113.7", 50000)
LOCAL_ADDRESS = ("127.0.0.1", 50000)


def create_client(store: Store, settings: Settings, client: tuple[str, int] = REMOTE_ADDRESS) -> TestClient:
    app = build(store, settings)
    app.state.is_ending = lambda: True
    return TestClient(app, base_url="http://127.0.0.1:3000", client=client, raise_server_exceptions=False)


@pytest.fixture
def remote_client(store: Store, settings: Settings) -> Iterator[TestClient]:
    """A client on another machine; the server has no rate limit."""
    with create_client(store, Settings(settings.home, settings.claude_home, host="0.0.0.0", rate_limit=0)) as client:
        yield client


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def all_routes(routes: list[Any]) -> Iterator[tuple[str, str]]:
    """Yield method and path of every route of an application, including those left out of its OpenAPI document."""
    for route in routes:
        assert route.methods, f"{route} is no route of HTTP: say who may use it"
        yield from ((method, route.path) for method in route.methods if method != "HEAD")


def fill_path(path: str) -> str:
    """Return a path of that pattern that leads to nothing."""
    return re.sub(r"{\w+}", "999999", path)


@pytest.mark.slow
def test_every_route_is_closed_to_those_whose_token_does_not_reach(store: Store, remote_client: TestClient) -> None:
    tokens = {scope: access.create_token(store, scope, scope)[1] for scope in SCOPES}
    routes = sorted(all_routes(remote_client.app.routes))  # type: ignore[attr-defined]
    assert {path for _, path in routes} >= {*remote_client.app.openapi()["paths"], "/docs", "/openapi.json", "/metrics"}  # type: ignore[attr-defined]
    wrong: list[str] = []
    for method, pattern in routes:
        path = fill_path(pattern)
        reach = required_reach(method, path)
        expected = {None: pattern in PUBLIC_PATHS, **{scope: SCOPES.index(scope) >= SCOPES.index(reach) for scope in SCOPES}}
        for scope, is_let_in in expected.items():
            if pattern == "/api/events" and is_let_in:
                continue
            # Without a body and a target, an allowed request changes nothing and is refused for another reason.
            answer = remote_client.request(method, path, headers=bearer(tokens[scope]) if scope else {})
            refused = 401 if scope is None else 403
            if pattern not in PUBLIC_PATHS and is_let_in == (answer.status_code == refused):
                wrong.append(f"{method} {pattern} with {scope}: {answer.status_code}")
    assert not wrong


@pytest.mark.parametrize(
    ("method", "path", "reach"),
    [
        ("GET", "/api/projects", "read"),
        ("HEAD", "/api/nothing", "read"),
        ("POST", "/api/projects", "write"),
        ("PATCH", "/api/projects/1", "write"),
        ("TRACE", "/api/projects", "write"),
        ("DELETE", "/api/templates/1", "write"),
        ("DELETE", "/api/projects/1", "admin"),
        ("DELETE", "/api/accounts/1", "admin"),
        ("GET", "/api/access-tokens", "admin"),
        ("POST", "/api/backups", "admin"),
        ("GET", "/api/backups/1/file", "admin"),
        ("POST", "/api/access-tokens", "admin"),
        ("DELETE", "/api/access-tokens/1", "admin"),
    ],
)
def test_scopes_of_routes(method: str, path: str, reach: str) -> None:
    assert required_reach(method, path) == reach


def test_admin_routes_exist(remote_client: TestClient) -> None:
    routes = list(all_routes(remote_client.app.routes))  # type: ignore[attr-defined]
    for method, pattern in ADMIN_ROUTES:
        assert any(pattern.fullmatch(path) and method in ("*", route_method) for route_method, path in routes)


def test_refusals_say_what_is_missing(store: Store, remote_client: TestClient) -> None:
    nobody = remote_client.get("/api/projects")
    assert (nobody.status_code, nobody.headers["www-authenticate"]) == (401, 'Bearer realm="onward"')
    assert nobody.json()["error"]["code"] == "not_authenticated"
    assert remote_client.get("/api/nothing").status_code == 401
    _, token = access.create_token(store, "kiosk", "read")
    for wrong_token in (token[:-1], f"{token}x", "x", f"{token[:17]}{'A' * 43}", ""):
        answer = remote_client.get("/api/projects", headers=bearer(wrong_token))
        assert answer.status_code == 401
        assert 'error="invalid_token"' in answer.headers["www-authenticate"]
    assert remote_client.get("/api/projects", headers={"Authorization": f"Basic {token}"}).status_code == 401
    assert remote_client.get("/api/projects", headers={"Authorization": f"bearer {token}"}).status_code == 200
    short = remote_client.post("/api/projects", json={"name": "kopi"}, headers=bearer(token))
    assert short.status_code == 403
    assert 'error="insufficient_scope", scope="write"' in short.headers["www-authenticate"]


def test_revoked_and_expired_tokens_are_refused(store: Store, remote_client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    revoked_token, valid_token = (access.create_token(store, name, "read", days=1)[1] for name in ("gone", "kept"))
    access.revoke(store, "gone")
    assert remote_client.get("/api/projects", headers=bearer(revoked_token)).status_code == 401
    assert remote_client.get("/api/projects", headers=bearer(valid_token)).status_code == 200
    assert access.require_token(store, "kept").last_used_at is not None
    monkeypatch.setattr(access, "datetime", LaterClock)
    assert remote_client.get("/api/projects", headers=bearer(valid_token)).status_code == 401


class LaterClock(access.datetime):  # type: ignore[name-defined,misc]
    """A clock two days ahead."""

    @classmethod
    def now(cls, tz: Any = None) -> Any:
        return super().now(tz) + access.timedelta(days=2)  # type: ignore[attr-defined]


def test_local_callers_need_no_token_and_a_sent_token_counts(store: Store, client: TestClient) -> None:
    _, token = access.create_token(store, "kiosk", "read")
    assert client.get("/api/projects").status_code == 200
    assert client.post("/api/projects", json={"name": "kopi"}).status_code == 200
    assert client.post("/api/projects", json={"name": "teh"}, headers=bearer(token)).status_code == 403
    assert client.get("/api/projects", headers=bearer("onw_x")).status_code == 401


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP"])
def test_forwarded_requests_are_remote(client: TestClient, header: str) -> None:
    assert client.get("/api/projects", headers={header: "203.0.113.7"}).status_code == 401


def test_remote_callers_cannot_name_local_folders(store: Store, settings: Settings, tmp_path: Path) -> None:
    _, token = access.create_token(store, "laptop", "admin")
    with create_client(store, settings) as client:
        assert client.get("/api/projects").status_code == 401
        assert client.post("/api/imports", params={"path": str(tmp_path)}, headers=bearer(token)).status_code == 403


def test_tokens_are_given_out_and_taken_back_over_http(client: TestClient, remote_client: TestClient) -> None:
    answer = client.post("/api/access-tokens", json={"name": "laptop", "scope": "read", "expiresDays": 3}, headers={"Idempotency-Key": "k"})
    assert answer.headers["cache-control"] == "no-store"
    token = answer.json()["data"]
    assert remote_client.get("/api/projects", headers=bearer(token["token"])).status_code == 200
    assert client.post("/api/access-tokens", json={"name": "laptop"}).status_code == 409
    assert client.post("/api/access-tokens", json={"name": "x", "scope": "root"}).status_code == 422
    listed = client.get("/api/access-tokens")
    assert [(item["name"], item["prefix"]) for item in listed.json()["data"]] == [("laptop", token["prefix"])]
    assert token["token"] not in listed.text
    assert client.delete(f"/api/access-tokens/{token['id']}").json()["data"]["revoked_at"]
    assert remote_client.get("/api/projects", headers=bearer(token["token"])).status_code == 401
    assert client.post("/api/access-tokens", json={"name": "laptop"}).status_code == 200
    assert client.delete("/api/access-tokens/99").status_code == 404


def test_rate_limited_callers_wait(store: Store, settings: Settings) -> None:
    _, token = access.create_token(store, "kiosk", "read")
    with create_client(store, Settings(settings.home, settings.claude_home, rate_limit=2), LOCAL_ADDRESS) as client:
        answers = [client.get("/api/projects") for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert 1 <= int(answers[2].headers["retry-after"]) <= 30
        assert answers[2].json()["error"]["code"] == "too_many_requests"
        # Another caller has its own rate limit.
        assert client.get("/api/projects", headers=bearer(token)).status_code == 200


def test_metrics_contain_routes_but_no_content(client: TestClient) -> None:
    client.post("/api/projects", json={"name": "kopi-shop"})
    client.get("/api/projects/1")
    client.get("/api/secret-path")
    client.request("BREW", "/api/projects")
    metrics = client.get("/metrics")
    assert metrics.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert 'onward_requests_total{method="GET",route="/api/projects/{project_id}",status="200"} 1.0' in metrics.text
    assert 'onward_requests_total{method="GET",route="unmatched",status="404"} 1.0' in metrics.text
    assert 'method="other"' in metrics.text
    assert 'onward_request_seconds_count{method="POST",route="/api/projects"} 1.0' in metrics.text
    assert 'onward_jobs{state="queued"} 0.0' in metrics.text
    assert "onward_projects 1.0" in metrics.text
    assert not re.search("kopi|secret|BREW", metrics.text)


def test_the_openapi_document_lists_scopes(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    assert document["components"]["securitySchemes"]["access_token"]["scheme"] == "bearer"
    assert document["paths"]["/api/projects/{project_id}"]["delete"]["security"] == [{}, {"access_token": ["admin"]}]
    assert document["paths"]["/healthz"]["get"]["security"] == []
    for methods in document["paths"].values():
        assert all({"401", "403", "429"} <= route["responses"].keys() for route in methods.values())


def test_a_name_is_taken_until_its_token_is_revoked(store: Store) -> None:
    access.create_token(store, "laptop", "read")
    with pytest.raises(Conflict):
        access.create_token(store, "laptop", "read")
    access.revoke(store, "laptop")
    again, _ = access.create_token(store, "laptop", "read")
    assert access.has_valid_token(store)
    access.revoke(store, str(again.id))
    assert not access.has_valid_token(store)


@pytest.mark.slow
def test_the_server_refuses_remote_access_without_tokens(tmp_path: Path) -> None:
    environment = {**os.environ, "ONWARD_HOME": str(tmp_path / "home")}
    serve = [sys.executable, "-m", "onward", "serve", "--host", "0.0.0.0", "--port", "0", "--json"]
    refused = subprocess.run(serve, env=environment, capture_output=True, check=False, timeout=60)
    assert refused.returncode == 2
    assert "onward access new" in json.loads(refused.stderr)["error"]["hint"]
