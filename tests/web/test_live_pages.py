"""Pages follow the store, keep the reader's place, and show the source of a line beside it. One server for all of these tests."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Page, expect

from .conftest import Site, Watch, serving, violations, visit


@pytest.fixture(scope="module")
def busy_site(seeded_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server whose store these tests change."""
    folder = tmp_path_factory.mktemp("busy")
    shutil.copytree(seeded_home, folder / "home")
    with serving(folder / "home", folder / "server.log") as running:
        yield running


pytestmark = pytest.mark.slow
CURRENT_MATCH = """[...(CSS.highlights.get('match-now') ?? [])].map(
  range => [range.startContainer.parentElement.closest(".turn").id, range.startContainer.data, range.startOffset])[0]"""

SOURCE_IN_VIEW = """[...CSS.highlights.get('source')].map(range => range.getBoundingClientRect()).some(
  ({ top, bottom }) => top > 0 && bottom < innerHeight)"""

TOUCHING = """[...document.querySelectorAll('.handoff li[data-facts]')].filter(line => line.offsetWidth).flatMap(line => {
  const left = line.getBoundingClientRect().right - 118;
  return [...line.querySelectorAll('a.source')].filter(link => link.getBoundingClientRect().right > left + 1).map(link => link.href);
})"""


def post(site: Site, path: str, body: dict[str, object]) -> None:
    httpx2.post(site.url + path, json=body, timeout=60).raise_for_status()


def scroll_to(page: Page, y: int) -> None:
    page.evaluate("y => scrollTo(0, y)", y)
    page.wait_for_timeout(100)


def test_a_conversation_gets_its_new_turns_and_nothing_typed_is_lost(page: Page, busy_site: Site) -> None:
    turns: list[dict[str, object]] = [{"role": "user" if n % 2 else "assistant", "content": f"Message {n}"} for n in range(1, 9)]
    post(busy_site, "/api/conversations/save", {"session_id": 4, "turns": turns})
    visit(page, f"{busy_site.url}/sessions/4")
    page.locator("#find-in").fill("mes")
    expect(page.locator(".find-in output")).to_have_text("8")
    turn_count = int(page.locator(".details dd").first.inner_text())
    post(busy_site, "/api/conversations/save", {"session_id": 4, "turns": [{"role": "user", "content": "Message nine"}]})
    expect(page.locator(f"#turn-{turn_count + 1}")).to_contain_text("Message nine")
    expect(page.locator(".details dd").first).to_have_text(f"{turn_count + 1}")
    expect(page.locator("#find-in")).to_be_focused()
    expect(page.locator("#find-in")).to_have_value("mes")


def test_another_window_no_longer_offers_what_is_done(page: Page, busy_site: Site) -> None:
    visit(page, f"{busy_site.url}/projects/1")
    expect(page.locator("details.lost li")).to_have_count(0)
    page.locator("details.lost summary").first.click()
    expect(page.locator("details.lost li").first).to_be_visible()
    page.evaluate("window.same = document.querySelector('#main .handoff')")
    scroll_to(page, 400)
    busy_site.onward("session", "start", "--project", "antre", "--objective", "Cut the paper")
    expect(page.locator("#rail .now")).to_contain_text("antre #5")
    expect(page.locator(".goes-on")).to_contain_text("Cut the paper")
    busy_site.onward("session", "abandon", "5", "--project", "antre")
    expect(page.locator("#rail .now")).to_contain_text("antre #4")
    assert page.evaluate("[window.same.isConnected, document.querySelector('details.lost').open, scrollY]") == [True, True, 400]


def test_a_lost_connection_catches_up(page: Page, busy_site: Site, watch: Watch) -> None:
    watch.allow("ERR_INTERNET_DISCONNECTED|ERR_FAILED|ERR_NETWORK")
    visit(page, f"{busy_site.url}/sessions")
    page.context.set_offline(True)
    busy_site.onward("session", "start", "--project", "antre", "--objective", "Order paper rolls")
    page.wait_for_timeout(700)
    page.context.set_offline(False)
    expect(page.locator("tbody")).to_contain_text("Order paper rolls")


