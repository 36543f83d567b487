"""Claims of an agent are checked against the log: verified by a result, flagged if contradicted, else left as claimed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from onward.core.extract.extraction import extract
from onward.core.facts.fact import Fact
from onward.core.facts.ledger import Ledger, fold
from onward.core.handoff.composer import compose
from onward.core.handoff.document import render
from onward.core.handoff.session_summary import SessionSummary
from onward.core.transcript.transcript import SessionHead, ToolCall, ToolResult, Turn
from onward.tokens import count_tokens

HEAD = SessionHead("claude-code", cwd="/home/ayu/antrian", started_at=datetime(2026, 2, 3, 8, tzinfo=UTC))
ASKED = Turn("user", "Build the queue page of the clinic, with tests.")
FLAG = "the log says otherwise"
FAILED = "E   assert 3 == 4\n1 failed, 11 passed in 0.31s"


def command_turns(number: int, command: str, output: str, *, failed: bool | None = False) -> tuple[Turn, Turn]:
    return (
        Turn("assistant", calls=(ToolCall(f"c{number}", "Bash", {"command": command}),)),
        Turn("tool", results=(ToolResult(f"c{number}", output, is_error=failed),)),
    )


def write_turns(path: str, *, refused: bool = False) -> tuple[Turn, Turn]:
    return (
        Turn("assistant", calls=(ToolCall("w", "Write", {"file_path": f"/home/ayu/antrian/{path}", "content": "x"}),)),
        Turn("tool", results=(ToolResult("w", "Permission denied" if refused else "ok", is_error=refused),)),
    )


def claim(text: str, *before: Turn) -> Fact:
    """Return the fact extracted from *text*, said by the agent after *before*."""
    turns = [ASKED, *before, Turn("assistant", text)]
    (only_fact,) = [
        fact for fact in extract(1, HEAD, list(enumerate(turns, start=1))) if fact.text.startswith(text[:12]) and fact.author == "agent"
    ]
    return only_fact


@pytest.mark.parametrize(
    "text",
    [
        "All tests pass now.",
        "The page is built and the tests pass.",
        "12 passed, so the queue page is finished.",
        "All 12 tests are passing.",
        "The test suite is green.",
        "Semua tes sudah lulus.",
        "Tous les tests passent.",
    ],
)
def test_tests_that_did_not_pass_are_flagged(text: str) -> None:
    fact = claim(text, *command_turns(1, "pytest -q", FAILED, failed=True))
    assert fact.text == f"{text} (the log says otherwise: `pytest -q` failed when it last ran)"
    assert fact.evidence == "claimed"
    assert fact.sources == ((1, 4), (1, 3))


def test_a_pipe_that_hides_the_exit_code_hides_no_failure() -> None:
    assert FLAG in claim("All tests pass now.", *command_turns(1, "pytest -q | tail -5", FAILED, failed=False)).text


def test_the_last_run_counts() -> None:
    failing, passing = command_turns(1, "pytest -q", FAILED, failed=True), command_turns(2, "pytest -q", "12 passed in 0.2s")
    assert FLAG not in claim("All tests pass now.", *failing, *passing).text
    assert FLAG in claim("All tests pass now.", *passing, *failing).text


def test_a_result_verifies() -> None:
    fact = claim("All 12 tests pass now.", *command_turns(1, "cd app && pytest -q", "12 passed in 0.2s"))
    assert (fact.evidence, fact.sources, fact.text) == ("verified", ((1, 4), (1, 3)), "All 12 tests pass now.")


def test_without_a_result_it_stays_a_claim() -> None:
    assert claim("All 12 tests pass now.").evidence == "claimed"
    assert claim("All 12 tests pass now.", *command_turns(1, "ls tests", "test_queue.py")).evidence == "claimed"
    assert claim("All 12 tests pass now.", *command_turns(1, "pytest -q", "Killed", failed=True)).evidence == "claimed"


def test_tests_of_a_kind_are_judged_by_runs_of_that_kind() -> None:
    e2e, unit = command_turns(1, "make test-e2e", "2 failed", failed=True), command_turns(2, "make test-unit", "40 passed")
    assert claim("All unit tests pass now.", *unit, *e2e).evidence == "verified"
    assert FLAG in claim("All e2e tests pass now.", *unit, *e2e).text
    assert claim("All printer tests pass now.", *unit, *e2e).evidence == "claimed"


def test_what_a_person_reports_settles_it() -> None:
    before = (*command_turns(1, "pytest -q", FAILED, failed=True), Turn("user", "I ran it here: all tests pass."))
    assert FLAG not in claim("All tests pass, as you saw.", *before).text


@pytest.mark.parametrize(
    "text",
    [
        "Once the tests pass I will open the pull request.",
        "Not all tests pass yet: the printer one fails.",
        "This change makes the test pass for the printer.",
        "Do all the tests pass on your machine?",
        "We need to see that the tests pass first.",
        "Pastikan semua tes lulus sebelum lanjut, jika belum perbaiki.",
    ],
)
def test_other_statements_are_unchanged(text: str) -> None:
    assert FLAG not in claim(text, *command_turns(1, "pytest -q", FAILED, failed=True)).text


@pytest.mark.parametrize(
    "text", ["The tests should pass now.", "It probably works on Windows too.", "Sepertinya antrean sudah benar sekarang."]
)
def test_a_hedge_is_an_assumption(text: str) -> None:
    fact = claim(text, *command_turns(1, "pytest -q", FAILED, failed=True))
    assert (fact.evidence, fact.text) == ("assumed", text)


def test_a_commit_that_failed_is_flagged() -> None:
    refused = command_turns(1, "git add -A && git commit -m 'Queue page'", "pre-commit hook failed", failed=True)
    assert claim("I've committed the queue page to main.", *refused).text.endswith(
        f"({FLAG}: `git add -A && git commit -m 'Queue page'` failed)"
    )
    committed = command_turns(2, "git commit -m 'Queue page'", "[main 1a2b3c4] Queue page")
    assert claim("I've committed the queue page to main.", *refused, *committed).evidence == "verified"


def test_a_commit_that_nobody_tried_is_flagged_where_git_was_at_hand() -> None:
    looked = command_turns(1, "git status", "modified: src/queue.py")
    assert FLAG in claim("I've committed the queue page to main.", *looked).text
    assert FLAG not in claim("I've committed the queue page to main.").text
    assert FLAG not in claim("I haven't committed the queue page yet.", *looked).text


@pytest.mark.parametrize(
    "more",
    [
        (Turn("assistant", calls=(ToolCall("u", "Bash", {"command": "npm run lint"}),)),),
        (Turn("user", "The conversation so far: the queue page was built.", mark="summary"),),
        command_turns(2, "make release", "tagged v1.2.0"),
        (
            Turn("assistant", calls=(ToolCall("m", "mcp__git__git_commit", {"message": "Queue page"}),)),
            Turn("tool", results=(ToolResult("m", "done"),)),
        ),
    ],
    ids=["a result is missing", "a summary stands for turns", "a script may commit", "another tool may commit"],
)
def test_silence_proves_nothing_where_the_log_is_not_whole(more: tuple[Turn, ...]) -> None:
    looked = command_turns(1, "git status", "modified: src/queue.py")
    assert FLAG not in claim("I've committed the queue page to main.", *looked, *more).text


def test_a_file_whose_writing_was_refused_is_flagged() -> None:
    fact = claim("Created `src/queue.py` with the page.", *write_turns("src/queue.py", refused=True))
    assert fact.text.endswith(f"({FLAG}: writing `src/queue.py` was refused)")
    for before in (
        write_turns("src/queue.py"),
        (*write_turns("src/queue.py", refused=True), *write_turns("src/queue.py")),
        write_turns("src/other.py", refused=True),
    ):
        assert FLAG not in claim("Created `src/queue.py` with the page.", *before).text
    by_shell = command_turns(1, "cat > src/queue.py <<EOF\nx\nEOF", "")
    assert FLAG not in claim("Created `src/queue.py` with the page.", *write_turns("src/queue.py", refused=True), *by_shell).text


def test_statements_of_a_person_are_not_checked_against_the_log() -> None:
    turns = [
        ASKED,
        *command_turns(1, "pytest -q", FAILED, failed=True),
        Turn("user", "All tests pass on my machine, so go on with the printer."),
    ]
    assert not any(FLAG in fact.text for fact in extract(1, HEAD, list(enumerate(turns, start=1))))


def test_the_handoff_shows_the_flag() -> None:
    turns = [ASKED, *command_turns(1, "pytest -q", FAILED, failed=True), Turn("assistant", "The queue page is built and all tests pass.")]
    ledger = fold(Ledger(), extract(1, HEAD, list(enumerate(turns, start=1))))
    document = render(compose(ledger, [SessionSummary(1)], 600, count_tokens))
    assert "all tests pass. (the log says otherwise: `pytest -q` failed when it last ran)" in document
