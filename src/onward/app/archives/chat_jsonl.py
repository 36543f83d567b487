"""Sessions as chats to train on: JSON lines in the format that training tools read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import orjson

from onward.core.session import StoredTurn
from onward.core.transcript.transcript import SessionHead, Turn


def render_chat(head: SessionHead, stored_turns: Iterable[StoredTurn]) -> Iterator[bytes]:
    """Yield one session as a line `{"messages": […], "agent", "session"}`, in pieces.

    Abandoned branches, sub-agents' conversations, injected text and empty turns are left out.
    """
    yield b'{"messages":['
    is_first = True
    for stored in stored_turns:
        if stored.abandoned or stored.turn.sidechain is not None or stored.turn.mark == "injected":
            continue
        for message in _messages(stored.turn):
            yield (b"" if is_first else b",") + orjson.dumps(message)
            is_first = False
    yield b'],"agent":' + orjson.dumps(head.agent) + b',"session":' + orjson.dumps(head.id) + b"}\n"


def _messages(turn: Turn) -> Iterator[dict[str, object]]:
    if turn.role == "tool":
        for result in turn.results:
            yield {"role": "tool", "tool_call_id": result.call_id, "content": result.text}
        return
    if not turn.text and not turn.calls:
        return
    message: dict[str, object] = {"role": turn.role, "content": turn.text}
    if turn.calls:
        message["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {
                    "name": call.name,
                    "arguments": call.arguments if isinstance(call.arguments, str) else orjson.dumps(call.arguments).decode(),
                },
            }
            for call in turn.calls
        ]
    yield message
