"""The first minute: three ways to start with an empty store, with live progress."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from onward import samples

from .conftest import Site, Watch, violations, visit, wait_until_ready, watch_context

LONG_MS = 60_000


@pytest.fixture
def _allow_422(watch: Watch) -> None:
    watch.allow("422")


def test_the_demo_is_loaded_and_the_page_goes_on_by_itself(page: Page, empty_site: Site) -> None:
    visit(page, empty_site.url)
    assert violations(page) == []
    page.get_by_role("button", name="Load demo").click()
    expect(page.locator("job-progress")).to_be_visible()
    expect(page.locator(".toast")).to_contain_text("Started.")
    expect(page.locator(".kpis")).to_be_visible(timeout=LONG_MS)
    expect(page.get_by_role("link", name="antre").first).to_be_visible()


@pytest.mark.usefixtures("_allow_422")
def test_sessions_of_an_agent_are_found_chosen_and_imported(page: Page, empty_site: Site) -> None:
    agent_folder = Path(empty_site.environment["HOME"]) / ".claude" / "projects" / "-srv-antre"
    agent_folder.mkdir(parents=True)
    first = next(path for path in samples.write(empty_site.home.parent / "samples") if "claude" in path.name)
    first.rename(agent_folder / "0b7c5f2e-1111-4222-8333-444455556666.jsonl")
    visit(page, empty_site.url)
    expect(page.locator(".agents")).to_contain_text("Claude Code")
    page.get_by_role("checkbox", name="Claude Code").uncheck()
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.locator(".way [role=alert]")).to_contain_text("Choose at least one agent")
    page.get_by_role("checkbox", name="Claude Code").check()
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.locator(".kpis")).to_be_visible(timeout=LONG_MS)


@pytest.mark.usefixtures("_allow_422")
def test_a_conversation_is_pasted_and_what_is_missing_is_said_beside_its_field(page: Page, empty_site: Site) -> None:
    visit(page, empty_site.url)
    page.get_by_label("Project").fill("checkout")
    page.get_by_role("button", name="Create handoff").click()
    expect(page.locator("#field-text-error")).to_contain_text("Paste a conversation")
    expect(page.locator("#field-text")).to_be_focused()
    expect(page.get_by_label("Project")).to_have_value("checkout")
    conversation = "User: Move the checkout to port 8443, and never use port 8080 again.\nAssistant: Done, deploy.yaml says 8443 now."
    page.get_by_label("Conversation").fill(conversation)
    page.reload()
    wait_until_ready(page)
    expect(page.get_by_label("Conversation")).to_have_value(conversation)
    page.get_by_role("button", name="Create handoff").click()
    page.wait_for_url(f"{empty_site.url}/handoff?project=1", timeout=LONG_MS)
    expect(page.locator(".handoff")).to_contain_text("8443")


def test_the_import_goes_on_while_the_page_is_left(page: Page, empty_site: Site) -> None:
    visit(page, empty_site.url)
    page.get_by_role("button", name="Load demo").click()
    expect(page.locator("job-progress")).to_be_visible()
    page.goto("about:blank")
    visit(page, f"{empty_site.url}/jobs/1")
    expect(page.get_by_role("link", name="antre").first).to_be_visible(timeout=LONG_MS)
    visit(page, f"{empty_site.url}/jobs/1")
    expect(page.locator("job-progress")).to_contain_text("3 sessions")


def test_remote_users_sign_in_with_a_token_and_may_only_read(browser: Browser, site: Site, watch: Watch) -> None:
    token = json.loads(site.onward("access", "new", "reader", "--scope", "read", "--json"))["token"]
    # A forwarding header makes the caller remote.
    context = watch_context(browser.new_context(extra_http_headers={"X-Forwarded-For": "192.0.2.7"}), watch)
    page = context.new_page()
    visit(page, f"{site.url}/sessions?status=in_progress")
    expect(page.locator("main h1")).to_have_text("Sign in")
    page.get_by_label("Access token").fill(token)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/sessions?status=in_progress")
    visit(page, f"{site.url}/begin")
    expect(page.get_by_role("button", name="Load demo")).to_be_disabled()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(f"{site.url}/**")
    visit(page, site.url)
    expect(page.locator("main h1")).to_have_text("Sign in")
    context.close()
    assert watch.wrong() == []
