"""Every text of the dashboard is translated into every language, and no template has an untranslatable text."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from jinja2 import nodes

from onward.web.language import LANGUAGES, TEXTS, choose_language
from onward.web.render import TEMPLATES, environment

WEB = TEMPLATES.parent
OTHERS = [language for language in LANGUAGES if language != "en"]
TEMPLATE_PATHS = sorted(TEMPLATES.rglob("*.html"))
# Texts that are the same in every language: names, keys, punctuation.
AS_IT_IS = {
    "Enter",
    "Anthropic",
    "claude-1, Anthropic, 100\nclaude-2, Anthropic, 100, 40",
    "Onward",
    "Ctrl",
    "Esc",
    "K",
    "G",
    "D",
    "S",
    "H",
    "A",
    "Ctrl K",
    "Bahasa Indonesia",
    "English",
    "k",
    "M",
    "B",
}
SHOWN_ATTRIBUTES = ("aria-label", "title", "placeholder", "alt", "label")


def template_texts() -> Iterator[tuple[Path, str]]:
    for path in TEMPLATE_PATHS:
        for _line, _function, message in environment().extract_translations(path.read_text(encoding="utf-8")):
            # The catalogue uses the singular as the key of a plural.
            text = message if isinstance(message, str) else message[0]
            if text:
                yield path, text


def python_texts() -> Iterator[tuple[Path, str]]:
    for path in sorted(WEB.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("_", "ngettext"):
                assert isinstance(node.args[0], ast.Constant), f"{path.name}:{node.lineno}: a text is written out where it is translated"
                yield path, node.args[0].value


def texts_in_use() -> dict[str, set[str]]:
    places_by_text: dict[str, set[str]] = {}
    for path, text in (*template_texts(), *python_texts()):
        places_by_text.setdefault(text, set()).add(path.relative_to(WEB).as_posix())
    return places_by_text


def catalogues(language: str) -> dict[str, dict[str, str]]:
    return {path.stem: tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted((TEXTS / language).glob("*.toml"))}


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_is_translated(language: str) -> None:
    translated_texts = {text for area in catalogues(language).values() for text in area}
    missing = {text: sorted(where) for text, where in texts_in_use().items() if text not in translated_texts}
    assert not missing, f"add to texts/{language}/<area>.toml: {missing}"


@pytest.mark.parametrize("language", OTHERS)
def test_no_translation_is_unused(language: str) -> None:
    texts_in_templates = texts_in_use()
    unused = {f"{area}: {text}" for area, texts in catalogues(language).items() for text in texts if text not in texts_in_templates}
    assert not unused, "nothing says these any more"


@pytest.mark.parametrize("language", OTHERS)
def test_a_text_has_one_translation_and_fills_in_the_same_values(language: str) -> None:
    translations: dict[str, str] = {}
    for area, texts in catalogues(language).items():
        for text, translation in texts.items():
            assert translations.setdefault(text, translation) == translation, f"{area}: {text!r} is translated otherwise elsewhere"
            values = [set(re.findall(r"%\((\w+)\)s", wording)) for wording in (text, translation)]
            assert values[0] == values[1], f"{area}: {text!r}"
            assert translation.strip()
            assert [wording.count("<") for wording in (text, translation)].count(text.count("<")) == 2


@pytest.mark.parametrize("path", TEMPLATE_PATHS, ids=lambda path: path.relative_to(TEMPLATES).as_posix())
def test_no_template_holds_a_text_that_is_not_wrapped(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    plain = re.sub(r"\{#.*?#\}|\{% trans.*?endtrans %\}", "", source, flags=re.DOTALL)
    plain = re.sub(r"\{\{.*?\}\}|\{%.*?%\}", "\0", plain, flags=re.DOTALL)
    attributes = [
        value for name, value in re.findall(r'([\w-]+)="([^"]*)"', plain) if name in SHOWN_ATTRIBUTES and re.search(r"[A-Za-z]{2}", value)
    ]
    between = [text.strip() for text in re.findall(r">([^<>]*)<", f">{re.sub('<!doctype html>', '', plain)}<")]
    words = [text for piece in between for text in piece.split("\0") if re.search(r"[A-Za-z]{2}", text)]
    visible_texts = [text.strip(" ·/()#") for piece in (*attributes, *words) for text in piece.split("\0")]
    # Attributes that a macro writes into a tag look like text.
    loose = [
        text
        for text in visible_texts
        if re.search(r"[A-Za-z]{2}", text) and text not in AS_IT_IS and not re.search(r'^[\w -]*=?"|^-\w+$|"$', text)
    ]
    assert not loose, f"wrap in _(): {loose}"


@pytest.mark.parametrize("path", TEMPLATE_PATHS, ids=lambda path: path.relative_to(TEMPLATES).as_posix())
def test_no_template_hands_on_a_text_that_is_not_wrapped(path: Path) -> None:
    """`ui.button("Save")` is as hard-coded as `<button>Save</button>`."""
    loose = list(_prose(environment().parse(path.read_text(encoding="utf-8"))))
    assert not [text for text in loose if text not in AS_IT_IS], "wrap in _()"


def _prose(node: nodes.Node) -> Iterator[str]:
    if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name) and node.node.name in ("_", "gettext", "ngettext"):
        return
    if isinstance(node, nodes.Const) and isinstance(node.value, str) and re.match(r"[A-Z][a-z]|[A-Za-z]+ [a-z]+ [a-z]+", node.value):
        yield node.value
    for child in node.iter_child_nodes():
        yield from _prose(child)


@pytest.mark.parametrize(
    ("cookie", "accepted", "language"),
    [
        ("", "", "en"),
        ("", "id-ID,id;q=0.9,en;q=0.8", "id"),
        ("en", "id", "en"),
        ("", "fr,de;q=0.8", "en"),
        ("", "fr, id;q=0.3, en;q=0.5", "en"),
        ("", "in", "id"),
        ("xx", "id;q=nonsense, en", "en"),
        ("", "id;q=0", "en"),
    ],
)
def test_the_language_is_the_one_that_was_chosen_else_the_browsers(cookie: str, accepted: str, language: str) -> None:
    assert choose_language(cookie, accepted) == language
