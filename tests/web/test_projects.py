"""The pages of a project: its handoff with every line, its sessions, facts and files, and project actions."""

from __future__ import annotations

import json
import re

from playwright.sync_api import Page, expect
from starlette.testclient import TestClient

from onward.app.projects import projects
from onward.app.sessions import sessions
from onward.store import Store

from .conftest import Site, Watch, violations, visit


def open_line(page: Page, words: str) -> None:
    """Open the dialog of the handoff line that contains *words*."""
    line = page.locator(".handoff li", has_text=words).first
    line.hover()
    line.get_by_role("button", name="Edit, pin or retract this line").click()
    expect(page.get_by_role("dialog")).to_be_visible()


def test_the_page_shows_the_handoff_what_it_keeps_what_changed_and_the_session_that_goes_on(page: Page, shared_site: Site) -> None:
    visit(page, f"{shared_site.url}/projects/1")
    expect(page.locator(".handoff")).to_contain_text("tickets.ts")
    expect(page.locator(".kept li", has_text="Rules")).to_contain_text(re.compile(r"\d+/\d+"))
    expect(page.get_by_role("link", name="Session 4 in progress")).to_be_visible()
    expect(page.locator(".changes")).to_contain_text("Session 2 to 3")
    expect(page.locator(".growth-loop li")).to_have_count(3)
    expect(page.locator(".timeline li")).to_have_count(4)
    page.locator(".lost summary").click()
    page.locator(".lost a.source").first.click()
    expect(page.locator(".source-turns .named")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".source-turns")).to_have_count(0)


def test_a_line_leads_to_its_turns_in_context_and_back(page: Page, shared_site: Site) -> None:
    visit(page, f"{shared_site.url}/projects/1")
    link = page.locator(".handoff li a.source").first
    handle = link.inner_text()
    visit(page, f"{shared_site.url}{link.get_attribute('href')}")
    expect(page.locator("main h1")).to_have_text(handle)
    expect(page.locator(".source-turns li")).not_to_have_count(1)
    expect(page.locator(".cited li").first).to_be_visible()
    named = page.locator(".source-turns .named .who a.source").first
    place = named.inner_text()
    named.click()
    expect(page.locator(f"#turn-{place.partition('.')[2]}.is-marked")).to_be_visible()
    page.go_back()
    page.get_by_role("link", name="Back to the handoff").click()
    expect(page.locator("main h1")).to_have_text("antre")


def test_a_line_is_corrected_and_the_correction_undone(page: Page, site: Site) -> None:
    visit(page, f"{site.url}/projects/1")
    first = page.locator(".handoff section li .said").first.inner_text().split("\n")[0][:40]
    open_line(page, first)
    assert violations(page) == []
    page.get_by_label("Text").first.fill("Never print a patient’s name on the ticket.")
    page.get_by_role("button", name="Save").first.click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator(".handoff")).to_contain_text("Never print a patient’s name on the ticket.")
    assert "Never print a patient’s name" in site.onward("handoff", "--project", "antre")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".handoff")).not_to_contain_text("Never print a patient’s name on the ticket.")
    expect(page.locator(".handoff")).to_contain_text(first)


def test_a_line_is_retracted_with_undo_and_another_pinned(page: Page, site: Site) -> None:
    visit(page, f"{site.url}/projects/1")
    lines = page.locator(".handoff section[aria-label='Rules (always)'] li .said")
    before = lines.count()
    words = lines.first.inner_text().split("\n")[0][:40]
    open_line(page, words)
    for button in page.get_by_role("dialog").get_by_role("button", name="Retract").all()[:1]:
        button.click()
    expect(page.locator(".toast")).to_contain_text("Removed from future handoffs")
    expect(lines).to_have_count(before - 1)
    page.get_by_role("button", name="Undo").click()
    expect(lines).to_have_count(before)
    open_line(page, words)
    page.get_by_role("dialog").get_by_role("button", name="Pin").first.click()
    expect(page.locator(".toast").last).to_contain_text("Pinned")
    listed = json.loads(site.onward("fact", "list", "--project", "antre", "--kind", "rule", "--json"))
    assert any(fact["pinned"] for fact in (listed["facts"] if isinstance(listed, dict) else listed))
    with page.expect_response(lambda response: response.request.method != "GET"):
        page.locator(".toast", has_text="Pinned").get_by_role("button", name="Undo").click()
    expect(page.locator(".toast")).to_have_text(["Undone"])
    listed = json.loads(site.onward("fact", "list", "--project", "antre", "--kind", "rule", "--json"))
    assert not any(fact["pinned"] for fact in (listed["facts"] if isinstance(listed, dict) else listed))


def test_the_ledger_is_filtered_as_one_types_and_a_fact_is_added(page: Page, watch: Watch, site: Site) -> None:
    watch.allow("422")
    visit(page, f"{site.url}/projects/1/facts")
    page.locator("#fact-text").type("sqlite")
    page.wait_for_url("**text=sqlite**")
    expect(page.locator("#fact-text")).to_be_focused()
    expect(page.locator(".facts li").first).to_contain_text(re.compile("sqlite", re.IGNORECASE))
    page.get_by_label("Kind").select_option("rule")
    page.wait_for_url("**kind=rule**")
    expect(page.locator(".facts li .kind", has_text="decision")).to_have_count(0)
    page.get_by_role("button", name="Add fact").click()
    assert violations(page) == []
    page.get_by_label("Text").fill("   ")
    page.get_by_role("dialog").get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("dialog").locator(".error")).to_contain_text("A fact needs a text")
    page.get_by_label("Text").fill("Keep sqlite in WAL mode.")
    page.get_by_role("dialog").get_by_role("button", name="Add", exact=True).click()
    expect(page.locator(".facts")).to_contain_text("Keep sqlite in WAL mode.")
    page.reload()
    expect(page.locator(".facts")).to_contain_text("added by hand")


