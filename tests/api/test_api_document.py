"""docs/api.md matches the server: every command in it is run, in order, in one shell, and every answer is compared."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
import pytest

PAGE = Path(__file__).parents[2] / "docs" / "api.md"
ADDRESS = "http://127.0.0.1:3000"
LEFT_OUT = "…"
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_END = "\x1e"
"""Printed after each block of commands."""

pytestmark = pytest.mark.slow


class Step(NamedTuple):
    """Commands, and the answer that the page shows (its language and text), if any."""

    commands: str
    language: str = ""
    answer: str = ""


def steps(page: str) -> list[Step]:
    page_steps: list[Step] = []
    for language, text in _BLOCK.findall(page):
        if language == "bash":
            page_steps.append(Step(text))
        elif language != "console":
            assert page_steps, f"the page begins with an answer: {text}"
            assert not page_steps[-1].language, f"two answers to one block: {text}"
            page_steps[-1] = Step(page_steps[-1].commands, language, text)
    return page_steps


def differences(shown: Any, answered: Any, where: str = "") -> list[str]:
    """Return where *answered* differs from *shown*; fields that *shown* leaves out, and `…`, match anything."""
    if shown == LEFT_OUT:
        return []
    if isinstance(shown, dict) and isinstance(answered, dict):
        missing_names = [f"{where}.{name} is not in the answer" for name in shown if name not in answered]
        return missing_names + [
            line for name in shown if name in answered for line in differences(shown[name], answered[name], f"{where}.{name}")
        ]
    if isinstance(shown, list) and isinstance(answered, list):
        wanted = shown[:-1] if shown and shown[-1] == LEFT_OUT else shown
        if len(answered) < len(wanted) or (wanted is shown and len(answered) != len(shown)):
            return [f"{where} has {len(answered)} elements, the page shows {len(wanted)}"]
        return [
            line
            for at, (shown_element, other) in enumerate(zip(wanted, answered, strict=False))
            for line in differences(shown_element, other, f"{where}[{at}]")
        ]
    if isinstance(shown, str) and isinstance(answered, str):
        return [] if is_as_shown(shown, answered) else [f"{where} is {answered!r}, the page shows {shown!r}"]
    return [] if shown == answered else [f"{where} is {answered!r}, the page shows {shown!r}"]


def is_as_shown(shown: str, answered: str) -> bool:
    """Whether a text matches; `…` stands for any part."""
    return re.fullmatch(".*".join(map(re.escape, shown.split(LEFT_OUT))), answered, re.DOTALL) is not None


def values(text: str) -> list[Any]:
    """Return the JSON values in *text*, one after the other; a bare `…` becomes the text `…`."""
    text = re.sub(rf"(?<=[:,\[] ){LEFT_OUT}(?=[,\]}}])", f'"{LEFT_OUT}"', text)
    decoder, documents, at = json.JSONDecoder(), [], 0
    while text[at:].strip():
        at += len(text[at:]) - len(text[at:].lstrip())
        value, at = decoder.raw_decode(text, at)
        documents.append(value)
    return documents


def mismatches(step: Step, printed: str) -> list[str]:
    """Return where *printed* differs from the page."""
    if not step.language:
        return [f"the page shows no answer, but there is one: {printed[:200]}"] if printed.strip() else []
    if step.language == "json":
        return differences(values(step.answer), values(printed))
    return [] if is_as_shown(step.answer.strip(), printed.strip()) else [f"the page shows\n{step.answer}\nthe answer is\n{printed}"]


def test_every_example_of_the_page_matches_the_server(server: httpx2.Client, tmp_path: Path) -> None:
    assert shutil.which("curl"), "this test needs curl"
    page = PAGE.read_text(encoding="utf-8")
    assert page.count(ADDRESS) == 1
    walk = steps(page.replace(ADDRESS, str(server.base_url).rstrip("/")))
    script = "set -eu\n" + "".join(f"{step.commands}printf '\\036'\n" for step in walk)
    folder = tmp_path / "walk"
    folder.mkdir()
    ran = subprocess.run(["bash"], input=script.encode(), cwd=folder, capture_output=True, timeout=240, check=False)
    assert ran.returncode == 0, ran.stderr.decode()
    answers = ran.stdout.decode().split(_END)
    assert answers.pop() == ""
    wrong = [f"{step.commands}→ {line}" for step, answer in zip(walk, answers, strict=True) for line in mismatches(step, answer)]
    assert not wrong, "\n\n".join(wrong)
    assert sum(bool(step.language) for step in walk) > 15


def test_a_wrong_example_is_detected() -> None:
    shown = Step("", "json", '{"a": [1, …], "b": …, "c": "x…z"}\n')
    assert mismatches(shown, '{"a":[1,2],"b":{},"c":"xyz","d":0}') == []
    assert mismatches(shown, '{"a":[2],"b":{},"c":"xy"}') == ["[0].a[0] is 2, the page shows 1", "[0].c is 'xy', the page shows 'x…z'"]
    assert mismatches(shown, '{"a":[],"c":"xz"}') == ["[0].b is not in the answer", "[0].a has 0 elements, the page shows 1"]
    assert mismatches(Step("", "text", "304\n"), "304") == []
    assert mismatches(Step("", "text", "304\n"), "200") != []
    assert mismatches(Step("x=1"), "surprise") != []
    with pytest.raises(AssertionError):
        steps("```json\n{}\n```\n")
