"""Take the pictures of the dashboard for README.md: the sample sessions in Chromium, light and dark.

    python docs/screenshots.py

Writes `docs/img/*.png` and prints their sizes; needs chromium. Run it by hand after a page changes its look.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, TypeAlias

from playwright.sync_api import Browser, sync_playwright

ColorScheme: TypeAlias = Literal["light", "dark"]

IMAGES = Path(__file__).parent / "img"
SIZE = {"width": 1280, "height": 760}
MAX_BYTES = 150_000
SETTLE_MS = 1500
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update"]
PICTURES: tuple[tuple[str, str, ColorScheme], ...] = (("project", "/projects/1", "light"), ("analytics", "/analytics?project=1", "dark"))


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Serve the sample sessions and a fourth, active one from *folder*; yield the address."""
    outer_environment = {name: value for name, value in os.environ.items() if not name.startswith("ONWARD_")}
    environment = {**outer_environment, "ONWARD_HOME": str(folder / "home"), "HOME": str(folder)}
    onward = [sys.executable, "-m", "onward"]
    for arguments in (["demo", "--no-serve", "--keep"], ["session", "start", "--project", "antre", "--objective", "Print the ticket"]):
        subprocess.run([*onward, *arguments], env=environment, check=True, capture_output=True)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*onward, "serve", "--port", "0", "--no-token", "--json"], env=environment, cwd=folder, stdout=subprocess.PIPE, stderr=log
        )
    try:
        assert process.stdout is not None
        url: str = json.loads(process.stdout.readline())["url"]
        yield url
    finally:
        process.terminate()
        process.wait(30)


def take(browser: Browser, url: str, name: str, path: str, scheme: ColorScheme) -> Path:
    """Take a picture of a page, and return its path."""
    context = browser.new_context(viewport=SIZE, color_scheme=scheme, reduced_motion="reduce", locale="en-GB", timezone_id="UTC")  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(url + path)
    page.wait_for_selector("html[data-ready]", state="attached")
    page.wait_for_timeout(SETTLE_MS)
    target = IMAGES / f"{name}-{scheme}.png"
    page.screenshot(path=target)
    context.close()
    return target


def main() -> int:
    """Take all pictures. The exit code is 1 where one is too large for the README."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver, serving(Path(folder)) as url:
        browser = driver.chromium.launch(executable_path=os.environ.get("CHROMIUM") or shutil.which("chromium"), args=FLAGS)
        taken = [take(browser, url, *picture) for picture in PICTURES]
        browser.close()
    for path in taken:
        print(f"{path.stat().st_size / 1000:7.1f} kB  {path.name}")
    return int(any(path.stat().st_size > MAX_BYTES for path in taken))


if __name__ == "__main__":
    sys.exit(main())
