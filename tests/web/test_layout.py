"""The frame of every page: toasts, dialogs, the command palette, keys, theme, history."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from .conftest import Site, Watch, violations, visit, wait_until_ready


def test_the_palette_finds_and_goes_by_keys_alone(page: Page, shared_site: Site) -> None:
    visit(page, shared_site.url)
    page.keyboard.press("Control+k")
    palette = page.get_by_role("dialog", name="Command palette")
    expect(palette.get_by_role("option").first).to_have_attribute("aria-selected", "true")
    assert violations(page) == []
    page.keyboard.type("acc")
    expect(palette.get_by_role("option").first).to_contain_text("Accounts")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    first = palette.get_by_role("option").first
    expect(palette.get_by_role("combobox")).to_have_attribute("aria-activedescendant", str(first.get_attribute("id")))
    page.keyboard.press("Enter")
    expect(page.locator("main h1")).to_have_text("Accounts")
    expect(palette).to_be_hidden()


def test_a_link_is_followed_in_its_place_and_with_a_key_in_another_tab(page: Page, shared_site: Site) -> None:
    visit(page, shared_site.url)
    page.evaluate("window.stays = true")
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Knowledge").click(modifiers=["ControlOrMeta"])
    expect(opened.value.locator("main h1")).to_have_text("Knowledge")
    opened.value.close()
    expect(page.locator("main h1")).to_have_text("Dashboard")
    page.get_by_role("link", name="Knowledge").click()
    expect(page.locator("main h1")).to_be_focused()
    expect(page.locator("main h1")).to_have_text("Knowledge")
    assert page.evaluate("window.stays")
    assert page.url == f"{shared_site.url}/knowledge"
    page.go_back()
    expect(page.locator("main h1")).to_have_text("Dashboard")


GOING = """going => {
  for (const path of going) document.querySelector(`nav a[href="${path}"]`).click();
}"""
LED = """([first, then]) => {
  document.querySelector(`nav a[href="${first}"]`).click();
  htmx.ajax("GET", then, {target: "#main", swap: "outerHTML", push: "true", headers: {"HX-Boosted": "true"}});
}"""


def test_the_last_navigation_wins(page: Page, shared_site: Site) -> None:
    visit(page, shared_site.url)
    for going, heading in ((["/knowledge", "/accounts"], "Accounts"), (["/accounts", "/knowledge"], "Knowledge")):
        page.evaluate(GOING, going)
        expect(page.locator("main h1")).to_have_text(heading)
        page.wait_for_url(f"{shared_site.url}{going[1]}")
    # A background action redirects while another page is loading.
    page.evaluate(LED, ["/accounts", "/analytics"])
    expect(page.locator("main h1")).to_have_text("Analytics")
    page.wait_for_url(f"{shared_site.url}/analytics")


def test_keyboard_shortcuts_search_and_navigate(page: Page, shared_site: Site) -> None:
    visit(page, shared_site.url)
    page.keyboard.press("/")
    expect(page.locator("#find")).to_be_focused()
    page.keyboard.type("printer")
    page.keyboard.press("Enter")
    expect(page.locator("main h1")).to_have_text("Search")
    expect(page.locator(".hit").first).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_hidden()
    page.keyboard.press("g")
    page.keyboard.press("s")
    expect(page.locator("main h1")).to_have_text("Sessions")


def test_toasts_stack_above_a_dialog_and_go(page: Page, shared_site: Site) -> None:
    visit(page, shared_site.url)
    page.keyboard.press("?")
    page.evaluate("onward.toast('one'); onward.toast('two', 'error')")
    expect(page.locator(".toast")).to_have_count(2)
    assert page.evaluate(
        "document.elementFromPoint(...(({x, y, width, height}) => [x + width / 2, y + height / "
        "2])(document.querySelector('.toast').getBoundingClientRect())).closest('.toast') !== null"
    )
    expect(page.locator(".toast")).to_have_count(0, timeout=15_000)


def test_a_dialog_gives_the_focus_back(page: Page, shared_site: Site) -> None:
    visit(page, shared_site.url)
    button = page.get_by_role("button", name="Command palette")
    button.click()
    expect(page.get_by_role("combobox")).to_be_focused()
    page.keyboard.press("Escape")
    expect(button).to_be_focused()


def test_back_leads_to_the_page_before(page: Page, shared_site: Site) -> None:
    visit(page, shared_site.url)
    page.get_by_role("link", name="Sessions", exact=True).click()
    expect(page.locator("main h1")).to_have_text("Sessions")
    page.go_back()
    expect(page.locator("main h1")).to_have_text("Dashboard")
    wait_until_ready(page)
    page.go_forward()
    expect(page.locator("main h1")).to_have_text("Sessions")


def test_the_theme_and_the_language_stay(page: Page, site: Site) -> None:
    visit(page, f"{site.url}/settings")
    page.get_by_role("button", name="Dark", exact=True).click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    wait_until_ready(page)
    page.get_by_role("button", name="Bahasa Indonesia").click()
    expect(page.locator("main h1")).to_have_text("Pengaturan")
    wait_until_ready(page)
    page.get_by_role("link", name="Dasbor", exact=True).click()
    expect(page.locator("main h1")).to_have_text("Dasbor")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_the_active_session_is_shown_on_every_page(page: Page, shared_site: Site) -> None:
    visit(page, f"{shared_site.url}/settings")
    expect(page.locator(".now")).to_contain_text("antre")
    page.set_viewport_size({"width": 390, "height": 800})
    expect(page.locator(".bar .active")).to_be_visible()


def test_a_missing_page_is_reported_in_partial_navigation(page: Page, shared_site: Site, watch: Watch) -> None:
    watch.allow("404")
    visit(page, f"{shared_site.url}/projects/77")
    expect(page.locator("main h1")).to_have_text("Page not found")
    expect(page.locator("main")).to_contain_text("There is no project 77")


def test_a_source_leads_from_the_handoff_to_its_turn(page: Page, shared_site: Site) -> None:
    visit(page, f"{shared_site.url}/handoff?project=1")
    source = page.locator("a.source").first
    handle = source.inner_text()
    source.click()
    expect(page.locator("#panel h2")).to_have_text(handle)
