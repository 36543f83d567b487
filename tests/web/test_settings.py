"""Settings: the model key, access tokens, the server status, and resetting the store."""

from __future__ import annotations

import http.server
import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from starlette.testclient import TestClient

from onward.adapters import build_model_setup
from onward.app.models import keys, model_choice
from onward.errors import Conflict
from onward.settings import LLMSettings, Settings
from onward.store import Store

from .conftest import Site, Watch, serving, violations, visit, wait_until_ready

KEY = "hf_" + "x" * 30
LONG_MS = 30_000


class _Model(http.server.BaseHTTPRequestHandler):
    """A model that accepts one key."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        is_known = self.headers.get("authorization") == f"Bearer {KEY}"
        message = {"role": "assistant", "content": "Yes."}
        answer = {
            "id": "1",
            "object": "chat.completion",
            "created": 1,
            "model": "tiny",
            "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
            "usage": {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11},
        }
        body = json.dumps(answer if is_known else {"error": {"message": "no such key"}}).encode()
        self.send_response(200 if is_known else 401)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_said: object) -> None:
        pass


@pytest.fixture
def asking_site(tmp_path: Path) -> Iterator[Site]:
    """A server whose model is another local server."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Model) as endpoint:
        threading.Thread(target=endpoint.serve_forever, daemon=True).start()
        home = tmp_path / "home"
        home.mkdir()
        (home / "onward.toml").write_text(f'llm_url = "http://127.0.0.1:{endpoint.server_port}/v1"\nllm_model = "tiny"\n')
        with serving(home, tmp_path / "server.log") as running:
            yield running
        endpoint.shutdown()


def test_a_key_is_saved_tested_shown_and_removed(page: Page, asking_site: Site, watch: Watch) -> None:
    watch.allow("422")
    visit(page, f"{asking_site.url}/settings/model")
    card = page.get_by_role("region", name="API key")
    card.get_by_role("button", name="Save and test").click()
    expect(card.locator(".error")).to_have_text("Required.")
    card.get_by_label("Key").fill("hf_" + "wrong")
    card.get_by_role("button", name="Save and test").click()
    expect(card.locator(".tag")).to_have_text("invalid", timeout=LONG_MS)
    assert violations(page) == []
    card.get_by_label("New key").fill(KEY)
    card.get_by_role("button", name="Save and test").click()
    expect(page.locator(".toast").first).to_contain_text("encrypted")
    expect(card.locator(".tag")).to_have_text("valid", timeout=LONG_MS)
    visit(page, f"{asking_site.url}/settings/model")
    expect(card.locator(".tag")).to_have_text("valid")
    assert KEY not in page.content()
    card.get_by_role("button", name="Remove").click()
    expect(card.locator(".tag")).to_have_text("not set")
    visit(page, f"{asking_site.url}/settings/server")
    expect(page.get_by_role("row", name="llm_model")).to_contain_text("onward.toml")


def test_a_token_is_shown_once_and_revoked_by_name(page: Page, site: Site, watch: Watch) -> None:
    watch.allow("422")
    visit(page, f"{site.url}/settings/access")
    page.get_by_role("button", name="New access token").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Create token").click()
    expect(dialog.locator(".error").first).to_have_text("Required.")
    dialog.get_by_label("Label").fill("Budi's laptop")
    dialog.get_by_label("Scope").select_option("write")
    assert violations(page) == []
    dialog.get_by_role("button", name="Create token").click()
    token = dialog.locator("code").inner_text()
    assert token.startswith("onw_")
    dialog.get_by_role("link", name="Done").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    row = page.get_by_role("row", name="Budi's laptop")
    expect(row).to_contain_text("write")
    page.wait_for_function("token => !document.documentElement.outerHTML.includes(token)", arg=token)
    row.get_by_role("button", name="Revoke").click()
    confirm = page.get_by_role("dialog", name="Revoke access token").get_by_role("button", name="Revoke")
    expect(confirm).to_be_disabled()
    page.get_by_role("dialog").get_by_role("textbox").fill("Budi's")
    page.keyboard.press("Enter")
    expect(confirm).to_be_disabled()
    page.get_by_role("dialog").get_by_role("textbox").fill("Budi's laptop")
    confirm.click()
    expect(page.locator(".toast")).to_contain_text("revoked")
    expect(page.get_by_role("row", name="Budi's laptop")).to_contain_text("revoked")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_the_store_is_emptied_by_name_and_a_copy_is_left(page: Page, site: Site) -> None:
    visit(page, f"{site.url}/settings/server")
    expect(page.locator(".findings li").first).to_be_visible()
    page.get_by_role("button", name="Delete all data").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox").fill("onward.sqlite3-")
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("button", name="Delete all data")).to_be_disabled()
    assert "antre" in site.onward("project", "list")
    dialog.get_by_role("textbox").fill(page.locator("form[data-confirms]").get_attribute("data-confirms") or "")
    dialog.get_by_role("button", name="Delete all data").click()
    expect(page.locator("main h1")).to_have_text("One handoff for all your sessions")
    assert list(site.home.glob("*before-reset*"))