def test_a_source_opens_beside_its_line_and_back_keeps_the_place(page: Page, busy_site: Site) -> None:
    visit(page, f"{busy_site.url}/handoff?project=1")
    scroll_to(page, 500)
    link = page.locator(".handoff section a.source").nth(5)
    link.scroll_into_view_if_needed()
    top = link.evaluate("link => link.getBoundingClientRect().top")
    link.click()
    panel = page.locator("#panel")
    expect(panel.locator("h2")).to_have_text(link.inner_text())
    expect(panel.locator("h2")).to_be_focused()
    expect(panel.locator(".named")).to_have_count(1)
    assert page.evaluate("CSS.highlights.get('source').size") > 0
    assert page.evaluate(SOURCE_IN_VIEW)
    page.wait_for_timeout(100)
    assert abs(link.evaluate("link => link.getBoundingClientRect().top") - top) < 2
    assert violations(page) == []
    panel.get_by_role("link", name="Earlier").click()
    expect(panel.locator("h2")).not_to_have_text(link.inner_text())
    page.keyboard.press("Escape")
    expect(panel).to_have_count(0)
    expect(link).to_be_focused()
    y = page.evaluate("scrollY")
    page.evaluate("document.querySelector('.tabs a[href=\"/knowledge\"]').click()")
    expect(page.locator("main h1")).to_have_text("Knowledge")
    page.go_back()
    expect(page.locator("main h1")).to_have_text("Handoff")
    page.wait_for_timeout(200)
    assert abs(page.evaluate("scrollY") - y) < 2
    expect(link).to_be_focused()


def test_a_search_hit_is_marked_and_keys_go_from_match_to_match(page: Page, busy_site: Site) -> None:
    visit(page, f"{busy_site.url}/search?q=printer")
    page.locator(".hit").first.click()
    count = page.locator(".find-in output")
    expect(count).to_have_text(re.compile(r"[1-9]\d* / \d+"))
    assert page.evaluate("[CSS.highlights.get('match-now').size, CSS.highlights.get('match').size > 1]") == [1, True]
    text = page.evaluate("[...CSS.highlights.get('match-now')][0].toString()")
    assert text.lower().startswith("printer")
    for go in (lambda: page.keyboard.press("["), lambda: page.locator("#find-in").press("Shift+Enter")):
        before = page.evaluate(CURRENT_MATCH)
        for tenth in range(50):
            # A key is lost while the page is changed; the match before may be in a turn that is not shown yet.
            if tenth % 20 == 0:
                go()
            page.wait_for_timeout(100)
            if (now := page.evaluate(CURRENT_MATCH)) and now != before:
                break
        else:
            pytest.fail("the match stays the same")


def test_code_in_a_conversation_has_no_box_for_each_line(page: Page, busy_site: Site) -> None:
    turn = {"role": "user", "content": "Look:\n\n```python\nfirst = 1\nsecond = `2`\n```\n\nand `this`."}
    post(busy_site, "/api/conversations/save", {"session_id": 4, "turns": [turn]})
    turns = httpx2.get(f"{busy_site.url}/api/ai/conversations/1?session=4&order=desc").json()["data"]
    number = next(saved["turn"] for saved in turns if saved["content"] == turn["content"])
    for path in (f"/sessions/4?turn={number}", f"/sessions/4/replay?turn={number}"):
        visit(page, busy_site.url + path)
        code = page.locator(f"#turn-{number} pre code")
        expect(code).to_contain_text("second")
        styles = code.evaluate(
            "code => { const style = getComputedStyle(code); return [style.boxShadow, style.padding, style.backgroundColor]; }"
        )
        assert styles == ["none", "0px", "rgba(0, 0, 0, 0)"]
        inline = page.locator(f"#turn-{number} p code").first.evaluate("code => getComputedStyle(code).boxShadow")
        assert inline != "none"


def test_a_handoff_is_corrected_line_by_line_with_keys_and_undone(page: Page, busy_site: Site) -> None:
    visit(page, f"{busy_site.url}/handoff?project=1")
    lines = page.locator(".handoff section[aria-label='Rules (always)'] li")
    before = lines.count()
    page.keyboard.press("j")
    expect(lines.first).to_be_focused()
    expect(lines.first.get_by_role("button", name="Wrong")).to_be_visible()
    # The buttons lie on no source, wherever the line ends.
    assert page.evaluate(TOUCHING) == []
    assert violations(page) == []
    for key, message in (("x", "Wrong: removed from future handoffs."), ("d", "Done: no longer listed as open.")):
        page.keyboard.press(key)
        expect(page.locator(".toast", has_text=message)).to_be_visible()
        expect(lines).to_have_count(before - 1)
        page.keyboard.press("u")
        expect(lines).to_have_count(before)
        lines.first.focus()
    lines.first.get_by_role("button", name="Keep").click()
    expect(page.locator(".toast", has_text="Pinned")).to_be_visible()
    expect(page.locator(".outline a").first).to_have_attribute("href", "#section-1")
    page.locator(".handoff summary").first.click()
    expect(lines.first).to_be_hidden()
    assert page.locator(".handoff li.is-new").count() > 0


