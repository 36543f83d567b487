"""No line of Python, Markdown, shell, a page template or a file of the build is longer than the limit, so that diffs stay readable."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

MAX_CHARACTERS = 140
_DIRECTIVE = re.compile(r"\s+# (?:noqa|type:|fmt:).*$")
_SENTENCE = re.compile(r'''_\("[^"]{100,}"''')
"""A text of a page, which is one string in the catalogue."""
_PATTERN = re.compile(r"""^\s*(?:[a-zA-Z_]\w* = (?:re\.compile\()?)?(?:rb?|R)["']""")


def _data_lines(tree: ast.Module) -> set[int]:
    """Return the lines inside multi-line strings that are no docstrings: data, such as a page or a style sheet."""
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    strings = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    spans = [(node.lineno, node.end_lineno or 0) for node in strings if id(node) not in docstrings and "\n" in node.value]
    return {line for start, end in spans for line in range(start, end + 1) if end > start}


def _long_python(text: str) -> Iterator[int]:
    data = _data_lines(ast.parse(text))
    for number, line in enumerate(text.split("\n"), start=1):
        if len(_DIRECTIVE.sub("", line)) > MAX_CHARACTERS and number not in data and not _PATTERN.match(line):
            yield number


def _long_markdown(text: str) -> Iterator[int]:
    is_code = False
    for number, line in enumerate(text.split("\n"), start=1):
        is_code ^= line.lstrip().startswith("```")
        is_exempt = is_code or line.lstrip().startswith(("|", "<")) or re.search(r"\]\(|https?://", line)
        if len(line) > MAX_CHARACTERS and not is_exempt:
            yield number


def _long_text(text: str) -> Iterator[int]:
    for number, line in enumerate(text.split("\n"), start=1):
        if len(line) > MAX_CHARACTERS and not _SENTENCE.search(line):
            yield number


FINDERS = {".py": _long_python, ".md": _long_markdown, ".html": _long_text, ".sh": _long_text, ".service": _long_text}
NAMES = {"pyproject.toml", "Makefile", "Containerfile"}


def test_lines_fit(root: Path, repository_files: list[Path]) -> None:
    long = {}
    for path in repository_files:
        find = _long_text if path.parent == root / "bin" or path.name in NAMES else FINDERS.get(path.suffix)
        if find and (lines := list(find(path.read_text(encoding="utf-8")))):
            long[path.relative_to(root).as_posix()] = lines
    assert not long, f"wrap at {MAX_CHARACTERS} characters"
