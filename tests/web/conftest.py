"""The dashboard in a real browser: Debian's Chromium with the real `onward serve` over a real store.

`site` is a server for one test with the sample sessions in its store, `empty_site` one without any, `shared_site` one for tests that
change nothing. `page` is a new browser window. Every problem in it fails the test: an error on its console, a failing script, a
violation of the Content-Security-Policy, a request to another host. Tests that use a browser are slow automatically. `local_client`
calls the server in process, without a browser and without a worker.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect
from starlette.testclient import TestClient
from tests import forks

from onward.server import build
from onward.settings import Settings
from onward.store import Store

FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync"
).split()
AXE = Path(__file__).parent / "vendor" / "axe.min.js"
PROJECT = "antre"
WAITED_MS = 45_000
"""Timeout for every step of a browser: long enough for a busy machine, and for a job that nobody began, which is taken anew after 20 s."""

expect.set_options(timeout=WAITED_MS)
STARTS = 30


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if {"page", "site", "shared_site", "empty_site"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, object]) -> dict[str, object]:
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if not chromium:
        if os.environ.get("CI"):
            pytest.fail("CI needs chromium: apt install chromium")
        pytest.skip("chromium is missing: apt install chromium, or set CHROMIUM=/path/to/it")
    return {**browser_type_launch_args, "executable_path": chromium, "args": FLAGS}


@dataclass
class Site:
    """A running server, its address, and its store: `onward("session", "start", …)` changes the store from outside."""

    url: str
    home: Path
    environment: dict[str, str]

    def onward(self, *arguments: str) -> str:
        done = subprocess.run(forks.command(*arguments), env=self.environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout


def _environment(home: Path) -> dict[str, str]:
    """The environment of a test server: a home folder of its own, so that it finds no agent of this machine."""
    outer_environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("ONWARD_", "CLAUDE_", "CODEX_", "CLINE_", "XDG_"))
    }
    person = home.parent / "person"
    person.mkdir(exist_ok=True)
    return {**outer_environment, "ONWARD_HOME": str(home), "HOME": str(person)}


@contextmanager
def serving(home: Path, log: Path) -> Iterator[Site]:
    environment = _environment(home)
    command = forks.command("serve", "--port", "0", "--no-token", "--json")
    with log.open("wb") as file:
        process = subprocess.Popen(command, env=environment, cwd=environment["HOME"], stdout=subprocess.PIPE, stderr=file)
    try:
        assert process.stdout
        first_line = process.stdout.readline()
        assert first_line, log.read_text()
        yield Site(json.loads(first_line)["url"], home, environment)
    finally:
        process.terminate()
        process.wait(STARTS)


@pytest.fixture(scope="session")
def seeded_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the sample sessions, and a fourth that is active. Made once; tests get copies."""
    home = tmp_path_factory.mktemp("seeded") / "home"
    site = Site("", home, _environment(home))
    site.onward("demo", "--no-serve", "--keep")
    site.onward("session", "start", "--project", PROJECT, "--objective", "Print the ticket on the thermal printer")
    return home


@pytest.fixture
def site(seeded_home: Path, tmp_path: Path) -> Iterator[Site]:
    """A server over a copy of the sample sessions, for one test."""
    shutil.copytree(seeded_home, tmp_path / "home")
    with serving(tmp_path / "home", tmp_path / "server.log") as running:
        yield running


@pytest.fixture
def empty_site(tmp_path: Path) -> Iterator[Site]:
    """A server over an empty store, for one test."""
    with serving(tmp_path / "home", tmp_path / "server.log") as running:
        yield running


@pytest.fixture(scope="session")
def shared_site(seeded_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One server over the sample sessions for all tests that only read."""
    folder = tmp_path_factory.mktemp("shared")
    shutil.copytree(seeded_home, folder / "home")
    with serving(folder / "home", folder / "server.log") as running:
        yield running


GIVEN_UP = (
    *("ERR_CONNECTION_REFUSED", "ERR_EMPTY_RESPONSE", "ERR_CONNECTION_RESET", "ERR_INCOMPLETE_CHUNKED_ENCODING"),
    *("htmx:sendError", "^script: undefined$"),
)
"""Console messages of a page whose server has ended: it follows the store until the test closes it. A request of htmx that cannot be sent
is refused without a reason.
"""


@dataclass
class Watch:
    """Collects the problems in a browser window. `allow(pattern)` ignores those that a test provokes."""

    problems: list[str] = field(default_factory=list)
    allowed: list[str] = field(default_factory=lambda: [*GIVEN_UP])
    host: str = ""

    def allow(self, pattern: str) -> None:
        self.allowed.append(pattern)

    def console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.problems.append(f"console: {message.text} {message.location.get('url', '')}")

    def request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.hostname != "127.0.0.1":
            self.problems.append(f"another host: {request.url}")

    def wrong(self) -> list[str]:
        return [problem for problem in self.problems if not any(re.search(pattern, problem) for pattern in self.allowed)]


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def browser_context_args(browser_context_args: dict[str, object]) -> dict[str, object]:
    return {**browser_context_args, "viewport": {"width": 1360, "height": 860}, "reduced_motion": "reduce", "locale": "en-GB"}


def watch_context(context: BrowserContext, watch: Watch) -> BrowserContext:
    """Record every problem of a window in *watch*."""
    context.on("console", watch.console)
    context.on("weberror", lambda error: watch.problems.append(f"script: {error.error}"))
    context.on("request", watch.request)
    context.set_default_timeout(WAITED_MS)
    return context


@pytest.fixture
def context(browser: Browser, browser_context_args: dict[str, object], watch: Watch) -> Iterator[BrowserContext]:
    watched_context = watch_context(browser.new_context(**browser_context_args), watch)  # type: ignore[arg-type]
    yield watched_context
    watched_context.close()
    assert not watch.wrong()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


def visit(page: Page, url: str) -> None:
    """Open a page, and wait until it reacts to keys and clicks."""
    page.goto(url)
    wait_until_ready(page)


def wait_until_ready(page: Page) -> None:
    page.wait_for_selector("html[data-ready]", state="attached")


def violations(page: Page) -> list[str]:
    """Return the accessibility violations of a page, found by axe."""
    # Deferred content must be loaded; the visible text is checked.
    expect(page.locator(".later, .htmx-request")).to_have_count(0)
    page.evaluate(f"{AXE.read_text(encoding='utf-8')};0")
    findings = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [f"{finding['id']}: {node['html'][:160]} — {node['failureSummary'][:300]}" for finding in findings for node in finding["nodes"]]


@pytest.fixture
def local_client(store: Store, tmp_path: Path) -> Iterator[TestClient]:
    """A client on the server's own machine."""
    application = build(store, Settings(tmp_path / "home", tmp_path / "claude"))
    with TestClient(
        application, base_url="http://127.0.0.1:3000", client=("127.0.0.1", 50000), raise_server_exceptions=False, follow_redirects=False
    ) as http_client:
        yield http_client
