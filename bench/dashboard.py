"""Weight and speed of the dashboard in a real browser, on the sample sessions.

    python -m bench.dashboard

Cold: kB over the wire and requests of the first page. Slow: time until its content is visible on a processor four times slower and a
line of 10 Mbit/s. Click: time from a mouse click until the heading of the next page is painted (Element Timing), the median of 20: to a
page, to the turns behind a line of a handoff, to a session. First click: the same once after each of five server starts. Many: the same
for the page of a project with 10,000 sessions, compared to one with 10 and the same handoff; and for the first page of its timeline.
Prints a table; needs chromium. Nothing else should run on the machine.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from playwright.sync_api import Browser, Page, expect, sync_playwright

CLICKS = 20
READING_MS = 2000
"""Pause before the first click, as when a person looks at the page."""
SLOW = {"offline": False, "latency": 20, "downloadThroughput": 10_000_000 / 8, "uploadThroughput": 10_000_000 / 8}
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update"]


class Figure(NamedTuple):
    """One figure and its limit; None where no limit is set."""

    name: str
    value: float
    most: float | None
    unit: str

    def line(self) -> str:
        """Return the row of the table."""
        bound = "" if self.most is None else f"(at most {self.most:g})"
        return (
            f"{self.name:30}{self.value:8.1f} {self.unit:3} {bound}{'' if self.most is None or self.value <= self.most else '  too much'}"
        ).rstrip()


@contextmanager
def running_server(home: Path) -> Iterator[tuple[str, int]]:
    """Serve *home*, and give the address and the id of the process."""
    environment = {**os.environ, "ONWARD_HOME": str(home)}
    command = [sys.executable, "-m", "onward", "serve", "--port", "0", "--no-token", "--json"]
    with (home.parent / "log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=log)
    try:
        assert process.stdout is not None
        url: str = json.loads(process.stdout.readline())["url"]
        yield url, process.pid
    finally:
        process.terminate()
        process.wait(30)


@contextmanager
def serving(home: Path) -> Iterator[str]:
    """Serve *home*, and give the address."""
    with running_server(home) as (url, _process_id):
        yield url


def cold(browser: Browser, url: str) -> list[Figure]:
    """Return the weight of the first page."""
    page = browser.new_context().new_page()
    sent = {"bytes": 0.0, "requests": 0}
    drawn: set[str] = set()
    client = page.context.new_cdp_session(page)
    client.send("Network.enable")

    def began(event: dict[str, Any]) -> None:
        # Icons are part of the style sheet: the browser lists requests for them that are never sent.
        if event["request"]["url"].startswith("data:"):
            drawn.add(event["requestId"])

    def finished(event: dict[str, Any]) -> None:
        if event["requestId"] not in drawn:
            sent["bytes"] += event["encodedDataLength"]
            sent["requests"] += 1

    client.on("Network.requestWillBeSent", began)
    client.on("Network.loadingFinished", finished)
    page.goto(url, wait_until="load")
    # The event stream stays open, so the network is never idle.
    page.wait_for_timeout(READING_MS)
    page.context.close()
    return [Figure("cold first load", sent["bytes"] / 1000, 160, "kB"), Figure("requests", sent["requests"], 20, "")]


def slow(browser: Browser, url: str) -> Figure:
    """Return when the content is visible on a slow machine and line."""
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


LINK = """() => {
  const link = document.body.appendChild(Object.assign(document.createElement("a"), { textContent: "there", id: "there" }));
  Object.assign(link.style, { position: "fixed", inset: "0 auto auto 0", zIndex: 99, background: "#fff" });
  let started = 0, heading = null, told = null;
  document.addEventListener("click", ({ timeStamp }) => {
    [started, heading] = [timeStamp, document.querySelector("main h1")];
    window.painted = new Promise((tell) => (told = tell));
  }, true);
  new MutationObserver(() => {
    const now = document.querySelector("main h1");
    if (now && now !== heading) now.setAttribute("elementtiming", "heading");
  }).observe(document.body, { childList: true, subtree: true });
  new PerformanceObserver((list) => told(list.getEntries().at(-1).renderTime - started)).observe({ type: "element" });
}"""
"""A link to click, and the time after the click at which the heading of its page was painted, in ms."""


def open_page(browser: Browser, url: str) -> Page:
    """Return the first page, with a link added in its corner."""
    page = browser.new_context(reduced_motion="reduce").new_page()
    page.goto(url)
    page.wait_for_selector("html[data-ready]", state="attached")
    page.evaluate(LINK)
    return page


def click(page: Page, url: str) -> float:
    """Return the milliseconds from a mouse click until the page at *url* is painted."""
    page.evaluate("(there) => (document.getElementById('there').href = there)", url)
    page.mouse.click(8, 8)
    painted_ms: float = page.evaluate("window.painted")
    # Wait for deferred requests of this page, so that they do not slow down the next click.
    expect(page.locator(".later, .htmx-request")).to_have_count(0, timeout=60_000)
    return painted_ms


def clicks(browser: Browser, url: str, places: Sequence[str]) -> float:
    """Return the median milliseconds from a click until the next page is painted, going through *places* in turn."""
    page = open_page(browser, url)
    times_ms = [click(page, places[turn % len(places)]) for turn in range(CLICKS)]
    page.context.close()
    return median(times_ms)


def first_clicks(browser: Browser, home: Path) -> float:
    """Return the median milliseconds of the first click after a server start, shortly after the first page is shown."""
    times_ms = []
    for place in ("/sessions", "/handoff?project=1", "/projects/1", "/sessions/1", "/analytics?project=1"):
        with serving(home) as url:
            page = open_page(browser, url)
            page.wait_for_timeout(READING_MS)
            times_ms.append(click(page, place))
            page.context.close()
    return median(times_ms)


def fill(home: Path, sessions: int) -> int:
    """Add a project of *count* completed sessions, each with its measures and its version of the first project's handoff; return its id."""
    with closing(sqlite3.connect(home / "onward.db")) as store, store:
        columns = {
            name: [row[1] for row in store.execute(f"pragma table_info({name})")]
            for name in ("projects", "sessions", "handoffs", "session_measures")
        }
        project = max(row[0] for row in store.execute("select id from projects")) + 1
        first = max(row[0] for row in store.execute("select id from sessions"))

        def copied(table: str, where: str, **other: str) -> None:
            given = [name for name in columns[table] if name != "id" or "id" in other]
            values = ", ".join(other.get(name, f"one.{name}") for name in given)
            many = f"with recursive n(n) as (select 1 union all select n + 1 from n where n < {sessions if 'n.n' in values else 1})"
            store.execute(
                f"{many} insert into {table} ({', '.join(given)}) select {values} from n, (select * from {table} where {where} limit 1) "
                "as one"
            )

        copied("projects", "id = 1", id=str(project), name=f"'of {sessions}'", secret_key="randomblob(32)", root="''", remote="''")
        copied("sessions", "project_id = 1 and number = 3", id=f"{first} + n.n", project_id=str(project), number="n.n", native_id="null")
        newest = "project_id = 1 order by version desc"
        copied("handoffs", newest, project_id=str(project), session_id=f"{first} + n.n", version="n.n", session_number="n.n")
        copied("session_measures", "true", session_id=f"{first} + n.n")
    return project


