"""Pages follow the store, keep the reader's place, and show the source of a line beside it. One server for all of these tests."""

from __future__ import annotations

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
    post(busy_site, "/api/conversations/save", {"session_id": 4, "turns": [{"role": "user", "content": "Message nine"}]})
    expect(page.locator("#turn-9")).to_contain_text("Message nine")
    expect(page.locator(".details dd").first).to_have_text("9")
    expect(page.locator("#find-in")).to_be_focused()
    expect(page.locator("#find-in")).to_have_value("mes")


def test_another_window_no_longer_offers_what_is_done(page: Page, busy_site: Site) -> None:
    visit(page, f"{busy_site.url}/projects/1")
    page.locator("details.lost summary").first.click()
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
        go()
        for _ in range(50):
            # The match before may be in a turn that is not shown yet.
            page.wait_for_timeout(100)
            if (now := page.evaluate(CURRENT_MATCH)) and now != before:
                break
        else:
            pytest.fail("the match stays the same")


def test_code_in_a_conversation_has_no_box_for_each_line(page: Page, busy_site: Site) -> None:
    turn = {"role": "user", "content": "Look:\n\n```python\nfirst = 1\nsecond = `2`\n```\n\nand `this`."}
    post(busy_site, "/api/conversations/save", {"session_id": 4, "turns": [turn]})
    for path in ("/sessions/4?turn=10", "/sessions/4/replay?turn=10"):
        visit(page, busy_site.url + path)
        code = page.locator("#turn-10 pre code")
        expect(code).to_contain_text("second")
        styles = code.evaluate(
            "code => { const style = getComputedStyle(code); return [style.boxShadow, style.padding, style.backgroundColor]; }"
        )
        assert styles == ["none", "0px", "rgba(0, 0, 0, 0)"]
        inline = page.locator("#turn-10 p code").first.evaluate("code => getComputedStyle(code).boxShadow")
        assert inline != "none"


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
    page.wait_for_url("**/sessions/4/handoff")
    expect(page.locator(".handoff-prose").first).to_contain_text("The paper is cut")
    expect(page.locator(".handoff-prose").first).to_contain_text("The ticket prints")
