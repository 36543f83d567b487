"""Pictures of every page of a running dashboard, at several widths, light and dark, to be looked at.

    python -m bench.pictures URL FOLDER [PATH…]

Writes FOLDER/<page>-<width>-<scheme>.png of the whole page, for the longest session and its project or for each PATH, and prints what is
over the edge of the screen, cut off without a way to see it, or empty. Needs chromium.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal
from urllib.request import urlopen

from playwright.sync_api import Browser, expect, sync_playwright

from bench.dashboard import FLAGS

WIDTHS = (390, 820, 1440)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
MAX_HEIGHT = 2600
"""Pixels of a page that a picture shows."""
WAITED_MS = 30_000

CONTENT_END = "Math.max(...[...document.querySelector('main').children].map((part) => part.getBoundingClientRect().bottom))"
FAULTS = """() => {
  const faults = [];
  const over = document.documentElement.scrollWidth - innerWidth;
  if (over > 0) faults.push(`${over} px over the edge`);
  for (const element of document.querySelectorAll("main *")) {
    if (!element.checkVisibility()) continue;
    const text = element.childElementCount ? "" : element.textContent.trim();
    const style = getComputedStyle(element);
    const isCut = element.scrollWidth > element.clientWidth + 1 && style.overflowX === "hidden" && style.textOverflow !== "ellipsis";
    if (text && isCut && element.clientWidth > 1) faults.push(`cut: ${text.slice(0, 60)}`);
    if (element.matches(".card") && !element.textContent.trim()) faults.push("empty card");
  }
  return [...new Set(faults)];
}"""


def read(url: str) -> Any:
    """Return the data of an API route."""
    with urlopen(url) as answer:
        return json.load(answer)["data"]


def list_paths(url: str) -> Sequence[str]:
    """Return the pages to take, those of one project and of its longest session."""
    sessions = read(f"{url}/api/sessions?limit=100")
    session = max(sessions, key=lambda row: row["turn_count"])
    project = f"/projects/{session['project_id']}"
    return (
        *("/", "/begin", "/sessions", "/sessions/templates", "/handoff", f"/handoff?project={session['project_id']}"),
        *(project, f"{project}/sessions", f"{project}/facts", f"{project}/files"),
        *(f"/sessions/{session['id']}{page}" for page in ("", "/handoff", "/files", "/usage", "/replay")),
        *("/analytics", f"/analytics?project={session['project_id']}", "/knowledge", "/knowledge/seen", "/accounts", "/jobs"),
        *("/search?q=test", "/settings", "/settings/agents", "/settings/model", "/settings/access", "/settings/server"),
    )


def take(browser: Browser, url: str, path: str, folder: Path) -> None:
    """Take the pictures of a page, and print its faults."""
    name = re.sub(r"\W+", "-", path).strip("-") or "dashboard"
    context = browser.new_context(reduced_motion="reduce", locale="en-GB", timezone_id="UTC")
    page = context.new_page()
    page.set_viewport_size({"width": WIDTHS[0], "height": MAX_HEIGHT})
    page.goto(url + path)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": MAX_HEIGHT})
        expect(page.locator(".later")).to_have_count(0, timeout=WAITED_MS)
        height = min(MAX_HEIGHT, int(page.evaluate(CONTENT_END)) + 100)
        page.set_viewport_size({"width": width, "height": max(860, height)})
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done, 300)))")
            page.screenshot(path=folder / f"{name}-{width}-{scheme}.png")
        for fault in page.evaluate(FAULTS):
            print(f"{path} at {width} px: {fault}")
    context.close()


def main() -> None:
    """Take all pictures."""
    url, folder = sys.argv[1].rstrip("/"), Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=os.environ.get("CHROMIUM") or shutil.which("chromium"), args=FLAGS)
        for path in sys.argv[3:] or list_paths(url):
            take(browser, url, path, folder)
        browser.close()


if __name__ == "__main__":
    main()
