"""Messages of the layers below have their translation in every language: `texts/<language>/messages/*.toml`, by template."""

from __future__ import annotations

import ast
import inspect
import re
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import pytest

import onward
from onward import errors
from onward.core.facts.fact import REMARK_TEMPLATES
from onward.errors import NotFound
from onward.llm.checks.guard import Reason
from onward.message import Message
from onward.web.language import LANGUAGES, TEXTS, current_language
from onward.web.messages import message_catalogue, plain_template, translate_error, translate_message

SOURCE = Path(onward.__file__).parent
OTHERS = [language for language in LANGUAGES if language != "en"]

RAISED_IN = ("api", "app", "core", "formats", "llm", "redact", "store")
"""Folders whose errors a page may show."""

PHRASE_MODULES = (
    "agents/checkup",
    "app/accounts/charges",
    "app/accounts/selection",
    "app/admin/doctor",
    "app/handoffs/writer",
    "app/jobs/kinds",
    "app/jobs/jobs",
    "app/knowledge/troubleshooter",
    "app/models/keys",
    "app/sessions/completion_job",
    "core/accounts/forecast",
    "core/accounts/rank",
    "core/accounts/report",
    "core/knowledge/checklist",
    "llm/acceptance",
    "llm/failures",
)
"""Modules whose constant phrases a page may show."""

NOT_SHOWN = {"test of the key", "Answer with one word.", "Say yes.", "there is nothing to keep"}
"""What a model is sent, and what a defect says."""

ERROR_NAMES = {name for name, error in vars(errors).items() if inspect.isclass(error) and issubclass(error, errors.OnwardError)}


def constants(expression: ast.AST) -> Iterator[str]:
    """Yield the strings that an expression may be: itself, or the branches of a condition; not pieces of an f-string or of a call."""
    if isinstance(expression, ast.Constant) and isinstance(expression.value, str):
        yield expression.value
    elif isinstance(expression, ast.IfExp):
        yield from constants(expression.body)
        yield from constants(expression.orelse)


