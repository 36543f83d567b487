"""Limits for the length of functions and files. Longer ones are listed here, and the list only shrinks."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

MAX_FUNCTION_LINES = 60
MAX_FILE_LINES = 500

# "path" or "path::function" -> allowed lines. Only lower a number or remove a line.
EXCEPTIONS: dict[str, int] = {}


def _functions(tree: ast.AST) -> list[tuple[str, int]]:
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return [(node.name, (node.end_lineno or node.lineno) - node.lineno + 1) for node in functions]


def _sizes(root: Path, trees: dict[Path, ast.Module]) -> dict[str, tuple[int, int]]:
    """Return (lines, allowed lines) of every file and function by name."""
    sizes = {}
    for path, tree in trees.items():
        name = path.relative_to(root).as_posix()
        sizes[name] = (path.read_bytes().count(b"\n"), MAX_FILE_LINES)
        for function, lines in _functions(tree):
            key = f"{name}::{function}"
            sizes[key] = (max(lines, sizes.get(key, (0, 0))[0]), MAX_FUNCTION_LINES)
    return sizes


@pytest.fixture(scope="module")
def sizes(root: Path, trees: dict[Path, ast.Module]) -> dict[str, tuple[int, int]]:
    return _sizes(root, trees)


def test_functions_and_files_fit(sizes: dict[str, tuple[int, int]]) -> None:
    assert len(sizes) > 50
    too_long = {name: lines for name, (lines, most) in sizes.items() if lines > EXCEPTIONS.get(name, most)}
    assert not too_long, f"longer than {MAX_FUNCTION_LINES} lines a function, {MAX_FILE_LINES} a file: {too_long}"


def test_the_list_of_exceptions_only_shrinks(sizes: dict[str, tuple[int, int]]) -> None:
    for name, allowed in EXCEPTIONS.items():
        lines, most = sizes.get(name, (0, 0))
        assert lines > most, f"{name} fits now: take it off the list"
        assert lines == allowed, f"{name} has {lines} lines: lower its number"
