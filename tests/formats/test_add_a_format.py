"""The how-to works: its module, sample and entry point, taken from the page, add a format."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

from onward.formats import FORMATS, detect, open_source

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "howto" / "add-a-format.md").read_text("utf-8")
READ = """
import dataclasses, json, sys
from onward.core.transcript.transcript import ImportReport, SessionHead, Turn
from onward.formats import open_source, read

report = ImportReport()
items = list(read(open_source(sys.argv[1]), report))
heads = [item.id for item in items if isinstance(item, SessionHead)]
turns = [[item.role, item.text, item.line] for item in items if isinstance(item, Turn)]
print(json.dumps({"heads": heads, "turns": turns, "report": dataclasses.asdict(report)}))
"""


def block(language: str) -> str:
    match = re.search(rf"^```{language}\n(.*?)^```", PAGE, re.M | re.S)
    assert match is not None
    return match[1]


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder like site-packages, with the module of the page and the files that an installer writes."""
    (tmp_path / "murmur_format.py").write_text(block("python"), "utf-8")
    points = tomllib.loads(block("toml"))["project"]["entry-points"]
    info = tmp_path / "murmur_format-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: murmur-format\nVersion: 1.0\n", "utf-8")
    lines = [f"[{group}]\n" + "".join(f"{name} = {target}\n" for name, target in named.items()) for group, named in points.items()]
    (info / "entry_points.txt").write_text("".join(lines), "utf-8")
    return tmp_path


def test_another_package_adds_a_format(installed: Path):
    sample = installed / "session.txt"
    sample.write_text(block("text") + "no mark\n", "utf-8")
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    done = subprocess.run([sys.executable, "-c", READ, str(sample)], capture_output=True, text=True, check=True, env=environment)
    result = json.loads(done.stdout)
    assert result["heads"] == ["m-17"]
    assert result["turns"] == [
        ["user", "deploy the shop to staging", 2],
        ["assistant", "Deployed. It answers on port 8443.", 3],
        ["user", "never deploy on Fridays", 5],
    ]
    report = result["report"]
    assert (report["format"], report["records"], report["imported_records"], report["skipped"]) == ("murmur", 6, 4, {"heartbeat": 1})
    assert report["malformed"] == [[6, "no mark"]]


def test_without_the_package_the_sample_is_text(tmp_path: Path):
    sample = tmp_path / "session.txt"
    sample.write_text(block("text"), "utf-8")
    assert detect(open_source(sample)).NAME == "pasted"


def test_every_format_is_documented():
    page = (ROOT / "docs" / "formats.md").read_text("utf-8")
    listed = re.findall(r"^\| `([a-z-]+)` \|", page, re.M)
    assert listed == list(dict.fromkeys(import_module(f"onward.formats.{name}").NAME for name in FORMATS))
