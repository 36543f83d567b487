"""Search while typing, by keyboard alone, to the turn in its session."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from onward.web.routes.search import SNIPPET_CHARS, mark_snippet

from .conftest import Site, violations, visit


def test_it_is_found_as_it_is_typed_and_opened_by_keys_alone(page: Page, shared_site: Site) -> None:
    visit(page, f"{shared_site.url}/search")
    box = page.get_by_role("combobox", name="Search everything")
    expect(box).to_be_focused()
    page.keyboard.type("printer")
    expect(page.locator(".hit").first.locator("mark").first).to_have_text(re.compile("printer", re.IGNORECASE))
    expect(page).to_have_url(re.compile(r"/search\?q=printer$"))
    expect(box).to_have_attribute("aria-expanded", "true")
    assert violations(page) == []
    page.keyboard.press("ArrowDown")
    expect(box).to_have_attribute("aria-activedescendant", "hit-1")
    urls: list[str] = []
    page.on("request", lambda request: urls.append(request.url))
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/sessions/\d+\?turn=\d+&q=printer$"))
    expect(page).to_have_title(re.compile(r"^(?!Search).+ · Onward$"))
    assert not [url for url in urls if "/parts/search" in url], "the words that go with the page are searched for again"
    page.go_back()
    expect(page.get_by_role("combobox", name="Search everything")).to_have_value("printer")
    expect(page.locator(".hit").first).to_be_visible()


def test_filters_narrow_and_stay_in_the_address(page: Page, shared_site: Site) -> None:
    visit(page, f"{shared_site.url}/search?q=queue")
    expect(page.locator(".hit").first).to_be_visible()
    page.get_by_label("Author").select_option("fact")
    expect(page).to_have_url(re.compile("kind=fact"))
    expect(page.locator(".hit .tag").first).to_have_text("Fact")
    assert set(page.locator(".hit .tag").all_inner_texts()) == {"Fact"}
    page.get_by_label("Search everything").last.fill("…!?")
    expect(page.get_by_text("Nothing found")).to_be_visible()


def test_a_snippet_marks_what_was_asked_and_nothing_in_it_is_markup() -> None:
    assert mark_snippet("Ports <b> are reported", "port") == "<mark>Ports</mark> &lt;b&gt; are reported"
    assert mark_snippet("no port here, airport", "ports") == "no <mark>port</mark> here, airport"
    long = mark_snippet("x " * 2000 + "needle " + "y " * 2000, "needle")
    assert "<mark>needle</mark>" in long
    assert long.startswith("…")
    assert long.endswith("…")
    assert len(long) < SNIPPET_CHARS + 40
    assert mark_snippet("anything", "(?!") == "anything"
    paths = mark_snippet("src/pay/checkout.py " * 60 + "needle " + "src/pay/checkout.py " * 60, "needle")
    assert {*paths.strip("…").split()} == {"src/pay/checkout.py", "<mark>needle</mark>"}
