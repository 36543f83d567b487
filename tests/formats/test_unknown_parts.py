"""A part of a message that the reader does not know is counted, and the rest of the message is read."""

from __future__ import annotations

import json
from typing import Any

import pytest

TEXT = "The restock report is empty."
PART: dict[str, Any] = {"type": "hologram", "data": "x"}
BLOCKS = [{"type": "text", "text": TEXT}, PART]
AT = "2026-03-02T08:00:00.000Z"

SESSIONS: dict[str, list[Any]] = {
    "claude-code": [
        {"type": "user", "uuid": "u1", "sessionId": "s1", "timestamp": AT, "cwd": "/shop", "message": {"role": "user", "content": "Why?"}},
        {"type": "assistant", "uuid": "a1", "parentUuid": "u1", "sessionId": "s1", "timestamp": AT,
         "message": {"id": "m1", "role": "assistant", "model": "claude-x", "content": BLOCKS}},
    ],
    "pi": [
        {"type": "session", "version": 3, "id": "s1", "timestamp": AT, "cwd": "/shop"},
        {"type": "message", "id": "m1", "parentId": None, "timestamp": AT, "message": {"role": "assistant", "content": BLOCKS}},
    ],
    "droid": [
        {"type": "session_start", "id": "s1", "title": "Report", "cwd": "/shop"},
        {"type": "message", "id": "m1", "timestamp": AT, "message": {"role": "assistant", "content": BLOCKS}},
    ],
    "goose": [
        {"working_dir": "/shop", "description": "Report", "message_count": 1},
        {"role": "assistant", "created": 1772438400, "content": BLOCKS},
    ],
    "qwen": [
        {"uuid": "u1", "parentUuid": None, "sessionId": "s1", "timestamp": AT, "type": "user", "cwd": "/shop", "version": "0.24.4",
         "message": {"role": "user", "parts": [{"text": TEXT}, {"hologram": {"data": "x"}}]}},
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", SESSIONS)
def test_an_unknown_part_is_counted(name, reading, tmp_path):
    path = tmp_path / "session.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in SESSIONS[name]))
    result = reading(path)
    assert result.report.format == name
    assert TEXT in [turn.text for turn in result.turns]
    assert result.report.unknown_parts == {"hologram": 1}
    assert result.report.malformed_count == 0


def test_a_known_message_has_no_unknown_part(reading, tmp_path):
    records = json.loads(json.dumps(SESSIONS["claude-code"]).replace('"hologram"', '"redacted_thinking"'))
    path = tmp_path / "session.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    assert reading(path).report.unknown_parts == {}
