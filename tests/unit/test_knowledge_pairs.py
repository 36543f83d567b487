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


def test_other_arguments_right_after_are_the_fix_but_not_another_test() -> None:
    failing = run(1, "git checkout -b fix/receipt", "fatal: a branch named 'fix/receipt' already exists", failed=True)
    ((_, fix),) = pairs(*failing, *run(2, "git checkout fix/receipt", "Switched to branch 'fix/receipt'"))
    assert fix == "`git checkout fix/receipt`"
    tests = run(1, "pytest tests/test_cart.py", "KeyError: 'currency' in the cart", failed=True)
    assert pairs(*tests, *run(2, "pytest tests/test_shelf.py", "1 passed")) == []
    assert pairs(*failing, *run(2, "git status", "On branch main")) == []


def test_a_part_of_a_chain_that_passes_ends_the_error_of_the_chain() -> None:
    failing = run(1, "make fmt && make lint", "pkg/run.go:12:9: os/exec.Command must not be called (noctx)\n* noctx: 1", failed=True)
    ((text, fix),) = pairs(*failing, *run(2, "sed -i s/Command/CommandContext/ pkg/run.go"), *run(3, "make lint", "0 issues."))
    assert "must not be called" in text
    assert "run.go" in fix


def test_a_pull_between_two_pushes_is_the_fix() -> None:
    output = "! [rejected]        main -> main (fetch first)\nerror: failed to push some refs to 'git.example:a.git'\nhint: See the note"
    pushes = run(1, "git push origin main", output, failed=True), run(3, "git push origin main", "main -> main")
    ((text, fix),) = pairs(*pushes[0], *run(2, "git pull --rebase origin main", "Successfully rebased"), *pushes[1])
    assert "[rejected]" in text
    assert fix == "`git pull --rebase origin main`"


def test_the_new_lines_of_a_script_are_its_fix() -> None:
    script = "python - <<'PY'\n{}path = Path('plan.md')\ntext = path.read_text()\npath.write_text(text.upper())\nPY"
    failing = run(1, script.format(""), "Traceback (most recent call last):\nNameError: name 'Path' is not defined", failed=True)
    ((_, fix),) = pairs(*failing, *run(2, script.format("from pathlib import Path\n"), "done"))
    assert fix == "`from pathlib import Path`"


def test_another_error_of_a_longer_command_shows_that_the_first_one_ended() -> None:
    failing = run(1, "git cherry-pick 9cad3c94", "fatal: empty ident name (for <root@build>) not allowed", failed=True)
    longer = "git config user.name Ana && git cherry-pick 9cad3c94"
    ((_, fix), *_) = pairs(*failing, *run(2, longer, "error: your local changes would be overwritten by cherry-pick", failed=True))
    assert fix == f"`{longer}`"
    assert pairs(*failing, *run(2, longer, "fatal: empty ident name (for <root@build>) not allowed", failed=True)) == []


def test_a_pipe_that_cuts_the_output_makes_no_command_a_reader_of_logs() -> None:
    failing = run(1, "git commit -m x", "⚠️ Generated client files are not staged!\nhusky - pre-commit script failed (code 1)", failed=True)
    ((text, fix),) = pairs(*failing, *run(2, "pnpm api:generate 2>&1 | tail -10", "ok"), *run(3, "git commit -m x", "1 file changed"))
    assert "not staged" in text
    assert fix == "`pnpm api:generate`"
