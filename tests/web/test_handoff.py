"""The handoff tab: every form and budget, versions, and a handoff made from a conversation, by rules and without a model."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from starlette.testclient import TestClient

from onward.app.projects import projects
from onward.app.sessions import sessions
from onward.store import Store

from .conftest import Site, Watch, violations, visit

LONG_MS = 60_000


def test_a_handoff_is_read_at_a_budget_as_a_prompt_for_a_goal_and_as_json(page: Page, shared_site: Site) -> None:
    visit(page, f"{shared_site.url}/handoff?project=1")
    expect(page.locator(".handoff")).to_contain_text("Rules (always)")
    page.get_by_role("link", name="1k").click()
    page.wait_for_url("**budget=1000**")
    expect(page.locator(".paper header")).to_contain_text("generated for this budget")
    page.get_by_role("link", name="Prompt").click()
    page.wait_for_url("**view=prompt**")
    page.get_by_label("Goal of the next session").type("Print the ticket")
    expect(page.locator("#written")).to_contain_text("Your task now: Print the ticket")
    expect(page.get_by_label("Goal of the next session")).to_be_focused()
    page.reload()
    expect(page.locator("#written")).to_contain_text("Your task now: Print the ticket")
    page.get_by_role("link", name="JSON").click()
    expect(page.locator("#written pre")).to_contain_text('"sections"')
    document = json.loads(page.locator("#written pre").inner_text())
    assert {section["title"] for section in document["sections"]} >= {"Rules (always)"}


def test_a_handoff_is_copied_and_downloaded(page: Page, shared_site: Site, tmp_path: Path) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visit(page, f"{shared_site.url}/handoff?project=1")
    page.get_by_role("button", name="Copy").click()
    expect(page.locator(".toast")).to_contain_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("# Handoff after session 3")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    download.value.save_as(tmp_path / "handoff.md")
    assert (tmp_path / "handoff.md").read_text(encoding="utf-8").strip() == copied.strip()
    assert download.value.suggested_filename == "antre-handoff-3.md"


@pytest.mark.parametrize("path", ["/handoff?project=1", "/sessions/3/handoff"])
def test_on_paper_it_is_a_document_and_nothing_else(page: Page, shared_site: Site, tmp_path: Path, path: str) -> None:
    visit(page, shared_site.url + path)
    expect(page.locator(".later, .htmx-request")).to_have_count(0)
    page.emulate_media(media="print", color_scheme="dark")
    expect(page.locator("html")).to_have_css("color-scheme", "light")
    expect(page.locator("body")).to_have_css("background-color", "rgb(255, 255, 255)")
    printed = page.evaluate("document.body.innerText").strip()
    assert printed == page.locator(".paper").inner_text().strip()
    assert "antre" in printed.splitlines()[0]
    assert "Handoff after session 3" in printed
    # A line is not split across pages, a heading stays with its text, and the document begins on the first page.
    assert page.locator(".paper li").first.evaluate("(one) => getComputedStyle(one).breakInside") == "avoid"
    assert page.locator(".paper h3").first.evaluate("(one) => getComputedStyle(one).breakAfter") == "avoid"
    assert page.locator(".paper").evaluate("(one) => getComputedStyle(one).breakInside") == "auto"
    page.pdf(path=tmp_path / "handoff.pdf", format="A4", prefer_css_page_size=True)
    assert len(re.findall(rb"/Type /Page\b(?!s)", (tmp_path / "handoff.pdf").read_bytes())) == 3


def test_versions_are_compared_side_by_side_and_restored_with_undo(page: Page, site: Site) -> None:
    visit(page, f"{site.url}/handoff/versions?project=1")
    rows = page.locator("tbody tr")
    before = rows.count()
    page.get_by_role("button", name="Compare").click()
    expect(page.locator("main h1")).to_contain_text(re.compile(r"Version \d+ and version \d+"))
    expect(page.locator(".sides .new:not(.none)").first).to_be_visible()
    assert violations(page) == []
    page.go_back()
    page.get_by_role("button", name="Restore").last.click()
    page.wait_for_url(f"{site.url}/handoff?project=1")
    expect(page.locator(".paper h2")).to_have_text("Handoff after session 1")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".paper h2")).to_have_text("Handoff after session 3")
    visit(page, f"{site.url}/handoff/versions?project=1")
    expect(rows).to_have_count(before + 2)


def test_a_conversation_becomes_the_next_handoff_and_what_was_typed_survives_a_refresh(page: Page, watch: Watch, site: Site) -> None:
    watch.allow("422")
    visit(page, f"{site.url}/handoff/new?project=1")
    expect(page.get_by_label("Project*")).to_have_value("antre")
    expect(page.get_by_role("radio", name="Rules, then AI")).to_be_disabled()
    expect(page.locator(".made-by")).to_contain_text("No language model is configured")
    page.get_by_role("button", name="Create handoff").click()
    expect(page.locator("#field-text-error")).to_contain_text("Paste a conversation")
    conversation = "User: From now on, always announce a number twice over the speaker.\nAssistant: Understood, it is announced twice."
    page.get_by_label("Conversation").last.fill(conversation)
    page.reload()
    expect(page.locator("#field-text")).to_have_value(conversation)
    page.get_by_role("button", name="Create handoff").click()
    expect(page.locator("job-progress")).to_be_visible()
    page.wait_for_url(f"{site.url}/handoff?project=1", timeout=LONG_MS)
    expect(page.locator(".handoff")).to_contain_text("announce a number twice")


def test_a_file_is_sent(page: Page, empty_site: Site, tmp_path: Path) -> None:
    file = tmp_path / "chat.md"
    file.write_text("User: Deploy to port 8443, never to 8080.\n\nAssistant: deploy.yaml says 8443 now.\n", encoding="utf-8")
    visit(page, f"{empty_site.url}/handoff/new")
    page.get_by_label("Project*").fill("checkout")
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Create handoff").click()
    page.wait_for_url(f"{empty_site.url}/handoff?project=1", timeout=LONG_MS)
    expect(page.locator(".handoff")).to_contain_text("8443")


def test_without_a_model_refining_says_how_to_get_one(page: Page, shared_site: Site) -> None:
    visit(page, f"{shared_site.url}/handoff?project=1")
    expect(page.get_by_role("button", name="Improve")).to_be_disabled()
    page.get_by_role("link", name="Configure").click()
    page.wait_for_url(f"{shared_site.url}/settings/model")


def test_remote_readers_cannot_change_a_handoff(page: Page, watch: Watch, site: Site) -> None:
    token = json.loads(site.onward("access", "new", "reader", "--scope", "read", "--json"))["token"]
    page.set_extra_http_headers({"X-Forwarded-For": "192.0.2.7"})
    watch.allow("403")
    visit(page, f"{site.url}/handoff?project=1")
    page.get_by_label("Access token").fill(token)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/handoff?project=1")
    expect(page.locator(".handoff")).to_be_visible()
    expect(page.locator(".act")).to_have_count(0)
    visit(page, f"{site.url}/projects/1/facts")
    expect(page.get_by_role("button", name="Add fact")).to_be_disabled()
    visit(page, f"{site.url}/handoff/versions?project=1")
    expect(page.get_by_role("button", name="Restore").first).to_be_disabled()


def test_the_tab_shows_the_project_last_worked_on(local_client: TestClient, store: Store) -> None:
    for name in ("pear", "apple"):
        sessions.start(store, projects.create(store, name), objectives=["Grow"])
    assert "<p>apple</p>" in local_client.get("/handoff").text
    assert 'type="text" value="apple"' not in local_client.get("/handoff/new").text
    assert 'name="project" type="text" value="pear"' in local_client.get("/handoff/new?project=1").text
