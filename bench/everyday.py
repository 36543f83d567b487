"""Five everyday jobs on the dashboard, done as a person does them: clicks, keys and seconds.

    python -m bench everyday

Starts from the first page over the sample sessions each time, and ends when the result is on the screen. The seconds are those of the
program alone: no time to read or think. Typed words count as one key each. Prints a row for each job; needs chromium.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from bench.dashboard import FLAGS, serving

PROJECT = "antre"
LONG_MS = 120_000


class Person:
    """Someone at the page, whose clicks and keys are counted."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.clicks = 0
        self.keys = 0

    def click(self, target: Locator) -> None:
        """Click *target*."""
        target.click()
        self.clicks += 1

    def press(self, key: str) -> None:
        """Press one key, or several together."""
        self.page.keyboard.press(key)
        self.keys += 1

    def write(self, words: str) -> None:
        """Type *words* where the focus is."""
        self.page.keyboard.type(words)
        self.keys += len(words.split())


def start_a_session(person: Person) -> None:
    """Start the next session of a project with its handoff."""
    card = person.page.locator(".go-on", has=person.page.get_by_role("link", name=PROJECT, exact=True))
    person.click(card.get_by_role("button", name="Start", exact=True))
    expect(person.page.locator("#start-dialog .previous .head")).to_contain_text("Goal")
    person.press("Control+Enter")
    expect(person.page.locator("main h1")).not_to_have_text("Dashboard")


def check_a_line(person: Person) -> None:
    """See which turns a line of the handoff comes from, and go on reading."""
    person.click(person.page.locator(".go-on h2 a").first)
    expect(person.page.locator("main h1")).to_have_text(PROJECT)
    person.click(person.page.locator(".handoff section a.source").first)
    expect(person.page.locator("#panel .named")).to_have_count(1)
    person.press("Escape")
    expect(person.page.locator("#panel")).to_have_count(0)


def correct_a_line(person: Person) -> None:
    """Say that a line of the handoff is wrong."""
    person.click(person.page.locator(".go-on h2 a").first)
    expect(person.page.locator("main h1")).to_have_text(PROJECT)
    person.press("j")
    person.press("x")
    expect(person.page.locator(".toast", has_text="Wrong")).to_be_visible()


def find_an_answer(person: Person) -> None:
    """Find where something was said, over all sessions."""
    person.press("/")
    person.write("printer")
    person.press("Enter")
    person.click(person.page.locator(".hit").first)
    expect(person.page.locator(".find-in output")).to_have_text(re.compile(r"[1-9]\d* / \d+"))


def complete_a_session(person: Person) -> None:
    """Complete the running session with what was achieved."""
    person.press("c")
    expect(person.page.locator("#complete-dialog").get_by_role("textbox", name="Accomplishments")).to_be_visible()
    person.click(person.page.locator("#complete-dialog").get_by_role("textbox", name="Accomplishments"))
    person.write("The ticket prints")
    person.press("Control+Enter")
    person.page.wait_for_url("**/sessions/*/handoff", timeout=LONG_MS)


JOBS: tuple[Callable[[Person], None], ...] = (check_a_line, correct_a_line, find_an_answer, start_a_session, complete_a_session)


class JobResult(NamedTuple):
    """What a job took."""

    name: str
    clicks: int
    keys: int
    seconds: float


def do(browser: Browser, url: str, job: Callable[[Person], None]) -> JobResult:
    """Do a job from the first page on."""
    page = browser.new_context(viewport={"width": 1360, "height": 860}, reduced_motion="reduce").new_page()
    page.goto(url)
    page.wait_for_selector("html[data-ready]", state="attached")
    expect(page.locator(".later")).to_have_count(0)
    person = Person(page)
    started = time.perf_counter()
    job(person)
    seconds = time.perf_counter() - started
    page.context.close()
    return JobResult(job.__name__.replace("_", " "), person.clicks, person.keys, seconds)


def main(_: list[str] | None = None) -> None:
    """Do every job and print what it took."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        home = Path(folder) / "home"
        environment = {**os.environ, "ONWARD_HOME": str(home)}
        subprocess.run([sys.executable, "-m", "onward", "demo", "--no-serve", "--keep"], env=environment, check=True, capture_output=True)
        browser = driver.chromium.launch(executable_path=os.environ.get("CHROMIUM") or shutil.which("chromium"), args=FLAGS)
        print(f"{'job':24}{'clicks':>8}{'keys':>6}{'seconds':>9}")
        with serving(home) as url:
            for job in JOBS:
                result = do(browser, url, job)
                print(f"{result.name:24}{result.clicks:8}{result.keys:6}{result.seconds:9.2f}")
        browser.close()


if __name__ == "__main__":
    main()
