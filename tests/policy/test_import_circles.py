"""No module imports itself through others, not even inside a function: a circle cannot be read, tested or moved in parts."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path


def _runtime_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a module that run: not those that only type checkers read."""
    for child in ast.iter_child_nodes(node):
        if not (isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING")):
            yield child
            yield from _runtime_nodes(child)


def _imported_modules(tree: ast.Module, names: set[str]) -> set[str]:
    """Return which of the modules *names* a file imports, on any line."""
    imported: set[str] = set()
    for node in _runtime_nodes(tree):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            imported |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
    return imported & names


def _find_circle(imports: dict[str, set[str]]) -> list[str]:
    """Return the modules of a circle, each importing the next; empty if there is none."""
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        return list(error.args[1])[::-1]
    return []


def test_a_circle_is_found() -> None:
    assert _find_circle({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}})
    assert not _find_circle({"a": {"b"}, "b": {"c"}, "c": set()})
    tree = ast.parse("if TYPE_CHECKING:\n    import a\ndef f():\n    from b import c")
    assert _imported_modules(tree, {"a", "b", "b.c"}) == {"b", "b.c"}


def test_no_import_goes_in_a_circle(root: Path, trees: dict[Path, ast.Module]) -> None:
    paths = {path.relative_to(root / "src"): tree for path, tree in trees.items() if path.is_relative_to(root / "src")}
    # A package's own file is left out where it only gathers its modules.
    modules = {".".join(path.with_suffix("").parts): tree for path, tree in paths.items() if path.stem != "__init__"}
    imports = {name: _imported_modules(tree, set(modules)) for name, tree in modules.items()}
    assert not _find_circle(imports), "move what both need into a module of its own"
