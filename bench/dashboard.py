"""Weight and speed of the dashboard in a real browser, on the sample sessions.

    python -m bench.dashboard

Cold: kB over the wire and requests of the first page. Slow: until its content is visible on a processor four times slower and a line of 10 Mbit/s.
Click: from a click in the rail until the other page's heading is there, the median of 20. Prints a table; needs chromium.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from playwright.sync_api import Browser, sync_playwright

CLICKS = 20
SLOW = {"offline": False, "latency": 20, "downloadThroughput": 10_000_000 / 8, "uploadThroughput": 10_000_000 / 8}
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update"]


class Figure(NamedTuple):
    """One figure and the most it may be."""

    name: str
    value: float
    most: float
    unit: str


@contextmanager
def serving(home: Path) -> Iterator[str]:
    """Serve *home*, and give the address."""
    environment = {**os.environ, "ONWARD_HOME": str(home)}
    command = [sys.executable, "-m", "onward", "serve", "--port", "0", "--json"]
    with (home.parent / "log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=log)
    try:
        assert process.stdout is not None
        url: str = json.loads(process.stdout.readline())["url"]
        yield url
    finally:
        process.terminate()
        process.wait(30)


def cold(browser: Browser, url: str) -> list[Figure]:
    """Return the weight of the first page."""
    page = browser.new_context().new_page()
    sent = {"bytes": 0.0, "requests": 0}
    drawn: set[str] = set()
    client = page.context.new_cdp_session(page)
    client.send("Network.enable")

    def began(event: dict[str, Any]) -> None:
        # Icons are in the style sheet: what a browser calls a request for them asks nobody.
        if event["request"]["url"].startswith("data:"):
            drawn.add(event["requestId"])

    def finished(event: dict[str, Any]) -> None:
        if event["requestId"] not in drawn:
            sent["bytes"] += event["encodedDataLength"]
            sent["requests"] += 1

    client.on("Network.requestWillBeSent", began)
    client.on("Network.loadingFinished", finished)
    page.goto(url, wait_until="networkidle")
    page.context.close()
    return [Figure("cold first load", sent["bytes"] / 1000, 160, "kB"), Figure("requests", sent["requests"], 20, "")]


def slow(browser: Browser, url: str) -> Figure:
    """Return when content is visible on a slow machine and line."""
    page = browser.new_context().new_page()
    client = page.context.new_cdp_session(page)
    client.send("Network.enable")
    client.send("Network.emulateNetworkConditions", SLOW)
    client.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    started = time.perf_counter()
    page.goto(url, wait_until="commit")
    page.locator("main h1").wait_for()
    seconds = time.perf_counter() - started
    page.context.close()
    return Figure("content visible, slow", seconds, 1.5, "s")


def clicks(browser: Browser, url: str) -> Figure:
    """Return the median time from a click to the other page."""
    page = browser.new_context(reduced_motion="reduce").new_page()
    page.goto(url)
    page.wait_for_selector("html[data-ready]", state="attached")
    told = []
    for turn in range(CLICKS):
        there = ("/sessions", "/handoff?project=1")[turn % 2]
        told.append(
            page.evaluate(
                """async (there) => {
                  const link = document.createElement("a");
                  link.href = there;
                  document.querySelector("main").append(link);
                  htmx.process(link);
                  const before = document.querySelector("main h1");
                  const started = performance.now();
                  link.click();
                  while (document.querySelector("main h1") === before) await new Promise(requestAnimationFrame);
                  return performance.now() - started;
                }""",
                there,
            )
        )
    page.context.close()
    return Figure("click to page, median", median(told), 50, "ms")


def main(_: list[str] | None = None) -> None:
    """Measure, and print."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        home = Path(folder) / "home"
        environment = {**os.environ, "ONWARD_HOME": str(home)}
        subprocess.run([sys.executable, "-m", "onward", "demo", "--no-serve", "--keep"], env=environment, check=True, capture_output=True)
        browser = driver.chromium.launch(executable_path=os.environ.get("CHROMIUM") or shutil.which("chromium"), args=FLAGS)
        with serving(home) as url:
            # Whoever comes first pays for what is made once.
            for path in ("", "/sessions", "/handoff?project=1"):
                browser.new_context().new_page().goto(url + path)
            for figure in (*cold(browser, url), slow(browser, url), clicks(browser, url)):
                mark = "" if figure.value <= figure.most else "  too much"
                print(f"{figure.name:24}{figure.value:8.1f} {figure.unit:3} (at most {figure.most:g}){mark}")
        browser.close()


if __name__ == "__main__":
    main()
