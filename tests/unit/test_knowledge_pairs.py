"""Errors and what ended them: from commands that failed and passed later, and from sentences that say so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from onward import samples
from onward.app.turns.reader import TranscriptReader
from onward.core.knowledge.categories import category_of
from onward.core.knowledge.entry import HarvestedEntry
from onward.core.knowledge.pairs import error_line, harvest_pairs, join_pairs
from onward.core.transcript.transcript import ToolCall, ToolResult, Turn

EDIT = Turn("assistant", "", calls=(ToolCall("e", "Edit", {"file_path": "src/cart/tax.ts", "old_string": "a", "new_string": "b"}),))
FAILING = "TypeError: Cannot read properties of undefined (reading 'rate')\n1 failed"


def run(number: int, command: str, output: str = "", *, failed: bool = False) -> list[Turn]:
    call = ToolCall(f"c{number}", "Bash", {"command": command})
    return [Turn("assistant", calls=(call,)), Turn("tool", results=(ToolResult(call.id, output, failed, int(failed)),))]


def pairs(*turns: Turn) -> list[tuple[str, str]]:
    return [(entry.text, entry.fix) for entry in harvest_pairs(enumerate(turns, 1))]


def test_a_failure_and_the_change_before_the_pass_are_a_pair() -> None:
    cause = Turn("assistant", "The rate is undefined because the tax table is read before it is loaded.")
    ((text, fix),) = pairs(*run(1, "npm test -- cart", FAILING, failed=True), cause, EDIT, *run(2, "npm test", "ok"))
    assert text == "`npm test -- cart` failed with: TypeError: Cannot read properties of undefined (reading 'rate')"
    assert fix == "The rate is undefined because the tax table is read before it is loaded.; a change of `tax.ts`"


def test_a_command_in_between_is_the_fix_too() -> None:
    failing = run(1, "python app.py", "ModuleNotFoundError: No module named 'yaml'", failed=True)
    ((_, fix),) = pairs(*failing, *run(2, "pip install pyyaml"), *run(3, "python app.py"))
    assert fix == "`pip install pyyaml`"


@pytest.mark.parametrize(
    "after",
    [
        list,
        lambda: [EDIT],
        lambda: run(2, "npm test", "ok"),
        lambda: [EDIT, *run(2, "npm test -- cart", FAILING, failed=True)],
        lambda: [EDIT, *run(2, "npm run lint", "ok")],
    ],
    ids=["nothing", "no pass", "nothing changed", "still failing", "another command"],
)
def test_without_a_change_and_a_pass_there_is_no_pair(after: Callable[[], list[Turn]]) -> None:
    assert pairs(*run(1, "npm test -- cart", FAILING, failed=True), *after()) == []


def test_sentences_that_say_what_fixed_it_are_pairs() -> None:
    stated = Turn("assistant", "The `EPIPE` crash of the printer is fixed by closing the socket before the retry.")
    labelled = Turn(
        "assistant", "Cause: the deploy failed because the wheel was built for arm64.\n\nFix: rebuild it with `--platform linux/amd64`."
    )
    assert pairs(stated) == [("The `EPIPE` crash of the printer", stated.text)]
    assert pairs(labelled)[0][1] == "rebuild it with `--platform linux/amd64`."
    assert pairs(Turn("assistant", "The remaining failures need to be fixed with a new parser some day.")) == []


def test_the_line_that_names_the_error_is_taken() -> None:
    assert error_line("> build\nFound 3 errors.\nsrc/a.ts(3,1): error TS2322: Type 'x' is not assignable\nFound 3 errors.") == (
        "src/a.ts(3,1): error TS2322: Type 'x' is not assignable"
    )
    assert error_line("[lint] ERROR task failed") == ""


def test_a_pair_replaces_the_entry_that_says_the_same() -> None:
    (pair,) = harvest_pairs([(1, Turn("assistant", "The lock error is fixed by a busy timeout of three seconds."))])
    same = HarvestedEntry(kind="solution", signature="s", category="database", text=pair.fix, error="", fix="", fact_id="f", turn=1)
    assert join_pairs([same], [pair]) == [pair]


def test_the_samples_teach_their_own_fixes(tmp_path: Path) -> None:
    reader = TranscriptReader()
    for file in samples.write(tmp_path):
        reader.read(file)
    entries = [(entry.category, entry.text, entry.fix) for path in reader.paths for entry in harvest_pairs(path.turns)]
    assert any(c == "database" and "database is locked" in t and "BEGIN IMMEDIATE" in f and "busy_timeout" in f for c, t, f in entries)
    assert any("better-sqlite3" in text and "npm rebuild better-sqlite3" in fix for _, text, fix in entries)


def test_cors_is_no_matter_of_signing_in() -> None:
    assert category_of("Access blocked by CORS policy: no Access-Control-Allow-Origin header") == "network"
