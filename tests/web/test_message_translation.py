"""What is composed below the pages is said in every language: an error, a reason, a finding that is new needs its line in `texts/<language>/below/`."""

from __future__ import annotations

import ast
import inspect
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

import onward
from onward import errors
from onward.llm.guard import Reason
from onward.web.language import LANGUAGES, TEXTS, current_language
from onward.web.message_translation import load_patterns, translate_message, translate_text

SOURCE = Path(onward.__file__).parent
OTHERS = [language for language in LANGUAGES if language != "en"]

RAISED_IN = ("api", "app", "core", "formats", "llm", "redact", "store")
"""Where errors come from that a page may have to show."""

SAYING = (
    "agents/checkup", "app/charging", "app/credits", "app/doctor", "app/job_kinds", "app/jobs", "app/llm_keys", "app/refining", "app/session_jobs", "app/troubleshooting",
    "core/credits", "core/forecast", "core/pool", "core/troubleshoot", "llm/choice", "llm/failing",
)  # fmt: skip
"""Modules whose phrases are shown as they are."""

NOT_SHOWN = {"test of the key", "Answer with one word.", "Say yes.", "there is nothing to keep", "write {}: {}"}
"""What a model is told, and what a defect says."""

FILLED = "§"
ERRORS = {name for name, error in vars(errors).items() if inspect.isclass(error) and issubclass(error, errors.OnwardError)}
MAKES = re.compile(rf"\b(?:{'|'.join(ERRORS)})\(")


