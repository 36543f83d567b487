"""Words that names may not contain, and texts that the repository may not mention."""

from __future__ import annotations

import ast
import re
from pathlib import Path

# Words that name nothing.
EMPTY_WORDS = {"util", "utils", "helper", "helpers", "common", "manager", "base", "misc", "service"}
# Words of other systems for things that have a name here.
FOREIGN_WORDS = {"atom", "workspace"}
TEXT = {".py", ".md", ".toml", ".txt", ".sql", ".mako", ".ini", ".cfg", ".yml", ".yaml", ".json", ".jsonl", ""}


def _words(name: str) -> set[str]:
    return set(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().split("_"))


def _names(path: Path, tree: ast.Module) -> list[str]:
    """Return the names that a file defines: the parts of its path, its classes and its functions."""
    given = [node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)]
    return [*path.with_suffix("").parts, *given]


def test_no_name_uses_an_empty_word(root: Path, trees: dict[Path, ast.Module]) -> None:
    violations = {
        f"{path}: {name}"
        for path, tree in ((path.relative_to(root), tree) for path, tree in trees.items())
        if path.parts[0] in ("src", "bench")
        for name in _names(path, tree)
        if _words(name) & (EMPTY_WORDS | FOREIGN_WORDS)
    }
    assert not violations


def test_the_repository_names_no_machine_and_no_index(root: Path, repository_files: list[Path]) -> None:
    # Built from parts, so that this file does not match itself.
    folders = ["/" + name + "/" for name in ("work", "root", "opt/pypi", "opt/wheels")]
    hosts = [".".join(parts) for parts in (("pypi", "org"), ("files", "pythonhosted", "org"), ("registry", "npmjs", "org"))]
    unwanted = re.compile("|".join(rf"(?<![\w.:~/-]){re.escape(folder)}" for folder in folders) + "|" + "|".join(map(re.escape, hosts)))
    violations = {}
    for path in repository_files:
        if path.suffix in TEXT and (hit := unwanted.search(path.read_text(encoding="utf-8", errors="replace"))):
            violations[path.relative_to(root).as_posix()] = hit.group()
    assert not violations, f"paths of one machine, or hosts of a package index: {violations}"
