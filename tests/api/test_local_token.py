"""Loopback is not a person: callers of the server's own machine need the token of its user, and folders and deletions have limits."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest
from starlette.testclient import TestClient

from onward.app.admin import access, database, local_token
from onward.client import Client
from onward.errors import NotAuthenticated
from onward.server import build
from onward.settings import Settings
from onward.store import Store

TALK = b"User: Always answer on port 8443.\nAssistant: The gateway answers on port 8443 now."


@pytest.fixture
def token(settings: Settings) -> str:
    return local_token.require(settings.home)


@pytest.fixture
def local(store: Store, settings: Settings, token: str) -> Iterator[TestClient]:
    """A caller on the server's machine, without a token."""
    application = build(store, replace(settings, local_token=token))
    with TestClient(application, base_url="http://127.0.0.1:3000", client=("127.0.0.1", 50000), follow_redirects=False) as client:
        yield client


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_every_route_is_closed_to_a_local_caller_without_the_token(local: TestClient, token: str) -> None:
    for path, methods in local.get("/openapi.json", headers=bearer(token)).json()["paths"].items():
        for method in methods:
            status = local.request(method, path.format_map(dict.fromkeys(_names(path), 1))).status_code
            assert status == 200 if path in ("/healthz", "/readyz") else status == 401, (method, path, status)
    for path in ("/docs", "/openapi.json", "/metrics", "/mcp"):
        assert local.post(path).status_code == 401
    assert local.get("/").headers["location"].startswith("/login")


def _names(path: str) -> list[str]:
    return [part.partition("}")[0] for part in path.split("{")[1:]]


def test_the_token_opens_everything_to_its_user_on_this_machine_only(
    store: Store, settings: Settings, local: TestClient, token: str
) -> None:
    assert local.get("/api/access-tokens", headers=bearer(token)).status_code == 200
    assert local.get("/api/stats", headers=bearer(token + "x")).status_code == 401
    assert local.get("/api/stats", headers={**bearer(token), "X-Forwarded-For": "192.0.2.7"}).status_code == 401
    application = build(store, replace(settings, local_token=token))
    with TestClient(application, base_url="http://127.0.0.1:3000", client=("192.0.2.7", 50000)) as remote:
        assert remote.get("/api/stats", headers=bearer(token)).status_code == 401
        assert remote.get("/login", params={"token": token}).url.path == "/login"


def test_the_link_signs_a_browser_in_and_other_sites_cannot_use_that(local: TestClient, token: str) -> None:
    assert "set-cookie" not in local.get("/login", params={"token": "onw_local_wrong"}).headers
    answer = local.get("/login", params={"token": token})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert local.get("/api/stats").status_code == 200
    own_headers, foreign = {"Origin": "http://127.0.0.1:3000"}, {"Origin": "http://127.0.0.1:4000"}
    assert local.post("/api/projects", json={"name": "kopi"}, headers=own_headers).status_code == 200
    assert local.post("/api/projects", json={"name": "teh"}, headers=foreign).status_code == 403
    assert local.post("/api/projects", json={"name": "teh"}, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 401
    assert local.get("/api/stats", headers={"Host": "evil.example"}).status_code == 403
    local.post("/logout", headers=own_headers)
    assert local.get("/api/stats").status_code == 401


def test_the_file_is_its_users_alone_and_a_readable_one_is_replaced(settings: Settings, token: str) -> None:
    path = settings.home / local_token.FILE_NAME
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert local_token.require(settings.home) == token
    path.chmod(0o644)
    assert local_token.require(settings.home) != token


def test_a_server_without_the_token_lets_every_local_caller_in(client: TestClient) -> None:
    assert client.get("/api/stats").status_code == 200


def test_only_files_below_home_and_named_folders_are_imported_by_path(
    store: Store, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    person, named, other = (tmp_path / name for name in ("person", "named", "other"))
    for folder in (person, named, other):
        folder.mkdir()
        (folder / "chat.txt").write_bytes(TALK)
    (person / "link").symlink_to(other)
    monkeypatch.setenv("HOME", str(person))
    application = build(store, replace(settings, import_roots=(str(named),)))
    with TestClient(application, base_url="http://127.0.0.1:3000", client=("127.0.0.1", 50000)) as client:
        project = client.post("/api/projects", json={"name": "kopi"}).json()["data"]["id"]

        def import_path(path: Path, **more: object) -> int:
            return client.post("/api/imports", params={"path": str(path), "project_id": project, **more}).status_code

        assert (import_path(person), import_path(named / "chat.txt")) == (200, 200)
        refused = (other, other / "chat.txt", other / "missing", person / "link", person / ".." / "other" / "chat.txt", Path("/etc/passwd"))
        assert [import_path(path) for path in refused] == [403] * len(refused)
        assert import_path(other, in_background=True) == 403
        assert client.post("/api/imports", params={"path": str(person)}, content=TALK).status_code == 422


def test_deleting_needs_the_name_and_keeps_access_tokens(store: Store, settings: Settings, client: TestClient) -> None:
    project = client.post("/api/projects", json={"name": "kopi"}).json()["data"]["id"]
    client.post("/api/sessions", json={"project_id": project})
    for query in ("", "?cascade=true", "?cascade=true&name=teh"):
        assert client.delete(f"/api/projects/{project}{query}").status_code == 409
    assert client.delete(f"/api/projects/{project}?cascade=true&name=kopi").status_code == 200
    client.post("/api/projects", json={"name": "teh"})
    _, secret = access.create_token(store, "laptop", "admin")
    with TestClient(build(store, settings), base_url="http://127.0.0.1:3000", client=("127.0.0.1", 50000)) as pages:
        own_headers = {"Origin": "http://127.0.0.1:3000"}
        assert pages.delete("/parts/settings/store", headers=own_headers).status_code == 409
        assert len(client.get("/api/projects").json()["data"]) == 1
        name = database.store_name(store)
        assert pages.delete("/parts/settings/store", params={"name": name}, headers=own_headers).status_code < 400
    assert client.get("/api/projects").json()["data"] == []
    assert access.authenticate(store, secret).name == "laptop"
    access.create_token(store, "desk", "read")


@pytest.mark.slow
def test_commands_and_the_client_find_the_token_of_the_program(tmp_path: Path) -> None:
    environment = {**os.environ, "ONWARD_HOME": str(tmp_path / "home"), "HOME": str(tmp_path)}
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "onward", "serve", "--port", "0", "--json"], env=environment, stdout=subprocess.PIPE, stderr=log
        )
    try:
        assert process.stdout
        started = json.loads(process.stdout.readline())
        url, token = started["url"], started["token"]
        assert httpx2.get(f"{url}/api/stats", timeout=120).status_code == 401
        assert httpx2.get(f"{url}/login", params={"token": token}, timeout=120).headers["location"] == "/"
        created = subprocess.run(
            [sys.executable, "-m", "onward", "--server", url, "project", "new", "kopi"], env=environment, capture_output=True, check=False
        )
        assert created.returncode == 0, created.stderr
        with Client(url, home=tmp_path / "home") as client:
            assert [line.project.name for line in client.projects.list_projects()] == ["kopi"]
        with Client(url, home=tmp_path / "elsewhere") as stranger, pytest.raises(NotAuthenticated):
            list(stranger.projects.list_projects())
    finally:
        process.terminate()
        process.wait(30)
    assert token not in (tmp_path / "log").read_text()
