"""What the tools of a session show of git."""

from __future__ import annotations

import pytest

from onward.core.evidence.session import session_state
from onward.core.extract.repository_state import draft_repository_facts
from onward.core.extract.trace import CommandRun, Trace, observe
from onward.core.transcript.transcript import ToolCall, ToolResult, Turn

COMMIT = "[main 4f3c9a1] Move the port\n 1 file changed"


@pytest.mark.parametrize(
    ("command", "failed", "is_pushed"),
    [
        ("git commit -m x", False, False),
        ("git commit -m x && git push", False, True),
        ("git commit -m x && git pull --rebase && git push", True, False),
    ],
)
def test_a_failed_push_pushes_nothing(command: str, failed: bool, is_pushed: bool) -> None:
    run = CommandRun(turn=3, at=None, command=command, round=1, failed=failed, output=COMMIT)
    assert session_state(1, Trace(runs=[run])).is_pushed is is_pushed


@pytest.mark.parametrize(
    ("output", "failed"),
    [
        ("fatal: could not read Username for 'https://git.example': No such device or address", True),
        ("To git.example:ayu/shop\n ! [rejected]        main -> main (fetch first)", True),
        ("error: failed to push some refs to 'git.example:ayu/shop'", True),
        ("To git.example:ayu/shop\n   0843cd1..f2955a7  main -> main", None),
    ],
)
def test_git_says_itself_that_a_push_failed(output: str, failed: bool | None) -> None:
    call = ToolCall("p1", "Shell", {"command": "cd shop && git push origin main"})
    turns = (Turn("assistant", calls=(call,)), Turn("tool", results=(ToolResult("p1", output),)))
    assert [run.failed for run in observe(enumerate(turns, start=1)).runs] == [failed]


@pytest.mark.parametrize(
    ("command", "output", "commits"),
    [
        ("git commit -m x", COMMIT, ["4f3c9a1"]),
        ("git \\\n  commit -m x", COMMIT, ["4f3c9a1"]),
        ("git commit -m 'Move the port'", "Commit 2146b6e Move the port", ["2146b6e"]),
        ("git cherry-pick 77aa001", COMMIT, ["4f3c9a1"]),
        ("git log -1", COMMIT, []),
    ],
)
def test_the_state_and_the_facts_show_the_same_commits(command: str, output: str, commits: list[str]) -> None:
    trace = Trace(runs=[CommandRun(turn=3, at=None, command=command, round=1, failed=False, output=output)])
    state = session_state(1, trace, branch="main")
    assert [commit for commit, _ in state.commits] == commits
    assert [draft.subject for draft in draft_repository_facts(trace, "main") if draft.subject.startswith("commit:")] == [
        f"commit:{commit}" for commit in commits
    ]
    assert state.branch == "main"