def main(_: list[str] | None = None) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        home = Path(folder) / "home"
        environment = {**os.environ, "ONWARD_HOME": str(home)}
        subprocess.run([sys.executable, "-m", "onward", "demo", "--no-serve", "--keep"], env=environment, check=True, capture_output=True)
        sized = [fill(home, sessions) for sessions in (10, 10_000)]
        browser = driver.chromium.launch(executable_path=os.environ.get("CHROMIUM") or shutil.which("chromium"), args=FLAGS)
        with serving(home) as url:
            # Warm up: the first visitor pays for caches.
            for path in (
                "",
                "/sessions",
                "/handoff?project=1",
                "/sessions/1",
                "/projects/1/sources/s3.41",
                *(f"/projects/{project_id}" for project_id in sized),
            ):
                browser.new_context().new_page().goto(url + path)
            few, many = (clicks(browser, url, (f"/projects/{project_id}",)) for project_id in sized)
            timeline = f"/projects/{sized[1]}/sessions"
            figures = [
                *cold(browser, url),
                slow(browser, url),
                Figure("click to page, median", clicks(browser, url, ("/sessions", "/handoff?project=1")), 50, "ms"),
                Figure(
                    "click to turns, median", clicks(browser, url, ("/projects/1/sources/s3.41", "/projects/1/sources/s2.19")), 50, "ms"
                ),
                Figure("click to session, median", clicks(browser, url, ("/sessions/1", "/sessions/2")), 50, "ms"),
                Figure("click to 10 sessions", few, 50, "ms"),
                Figure("click to 10,000 sessions", many, 2 * few, "ms"),
                Figure("click to its timeline", clicks(browser, url, (timeline, f"{timeline}?status=completed")), 50, "ms"),
            ]
        figures.append(Figure("first click after a start", first_clicks(browser, home), None, "ms"))
        for figure in figures:
            print(figure.line())
        browser.close()


if __name__ == "__main__":
    main()
