"""Names say what a thing is. Every list of exceptions here only shrinks: an exception that is no longer needed fails its test."""

from __future__ import annotations

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

NAMED_FOLDERS = ("src", "tests", "bench", "docs")

# Pronouns and participles that say nothing about a value. A binding names the thing: `session`, `row`, `fact`, `answer`, `path`.
BANNED_BINDINGS = {"one", "told", "said", "found", "made", "kept", "there", "own", "ours", "asked", "seen", "meant"}
MAX_BANNED_RATIO = 0.003
# "path: name" of a binding that has to keep a banned name: a field of a published format.
BINDING_EXCEPTIONS: set[str] = set()

# A module is a noun of the field.
BANNED_MODULES = {
    "ahead",
    "asking",
    "begun",
    "belonging",
    "below",
    "beside",
    "catching_up",
    "found",
    "gone",
    "here",
    "in_sight",
    "kept",
    "left",
    "made",
    "meant",
    "one",
    "others",
    "ours",
    "own",
    "place",
    "repeating",
    "room",
    "rooms",
    "seen",
    "since",
    "standing",
    "there",
    "told",
    "told_settings",
    "whole",
}
FIELD_WORDS = {"logging", "paging", "parsing", "speed", "troubleshooting", "wording"}
"""Words of the field that end like a gerund or a participle."""
MODULE_EXCEPTIONS = {
    "src/onward/formats/pasted.py",
    "tests/formats/test_pasted.py",
}

CLASS_EXCEPTIONS: set[str] = set()
"""Names that two public types of the source share, because one implements the other."""

MANY_FIELDS = 5
MAX_POSITIONAL = 2
# "path: class" of calls that still pass more by position.
CALL_EXCEPTIONS = {
    "src/onward/app/archives/archives.py: PackedTurn",
}


def _bindings(tree: ast.Module) -> Iterator[str]:
    """Yield every name that a file binds: definitions, parameters, assignments, attributes of `self`, and `as` names."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            yield node.name
        elif isinstance(node, ast.alias):
            yield (node.asname or node.name).split(".")[0]


@pytest.fixture(scope="module")
def named_trees(root: Path, trees: dict[Path, ast.Module]) -> dict[str, ast.Module]:
    """The files that the rules for names cover, by their path in the repository."""
    paths = {path.relative_to(root): tree for path, tree in trees.items()}
    return {path.as_posix(): tree for path, tree in paths.items() if path.parts[0] in NAMED_FOLDERS}


def test_bindings_name_the_thing(named_trees: dict[str, ast.Module]) -> None:
    counts = Counter((path, name) for path, tree in named_trees.items() for name in _bindings(tree))
    banned = {f"{path}: {name}": count for (path, name), count in counts.items() if name in BANNED_BINDINGS}
    assert not set(banned) - BINDING_EXCEPTIONS, "name the thing: session, row, fact, answer, path, …"
    assert not BINDING_EXCEPTIONS - set(banned), "no longer needed: take it off the list"
    assert sum(banned.values()) <= MAX_BANNED_RATIO * counts.total()


def _is_noun(name: str) -> bool:
    """Whether a module's name can be a noun: its last word is no participle, and no gerund but the field's own."""
    last = name.rsplit("_", maxsplit=1)[-1]
    return name not in BANNED_MODULES and (last in FIELD_WORDS or not last.endswith(("ing", "ed")))


def test_modules_are_nouns(named_trees: dict[str, ast.Module]) -> None:
    names = {path: Path(path).stem.removeprefix("test_") for path in named_trees if "migrations" not in path}
    banned = {path for path, name in names.items() if not _is_noun(name)}
    assert not banned - MODULE_EXCEPTIONS, "name the module by a noun of the field"
    assert not MODULE_EXCEPTIONS - banned, "no longer needed: take it off the list"


def _public_types(tree: ast.Module) -> Iterator[str]:
    """Yield the public classes of a module and the types that it gives a name, but no type variables and annotated parameters."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            name, value = node.name, ""
        elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            name, value = ast.unparse(target), ast.unparse(node.value)
        else:
            continue
        if re.fullmatch(r"[A-Z]\w*[a-z]\w*", name) and not value.startswith(("TypeVar(", "Annotated[")):
            yield name


def test_a_class_name_means_one_class(named_trees: dict[str, ast.Module]) -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for path, tree in named_trees.items():
        if path.startswith("src/"):
            for name in _public_types(tree):
                places[name].append(path)
    shared = {name: paths for name, paths in places.items() if len(paths) > 1}
    assert not {name: paths for name, paths in shared.items() if name not in CLASS_EXCEPTIONS}, "one name, one class"
    assert not CLASS_EXCEPTIONS - set(shared), "no longer needed: take it off the list"


def _field_count(node: ast.ClassDef) -> int:
    """Return how many arguments the constructor of a class takes: its fields, or the arguments of its `__init__`."""
    decorators = [ast.unparse(decorator) for decorator in node.decorator_list]
    bases = [ast.unparse(base) for base in node.bases]
    if not any("dataclass" in name for name in decorators) and "NamedTuple" not in bases:
        constructors = (child for child in node.body if isinstance(child, ast.FunctionDef) and child.name == "__init__")
        return max((len(constructor.args.args) - 1 for constructor in constructors), default=0)
    fields = [child for child in node.body if isinstance(child, ast.AnnAssign) and "ClassVar" not in ast.unparse(child.annotation)]
    return sum(field.value is None or "init=False" not in ast.unparse(field.value) for field in fields)


def _classes_with_many_fields(named_trees: dict[str, ast.Module]) -> dict[str, set[str]]:
    """Return the names of classes with many fields, by the file that defines them."""
    nodes = {path: [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)] for path, tree in named_trees.items()}
    return {path: {node.name for node in classes if _field_count(node) >= MANY_FIELDS} for path, classes in nodes.items()}


def _positional_calls(path: str, tree: ast.Module, many: dict[str, set[str]]) -> Iterator[str]:
    """Yield the calls of a file that give a class with many fields more than two arguments by position."""
    local = {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    imported = {
        alias.asname or alias.name: alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    everywhere = set().union(*many.values())
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or (len(node.args) <= MAX_POSITIONAL and not any(isinstance(a, ast.Starred) for a in node.args)):
            continue
        if isinstance(node.func, ast.Name):
            name = node.func.id
            is_many = name in many[path] if name in local else imported.get(name) in everywhere
        else:
            is_many = isinstance(node.func, ast.Attribute) and (name := node.func.attr) in everywhere
        if is_many:
            yield f"{path}: {name}"


def test_constructors_of_many_fields_are_called_by_keyword(named_trees: dict[str, ast.Module]) -> None:
    many = _classes_with_many_fields(named_trees)
    assert sum(map(len, many.values())) > 50
    calls = {call for path, tree in named_trees.items() for call in _positional_calls(path, tree, many)}
    assert not calls - CALL_EXCEPTIONS, "two swapped values would type-check: name the fields"
    assert not CALL_EXCEPTIONS - calls, "no longer needed: take it off the list"
