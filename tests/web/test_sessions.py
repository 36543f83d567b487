"""Working with sessions: found, started, given a transcript, completed, read, replayed."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Page, expect
from starlette.testclient import TestClient

from onward.app.projects import projects
from onward.app.sessions import sessions, templates, titles
from onward.store import Store

from .conftest import Site, Watch, violations, visit, wait_until_ready

PASTED = (
    "User: Print the ticket on the thermal printer, and never use port 9101 for it.\n"
    "Assistant: Done: print.ts sends ESC/POS to port 9100, the paper is cut after each ticket.\n"
    "User: Good. We decided to keep the old layout, because Bu Ratna knows it."
)


def test_the_whole_loop_by_the_keyboard_alone(page: Page, site: Site) -> None:
    """Start → paste the turns → complete → the handoff → start the next, without a mouse."""
    visit(page, f"{site.url}/sessions/4")
    page.keyboard.press("c")
    dialog = page.locator("#complete-dialog")
    expect(dialog.get_by_label("Conversation")).to_be_focused()
    page.keyboard.insert_text(PASTED)
    tab_to(page, "complete-accomplishments")
    page.keyboard.type("The ticket prints")
    page.keyboard.press("Enter")
    page.keyboard.type("The paper is cut")
    tab_to(page, "complete-blockers")
    page.keyboard.type("No spare paper roll")
    tab_to(page, "complete-credits")
    page.keyboard.type("42")
    page.keyboard.press("Enter")
    page.wait_for_url("**/sessions/4/handoff")
    # On a busy machine a notice appears first that the job continues in the background.
    expect(page.locator(".toast", has_text="Session 4 completed: handoff 4 is ready").first).to_be_visible()
    prose = page.locator(".handoff-prose").first
    expect(prose).to_contain_text("port 9101")
    expect(prose).to_contain_text("No spare paper roll")
    expect(page.locator(".kpis")).to_contain_text("Preservation")
    page.keyboard.press("n")
    start = page.locator("#start-dialog")
    expect(start.locator(".previous")).to_contain_text("port 9101")
    expect(start.get_by_label("Project")).to_be_focused()
    tab_to(page, "start-objectives")
    page.keyboard.type("Order paper rolls")
    tab_to(page, "start-agent")
    page.keyboard.type("codex")
    page.keyboard.press("Enter")
    page.wait_for_url("**/sessions/5")
    expect(page.locator("#rail .now")).to_contain_text("antre #5")
    expect(page.locator("#rail .now")).to_contain_text("Codex")
    expect(page.locator("#briefing")).to_contain_text("Your task now: Order paper rolls")
    expect(page.locator("#briefing")).to_contain_text("port 9101")
    shown = json.loads(site.onward("session", "show", "4", "--project", "antre", "--json"))
    text = json.dumps(shown)
    assert "The paper is cut" in text
    assert "42" in text


def tab_to(page: Page, field: str) -> None:
    for _ in range(14):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == field:
            return
    pytest.fail(f"no Tab leads to {field}")


def test_sessions_are_filtered_by_their_address(page: Page, site: Site) -> None:
    visit(page, f"{site.url}/sessions")
    expect(page.locator("tbody tr")).to_have_count(4)
    page.get_by_label("Status").focus()
    page.get_by_label("Status").select_option("completed")
    expect(page.locator("tbody tr")).to_have_count(3)
    expect(page).to_have_url(f"{site.url}/sessions?status=completed")
    expect(page.get_by_label("Status")).to_be_focused()
    page.get_by_label("Agent").select_option("codex")
    page.wait_for_url("**/sessions?status=completed&agent=codex")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.go_back()
    expect(page.locator("tbody tr")).to_have_count(3)
    visit(page, f"{site.url}/sessions?status=abandoned")
    expect(page.locator(".empty")).to_contain_text("No sessions found")


def test_credits_in_the_window_offer_to_go_on_with_another_account(page: Page, site: Site) -> None:
    site.onward("account", "new", "claude-1", "--credits", "100", "--used", "50")
    site.onward("account", "new", "claude-2", "--credits", "100")
    site.onward("session", "start", "--project", "antre", "--account", "claude-1", "--objective", "Cut the paper")
    visit(page, f"{site.url}/sessions/5")
    page.get_by_role("button", name="Complete", exact=True).first.click()
    dialog = page.locator("#complete-dialog")
    expect(dialog.locator("#outlook")).to_contain_text("claude-1: 50 of 100 used")
    credits = dialog.get_by_role("textbox", name="Credits used")
    credits.fill("ten")
    expect(dialog.locator("#outlook")).to_contain_text("Enter a number")
    credits.fill("60")
    expect(dialog.locator("#outlook")).to_contain_text("more than claude-1 has")
    credits.fill("38")
    expect(dialog.locator("#outlook")).to_contain_text("claude-1 has used 88% of its credits, within the rotation window of 85–92%")
    assert violations(page) == []
    dialog.get_by_role("textbox", name="Accomplishments").fill("It is cut")
    dialog.get_by_role("button", name="Complete and continue with claude-2").click()
    page.wait_for_url("**/sessions/5/handoff?on=*")
    expect(page.locator(".notice")).to_contain_text("Continue with claude-2")
    page.get_by_role("button", name="Start next session on claude-2").click()
    expect(page.locator("#start-dialog").get_by_label("Account")).to_have_value("2")
    page.locator("#start-dialog").get_by_role("button", name="Start", exact=True).click()
    page.wait_for_url("**/sessions/6")
    expect(page.locator("#rail .now")).to_contain_text("claude-2")


def test_what_was_typed_survives_a_closed_dialog_and_a_reload(page: Page, site: Site) -> None:
    visit(page, f"{site.url}/sessions/4")
    page.keyboard.press("c")
    page.locator("#complete-accomplishments").fill("Half of it")
    page.locator("#complete-accomplishments").press("Enter")
    page.keyboard.type("And the rest")
    page.keyboard.press("Escape")
    page.reload()
    wait_until_ready(page)
    page.keyboard.press("c")
    expect(page.locator("#complete-dialog line-list").first.locator("input")).to_have_count(2)
    expect(page.locator("#complete-accomplishments")).to_have_value("Half of it")


def test_several_pasted_lines_become_several(page: Page, site: Site) -> None:
    visit(page, f"{site.url}/sessions/4")
    page.keyboard.press("c")
    first = page.locator("#complete-blockers")
    first.focus()
    first.evaluate(
        "(field) => { const data = new DataTransfer(); data.setData('text', '- no paper\\n2. no key\\n');"
        " field.dispatchEvent(new ClipboardEvent('paste', {clipboardData: data, bubbles: true, cancelable: true})); }"
    )
    lines = page.locator("line-list").filter(has=page.locator("#complete-blockers")).locator("input")
    expect(lines).to_have_count(2)
    expect(lines.nth(0)).to_have_value("no paper")
    expect(lines.nth(1)).to_have_value("no key")
    page.keyboard.press("Home")
    page.keyboard.press("Backspace")
    expect(lines).to_have_count(1)
    expect(lines.nth(0)).to_have_value("no paperno key")


def test_a_template_fills_in_its_objectives_and_asks_its_checklist_at_the_end(page: Page, site: Site) -> None:
    visit(page, f"{site.url}/sessions/templates")
    page.get_by_role("button", name="New template").first.click()
    form = page.locator("#template-dialog")
    form.get_by_label("Name").fill("bug fix")
    form.locator("#template-objectives").fill("Find the cause")
    form.locator("#template-checklist").fill("A test fails without the fix")
    assert violations(page) == []
    form.get_by_role("button", name="Save").click()
    expect(page.locator(".template-list")).to_contain_text("bug fix")
    page.keyboard.press("n")
    start = page.locator("#start-dialog")
    start.locator("#start-objectives").fill("Mend the printer")
    start.get_by_label("Template").select_option("bug fix")
    expect(start).to_contain_text("A test fails without the fix")
    expect(start.locator("line-list input")).to_have_count(2)
    expect(start.locator("#start-objectives")).to_have_value("Find the cause")
    assert violations(page) == []
    start.get_by_role("button", name="Start", exact=True).click()
    page.wait_for_url("**/sessions/5")
    ticked = page.locator("#page-tick-1")
    page.keyboard.press("c")
    page.locator("#complete-dialog").get_by_role("checkbox", name="A test fails without the fix").check()
    expect(page.locator("#complete-dialog .checklist")).not_to_contain_text("not done yet")
    expect(ticked).to_be_checked()
    page.keyboard.press("Escape")
    page.reload()
    wait_until_ready(page)
    expect(ticked).to_be_checked()
    ticked.focus()
    page.keyboard.press("Space")
    expect(page.locator(".checklist")).to_contain_text("1 item not done yet")
    expect(ticked).to_be_focused()
    assert violations(page) == []
    visit(page, f"{site.url}/sessions/templates")
    page.get_by_role("button", name="Delete bug fix").click()
    expect(page.locator(".empty")).to_contain_text("No template yet")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".template-list")).to_contain_text("A test fails without the fix")


def test_a_template_of_a_checklist_alone_is_offered_and_kept(local_client: TestClient, store: Store) -> None:
    project = projects.create(store, "antre")
    templates.create(store, "release", checklist=["The notes are written"])
    form = local_client.get("/parts/sessions/start/form", params={"project": project.id, "template": "release"}).text
    assert re.search(r'<option value="release"\s+selected>', form)
    assert "The notes are written" in form
    local_client.post("/parts/sessions/start", data={"project": project.id, "template": "release"})
    new_session = sessions.require(store, project)
    assert (new_session.template, new_session.open_items) == ("release", ("The notes are written",))
    assert "1 item not done yet" in local_client.get(f"/parts/sessions/{new_session.id}/complete").text
    refused = local_client.post(f"/parts/sessions/{new_session.id}/checklist/2", headers={"HX-Request": "true"})
    assert refused.status_code == 404


def test_a_line_of_the_handoff_leads_to_its_turn_and_the_turn_back(page: Page, shared_site: Site) -> None:
    visit(page, f"{shared_site.url}/sessions/3/handoff")
    source = page.locator(".handoff-prose li a.source", has_text=re.compile(r"^s3\.\d+$")).first
    turn = source.inner_text().partition(".")[2]
    source.click()
    page.get_by_role("link", name="Full session").click()
    marked = page.locator(".turn.is-marked")
    expect(marked).to_have_attribute("id", f"turn-{turn}")
    expect(marked).to_be_in_viewport()
    marked.get_by_text(re.compile("Source of")).click()
    expect(marked.locator(".told li")).not_to_have_count(0)
    visit(page, f"{shared_site.url}/sessions/3#turn-2")
    expect(page.locator("#turn-2")).to_be_in_viewport()


def test_a_conversation_is_read_found_in_and_jumped_in(page: Page, shared_site: Site) -> None:
    visit(page, f"{shared_site.url}/sessions/1")
    call = page.locator("details.call:not(.answer)").first
    expect(call.locator("pre")).to_be_hidden()
    call.locator("summary").click()
    expect(call.locator("pre")).to_be_visible()
    page.get_by_label("Find in this session").fill("nik")
    expect(page.locator(".met mark").first).to_have_text(re.compile("nik", re.I))
    assert violations(page) == []
    page.locator(".met a").first.click()
    expect(page.locator(".turn.is-marked")).to_be_in_viewport()
    page.get_by_role("spinbutton", name="Turn").fill("7")
    page.keyboard.press("Enter")
    expect(page.locator("#turn-7")).to_have_class(re.compile("is-marked"))


def test_a_session_is_played_back_from_the_keyboard(page: Page, shared_site: Site) -> None:
    visit(page, f"{shared_site.url}/sessions/3/replay?turn=5")
    now = page.locator(".turn.is-now")
    expect(now).to_have_id("turn-5")
    page.keyboard.press("ArrowRight")
    expect(now).to_have_id("turn-6")
    page.keyboard.press("k")
    page.keyboard.press("k")
    expect(now).to_have_id("turn-4")
    expect(page).to_have_url(re.compile(r"turn=4$"))
    page.keyboard.press("4")
    expect(page).to_have_url(re.compile(r"turn=4&speed=4$"))
    page.keyboard.press("1")
    page.keyboard.press("Space")
    play = page.locator("button.play")
    expect(play).to_have_text("Pause")
    expect(now).not_to_have_id("turn-4", timeout=15_000)
    page.keyboard.press("Space")
    expect(play).to_have_text("Play")
    page.keyboard.press("End")
    page.keyboard.press("Home")
    expect(now).to_have_id("turn-1")
    page.reload()
    expect(page.locator(".turn.is-now")).to_have_id("turn-1")


def test_a_transcript_comes_into_a_session_once(page: Page, site: Site, watch: Watch) -> None:
    watch.allow("422")
    visit(page, f"{site.url}/sessions/4")
    page.get_by_role("button", name="Add transcript").click()
    dialog = page.locator("#import-dialog")
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(dialog.locator("#import-text-error")).to_contain_text("Nothing to add")
    dialog.locator("[type=file]").set_input_files({"name": "talk.txt", "mimeType": "text/plain", "buffer": PASTED.encode()})
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator(".toast", has_text="3 new turns").first).to_be_visible()
    expect(page.locator(".turn")).to_have_count(3)
    page.get_by_role("button", name="More about this session").click()
    page.get_by_role("button", name="Add transcript").click()
    dialog.get_by_label("Conversation").fill(PASTED)
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator(".toast").last).to_contain_text("already has them")
    expect(page.locator(".turn")).to_have_count(3)


def test_a_session_is_abandoned_and_restored(page: Page, site: Site) -> None:
    visit(page, f"{site.url}/sessions/4")
    page.get_by_role("button", name="More about this session").click()
    page.get_by_role("button", name="Abandon").click()
    expect(page.locator("#rail .now")).to_contain_text("No session is active")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#rail .now")).to_contain_text("antre #4")
    expect(page.locator("main .about")).to_contain_text("in progress")


def test_a_session_is_renamed_and_moved(page: Page, site: Site) -> None:
    visit(page, f"{site.url}/sessions/1")
    page.get_by_role("button", name="More about this session").click()
    page.get_by_role("button", name="Rename or move").click()
    page.get_by_label("Title").fill("The checkout")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("main h1")).to_have_text("The checkout")


def test_a_deleted_session_is_brought_back(page: Page, site: Site) -> None:
    visit(page, f"{site.url}/sessions/1")
    page.get_by_role("button", name="More about this session").click()
    page.get_by_role("button", name="Delete").click()
    page.wait_for_url("**/projects/*/sessions")
    expect(page.locator("main a[href='/sessions/1']")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    page.wait_for_url("**/sessions/1")
    expect(page.locator("main h1")).to_be_visible()


def test_sessions_are_sorted_and_exported(local_client: TestClient, store: Store) -> None:
    project = projects.create(store, "antre")
    for title in ("pears", "Apples", "quinces"):
        titles.rename(store, sessions.start(store, project, objectives=[title]).session, title)

    def shown(query: str) -> list[str]:
        return re.findall(r'<a class="main"[^>]*>(\w+)</a>', local_client.get(f"/sessions?{query}").text)

    assert shown("") == ["quinces", "Apples", "pears"]
    assert shown("sort=title") == ["Apples", "pears", "quinces"]
    assert shown("sort=-title") == ["quinces", "pears", "Apples"]
    assert shown("sort=title&skip=1") == ["pears", "quinces"]
    ids = [session.id for session in sessions.list_sessions(store, project)]
    chosen = local_client.post("/parts/sessions/batch", data={"do": "export", "session": ids[:2]})
    exported = local_client.get(chosen.headers["hx-redirect"])
    assert exported.headers["content-disposition"] == 'attachment; filename="sessions-2.md"'
    assert exported.text.startswith("# pears\n\nantre #1\n")
    assert "# Apples\n" in exported.text