def test_sessions_are_filtered_by_status_and_files_by_path(page: Page, shared_site: Site) -> None:
    visit(page, f"{shared_site.url}/projects/1/sessions")
    expect(page.locator(".timeline li")).to_have_count(4)
    page.get_by_role("link", name="Completed").click()
    expect(page.locator(".timeline li")).to_have_count(3)
    page.get_by_role("navigation", name="Pages of this project").get_by_role("link", name="Files").click()
    page.get_by_label("Filter by path").type("printer")
    expect(page.locator("#files tbody tr")).to_have_count(2)
    page.locator("#files a.source").first.click()
    expect(page.locator(".source-turns .named")).to_be_visible()


def test_a_project_is_named_archived_brought_back_and_exported(page: Page, watch: Watch, site: Site) -> None:
    watch.allow("422")
    visit(page, f"{site.url}/projects/1")
    more = page.get_by_role("button", name="More about this project")
    more.click()
    page.get_by_role("button", name="Edit name and description").click()
    assert violations(page) == []
    page.get_by_role("textbox", name="Name").fill("123")
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(page.get_by_role("dialog").locator(".error").first).to_contain_text("is not a valid project name")
    page.get_by_role("textbox", name="Name").fill("melati")
    page.get_by_role("textbox", name="Description").fill("The clinic’s queue")
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(page.locator("main h1")).to_have_text("melati")
    expect(page.locator(".heading")).to_contain_text("The clinic’s queue")
    more.click()
    page.get_by_role("button", name="Archive", exact=True).click()
    expect(page.locator("main .notice")).to_contain_text("archived")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("main .notice")).to_have_count(0)
    more.click()
    page.get_by_role("button", name="Export").click()
    page.get_by_role("dialog").get_by_role("button", name="Export").click()
    with page.expect_download(timeout=60_000) as download:
        page.get_by_role("link", name="Download").click(timeout=60_000)
    assert download.value.suggested_filename == "melati.onward.zip"


def test_sessions_are_given_to_another_project_and_a_project_is_deleted_by_name(page: Page, watch: Watch, site: Site) -> None:
    watch.allow("422")
    site.onward("project", "new", "other")
    visit(page, f"{site.url}/projects/1")
    page.get_by_role("button", name="More about this project").click()
    page.get_by_role("button", name="Move sessions to another project").click()
    page.get_by_label("Project*").select_option(label="other")
    page.get_by_role("textbox", name="Sessions").fill("two")
    page.get_by_role("dialog").get_by_role("button", name="Move", exact=True).click()
    expect(page.get_by_role("dialog")).to_contain_text("is not a session number")
    page.get_by_role("textbox", name="Sessions").fill("3")
    page.get_by_role("dialog").get_by_role("button", name="Move", exact=True).click()
    expect(page.locator("main h1")).to_have_text("other")
    expect(page.locator(".toast").last).to_contain_text("1 session moved to other")
    page.get_by_role("button", name="More about this project").click()
    page.get_by_role("button", name="Delete").click()
    delete = page.get_by_role("button", name="Delete permanently")
    expect(delete).to_be_disabled()
    assert violations(page) == []
    for wrong in ("Other", "othe", "other 1"):
        page.get_by_label("Type other to confirm").fill(wrong)
        page.keyboard.press("Enter")
        expect(delete).to_be_disabled()
    assert "other" in site.onward("project", "list")
    page.get_by_label("Type other to confirm").fill("other")
    delete.click()
    page.wait_for_url(f"{site.url}/")
    assert "other" not in site.onward("project", "list")


def test_by_keyboard_alone_a_line_is_retracted(page: Page, site: Site) -> None:
    visit(page, f"{site.url}/projects/1")
    button = page.locator(".handoff section .act").first
    button.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Text").first).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(button).to_be_focused()


def test_projects_are_created_sorted_and_found_again_after_archiving(local_client: TestClient, store: Store) -> None:
    refused = local_client.post("/parts/projects/new", data={"name": " "})
    assert (refused.status_code, "Required." in refused.text) == (422, True)
    for name in ("pear", "Apple"):
        assert local_client.post("/parts/projects/new", data={"name": name, "description": "a  fruit"}).status_code == 303
    assert "valid project name" in local_client.post("/parts/projects/new", data={"name": "123"}).text
    assert projects.resolve(store, "pear").description == "a fruit"
    sessions.start(store, projects.resolve(store, "pear"), objectives=["Grow"])

    def shown(query: str) -> list[str]:
        return re.findall(r'<a class="main"[^>]*>(\w+)</a>', local_client.get(f"/projects?{query}").text)

    assert shown("sort=name") == ["Apple", "pear"]
    assert shown("sort=-sessions") == ["pear", "Apple"]
    assert shown("sort=name&skip=1") == ["pear"]
    projects.archive(store, projects.resolve(store, "Apple"))
    assert shown("") == ["pear"]
    assert shown("status=archived") == ["Apple"]
