"""What the tools of a session show of git."""

from __future__ import annotations

import pytest

from onward.core.evidence.session import session_state
from onward.core.extract.trace import CommandRun, Trace

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
