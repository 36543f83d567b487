"""Compression of any text."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onward.app.handoffs import drafts
from onward.app.turns.client_turns import parse_any_text
from onward.core.text.compression import GAP, shorten
from onward.tokens import count_tokens

LOG = "".join(
    f"2026-11-24T10:{number % 60:02}:00Z INFO worker {number} handled /api/items/{number} in {number % 37} ms\n" for number in range(500)
)
LOST = "2026-11-24T11:00:00Z ERROR database connection lost: ECONNREFUSED 10.0.0.5:5432"
TALK = "Many people spoke about the weather and the food that was served at lunch, and somebody told a story. "
NOTES = (
    f"# Minutes\n{TALK * 30}\nWe agreed that the budget is 40,000 euro and the deadline 12 March 2027.\n{TALK * 30}\nNever publish "
    "the draft before legal has signed off."
)


def test_a_log_is_its_failures_and_one_line_for_many() -> None:
    short = shorten(LOG + LOST + "\n" + LOG, 120, count_tokens)
    assert LOST in short
    assert "(and 999 lines like it)" in short
    assert count_tokens(short) <= 120


def test_notes_keep_what_was_agreed_in_their_own_words_and_order() -> None:
    short = shorten(NOTES, 80, count_tokens)
    kept_lines = [line for line in short.splitlines() if line != GAP and "lines like it" not in line]
    assert "We agreed that the budget is 40,000 euro and the deadline 12 March 2027." in kept_lines
    assert "Never publish the draft before legal has signed off." in kept_lines
    assert [NOTES.index(line) for line in kept_lines] == sorted(NOTES.index(line) for line in kept_lines)


@given(st.text(max_size=3000), st.integers(5, 400))
def test_the_budget_holds_and_short_text_is_unchanged(text: str, budget: int) -> None:
    short = shorten(text, budget, count_tokens)
    assert count_tokens(short) <= budget
    if count_tokens(text) <= budget:
        assert short == text


def test_unbreakable_text_is_cut() -> None:
    assert 0 < count_tokens(shorten("x" * 20_000 + " 8443", 200, count_tokens)) <= 200
    assert shorten("word " * 500, 2, count_tokens) == ""


@pytest.mark.parametrize(("text", "budget"), [(LOG + LOST, 50), (NOTES, 60), ("User: Keep port 8443.\nAssistant: Kept. " + TALK * 40, 60)])
def test_the_budget_holds_for_any_text_with_its_preservation(text: str, budget: int) -> None:
    compression = drafts.compress(text, parse_any_text(text), budget)
    assert compression.tokens == count_tokens(compression.text) <= budget
    assert compression.ratio == compression.text_tokens / compression.tokens
    assert compression.preservation is not None


@pytest.mark.slow
def test_on_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(LOG + LOST)
    command = [sys.executable, "-m", "onward", "compress"]
    result = subprocess.run([*command, str(tmp_path / "a.log"), "--budget", "120"], capture_output=True, text=True, check=True)
    assert LOST in result.stdout
    assert "× smaller." in result.stderr
    report = json.loads(subprocess.run([*command, "-", "--json"], input=NOTES * 9, capture_output=True, text=True, check=True).stdout)
    assert report["tokens"] <= 2000
    assert report["preservation"]["groups"]
    for wrong in ([str(tmp_path / "none.txt")], [str(tmp_path)]):
        assert subprocess.run([*command, *wrong], capture_output=True, check=False).returncode == 2
    assert subprocess.run(command, input=b" ", capture_output=True, check=False).returncode == 2
