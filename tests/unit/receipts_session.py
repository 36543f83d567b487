"""A session of one request, its edit and its report, and the head of the handoff after it: what tests of the head vary."""

from __future__ import annotations

from onward.core.extract.extraction import extract
from onward.core.facts.ledger import Ledger, fold
from onward.core.handoff.composer import compose
from onward.core.handoff.session_summary import SessionSummary
from onward.core.transcript.transcript import SessionHead, ToolCall, ToolResult, Turn
from onward.tokens import count_tokens

REQUEST = Turn("user", "Add a receipts page to the bakery shop, with one line for each article.")
EDIT = Turn("assistant", calls=(ToolCall("e1", "Edit", {"file_path": "/home/ayu/shop/src/cart.py", "old_string": "a", "new_string": "b"}),))
EDITED = Turn("tool", results=(ToolResult("e1", "ok"),))
DONE = Turn("assistant", "I added the receipts page, and it lists every article.")


def head_of(*turns: Turn, branch: str = "") -> dict[str, str]:
    """Return the head of the handoff after one session of these turns."""
    facts = extract(1, SessionHead("claude-code", cwd="/home/ayu/shop", branch=branch), list(enumerate(turns, start=1)))
    return {name: line.text for name, line in compose(fold(Ledger(), facts), [SessionSummary(1)], 2000, count_tokens).head}


def run(number: int, command: str, output: str = "", *, failed: bool = False) -> list[Turn]:
    """Return the turns of a command and its result."""
    return [
        Turn("assistant", calls=(ToolCall(f"r{number}", "Bash", {"command": command}),)),
        Turn("tool", results=(ToolResult(f"r{number}", output, is_error=failed),)),
    ]
