"""Speed of the dashboard on real transcripts.

    python -m bench.real_pages FOLDER…

Imports each folder as a project, with handoffs, and measures the pages of the longest session, its project, its handoff, the first page,
all sessions and a search: milliseconds from a click until the page is painted (median of 12), milliseconds of the server's processor for a
page (mean of 10), and elements of the page. Prints a row for each page; needs chromium and Linux. The first figure needs a machine on which
nothing else runs; the others do not.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from statistics import median
from urllib.request import Request, urlopen

from playwright.sync_api import Browser, sync_playwright

from bench.dashboard import FLAGS, click, open_page, running_server

CLICKS, REQUESTS = 12, 10
MOST_CLICK_MS, MOST_CPU_MS, MOST_NODES = 100, 15, 1500
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def cpu_seconds(process_id: int) -> float:
    """Return the processor time that a process has used."""
    fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_SECOND


def fetch_page(url: str) -> None:
    """Fetch the main part of a page, as a click does."""
    with urlopen(Request(url, headers={"HX-Request": "true", "HX-Boosted": "true"})) as answer:
        answer.read()


def measure_page(browser: Browser, url: str, path: str, process_id: int) -> tuple[float, float, int]:
    """Return the click time, the processor time and the number of elements of a page."""
    fetch_page(url + path)
    before = cpu_seconds(process_id)
    for _ in range(REQUESTS):
        fetch_page(url + path)
    cpu_ms = (cpu_seconds(process_id) - before) * 1000 / REQUESTS
    page = open_page(browser, f"{url}/settings")
    times_ms = []
    for _ in range(CLICKS):
        times_ms.append(click(page, path))
        nodes: int = page.evaluate("document.querySelectorAll('*').length")
        click(page, "/settings")
    page.context.close()
    return median(times_ms), cpu_ms, nodes


def find_paths(home: Path) -> Sequence[tuple[str, str]]:
    """Return the pages to measure, those of the longest session and its project."""
    with closing(sqlite3.connect(home / "onward.db")) as store:
        session_id, project_id, turns = store.execute("select id, project_id, turns from sessions order by turns desc limit 1").fetchone()
    return (
        ("first page", "/"),
        ("project", f"/projects/{project_id}"),
        ("handoff", f"/handoff?project={project_id}"),
        (f"session of {turns:,} turns", f"/sessions/{session_id}"),
        ("all sessions", "/sessions"),
        ("search", "/search?q=test+failure"),
    )


def main(arguments: list[str] | None = None) -> None:
    """Import, measure and print."""
    folders = [Path(name) for name in (sys.argv[1:] if arguments is None else arguments)]
    with tempfile.TemporaryDirectory() as temporary, sync_playwright() as driver:
        home = Path(temporary) / "home"
        environment = {**os.environ, "ONWARD_HOME": str(home)}
        for folder in folders:
            command = [sys.executable, "-m", "onward", "import", str(folder), "--project", folder.name, "--complete"]
            subprocess.run(command, env=environment, check=False, capture_output=True)
        browser = driver.chromium.launch(executable_path=os.environ.get("CHROMIUM") or shutil.which("chromium"), args=FLAGS)
        print(f"{'page':28}{'click ms':>10}{'cpu ms':>10}{'elements':>10}   (at most {MOST_CLICK_MS}, {MOST_CPU_MS}, {MOST_NODES})")
        with running_server(home) as (url, process_id):
            for name, path in find_paths(home):
                click_ms, cpu_ms, nodes = measure_page(browser, url, path, process_id)
                print(f"{name:28}{click_ms:10.0f}{cpu_ms:10.1f}{nodes:10,}")
        browser.close()


if __name__ == "__main__":
    main()