def test_turns_have_the_time_of_day_and_the_date_once(page: Page, busy_site: Site) -> None:
    visit(page, f"{busy_site.url}/sessions/3")
    expect(page.locator(".talk .day")).to_have_count(1)
    expect(page.locator(".turn time[data-clock]").first).to_have_text(re.compile(r"^\d\d:\d\d$"))
    expect(page.locator(".turn.assistant .elapsed").first).to_have_text(re.compile(r"^\+\d+:\d\d$"))


def test_a_dialog_is_sent_after_a_few_tabs_or_with_ctrl_enter(page: Page, busy_site: Site) -> None:
    visit(page, f"{busy_site.url}/projects/1")
    page.keyboard.press("n")
    dialog = page.locator("#start-dialog")
    expect(dialog.get_by_label("Project")).to_be_focused()
    expect(dialog.locator(".previous .head")).to_contain_text("Goal")
    for _ in range(8):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent.trim()") == "Start":
            break
    expect(dialog.get_by_role("button", name="Start", exact=True)).to_be_focused()
    dialog.get_by_label("Agent").focus()
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/sessions/*")
    expect(page.locator(".toast")).to_contain_text("started")
    busy_site.onward("session", "abandon", "--project", "antre", page.url.rpartition("/")[2])


def test_the_first_page_says_what_to_continue_and_what_is_open(page: Page, busy_site: Site) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visit(page, busy_site.url)
    card = page.locator(".go-on", has=page.get_by_role("link", name="antre", exact=True))
    expect(card).to_contain_text("Goal")
    card.get_by_role("button", name="Copy briefing").click()
    expect(page.locator(".toast")).to_contain_text("Copied")
    assert "antre" in page.evaluate("navigator.clipboard.readText()")
    expect(page.locator(".strip rect").first).to_be_attached()
    expect(page.locator("main")).to_contain_text("Open blockers and questions")
    card.get_by_role("button", name="Start", exact=True).click()
    expect(page.locator("#start-dialog").get_by_label("Project")).to_have_value("1")
    page.keyboard.press("Escape")
    assert violations(page) == []


def test_selected_sessions_are_deleted_with_undo(page: Page, busy_site: Site) -> None:
    visit(page, f"{busy_site.url}/sessions")
    rows = page.locator("tbody tr")
    before = rows.count()
    expect(page.locator("#selection")).to_be_hidden()
    page.get_by_label("Select session 1 of antre").check()
    page.get_by_label("Select session 2 of antre").check()
    expect(page.locator("#selection")).to_contain_text("2 selected")
    assert violations(page) == []
    page.locator("#selection").get_by_role("button", name="Delete").click()
    expect(rows).to_have_count(before - 2)
    expect(page.locator(".toast", has_text="2 sessions deleted")).to_be_visible()
    page.keyboard.press("u")
    expect(rows).to_have_count(before)
    page.get_by_label("Select session 1 of antre").check()
    page.get_by_role("button", name="Select all on this page").click()
    expect(page.locator("#selection")).to_contain_text(f"{before} selected")


def test_a_session_and_a_project_are_seen_as_pictures(page: Page, busy_site: Site) -> None:
    visit(page, f"{busy_site.url}/sessions/3")
    expect(page.locator(".session-map .edit").first).to_be_attached()
    picture = page.locator(".session-map svg")
    box = picture.bounding_box()
    assert box
    columns = int(picture.get_attribute("data-columns") or 0)
    picture.click(position={"x": box["width"] * 45.5 / columns, "y": 20})
    page.wait_for_url("**/sessions/3?turn=46")
    # A name of the legend goes to the next turn of its kind, and after the last to the first.
    failures = page.locator(".session-map button.failure")
    turns = (failures.get_attribute("data-next-of") or "").split()
    for turn in [*(number for number in turns if int(number) > 46), turns[0]]:
        failures.click()
        expect(page.locator(f"#turn-{turn}")).to_be_focused()
    visit(page, f"{busy_site.url}/sessions/3?turn=46")
    page.get_by_role("button", name="Errors", exact=True).click()
    expect(page.locator(".turn:not(:has(.failed))").first).to_be_hidden()
    page.get_by_role("button", name="All", exact=True).click()
    page.locator("#turn-46").focus()
    page.keyboard.press("j")
    expect(page.locator("#turn-47")).to_be_focused()
    page.keyboard.press("k")
    expect(page.locator("#turn-46")).to_be_focused()
    visit(page, f"{busy_site.url}/projects/1/sessions")
    expect(page.locator(".time-picture rect.completed").first).to_be_attached()
    assert page.locator(".time-picture .gap").count() > 0
    picture = page.locator(".time-picture svg")
    width = picture.get_attribute("width") or ""
    page.get_by_role("button", name="Zoom in").click()
    expect(picture).not_to_have_attribute("width", width)
    assert float(picture.get_attribute("width") or 0) == pytest.approx(float(width) * 2, rel=0.01)
    assert violations(page) == []