def assignments(tree: ast.Module) -> dict[str, list[ast.expr]]:
    """Return what is assigned to each name of a module."""
    expressions: dict[str, list[ast.expr]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            expressions.setdefault(node.targets[0].id, []).append(node.value)
    return expressions


def called_name(node: ast.Call) -> str:
    return getattr(node.func, "id", getattr(node.func, "attr", ""))


def error_texts(tree: ast.Module) -> Iterator[str]:
    """Yield the constant messages and hints of the errors that a module makes."""
    assigned = assignments(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and called_name(node) in ERROR_NAMES:
            for argument in node.args:
                for expression in assigned.get(argument.id, []) if isinstance(argument, ast.Name) else [argument]:
                    yield from (text for text in constants(expression) if " " in text)


def phrases(tree: ast.Module) -> Iterator[str]:
    """Yield the constant sentences and phrases of a module, docstrings left out."""
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    pieces = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings | pieces:
            text = node.value
            is_sentence = len(text.split()) > 2 or re.fullmatch(r"[A-Z]\w* .+\.", text)
            is_piece = text != text.strip(" ;:,")
            if is_sentence and not is_piece and not re.search(r"\\|\[\^|\||^(SELECT|INSERT|UPDATE|DELETE) ", text):
                yield text


def templates_in_use() -> dict[str, set[str]]:
    """Return every template and constant message that a page may show, with the files that have it."""
    files_by_text: dict[str, set[str]] = {}

    def add(text: str, path: Path) -> None:
        if text not in NOT_SHOWN:
            files_by_text.setdefault(plain_template(text), set()).add(path.relative_to(SOURCE).as_posix())

    for path in sorted(SOURCE.rglob("*.py")):
        name = path.relative_to(SOURCE).as_posix()
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if name.partition("/")[0] in ("web", "cli", "client", "backend", "mcp"):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and called_name(node) == "Message":
                for text in constants(node.args[0]):
                    add(text, path)
        if name.partition("/")[0] in RAISED_IN:
            for text in error_texts(tree):
                add(text, path)
        if name.removesuffix(".py") in PHRASE_MODULES:
            for text in phrases(tree):
                # What is no sentence in a checklist is a command.
                if name != "core/knowledge/checklist.py" or text.endswith("."):
                    add(text, path)
    for template in REMARK_TEMPLATES.values():
        files_by_text.setdefault(template, set()).add("core/facts/fact.py")
    for reason in get_args(Reason):
        files_by_text.setdefault(reason, set()).add("llm/checks/guard.py")
    return files_by_text


def areas(language: str) -> dict[str, dict[str, str]]:
    return {path.stem: tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted((TEXTS / language / "messages").glob("*.toml"))}


@pytest.mark.parametrize("language", OTHERS)
def test_every_message_is_translated(language: str) -> None:
    translations = message_catalogue(language)  # type: ignore[arg-type]
    missing = {text: sorted(files) for text, files in templates_in_use().items() if text not in translations}
    assert not missing, f"add to texts/{language}/messages/<area>.toml: {missing}"


@pytest.mark.parametrize("language", OTHERS)
def test_no_translation_is_unused(language: str) -> None:
    files = (path for path in SOURCE.rglob("*.py") if path.relative_to(SOURCE).parts[0] not in ("web", "cli", "client", "backend", "mcp"))
    source = re.sub(r'"\s*\n\s*f?"', "", "\n".join(path.read_text(encoding="utf-8") for path in files)).replace("\\'", "'")
    translations = message_catalogue(language)  # type: ignore[arg-type]
    longest_pieces = {text: max(re.split(r"\{\w+\}", text), key=len).strip(" ;:,.") for text in translations}
    assert not [text for text, piece in longest_pieces.items() if piece not in source], "no source has these"


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_has_the_places_of_its_template(language: str) -> None:
    area_by_text: dict[str, str] = {}
    for area, texts in areas(language).items():
        for text, translation in texts.items():
            assert text not in area_by_text, f"{area}: {text!r} is in {area_by_text[text]}, too"
            area_by_text[text] = area
            assert text == plain_template(text), f"{area}: {text!r}: a key has names alone in its places"
            places = [sorted(set(re.findall(r"\{\w+\}", wording))) for wording in (text, translation)]
            assert places[0] == places[1], f"{area}: {text!r}"
            assert text.endswith(".") == translation.endswith("."), f"{area}: {text!r}"


def test_errors_of_pages_are_worded_in_the_readers_language() -> None:
    for path in sorted((SOURCE / "web" / "routes").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and called_name(node) in ERROR_NAMES:
                assert not any(list(constants(argument)) for argument in node.args), f"{path.name}:{node.lineno}: wrap in _()"


CATALOGUE = {
    "There is no account {name}.": "Tidak ada akun {name}.",
    "{left} of {total} credits left": "sisa {left} dari {total} kredit",
    "{account}: {reason}": "akun {account}: {reason}",
    "paused": "dijeda",
    "Not before {at} UTC.": "Tidak sebelum {at} UTC.",
    "Try again later.": "Coba lagi nanti.",
}


@pytest.fixture
def indonesian(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Answer a request in Indonesian, with a small catalogue."""
    monkeypatch.setattr("onward.web.messages.message_catalogue", lambda language: CATALOGUE if language == "id" else {})
    token = current_language.set("id")
    yield
    current_language.reset(token)


AT = datetime(2026, 5, 1, 14, 3, tzinfo=UTC)
MESSAGES = [
    (Message("There is no account {name!r}.", name="x-9"), "There is no account 'x-9'.", "Tidak ada akun 'x-9'."),
    (Message("{left:,} of {total:,} credits left", left=12, total=1000.5), "12 of 1,000.5 credits left", "sisa 12 dari 1.000,5 kredit"),
    (Message("{account}: {reason}", account="x-9", reason=Message("paused")), "x-9: paused", "akun x-9: dijeda"),
    (Message("Not before {at:%Y-%m-%d %H:%M} UTC.", at=AT), "Not before 1 May 2026, 14:03 UTC.", "Tidak sebelum 1 Mei 2026, 14:03 UTC."),
    ("Try again later.", "Try again later.", "Coba lagi nanti."),
    ("Nobody has ever written this.", "Nobody has ever written this.", "Nobody has ever written this."),
    (Message("Nor {this}.", this=1.5), "Nor 1.5.", "Nor 1,5."),
    (None, "", ""),
]


@pytest.mark.parametrize(("message", "in_english", "_"), MESSAGES)
def test_a_message_is_shown_in_english(message: Message | str | None, in_english: str, _: str) -> None:
    assert translate_message(message) == in_english


@pytest.mark.usefixtures("indonesian")
@pytest.mark.parametrize(("message", "_", "in_indonesian"), MESSAGES)
def test_a_message_is_shown_in_the_readers_language(message: Message | str | None, _: str, in_indonesian: str) -> None:
    assert translate_message(message) == in_indonesian


@pytest.mark.usefixtures("indonesian")
def test_an_error_is_shown_with_its_hint() -> None:
    error = NotFound(Message("There is no account {name}.", name="x-9"), "Try again later.")
    assert str(error) == "There is no account x-9. Try again later."
    assert translate_error(error) == "Tidak ada akun x-9. Coba lagi nanti."