def test_a_backup_is_created_and_downloaded_later(page: Page, site: Site, tmp_path: Path) -> None:
    visit(page, f"{site.url}/settings/server")
    page.get_by_role("button", name="Create backup").click()
    expect(page.locator("job-progress")).to_be_visible()
    visit(page, f"{site.url}/settings/server")
    with page.expect_download(timeout=60_000) as download:
        page.get_by_role("link", name="Download").click(timeout=60_000)
    download.value.save_as(tmp_path / "copy.db")
    with closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
        assert copy.execute("SELECT count(*) FROM sessions").fetchone() == (4,)


def test_the_palette_changes_the_language_and_asks_for_a_new_account(page: Page, site: Site, watch: Watch) -> None:
    # A part of the page was still loading during navigation.
    watch.allow("htmx:(sendAbort|afterRequest)")
    visit(page, site.url)
    page.keyboard.press("Control+k")
    palette = page.get_by_role("dialog", name="Command palette")
    palette.get_by_role("combobox").fill("new account")
    palette.get_by_role("option", name="New account", exact=True).click()
    expect(page.get_by_role("dialog", name="New account")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    palette.get_by_role("combobox").fill("bahasa indo")
    palette.get_by_role("option", name="Bahasa Indonesia", exact=True).click()
    expect(page.locator("main h1")).to_have_text("Dasbor")
    wait_until_ready(page)


def test_an_agent_is_connected_and_disconnected_by_a_button(
    local_client: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("CLAUDE_CONFIG_DIR", raising=False)
    settings_file = tmp_path / ".claude" / "settings.json"
    (settings_file.parent / "projects").mkdir(parents=True)
    settings_file.write_text('{"model": "opus"}')
    page_text = local_client.get("/settings/agents").text
    assert "Claude Code" in page_text
    assert "not installed" in page_text
    assert str(settings_file.parent / "projects") in page_text
    row = local_client.post("/parts/settings/agents/claude-code/install")
    assert "Uninstall" in row.text
    assert "Its next session starts with the handoff." in row.text
    assert "SessionStart" in json.loads(settings_file.read_text())["hooks"]
    settings_file.write_text(settings_file.read_text().replace("SessionStart", "SessionBegin"))
    assert "Install again" in local_client.get("/settings/agents").text
    local_client.post("/parts/settings/agents/claude-code/install")
    assert "not installed" in local_client.post("/parts/settings/agents/claude-code/uninstall").text
    assert json.loads(settings_file.read_text())["model"] == "opus"
    assert "SessionStart" not in settings_file.read_text()
    assert local_client.post("/parts/settings/agents/emacs/install").status_code == 404


def test_a_model_is_chosen_and_a_key_is_not_sent_to_another_address(local_client: TestClient, store: Store, tmp_path: Path) -> None:
    setup = build_model_setup(Settings(tmp_path / "home", tmp_path / "claude"))
    keys.save(store, setup, KEY)
    refused = local_client.post("/parts/settings/model", data={"url": "not an address", "model": "tiny"})
    assert (refused.status_code, "not a web address" in refused.text) == (422, True)
    assert "No model is set" in local_client.post("/parts/settings/model", data={"url": "http://127.0.0.1:9/v1"}).text
    local_client.post("/parts/settings/model", data={"model": "maker/other"})
    assert (keys.show(store, setup).model, keys.show(store, setup).source) == ("maker/other", "store")
    saved = local_client.post("/parts/settings/model", data={"url": "http://127.0.0.1:9/v1/", "model": "tiny"})
    assert saved.status_code == 303
    status = keys.show(store, setup)
    assert (status.url, status.model, status.source) == ("http://127.0.0.1:9/v1", "tiny", "none")
    assert "http://127.0.0.1:9/v1" in local_client.get("/settings/server").text
    decided = build_model_setup(Settings(tmp_path / "home", tmp_path / "claude", llm=LLMSettings(model="set")))
    assert decided.current_settings.model == "set"
    with pytest.raises(Conflict):
        model_choice.choose(store, decided, "", "other")
