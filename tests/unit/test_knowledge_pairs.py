"""Errors and what ended them: from commands that failed and passed later, and from sentences that say so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from onward import samples
from onward.app.turns.reader import TranscriptReader
from onward.core.knowledge.categories import category_of
from onward.core.knowledge.checklist import advise
from onward.core.knowledge.entry import HarvestedEntry
from onward.core.knowledge.error_lines import error_line, error_text, failure_line, logged_error, pasted_error
from onward.core.knowledge.pairs import harvest_pairs, join_pairs
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


def spoken(text: str, role: str = "assistant") -> Turn:
    return Turn(role, text)  # type: ignore[arg-type]


def test_an_error_in_a_log_is_paired_with_what_was_done_about_it() -> None:
    log = run(1, "ssh web 'pm2 logs api --nostream'", "0|api | Error: Cannot open the ledger file\n0|api | of the second printer")
    restart = run(2, "ssh web 'cd /srv/api && ./unlock && pm2 restart api'")
    done = spoken("The second printer held the ledger file open; `./unlock` frees it.")
    assert pairs(*log, *restart, done) == [
        (
            "Error: Cannot open the ledger file",
            "The second printer held the ledger file open; `./unlock` frees it.; `ssh web 'cd /srv/api && ./unlock && pm2 restart api'`",
        )
    ]


def test_an_error_that_comes_back_was_not_ended() -> None:
    log = run(1, "tail -n 5 api.log", "Error: Cannot open the ledger file")
    again = run(3, "tail -n 5 api.log", "Error: Cannot open the ledger file")
    assert pairs(*log, EDIT, *again) == []


def test_an_error_that_a_person_pasted_is_paired_with_what_was_changed_for_it() -> None:
    pasted = spoken("the container stops, it says exec /start.sh: no such file or directory", "user")
    cause = spoken("The script has CRLF line ends, so the kernel finds no such interpreter.")
    ((text, fix),) = pairs(pasted, cause, EDIT, spoken("thanks", "user"))
    assert text.endswith("exec /start.sh: no such file or directory")
    assert fix == "The script has CRLF line ends, so the kernel finds no such interpreter.; a change of `tax.ts`"
    assert pairs(spoken("I cannot find the button, please look", "user"), cause, EDIT) == []


def test_an_option_or_a_variable_that_makes_a_command_pass_is_the_fix() -> None:
    failing = run(1, "npm install", "npm ERR! unable to get local issuer certificate", failed=True)
    ((_, fix),) = pairs(*failing, *run(2, "NODE_EXTRA_CA_CERTS=/etc/root.pem npm install", "added 4 packages"))
    assert fix == "`NODE_EXTRA_CA_CERTS=/etc/root.pem npm install`"
    assert pairs(*failing, *run(2, "npm install --verbose", "added 4 packages")) == []


def test_an_error_without_a_name_is_the_last_line_of_a_command_that_failed() -> None:
    output = "compiling\nmissing go.sum entry for module providing package sync"
    failing = run(1, "go build ./...", output, failed=True)
    ((text, fix),) = pairs(*failing, *run(2, "go mod tidy"), *run(3, "go build ./..."))
    assert (text, fix) == ("`go build ./...` failed with: missing go.sum entry for module providing package sync", "`go mod tidy`")
    assert failure_line(output) == "missing go.sum entry for module providing package sync"


def test_the_text_of_an_error_has_the_lines_that_continue_it() -> None:
    output = "1|api | Error: The module 'x.node'\n1|api | was compiled against a different version using 115.\n1|api |     at f (x.js:1)"
    assert error_text(output, error_line(output)) == "Error: The module 'x.node' was compiled against a different version using 115."


def test_only_what_a_program_prints_is_a_pasted_error() -> None:
    assert (
        pasted_error("it fails:\nFATAL:  password authentication failed for user x") == "FATAL: password authentication failed for user x"
    )
    assert pasted_error("The login failed again: I cannot get in. Please fix it.") == ""
    assert logged_error("all fine\nno failed request") == ""


def test_the_line_that_names_the_error_is_taken() -> None:
    assert error_line("> build\nFound 3 errors.\nsrc/a.ts(3,1): error TS2322: Type 'x' is not assignable\nFound 3 errors.") == (
        "src/a.ts(3,1): error TS2322: Type 'x' is not assignable"
    )
    assert error_line("[lint] ERROR task failed") == ""


def test_a_pair_replaces_the_entry_that_says_the_same() -> None:
    (pair,) = harvest_pairs([(1, Turn("assistant", "The lock error is fixed by a busy timeout of three seconds."))])
    same = HarvestedEntry(kind="solution", signature="s", category="database", text=pair.fix, error="", fix="", fact_id="f", turn=1)
    assert join_pairs([same], [pair]) == [pair]


def test_an_entry_of_a_fact_takes_the_better_explanation_of_a_pair() -> None:
    failing = run(1, "npm test", FAILING, failed=True)
    (pair,) = harvest_pairs(
        enumerate((*failing, spoken("The rate is undefined because the table is read too early."), EDIT, *run(2, "npm test")), 1)
    )
    bare = pair._replace(fix="A change of `src/cart/tax.ts`", fact_id="f")
    assert join_pairs([bare], [pair]) == [bare._replace(fix=pair.fix)]


def test_the_samples_teach_their_own_fixes(tmp_path: Path) -> None:
    reader = TranscriptReader()
    for file in samples.write(tmp_path):
        reader.read(file)
    entries = [(entry.category, entry.text, entry.fix) for path in reader.paths for entry in harvest_pairs(path.turns)]
    assert any(c == "database" and "database is locked" in t and "BEGIN IMMEDIATE" in f and "busy_timeout" in f for c, t, f in entries)
    assert any("better-sqlite3" in text and "npm rebuild better-sqlite3" in fix for _, text, fix in entries)


def test_cors_is_no_matter_of_signing_in() -> None:
    assert category_of("Access blocked by CORS policy: no Access-Control-Allow-Origin header") == "network"


def test_an_error_of_no_category_has_no_checklist() -> None:
    unknown = advise("KeyError: 'banana'")
    assert (unknown.category, unknown.causes, unknown.commands) == ("general", (), ())
    assert unknown.steps == ("Search the history for words of the error: onward search WORDS",)
    assert advise("database is locked").causes
