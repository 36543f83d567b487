"""Rules for every page, taken from the routes, so that no page can be missed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from typing import Literal

import pytest
from fastapi.routing import APIRoute
from playwright.sync_api import Browser, BrowserContext, Page, expect

from onward.web.mount import ROUTE_MODULES

from .conftest import GIVEN_UP, Site, Watch, violations, visit, wait_until_ready, watch_context

# Values for the path parameters in the sample store. A page with another parameter needs a line here.
SAMPLE = {"project_id": "1", "session_id": "3", "handle": "s3.41", "job_id": "1", "account_id": "1", "entry_id": "1"}
NOT_PAGES = ("/parts/", "/static/", "/favicon.ico", "/logout")
# Addresses that show more than the bare route.
MORE = (
    "/sessions?status=in_progress",
    "/sessions?status=abandoned",
    "/sessions/3?turn=20",
    "/sessions/4",
    "/sessions/4/handoff",
    "/handoff?project=1",
    "/handoff?project=1&view=prompt&budget=1000",
    "/handoff/compare?project=1&old=1&new=3",
    "/projects/1/facts?state=all",
    "/analytics?project=1",
    "/search?q=printer",
    "/nothing-here",
)

LOOKS: tuple[tuple[int, Literal["light", "dark"]], ...] = ((1360, "light"), (390, "dark"))
"""Widths and schemes. What overflows does not depend on the scheme, nor a contrast on the width."""


def pages() -> Iterator[str]:
    for name in ROUTE_MODULES:
        for route in import_module(f"onward.web.routes.{name}").router.routes:
            if isinstance(route, APIRoute) and "GET" in route.methods and not route.path.startswith(NOT_PAGES):
                unknown = set(re.findall(r"\{(\w+)", route.path)) - set(SAMPLE)
                assert not unknown, f"{route.path}: add a value for {unknown} to SAMPLE"
                yield re.sub(r"\{(\w+)[^}]*\}", lambda hit: SAMPLE[hit[1]], route.path)
    yield from MORE


@pytest.fixture(scope="module")
def with_job(shared_site: Site) -> Site:
    """The shared server, with a job and an account in its store."""
    import httpx2

    httpx2.post(f"{shared_site.url}/api/projects/1/rebuild", timeout=60).raise_for_status()
    account = {"name": "claude-1", "provider": "Anthropic", "credits_total": 100, "credits_used": 30, "tags": ["python"]}
    httpx2.post(f"{shared_site.url}/api/accounts", json=account, timeout=60).raise_for_status()
    return shared_site


@pytest.fixture(scope="module")
def window(browser: Browser) -> Iterator[tuple[BrowserContext, Watch]]:
    """One browser window for all pages, and its problems: scripts and fonts are loaded and compiled once."""
    watch = Watch()
    context = watch_context(browser.new_context(reduced_motion="reduce"), watch)
    yield context, watch
    context.close()


@pytest.mark.slow
@pytest.mark.parametrize("path", list(pages()))
def test_every_page_is_accessible(window: tuple[BrowserContext, Watch], with_job: Site, path: str) -> None:
    """Check wide in light and narrow in dark that there is no axe violation, no overflow, one heading, a title, and no console message."""
    context, watch = window
    watch.problems.clear()
    watch.allowed = [*GIVEN_UP, "404" if path == "/nothing-here" else "^$"]
    page = context.new_page()
    try:
        for width, scheme in LOOKS:
            page.set_viewport_size({"width": width, "height": 860})
            page.emulate_media(color_scheme=scheme)
            visit(page, with_job.url + path)
            assert violations(page) == [], f"{width} px, {scheme}"
            assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, f"over the edge at {width} px, {scheme}"
        expect(page.locator("main h1")).to_have_count(1)
        expect(page).to_have_title(re.compile(r".+ · Onward"))
        assert watch.wrong() == []
    finally:
        page.close()


WORDS = """selector => {
  const part = document.querySelector(selector).cloneNode(true);
  // "9 minutes ago" is another text a moment later.
  for (const unseen of part.querySelectorAll("noscript, time[data-relative]")) unseen.remove();
  return part.textContent.split(/\\s+/).join(" ");
}"""


def read(page: Page) -> list[str]:
    """Return the words of a page, including deferred parts.

    From the document instead of the screen: a card far down is painted only when it is scrolled into view.
    """
    expect(page.locator(".later, .htmx-request")).to_have_count(0)
    return [page.evaluate(WORDS, part) for part in ("#crumbs", "main")]


@pytest.mark.slow
def test_a_part_of_a_page_is_what_the_page_shows(browser: Browser, with_job: Site, watch: Watch) -> None:
    """Navigating from page to page shows the same as opening each page directly."""
    context = watch_context(browser.new_context(viewport={"width": 1360, "height": 860}), watch)
    page = context.new_page()
    for tab in ("Sessions", "Handoff", "Analytics", "Knowledge", "Accounts", "Search", "Settings", "Dashboard"):
        if page.url == "about:blank":
            visit(page, with_job.url)
        page.get_by_role("navigation", name="Main").get_by_role("link", name=tab, exact=True).click()
        expect(page).to_have_title(re.compile(f"^{tab}( · .+)? · Onward$"))
        expect(page.get_by_role("combobox", name="Search everything") if tab == "Search" else page.locator("main h1")).to_be_focused()
        moved = read(page)
        page.reload()
        wait_until_ready(page)
        assert read(page) == moved
    context.close()
    assert watch.wrong() == []
