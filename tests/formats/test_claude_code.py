"""Claude Code: split answers, queued prompts, injected text, branches, sub-agents."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from onward.core.transcript.transcript import Rewind, Turn, Usage
from onward.formats.claude_code import detect

AT = "2026-03-02T09:00:00.000Z"


def record(kind, uuid, parent, content, **more):
    message = {"role": kind, "content": content, **more.pop("message", {})}
    return {"type": kind, "uuid": uuid, "parentUuid": parent, "sessionId": "s1", "timestamp": AT, "cwd": "/p", "message": message, **more}


def lines(*records):
    return "".join(json.dumps(record, separators=(",", ":")) + "\n" for record in records).encode()


@pytest.fixture
def session(reading, fixtures):
    return reading(fixtures / "claude_code" / "session.jsonl")


def test_the_head_says_where_and_when(session):
    [head] = session.heads
    assert (head.agent, head.id, head.cwd, head.branch) == (
        "claude-code",
        "5b1e7c1a-0d7e-4b7e-9a53-2f6b8c4d1e00",
        "/home/rina/kopi-stock",
        "feature/low-stock",
    )
    assert head.started_at == datetime(2026, 3, 2, 9, 0, 1, tzinfo=UTC)


def test_only_what_a_person_typed_is_said(session):
    assert session.prompts() == [
        "Add a warning when a product falls below its reorder level. Always use pnpm, never npm. <reorder> is a column already.",
        "also show the warning in the weekly mail",
        "use port 8025 for the mail catcher",
        "/review the mail template, bahasa Indonesia saja",
        "[image]\n\nthis is how the mail looks",
    ]
    assert [turn.mark for turn in session.turns if turn.text == "also show the warning in the weekly mail"] == ["queued"]


def test_one_answer_over_many_lines_is_one_turn_with_usage_once(session):
    first = next(turn for turn in session.turns if turn.role == "assistant")
    assert (first.thinking, first.text) == ("Look at the schema first.", "I will look at the schema and the tests.")
    assert [(call.id, call.name) for call in first.calls] == [("toolu_1", "Read"), ("toolu_2", "Bash")]
    assert first.usage == Usage(input_tokens=900, output_tokens=95, cache_read_tokens=12000, cache_write_tokens=300)
    assert first.line == 6
    place = session.turns.index(first)
    assert [answer.call_id for turn in session.turns[place + 1 : place + 3] for answer in turn.results] == ["toolu_1", "toolu_2"]


def test_snapshots_that_grow_are_one_text(reading, fixtures):
    result = reading(fixtures / "claude_code" / "snapshots.jsonl")
    answer = result.turns[1]
    assert answer.text == "The tax rate is in src/tax.ts."
    assert answer.usage == Usage(input_tokens=50, output_tokens=9, cache_read_tokens=12000, cache_write_tokens=300)
    assert [(turn.role, bool(turn.sidechain)) for turn in result.turns[2:]] == [("user", True), ("assistant", True), ("tool", False)]


def test_exit_codes_come_from_what_the_record_says(session):
    codes = {answer.call_id: (answer.is_error, answer.exit_code) for turn in session.turns for answer in turn.results}
    assert codes == {"toolu_1": (None, None), "toolu_2": (True, 1), "toolu_3": (None, None), "toolu_4": (False, 0), "toolu_5": (None, None)}


@pytest.mark.parametrize("detail", [{"interrupted": True}, {"backgroundTaskId": "b1"}, {"returnCodeInterpretation": "No matches found"}])
def test_an_end_that_is_not_shown_has_no_exit_code(reading, detail):
    result = {"type": "tool_result", "tool_use_id": "t1", "content": "out"}
    data = lines(
        record("user", "a", None, "go"), record("user", "b", "a", [result], toolUseResult={"stdout": "out", "stderr": "", **detail})
    )
    assert reading(data).turns[1].results[0].exit_code is None


def test_programs_are_marked_as_such(session):
    marks = {turn.line: (turn.role, turn.mark) for turn in session.turns}
    assert marks[3] == marks[4] == marks[23] == marks[32] == ("user", "injected")
    assert marks[30] == ("user", "summary")
    assert marks[28] == ("system", "injected")
    assert marks[39] == ("assistant", "injected")
    assert {turn.sidechain for turn in session.turns} == {None, "a7f3c2e"}
    assert next(turn.mark for turn in session.turns if turn.sidechain and turn.role == "user") == "injected"


def test_every_record_is_accounted_for(session):
    assert session.report.skipped == {
        "title": 1,
        "file history snapshot": 1,
        "progress of a running tool": 1,
        "notification in the prompt queue": 1,
        "prompt queue bookkeeping": 3,
        "queue record of a prompt that follows": 1,
        "system: turn_duration": 1,
        "system: compact_boundary": 1,
        "repeat of the last prompt": 1,
    }


def test_going_back_is_a_rewind_and_parallel_calls_are_not(reading, fixtures):
    result = reading(fixtures / "claude_code" / "rewound.jsonl")
    assert len(result.rewinds) == 1
    place = next(index for index, item in enumerate(result.items) if isinstance(item, Rewind))
    before = next(item for item in result.items if isinstance(item, Turn) and item.text == "Prices are floats now.")
    assert result.rewinds[0].to == before.id
    assert result.items[place + 1].text == "Store prices as integers of rupiah instead"


def test_a_prompt_taken_back_into_the_editor_is_not_said(reading):
    queue = {"type": "queue-operation", "timestamp": AT, "sessionId": "s1"}
    data = lines(
        record("user", "a", None, "start"),
        {**queue, "operation": "enqueue", "content": "you there?"},
        {**queue, "operation": "popAll", "content": "you there?"},
        {**queue, "operation": "enqueue", "content": "stop"},
    )
    assert reading(data).prompts() == ["start", "stop"]


def test_a_queued_prompt_that_comes_again_is_read_once(reading):
    queue = {"type": "queue-operation", "timestamp": AT, "sessionId": "s1"}
    data = lines(
        record("user", "a", None, "start"),
        {**queue, "operation": "enqueue", "content": "use  tabs"},
        {**queue, "operation": "remove"},
        record("user", "b", "a", "use tabs"),
        record("user", "c", "b", "use tabs"),
    )
    result = reading(data)
    assert [" ".join(text.split()) for text in result.prompts()] == ["start", "use tabs", "use tabs"]
    assert result.report.skipped["prompt already read from the queue"] == 1


def test_a_prompt_known_from_an_attachment_alone_is_queued(reading):
    command = {"type": "attachment", "uuid": "q", "parentUuid": "a", "sessionId": "s1", "timestamp": AT}
    data = lines(
        record("user", "a", None, "start"),
        {**command, "attachment": {"type": "queued_command", "prompt": "and the docs"}},
        {**command, "uuid": "r", "attachment": {"type": "hook_success", "stdout": "x"}},
    )
    result = reading(data)
    assert [(turn.text, turn.mark) for turn in result.turns] == [("start", "said"), ("and the docs", "queued")]
    assert result.report.skipped == {"attachment: hook_success": 1}


def test_a_repeated_record_is_read_once(reading):
    prompt = record("user", "a", None, "hello")
    assert reading(lines(prompt, prompt)).prompts() == ["hello"]


def test_a_second_session_in_the_file_is_a_session_of_its_own(reading):
    other = {**record("user", "c", None, "another"), "sessionId": "s2"}
    forked = {**record("user", "d", "a", "onwards"), "sessionId": "s3"}
    heads = reading(lines(record("user", "a", None, "one"), other, forked)).heads
    assert [(head.id, head.parent_id) for head in heads] == [("s1", None), ("s2", None), ("s3", "s2")]


def test_progress_inside_an_answer_is_no_progress_record(reading):
    call = {"type": "tool_use", "id": "t", "name": "emit", "input": {"type": "progress"}}
    data = lines(record("user", "a", None, "go"), record("assistant", "b", "a", [call]))
    assert len(reading(data).turns) == 2


def test_a_plan_that_was_accepted_stays_said(reading):
    assert reading(lines(record("user", "a", None, "Implement the following plan:\n\n# Plan"))).prompts() == [
        "Implement the following plan:\n\n# Plan"
    ]


def test_the_web_export_is_read(reading, fixtures):
    result = reading(fixtures / "claude_code" / "web.json")
    assert [(turn.role, turn.text) for turn in result.turns] == [("user", "Halo, tolong tambahkan log"), ("assistant", "Sudah.")]


def test_quoted_records_in_markdown_are_no_session():
    assert not detect(b'# Notes\n\n```\n{"type":"user","sessionId":"s","parentUuid":null}\n```\n')
    assert detect(b'er":1}\n{"type":"user","sessionId":"s","parentUuid":null}\n')


def test_a_copied_session_keeps_the_order_of_its_times(reading):
    """A copied session has new times on everything but the prompts; each prompt still stays with its answer."""
    stamps = ["09:00:00.000", *["12:00:00.100"] * 4, "10:30:00.000", *["12:00:00.101"] * 3, "12:00:20.000"]
    call = [{"type": "tool_use", "id": "t1", "name": "Bash", "input": {"command": "make test"}}]
    result = [{"type": "tool_result", "tool_use_id": "t1", "content": "3 passed"}]
    contents = [
        "Add a cart",
        call,
        result,
        "The cart is there.",
        "It has tests.",
        "Now a checkout",
        call,
        result,
        "The checkout is there.",
        "Thanks",
    ]
    kinds = ["user", "assistant", "user", "assistant", "assistant", "user", "assistant", "user", "assistant", "user"]
    records = []
    for index, (stamp, content, kind) in enumerate(zip(stamps, contents, kinds, strict=True)):
        message = {"id": f"m{index}", "model": "claude"} if kind == "assistant" else {}
        parent = f"u{index - 1}" if index else None
        records.append(record(kind, f"u{index}", parent, content, message=message, timestamp=f"2026-03-02T{stamp}Z"))
    hours = [turn.at.strftime("%H:%M:%S") for turn in reading(lines(*records)).turns]
    assert hours == ["09:00:00"] * 5 + ["10:30:00"] * 4 + ["12:00:20"]


def test_results_stamped_together_keep_their_time(reading):
    results = [[{"type": "tool_result", "tool_use_id": f"t{index}", "content": "ok"}] for index in range(2)]
    calls = [{"type": "tool_use", "id": f"t{index}", "name": "Read", "input": {}} for index in range(2)]
    records = [record("user", "u0", None, "Read both"), record("assistant", "u1", "u0", calls, message={"id": "m1", "model": "claude"})]
    records += [record("user", f"r{index}", "u1", result, timestamp="2026-03-02T09:00:07.000Z") for index, result in enumerate(results)]
    turns = reading(lines(*records)).turns
    assert [turn.at.second for turn in turns if turn.role == "tool"] == [7, 7]
