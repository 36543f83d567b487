"""Codex: items once, events where an item is missing, exit codes, rollbacks, forks, the older form."""

from __future__ import annotations

import json

import pytest

from onward.core.transcript.transcript import Rewind, Turn, Usage

AT = "2026-03-02T09:00:00.000Z"


def line(kind, **payload):
    return json.dumps({"timestamp": AT, "type": kind, "payload": payload}).encode() + b"\n"


META = line("session_meta", id="c1", timestamp=AT, cwd="/p")


def prompt(text):
    return line("response_item", type="message", role="user", content=[{"type": "input_text", "text": text}])


def answer(text, **more):
    return line("response_item", type="message", role="assistant", content=[{"type": "output_text", "text": text}], **more)


@pytest.fixture
def rollout(reading, fixtures):
    return reading(fixtures / "codex" / "rollout.jsonl")


def test_the_head_says_where(rollout):
    [head] = rollout.heads
    assert (head.agent, head.cwd, head.branch, head.remote) == (
        "codex",
        "/home/rina/kopi-stock",
        "main",
        "git@github.example:rina/kopi-stock.git",
    )


def test_only_what_a_person_typed_is_said_and_only_once(rollout):
    assert rollout.prompts() == [
        "The CSV import fails on empty rows. Fix it, and do not touch the exporter.",
        "Log how many rows were skipped",
        "Return the number of skipped rows instead",
    ]


def test_a_turn_is_reasoning_message_and_calls_with_usage_once(rollout):
    first = next(turn for turn in rollout.turns if turn.role == "assistant")
    assert (first.thinking, first.text, first.model) == ("**Looking for the parser**", "I will read the parser first.", "gpt-5.5")
    assert [call.arguments["cmd"] for call in first.calls] == ["sed -n 1,80p src/csv.ts", "pnpm test csv"]
    assert first.usage == Usage(300, 90, 1800, 0)
    assert (first.id, first.line) == ("rs_1", 8)


def test_exit_codes_come_from_every_place_where_codex_writes_them(rollout):
    codes = {result.call_id: (result.is_error, result.exit_code) for turn in rollout.turns for result in turn.results}
    assert codes == {"call_1": (False, 0), "call_2": (True, 1), "call_3": (False, 0), "call_4": (None, None)}


def test_a_patch_is_kept_as_raw_text(rollout):
    [call] = next(turn.calls for turn in rollout.turns if turn.calls and turn.calls[0].name == "apply_patch")
    assert isinstance(call.arguments, str)
    assert call.arguments.startswith("*** Begin Patch")


def test_a_rollback_leads_to_the_turn_before_the_prompt(rollout):
    place = next(index for index, item in enumerate(rollout.items) if isinstance(item, Rewind))
    target = next(item for item in rollout.items if isinstance(item, Turn) and item.id == rollout.rewinds[0].to)
    assert target.text == "Empty rows are skipped now."
    assert rollout.items[place + 1].text == "Return the number of skipped rows instead"


def test_a_summary_is_marked(rollout):
    assert [turn.text for turn in rollout.turns if turn.mark == "summary"] == ["Empty rows are skipped; the count is returned."]


def test_every_record_is_accounted_for(rollout):
    assert rollout.report.skipped == {
        "event: task_started": 1,
        "turn settings": 1,
        "event that repeats a message": 5,
        "event that repeats an item": 2,
        "token count that belongs to no new answer": 1,
        "event: task_complete": 1,
        "reasoning that is encrypted or empty": 1,
        "event: context_compacted": 1,
        "item: ghost_snapshot": 1,
    }


def test_the_older_form_is_read(reading, fixtures):
    result = reading(fixtures / "codex" / "bare.jsonl")
    assert result.prompts() == ["List the stale branches"]
    assert result.heads[0].branch == "main"
    assert [answer.exit_code for turn in result.turns for answer in turn.results] == [0]


def test_a_file_of_events_alone_is_read_and_a_fork_keeps_its_parents_ids(reading, fixtures):
    fork = reading(fixtures / "codex" / "forked_events.jsonl")
    parent = reading(fixtures / "codex" / "rollout.jsonl")
    assert [(turn.role, turn.text) for turn in fork.turns][1:] == [
        ("assistant", "Which file?"),
        ("user", "src/csv.ts"),
        ("assistant", "Done."),
    ]
    assert fork.heads[0].parent_id == parent.heads[0].id
    assert fork.turns[0].id == next(turn.id for turn in parent.turns if turn.text == fork.turns[0].text)


def test_the_same_words_twice_are_two_turns(reading):
    event = line("event_msg", type="user_message", message="continue")
    data = META + (prompt("continue") + event + answer("ok")) * 2
    result = reading(data)
    assert result.prompts() == ["continue", "continue"]
    assert len({turn.id for turn in result.turns}) == 4


def test_an_event_before_its_item_is_no_second_turn(reading):
    data = META + line("event_msg", type="agent_message", message="Looking.") + answer("Looking.", id="m1") + prompt("ok")
    assert [turn.text for turn in reading(data).turns] == ["Looking.", "ok"]


def test_large_repeats_are_left_unparsed_and_counted(reading):
    end = {"call_id": "c", "stdout": "x" * 5000}
    data = META + prompt("go") + line("event_msg", type="exec_command_end", **end) + line("response_item", type="exec_command_end", **end)
    report = reading(data).report
    assert report.skipped == {"event that repeats an item": 1, "item: exec_command_end": 1}


def test_a_rollback_of_more_than_there_is_empties_the_session(reading):
    data = META + prompt("one") + answer("two") + line("event_msg", type="thread_rolled_back", num_turns=9) + prompt("three")
    assert reading(data).rewinds == [Rewind(to=None)]
