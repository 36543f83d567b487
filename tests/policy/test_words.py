"""The words of the house: what a name may be, and what the repository never mentions."""

from __future__ import annotations

import ast
import re
from pathlib import Path

# A name says what is inside. These say only that someone did not decide.
EMPTY_WORDS = {"util", "utils", "helper", "helpers", "common", "manager", "base", "misc", "service"}
# The house has one word per thing; these are other systems' words for ours.
FOREIGN_WORDS = {"atom", "workspace"}
TEXT = {".py", ".md", ".toml", ".txt", ".sql", ".mako", ".ini", ".cfg", ".yml", ".yaml", ".json", ".jsonl", ""}


def _words(name: str) -> set[str]:
    return set(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().split("_"))


def _names(path: Path, tree: ast.Module) -> list[str]:
    """The names that a file gives: its path's parts, its classes and its functions."""
    given = [node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)]
    return [*path.with_suffix("").parts, *given]


def test_no_name_is_empty_of_meaning(root: Path, trees: dict[Path, ast.Module]) -> None:
    violations = {
        f"{path}: {name}"
        for path, tree in ((path.relative_to(root), tree) for path, tree in trees.items())
        if path.parts[0] in ("src", "bench")
        for name in _names(path, tree)
        if _words(name) & (EMPTY_WORDS | FOREIGN_WORDS)
    }
    assert not violations


def test_the_repository_speaks_of_itself_alone(root: Path, repository_files: list[Path]) -> None:
    # Put together here, so that this file does not hold what it forbids.
    folders = ["/" + name + "/" for name in ("work", "root", "opt/pypi", "opt/wheels")]
    hosts = [".".join(parts) for parts in (("pypi", "org"), ("files", "pythonhosted", "org"), ("registry", "npmjs", "org"))]
    unwanted = re.compile("|".join(rf"(?<![\w.:~/-]){re.escape(folder)}" for folder in folders) + "|" + "|".join(map(re.escape, hosts)))
    violations = {}
    for path in repository_files:
        if path.suffix in TEXT and (hit := unwanted.search(path.read_text(encoding="utf-8", errors="replace"))):
            violations[path.relative_to(root).as_posix()] = hit.group()
    assert not violations, f"paths of one machine, or hosts of a package index: {violations}"
