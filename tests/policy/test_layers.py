"""The contracts of import-linter cover all formats."""

from __future__ import annotations

import tomllib
from pathlib import Path

from onward.formats import FORMATS


def test_formats_are_independent(root: Path) -> None:
    contracts = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    apart = next(contract["modules"] for contract in contracts if contract["type"] == "independence")
    assert sorted(apart) == sorted(f"onward.formats.{name}" for name in FORMATS)
