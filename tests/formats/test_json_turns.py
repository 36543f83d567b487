"""A JSON list of turns: names of roles and fields, wrappers, blocks, calls."""

from __future__ import annotations

import json

import pytest

from onward.core.transcript.transcript import ToolCall, ToolResult, Usage


def test_a_list_of_turns(reading, fixtures):
    turns = reading(fixtures / "json_turns" / "list.json").turns
    assert [(turn.role, turn.line) for turn in turns] == [("user", 0), ("assistant", 1), ("user", 2)]
    assert [turn.at.hour if turn.at else None for turn in turns] == [3, 3, None]
    assert turns[2].text == "Keep seven copies, no more."


def test_openai_messages(reading, fixtures):
    result = reading(fixtures / "json_turns" / "openai.json")
    assert result.heads[0].title == "Disk alarm"
    system, question, called, answered, last = result.turns
    assert (system.role, system.mark) == ("system", "injected")
    assert question.text == "Is the disk full?\n\n[image]"
    assert called.calls == (ToolCall("call_a", "shell", {"command": "df -h /"}),)
    assert answered.results == (ToolResult("call_a", "/dev/sda1  96% /"),)
    assert (last.model, last.usage) == ("gpt-5.5", Usage(input_tokens=120, output_tokens=9))


def test_anthropic_blocks_one_a_line(reading, fixtures):
    result = reading(fixtures / "json_turns" / "anthropic.jsonl")
    question, called, answered, last = result.turns
    assert (question.id, question.line, last.line) == ("m1", 1, 4)
    assert (called.thinking, called.text, called.calls[0].arguments) == ("wc will do.", "Counting.", {"command": "wc -l src/*"})
    assert (answered.role, answered.results) == ("tool", (ToolResult("tu_1", "1204 total", is_error=False),))
    assert result.report.skipped == {"record without a known role": 1}


def test_many_sessions_in_one_document(reading, fixtures):
    result = reading(fixtures / "json_turns" / "sessions.json")
    assert [head.id for head in result.heads] == ["one", "two"]
    assert result.prompts() == ["Ganti nama paket menjadi kopi.", "Which port does the mail catcher use?"]


@pytest.mark.parametrize(
    "document",
    [
        {"turns": [{"role": "human", "content": "hi"}, {"role": "AI", "content": "yo"}]},
        {"conversation_history": [{"sender": "user", "text": "hi"}, {"sender": "assistant", "text": "yo"}]},
        [{"author": {"role": "user"}, "content": {"parts": ["hi"]}}, {"author": {"role": "assistant"}, "content": {"parts": ["yo"]}}],
        [[{"role": "user", "content": "hi"}, {"role": "assistant", "content": "yo"}]],
        {"data": {"x": 1}, "messages": [{"type": "human", "content": "hi"}, {"type": "ai", "content": "yo"}]},
    ],
)
def test_the_usual_names_and_wrappers(reading, document):
    for text in (json.dumps(document), json.dumps(document, indent=2)):
        result = reading(text.encode())
        assert [(turn.role, turn.text) for turn in result.turns] == [("user", "hi"), ("assistant", "yo")]
        assert len(result.heads) == 1


def test_one_conversation_a_line_is_one_session_each(reading):
    line = json.dumps({"messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "yo"}]}) + "\n"
    assert len(reading((line * 3).encode()).heads) == 3


@pytest.mark.parametrize("wrap", ["{}", '{{"messages": {}}}', '{{"conversation": {}, "title": "Struk"}}'])
def test_a_session_begins_with_its_first_time(reading, wrap):
    turns = '[{"role": "user", "content": "Cetak struk.", "timestamp": "2026-03-02T09:00:00Z"}, {"role": "assistant", "content": "Siap."}]'
    assert reading(wrap.format(turns).encode()).heads[0].started_at.isoformat() == "2026-03-02T09:00:00+00:00"


def test_each_call_result_and_thought_in_a_record_of_its_own(reading):
    at = "2026-02-03T08:00:00Z"
    call = {"id": "ev_2", "name": "shell", "input": {"command": "wc -l *.csv"}}
    records = [
        {"role": "user", "kind": "define_task", "time": at, "raw": {"description": "Count the lines of the reports."}},
        {"role": "agent", "kind": "thinking", "time": at, "content": "wc will do."},
        {"role": "agent", "kind": "tool_use", "tool": "shell", "content": '{"command": "wc -l *.csv"}', "time": at, "raw": call},
        {"role": "agent", "kind": "tool_result", "content": "120 total", "time": at, "raw": {"tool_use_id": "ev_2", "is_error": False}},
        {"role": "agent", "kind": "message", "content": "The reports have 120 lines.", "time": at},
    ]
    turns = reading("\n".join(map(json.dumps, records)).encode()).turns
    assert [turn.role for turn in turns] == ["user", "assistant", "assistant", "tool", "assistant"]
    assert (turns[0].text, turns[1].thinking, turns[1].text) == ("Count the lines of the reports.", "wc will do.", "")
    assert turns[2].calls == (ToolCall("ev_2", "shell", {"command": "wc -l *.csv"}),)
    assert (turns[2].text, turns[3].results) == ("", (ToolResult("ev_2", "120 total", is_error=False),))
    assert turns[4].text == "The reports have 120 lines."
