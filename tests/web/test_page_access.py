"""Rules around pages: headers, error pages, the language, and access control."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from onward.app.admin import access
from onward.app.admin.access import COOKIE
from onward.app.projects import projects
from onward.server import build
from onward.settings import Settings
from onward.store import Store
from onward.web import assets
from onward.web.middleware import CONTENT_SECURITY_POLICY
from onward.web.render import TEMPLATES, environment, warm_templates

REMOTE_ADDRESS = ("192.0.2.7", 50000)
OUR = {"sec-fetch-site": "same-origin", "origin": "http://onward.example"}


@pytest.fixture
def remote_client(store: Store, tmp_path: Path) -> Iterator[TestClient]:
    """A browser on another machine; the server is open to other machines."""
    application = build(store, Settings(tmp_path / "home", tmp_path / "claude", host="0.0.0.0"))
    with TestClient(
        application, base_url="http://onward.example", client=REMOTE_ADDRESS, raise_server_exceptions=False, follow_redirects=False
    ) as http_client:
        yield http_client


def sign_in(far: TestClient, store: Store, scope: access.TokenScope) -> None:
    _, token = access.create_token(store, f"browser {scope}", scope)
    answer = far.post("/login", data={"token": token, "next": "/sessions"}, headers=OUR)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sessions"
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie


def test_every_page_says_what_it_may_load(local_client: TestClient) -> None:
    for path in ("/", "/nothing", "/login"):
        answer = local_client.get(path)
        assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert "<style" not in answer.text
        assert " style=" not in answer.text
        assert "<script>" not in answer.text


def test_a_refusal_is_a_page_to_a_person_and_data_to_a_program(local_client: TestClient) -> None:
    page = local_client.get("/projects/99")
    assert page.status_code == 404
    assert page.headers["content-type"].startswith("text/html")
    assert "There is no project 99" in page.text
    assert page.headers["x-request-id"]
    data = local_client.get("/api/projects/99")
    assert data.json()["error"]["code"] == "not_found"


def test_a_refusal_is_a_toast_to_a_part_of_a_page(local_client: TestClient) -> None:
    answer = local_client.post("/parts/jobs/99/cancel", headers={"HX-Request": "true"})
    assert answer.status_code == 404
    toast = json.loads(answer.headers["hx-trigger"])["onward:toast"]
    assert toast["kind"] == "error"
    assert "There is no job 99" in toast["text"]


def test_a_refusal_shows_nothing_that_was_sent_as_markup(local_client: TestClient) -> None:
    assert "<b>x</b>" not in local_client.get("/projects/1/sources/%3Cb%3Ex%3C%2Fb%3E").text


def test_pages_speak_the_language_that_was_asked_for(local_client: TestClient) -> None:
    assert '<html lang="id"' in local_client.get("/", headers={"accept-language": "id"}).text
    answer = local_client.post("/settings/language", data={"language": "id"}, headers={"referer": "http://127.0.0.1:3000/sessions"})
    assert answer.headers["location"] == "/sessions"
    assert "Dasbor" in local_client.get("/").text


def test_a_theme_that_was_chosen_is_in_the_page_as_it_comes(local_client: TestClient) -> None:
    assert "data-theme=" not in local_client.get("/").text
    local_client.post("/settings/theme", data={"theme": "dark"})
    assert 'data-theme="dark"' in local_client.get("/").text


def test_partial_navigation_sends_only_the_main_part(local_client: TestClient) -> None:
    whole = local_client.get("/sessions")
    middle = local_client.get("/sessions", headers={"HX-Request": "true", "HX-Boosted": "true"})
    assert "<html" in whole.text
    assert "<html" not in middle.text
    assert '<main id="main"' in middle.text
    assert "HX-Request" in whole.headers["vary"]


def test_static_files_are_cached_permanently(local_client: TestClient) -> None:
    url = assets.load_assets().url("onward.css")
    answer = local_client.get(url)
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-encoding"] == "gzip"
    assert "immutable" not in local_client.get("/static/onward.css?v=older").headers["cache-control"]
    assert local_client.get(url, headers={"if-none-match": answer.headers["etag"]}).status_code == 304
    assert local_client.get("/static/../mounting.py").status_code == 404


def test_another_sites_page_changes_nothing(local_client: TestClient, store: Store) -> None:
    answer = local_client.post("/parts/begin/demo", headers={"origin": "https://evil.example"})
    assert answer.status_code == 403
    assert projects.list_projects(store) == []


def test_remote_users_sign_in_and_return(remote_client: TestClient) -> None:
    answer = remote_client.get("/sessions?status=in_progress")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/login?next=/sessions%3Fstatus%3Din_progress"
    assert remote_client.get("/login").status_code == 200
    assert remote_client.get(assets.load_assets().url("onward.css")).status_code == 200
    part = remote_client.get("/parts/palette", headers={"HX-Request": "true", "HX-Current-URL": "http://onward.example/accounts"})
    assert part.status_code == 401
    assert part.headers["hx-redirect"] == "/login?next=/accounts"


@pytest.mark.parametrize("wanted", ["//evil.example", "https://evil.example", "/\\evil.example", "/login", "javascript:alert(1)"])
def test_sign_in_redirects_stay_on_the_site(remote_client: TestClient, store: Store, wanted: str) -> None:
    _, token = access.create_token(store, "laptop", "read")
    assert remote_client.post("/login", data={"token": token, "next": wanted}, headers=OUR).headers["location"] == "/"


def test_a_wrong_token_is_reported_beside_the_field(remote_client: TestClient) -> None:
    answer = remote_client.post("/login", data={"token": "onw_wrong", "next": "/"}, headers=OUR)
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert COOKIE not in answer.headers.get("set-cookie", "")


def test_a_cookie_reaches_pages_and_what_they_ask_and_only_from_them(remote_client: TestClient, store: Store) -> None:
    sign_in(remote_client, store, "write")
    assert remote_client.get("/sessions").status_code == 200
    assert remote_client.get("/api/stats").status_code == 200
    assert remote_client.post("/api/projects", json={"name": "ours"}, headers=OUR).status_code == 200
    for strange in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}, {}):
        answer = remote_client.post("/api/projects", json={"name": "theirs"}, headers=strange)
        assert answer.status_code in (401, 403), strange
    assert [line.project.name for line in projects.list_projects(store)] == ["ours"]
    remote_client.post("/logout", headers=OUR)
    assert remote_client.get("/sessions").status_code == 303


def test_readers_see_disabled_controls_and_cannot_write(remote_client: TestClient, store: Store) -> None:
    sign_in(remote_client, store, "read")
    page = remote_client.get("/").text
    assert "Your access token is read-only" in page
    answer = remote_client.post("/parts/begin/demo", headers={**OUR, "HX-Request": "true"})
    assert answer.status_code == 403
    assert "onward:toast" in answer.headers["hx-trigger"]


def test_pages_require_the_same_admin_scope(remote_client: TestClient, store: Store) -> None:
    sign_in(remote_client, store, "write")
    project = projects.create(store, "dear")
    assert remote_client.delete(f"/projects/{project.id}", headers={**OUR, "HX-Request": "true"}).status_code == 403


def test_a_token_that_was_revoked_leads_to_signing_in(remote_client: TestClient, store: Store) -> None:
    sign_in(remote_client, store, "read")
    access.revoke(store, "browser read")
    assert remote_client.get("/").headers["location"].startswith("/login")
    assert "no longer valid" in remote_client.get("/login").text


def test_without_its_files_the_server_says_so_and_does_not_start(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from onward.errors import BadSetting

    assets.load_assets.cache_clear()
    monkeypatch.setattr(assets, "VENDOR", tmp_path)
    try:
        with pytest.raises(BadSetting, match=r"fonts and scripts are missing.*hatch_build"):
            build(store, Settings(tmp_path / "home", tmp_path / "claude"))
    finally:
        assets.load_assets.cache_clear()


def test_after_the_first_page_every_template_is_ready(local_client: TestClient) -> None:
    local_client.get("/")
    warm_templates().join()
    cached = {name for _loader, name in environment().cache or ()}
    assert cached >= {path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*.html")}
