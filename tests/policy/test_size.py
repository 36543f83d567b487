"""A function fits a screen and a file stays readable whole. What is longer is listed here, and the list only shrinks."""

from __future__ import annotations

import ast
from pathlib import Path

MOST_FUNCTION_LINES = 60
MOST_FILE_LINES = 500

# "path" or "path::function" -> lines it may have. Only ever lower a number or take a line out.
EXCEPTIONS: dict[str, int] = {}


def _functions(tree: ast.AST) -> list[tuple[str, int]]:
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return [(node.name, (node.end_lineno or node.lineno) - node.lineno + 1) for node in functions]


def _sizes(root: Path, files: list[Path]) -> dict[str, tuple[int, int]]:
    """Name to (lines, most lines allowed) of every file and function."""
    sizes = {}
    for path in files:
        name, source = path.relative_to(root).as_posix(), path.read_text(encoding="utf-8")
        sizes[name] = (source.count("\n"), MOST_FILE_LINES)
        for function, lines in _functions(ast.parse(source)):
            key = f"{name}::{function}"
            sizes[key] = (max(lines, sizes.get(key, (0, 0))[0]), MOST_FUNCTION_LINES)
    return sizes


def test_functions_and_files_fit(root: Path, python_files: list[Path]) -> None:
    sizes = _sizes(root, python_files)
    assert len(sizes) > 50
    too_long = {name: lines for name, (lines, most) in sizes.items() if lines > EXCEPTIONS.get(name, most)}
    assert not too_long, f"longer than {MOST_FUNCTION_LINES} lines a function, {MOST_FILE_LINES} a file: {too_long}"


def test_the_list_of_exceptions_only_shrinks(root: Path, python_files: list[Path]) -> None:
    sizes = _sizes(root, python_files)
    for name, allowed in EXCEPTIONS.items():
        lines, most = sizes.get(name, (0, 0))
        assert lines > most, f"{name} fits now: take it off the list"
        assert lines == allowed, f"{name} has {lines} lines: lower its number"