def test_words_of_another_window_are_compared_before_they_are_replaced(page: Page, busy_site: Site, watch: Watch) -> None:
    watch.allow("422")
    visit(page, f"{busy_site.url}/sessions/4")
    page.locator("main").get_by_role("button", name="Complete", exact=True).click()
    dialog = page.locator("#complete-dialog")
    dialog.get_by_role("textbox", name="Accomplishments").fill("The ticket prints")
    post(busy_site, "/api/sessions/4/complete", {"accomplishments": ["The paper is cut"], "blockers": []})
    dialog.get_by_role("button", name="Complete", exact=True).click()
    expect(dialog.locator(".compared del")).to_have_text("The paper is cut")
    expect(dialog.locator(".compared ins")).to_have_text("The ticket prints")
    assert violations(page) == []
    dialog.get_by_role("button", name="Add to them").click()
    page.wait_for_url("**/sessions/4/handoff", timeout=60_000)
    expect(page.locator(".handoff-prose").first).to_contain_text("The paper is cut")
    expect(page.locator(".handoff-prose").first).to_contain_text("The ticket prints")


def test_a_turn_is_bookmarked_with_a_note_and_found_again(page: Page, site: Site) -> None:
    visit(page, f"{site.url}/sessions/3?turn=5")
    turn = page.locator("#turn-5")
    expect(turn).to_be_focused()
    page.keyboard.press("b")
    turn.get_by_role("button", name="Add a note").click()
    page.get_by_role("textbox", name="Note").fill("Why the printer waits")
    assert violations(page) == []
    page.keyboard.press("Control+Enter")
    expect(turn.locator(".note")).to_have_text("Why the printer waits")
    expect(page.locator("#bookmark-note")).to_have_count(0)
    expect(page.locator(".beside").get_by_role("link", name="Why the printer waits")).to_be_visible()
    turn.get_by_role("button", name="Bookmark turn 5").click()
    expect(turn.locator(".note")).to_have_count(0)
    page.locator(".toast", has_text="removed").get_by_role("button", name="Undo").click()
    expect(turn.locator(".note")).to_have_text("Why the printer waits")
    assert violations(page) == []
    visit(page, f"{site.url}/search")
    page.get_by_role("link", name="Why the printer waits").click()
    page.wait_for_url("**/sessions/3?turn=5")
    expect(page.locator("#turn-5")).to_be_focused()


def test_a_long_conversation_keeps_few_turns_in_the_page_and_its_place(page: Page, empty_site: Site, tmp_path: Path) -> None:
    lines = [
        {"role": "user" if number % 2 else "assistant", "content": f"Turn {number}. " + "The till rounds the total. " * 40}
        for number in range(1, 101)
    ]
    transcript = tmp_path / "long.jsonl"
    transcript.write_text("\n".join(json.dumps(line) for line in lines))
    empty_site.onward("import", str(transcript), "--project", "shop")
    visit(page, f"{empty_site.url}/sessions/1")
    turns = page.locator(".talk .turn")
    page.mouse.move(600, 500)

    def scroll_until(number: int, delta: int) -> None:
        for _step in range(300):
            if page.locator(f"#turn-{number}").count():
                return
            page.mouse.wheel(0, delta)
            page.wait_for_timeout(30)
        raise AssertionError(f"turn {number} never came")

    scroll_until(100, 900)
    expect(page.locator(".talk .around.htmx-request")).to_have_count(0)
    assert turns.count() <= 60
    expect(page.locator("#turn-1")).to_have_count(0)
    # What is loaded above the screen moves nothing on it.
    page.locator("#turn-90").evaluate("turn => turn.scrollIntoView({block: 'center'})")
    shown_top = page.locator("#turn-90").bounding_box()
    earliest = turns.first.get_attribute("id")
    page.locator(".talk .around").first.evaluate("loader => htmx.trigger(loader, 'intersect')")
    expect(page.locator(f".talk .turn:first-of-type#{earliest}")).to_have_count(0)
    expect(page.locator(".talk .around.htmx-request")).to_have_count(0)
    moved_top = page.locator("#turn-90").bounding_box()
    assert shown_top
    assert moved_top
    assert abs(shown_top["y"] - moved_top["y"]) < 3
    scroll_until(1, -900)
    assert turns.count() <= 60
    expect(page.locator("#turn-100")).to_have_count(0)
