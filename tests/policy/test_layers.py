"""What import-linter cannot hold by itself: its contracts cover all formats, and SQL is spoken in one place."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

from onward.formats import FORMATS


def test_formats_are_independent(root: Path) -> None:
    contracts = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    apart = next(contract["modules"] for contract in contracts if contract["type"] == "independence")
    assert sorted(apart) == sorted(f"onward.formats.{name}" for name in FORMATS)


SQL = re.compile(r"\s*(SELECT\s.+\sFROM\s|INSERT\s+INTO\s|UPDATE\s+\S+\s+SET\s|DELETE\s+FROM\s)", re.DOTALL)
SPEAKS_SQL = ("src/onward/store/", "src/onward/formats/", "src/onward/core/", "src/onward/agents/stored_handoff.py")
"""The store; the readers of agents' own databases; core, which cannot open one; and the hook, for which opening the store is too slow."""


def test_only_the_store_speaks_sql(trees: dict[Path, ast.Module], root: Path) -> None:
    elsewhere = [
        f"{path.relative_to(root)}:{node.lineno}"
        for path, tree in trees.items()
        if path.is_relative_to(root / "src") and not str(path.relative_to(root)).startswith(SPEAKS_SQL)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and SQL.match(node.value)
    ]
    assert not elsewhere, f"SQL outside the store: {elsewhere}"