def template(node: ast.expr) -> str | None:
    """What a text of the source says, `{}` for what is filled in; None where the node is none."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return re.sub(r"\{\w*\}", "{}", node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return None


def texts_of(tree: ast.AST) -> Iterator[str]:
    """Every text of a piece of source that is no docstring and no piece of another."""
    inner: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):
            inner.add(id(node.value))
        elif isinstance(node, ast.JoinedStr):
            inner.update(id(part) for part in node.values)
            specs = (part.format_spec for part in node.values if isinstance(part, ast.FormattedValue) and part.format_spec)
            inner.update(id(deep) for spec in specs for deep in ast.walk(spec))
    for node in ast.walk(tree):
        if id(node) not in inner and isinstance(node, ast.expr) and (text := template(node)):
            yield text


def of_errors(tree: ast.Module) -> Iterator[str]:
    """What the errors say that a module makes; a name stands for what is assigned to it."""
    assigned: dict[str, list[ast.expr]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            assigned.setdefault(node.targets[0].id, []).append(node.value)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in ERRORS:
            for argument in node.args:
                for expression in assigned.get(argument.id, []) if isinstance(argument, ast.Name) else [argument]:
                    whole = template(expression)
                    yield from (text for text in texts_of(expression) if is_phrase(text) or (text == whole and re.search("[a-z]", text)))


def is_phrase(text: str) -> bool:
    """Whether a text is for people: three words, or a sentence; and no regular expression."""
    is_said = len(text.split()) > 2 or re.fullmatch(r"(?:[A-Z]\w*|\{\}) .+\.", text)
    return bool(is_said) and not re.search(r"\\|\[\^|\|", text)


def composed_texts() -> dict[str, set[str]]:
    """Every text that is composed below and may be shown, and where."""
    places: dict[str, set[str]] = {}
    for layer in RAISED_IN:
        for path in sorted((SOURCE / layer).rglob("*.py")):
            source = path.read_text(encoding="utf-8")
            for text in of_errors(ast.parse(source)) if MAKES.search(source) else ():
                places.setdefault(text, set()).add(path.relative_to(SOURCE).as_posix())
    for name in SAYING:
        for text in texts_of(ast.parse((SOURCE / f"{name}.py").read_text(encoding="utf-8"))):
            # Of checklists, what is no sentence is a command.
            if is_phrase(text) and (name != "core/troubleshoot" or text.endswith(".")):
                places.setdefault(text, set()).add(name)
    for reason in get_args(Reason):
        places.setdefault(reason, set()).add("llm/guard")
    return {text: where for text, where in places.items() if text not in NOT_SHOWN}


@pytest.mark.parametrize("language", OTHERS)
def test_everything_that_is_composed_below_is_said(language: str) -> None:
    missing = {}
    for text, where in composed_texts().items():
        plain = text.replace("{}", FILLED).strip(" ;:,")
        if translate_text(plain, language).letters < sum(map(str.isalpha, plain)):  # type: ignore[arg-type]
            missing[text] = sorted(where)
    assert not missing, f"add to texts/{language}/below/<area>.toml, with {{1}}, {{2}} … for {{}}: {missing}"


def test_no_page_raises_what_is_said_in_one_language_only() -> None:
    for path in sorted((SOURCE / "web" / "routes").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ERRORS:
                assert not any(template(argument) for argument in node.args), f"{path.name}:{node.lineno}: wrap in _()"


@pytest.mark.parametrize("language", OTHERS)
def test_nothing_is_said_that_is_composed_nowhere(language: str) -> None:
    """A line that no text of the source has any more is to go."""
    layers = (path for path in SOURCE.rglob("*.py") if path.relative_to(SOURCE).parts[0] not in ("web", "cli", "client"))
    source = re.sub(r'"\s*\n\s*f?"', "", "\n".join(path.read_text(encoding="utf-8") for path in layers)).replace("\\'", "'")
    left = [pattern.longest_piece for pattern in load_patterns(language) if pattern.longest_piece.strip(" ;:,.") not in source]  # type: ignore[arg-type]
    assert not left, "nothing composes these any more"


@pytest.mark.parametrize("language", OTHERS)
def test_what_is_filled_in_is_filled_in_once_in_every_language(language: str) -> None:
    areas_by_text: dict[str, str] = {}
    for area, texts in areas(language).items():
        for text, translation in texts.items():
            assert text not in areas_by_text, f"{area}: {text!r} is in {areas_by_text[text]}, too"
            areas_by_text[text] = area
            assert sorted(re.findall(r"\{\d\}", text)) == sorted(re.findall(r"\{\d\}", translation)), f"{area}: {text!r}"
            assert text.endswith(".") == translation.endswith("."), f"{area}: {text!r}"


@pytest.mark.parametrize(
    ("text", "in_indonesian"),
    [
        ("There is no account 'claude-9'. List what there is: onward account list", "Tidak ada akun 'claude-9'. Lihat yang ada: onward account list"),
        ("12 of 1,000.5 credits left: fewer than the 40 needed, 3 of those used being estimated", "sisa 12 dari 1.000,5 kredit: kurang dari 40 yang diperlukan, 3 dari yang terpakai adalah taksiran"),
        ("its limit for claude-opus-4 is reached, until in 3 h, at 2026-03-01 15:00 UTC (estimated)", "batasnya untuk claude-opus-4 tercapai, sampai 3 jam lagi, pada 2026-03-01 15:00 UTC (ditaksir)"),
        ("claude-1 cannot be used: all its credits are used; they come back in 2 days, at 2026-03-02 08:00 UTC (reported); neither can any other", "claude-1 tidak bisa dipakai: semua kreditnya terpakai; pulih 2 hari lagi, pada 2026-03-02 08:00 UTC (dilaporkan); yang lain juga tidak"),
        ("Worse than the rules' handoff: decisions 3 instead of 4, stale 1 instead of 0.", "Lebih buruk daripada handoff buatan aturan: keputusan 3, tadinya 4, usang 1, tadinya 0."),
        ("api.example failed (HTTP 503). It is the provider's trouble: try again later.", "api.example gagal (HTTP 503). Masalahnya di penyedia: coba lagi nanti."),
        ("never completed, so not in any handoff: antre: session 3, session 4; toko: session 1", "tidak pernah diselesaikan, jadi tidak ada di handoff mana pun: antre: sesi 3, sesi 4; toko: sesi 1"),
        ("Nobody has ever written this.", "Nobody has ever written this."),
    ],
)  # fmt: skip
def test_what_was_composed_is_read_back_and_said(text: str, in_indonesian: str) -> None:
    token = current_language.set("id")
    try:
        assert translate_message(text) == in_indonesian
    finally:
        current_language.reset(token)
    assert translate_message(text) == text


def areas(language: str) -> dict[str, dict[str, str]]:
    return {path.stem: tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted((TEXTS / language / "below").glob("*.toml"))}
