"""Sentences are templates: nobody has to take a finished sentence apart to translate it."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path

from onward import errors

MESSAGE_CLASSES = {
    "Message",
    *(name for name, value in vars(errors).items() if inspect.isclass(value) and issubclass(value, errors.OnwardError)),
}
"""Classes whose arguments are sentences: an error's are its message and its hint."""


def _is_composed(expression: ast.expr) -> bool:
    """Whether a string is put together where it is written: by an f-string, an operator, `format` or `join`."""
    if isinstance(expression, ast.IfExp):
        return _is_composed(expression.body) or _is_composed(expression.orelse)
    is_joined = (
        isinstance(expression, ast.Call) and isinstance(expression.func, ast.Attribute) and expression.func.attr in ("format", "join")
    )
    return is_joined or isinstance(expression, ast.JoinedStr | ast.BinOp)


def _composed_sentences(tree: ast.Module) -> Iterator[int]:
    """Yield the lines on which a message, or the message or hint of an error, is no template."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in MESSAGE_CLASSES:
            yield from (argument.lineno for argument in node.args if _is_composed(argument))


def test_a_composed_sentence_is_recognised() -> None:
    lines = (
        'raise NotFound(f"There is no {x}.", "List them." if y else "See: {}".format(z))',
        'Message("There is no {x}.", x=x)',
        'Message("a" + b)',
    )
    assert list(_composed_sentences(ast.parse("\n".join(lines)))) == [1, 1, 3]


def test_messages_are_templates(root: Path, trees: dict[Path, ast.Module]) -> None:
    sources = {path.relative_to(root): tree for path, tree in trees.items() if path.is_relative_to(root / "src")}
    composed = [f"{path}:{line}" for path, tree in sources.items() for line in _composed_sentences(tree)]
    assert not composed, 'give a template and its values: Message("There is no project {name}.", name=name)'
