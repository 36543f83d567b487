"""Dependencies are pinned by hash, match pyproject.toml, and come from the configured index."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest


def _pinned(text: str) -> dict[str, str]:
    """Return the text of each package's entry."""
    entries = re.split(r"(?m)^(?=[a-zA-Z0-9])", text)
    return {re.split(r"[=\[; ]", entry)[0].lower(): entry for entry in entries if not entry.startswith("#")}


def _asked(root: Path) -> dict[str, set[str]]:
    project = tomllib.loads((root / "pyproject.toml").read_text())
    groups, extras = project["dependency-groups"], project["project"]["optional-dependencies"]
    runtime = project["project"]["dependencies"] + groups["build"]
    lines = {"runtime": runtime, "dev": runtime + groups["dev"] + extras["postgres"]}
    return {name: {re.split(r"[\[>=<~! ;]", line)[0].lower() for line in lines[name]} for name in lines}


@pytest.mark.parametrize("name", ["runtime", "dev"])
def test_a_lock_holds_what_is_asked_for(root: Path, name: str) -> None:
    pinned = _pinned((root / "requirements" / f"{name}.txt").read_text())
    assert not _asked(root)[name] - set(pinned), "run: make lock"
    assert not [package for package, entry in pinned.items() if "==" not in entry or "--hash=sha256:" not in entry]


@pytest.mark.parametrize("name", ["runtime", "dev"])
def test_a_lock_names_no_index(root: Path, name: str) -> None:
    text = (root / "requirements" / f"{name}.txt").read_text()
    assert not re.findall(r"https?:|file:|--(?:extra-)?index|--find-links|--trusted-host", text)


def test_the_development_lock_holds_the_runtime_lock(root: Path) -> None:
    def version(entry: str) -> str:
        return entry.partition("\\")[0].strip()

    runtime, dev = (_pinned((root / "requirements" / f"{name}.txt").read_text()) for name in ("runtime", "dev"))
    assert {name: version(entry) for name, entry in runtime.items()} == {name: version(dev[name]) for name in runtime}
