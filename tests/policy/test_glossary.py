"""docs/glossary.md defines the words that names are made of, and only words that names use."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from pathlib import Path

import pytest

CLASS_FOLDERS = ("core", "app")
# Small words of compounds, and parts of names that Python or alembic fix.
FREE_WORDS = {"of", "in", "up", "and", "to", "by"}


def _words(name: str) -> list[str]:
    """Return the words of an identifier: `HandoffSection` and `handoff_section` have the same."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+", name)]


def _singular(word: str) -> str:
    if word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith(("ches", "shes", "oes", "xes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us", "is")) else word


@pytest.fixture(scope="module")
def glossary(root: Path) -> set[str]:
    """The defined words: first columns of the tables, and the words of the lists after them."""
    text = (root / "docs" / "glossary.md").read_text(encoding="utf-8")
    terms = re.findall(r"(?m)^\| ([^|]+) \|", text)
    lists = text.partition("## Formats and services")[2]
    words = {_singular(word) for term in terms if term not in ("term", "---") for word in re.findall(r"[a-z]+", term)}
    return words | {_singular(word.lower()) for word in re.findall(r"[A-Za-z]+", lists)}


@pytest.fixture(scope="module")
def public_names(root: Path, trees: dict[Path, ast.Module]) -> dict[str, str]:
    """Each module of the source and each public class of the core and the use cases, with its path."""
    names = {}
    for path, tree in trees.items():
        parts = path.relative_to(root).with_suffix("").parts
        if parts[:2] != ("src", "onward") or "migrations" in parts:
            continue
        names |= {part: path.name for part in parts[2:] if not part.startswith("__")}
        if parts[2] in CLASS_FOLDERS:
            names |= {node.name: path.name for node in tree.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_")}
    return names


def test_every_public_name_is_made_of_defined_words(glossary: set[str], public_names: dict[str, str]) -> None:
    missing = defaultdict(set)
    for name in public_names:
        for word in _words(name):
            if word not in FREE_WORDS and not {word, _singular(word)} & glossary:
                missing[word].add(name)
    assert not dict(missing), "define the word in docs/glossary.md, or use a defined one"


def test_every_term_is_used(root: Path, glossary: set[str], trees: dict[Path, ast.Module]) -> None:
    assert len(glossary) > 200
    used = set()
    for path, tree in trees.items():
        if path.relative_to(root).parts[0] == "src":
            used |= {word for part in path.relative_to(root).with_suffix("").parts for word in _words(part)}
            for node in ast.walk(tree):
                if isinstance(node, ast.Name | ast.arg | ast.Attribute | ast.ClassDef | ast.FunctionDef | ast.alias):
                    name = (
                        getattr(node, "id", None) or getattr(node, "arg", None) or getattr(node, "attr", None) or getattr(node, "name", "")
                    )
                    used |= set(_words(str(name)))
    used |= {_singular(word) for word in used}
    lines = (root / "docs" / "glossary.md").read_text(encoding="utf-8").splitlines()
    terms = [line.split("|")[1].strip() for line in lines if line.startswith("| ") and not line.startswith("| term")]
    unused = [word for term in terms for word in re.findall(r"[a-z]+", term) if not {word, _singular(word)} & used]
    assert not unused, "take the term out of docs/glossary.md"
