"""The wheel contains everything that pages load: nothing is downloaded at run time."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NEEDED = ("htmx.min.js", "uplot.min.js", "uplot.min.css", "inter.woff2", "jetbrains-mono.woff2", "icons/search.svg", "licenses/htmx.txt")


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_what_is_built_holds_what_pages_load(tmp_path: Path, kind: str) -> None:
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(tmp_path)], cwd=ROOT, check=True, capture_output=True)
    (built,) = tmp_path.iterdir()
    if kind == "wheel":
        with zipfile.ZipFile(built) as archive:
            names = set(archive.namelist())
    else:
        with tarfile.open(built) as archive:
            names = {name.partition("/src/")[2] for name in archive.getnames()}
    missing = [name for name in NEEDED if f"onward/web/static/vendor/{name}" not in names]
    assert not missing
    assert {"onward/web/templates/layout.html", "onward/web/texts/id/shared.toml", "onward/web/static/css/tokens.css"} <= names


def test_the_lock_names_digests_and_no_addresses() -> None:
    text = (ROOT / "package-lock.json").read_text(encoding="utf-8")
    assert "resolved" not in text
    assert "http" not in text.replace("https://opencollective", "").replace("https://github.com/sponsors", "")
    assert text.count('"integrity": "sha512-') == text.count('"node_modules/')


def test_every_icon_that_is_named_is_there() -> None:
    import re

    from onward.web.assets import icon_names
    from onward.web.render import TEMPLATES

    source = "".join(path.read_text(encoding="utf-8") for path in TEMPLATES.rglob("*.html"))
    named = set(re.findall(r'icon\("([a-z0-9-]+)"\)', source))
    assert named
    assert named <= icon_names()
