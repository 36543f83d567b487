"""Codex: items once, events where an item is missing, exit codes, rollbacks, forks, the older form."""

from __future__ import annotations

import json

import pytest

from onward.core.transcript.tools import classify_call
from onward.core.transcript.transcript import Rewind, Turn, Usage
from onward.formats.codex_items import parse_script

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
    assert first.usage == Usage(input_tokens=300, output_tokens=90, cache_read_tokens=1800, cache_write_tokens=0)
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
        "edge of a turn": 2,
        "turn settings": 1,
        "event that repeats a message": 5,
        "event that repeats an item": 2,
        "token count that belongs to no new answer": 1,
        "reasoning that is encrypted or empty": 1,
        "notice of a compaction": 1,
        "snapshot of the files": 1,
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


def test_a_call_that_did_not_run_is_an_error(reading):
    call = line("response_item", type="function_call", call_id="c1", name="shell_command", arguments="{}")
    output = line("response_item", type="function_call_output", call_id="c1", output="execution error: Io(1312)")
    results = [result for turn in reading(META + prompt("go") + call + output).turns for result in turn.results]
    assert [(result.is_error, result.exit_code) for result in results] == [(True, None)]


def test_large_repeats_are_left_unparsed_and_counted(reading):
    end = {"call_id": "c", "stdout": "x" * 5000}
    data = META + prompt("go") + line("event_msg", type="exec_command_end", **end) + line("response_item", type="exec_command_end", **end)
    report = reading(data).report
    assert report.skipped == {"event that repeats an item": 1, "unknown record type: exec_command_end": 1}


def test_a_rollback_of_more_than_there_is_empties_the_session(reading):
    data = META + prompt("one") + answer("two") + line("event_msg", type="thread_rolled_back", num_turns=9) + prompt("three")
    assert reading(data).rewinds == [Rewind(to=None)]


@pytest.fixture
def code_mode(reading, fixtures):
    return reading(fixtures / "codex" / "code_mode.jsonl")


def test_code_mode_shows_what_its_scripts_did(code_mode):
    calls = {call.id: call for turn in code_mode.turns for call in turn.calls}
    results = {result.call_id: result for turn in code_mode.turns for result in turn.results}
    assert [call.name for call in calls.values()] == [
        "exec",
        "apply_patch",
        "exec_command",
        "exec",
        "mcp__notes__find",
        "exec",
        "exec_command",
    ]
    assert classify_call(calls["exec-ce-1"]).command == "pytest -q tests/test_oven.py"
    assert (results["exec-ce-1"].exit_code, results["exec-ce-1"].is_error) == (1, True)
    assert [(change.path, change.kind) for change in classify_call(calls["exec-fc-1"]).changes] == [
        ("/srv/bakery/oven.py", "edited"),
        ("/srv/bakery/docs/oven.md", "created"),
    ]
    assert results["exec-mc-1"].text == "Round half up, says the baker."
    assert "AssertionError" not in results["call_1"].text


def test_a_script_whose_steps_are_missing_tells_its_commands_itself(code_mode):
    command = code_mode.turns[6].calls[1]
    assert (command.id, classify_call(command).command) == ("call_3:1", 'git commit -qam "Round the oven\'s times"')


@pytest.mark.parametrize(
    ("script", "wanted"),
    [
        ('tools.exec_command({cmd: "ls -la"})', ["ls -la"]),
        ("tools.exec_command({ workdir: '/srv', cmd: 'echo \\'a\\' \"b\"' })", ["echo 'a' \"b\""]),
        (
            "a(tools.apply_patch(`*** Begin Patch\n*** Delete File: a.txt\n*** End Patch`))",
            ["*** Begin Patch\n*** Delete File: a.txt\n*** End Patch"],
        ),
        ("tools.exec_command({cmd: built})", []),
        ("text('no tool')", []),
    ],
)
def test_only_plain_literals_of_a_script_are_calls(script, wanted):
    calls = parse_script(script, "c")
    assert [call.arguments if isinstance(call.arguments, str) else call.arguments["command"] for call in calls] == wanted


def test_steps_after_their_script_and_without_one_are_kept(reading):
    done = {"type": "CommandExecution", "id": "exec-9", "command": ["/bin/sh", "-c", "make"], "status": "completed", "exit_code": 0}
    result = reading(META + prompt("go") + line("event_msg", type="item_completed", item=done) + answer("Built.", id="m1"))
    assert [turn.role for turn in result.turns] == ["user", "assistant", "tool", "assistant"]
    assert (result.turns[1].calls[0].arguments, result.turns[2].results[0].exit_code) == ({"command": "make"}, 0)


WRAPPER = (
    "Another language model started to solve this problem and produced a summary of its thinking process. Here is the summary produced by "
    "the other language model, use the information in this summary to assist with your own analysis:\n"
)


def test_of_a_compaction_only_the_summary_is_read_and_only_once(reading):
    body = "## Progress\n- The receipt is printed once.\n\n## Remaining\n1. Add the logo."
    data = META + prompt("Print the receipt.") + answer(body) + line("compacted", message=WRAPPER + body) + prompt("Thanks.")
    turns = reading(data).turns
    assert [(turn.role, turn.mark, turn.text) for turn in turns] == [
        ("user", "said", "Print the receipt."),
        ("assistant", "injected", body),
        ("user", "summary", body),
        ("user", "said", "Thanks."),
    ]


def test_an_answer_before_a_compaction_that_is_not_its_summary_stays(reading):
    data = META + prompt("Print it.") + answer("Printed.") + line("compacted", message=WRAPPER + "Nothing is left.")
    assert [turn.mark for turn in reading(data).turns] == ["said", "said", "summary"]


@pytest.mark.parametrize(
    "source",
    [
        {"parent_thread_id": "parent", "thread_source": "subagent"},
        {"source": {"subagent": {"thread_spawn": {"parent_thread_id": "parent", "depth": 1}}}},
    ],
)
def test_a_sub_agent_belongs_to_its_parent(reading, source):
    meta = line("session_meta", id="child", timestamp=AT, cwd="/p", **source)
    result = reading(meta + prompt("Find the printer.") + answer("It is under the desk.", id="m1"))
    assert [head.id for head in result.heads] == ["parent"]
    assert {turn.sidechain for turn in result.turns} == {"child"}
    assert result.prompts() == []


def test_a_review_of_codex_itself_has_no_parent(reading):
    meta = line("session_meta", id="c2", timestamp=AT, cwd="/p", source={"subagent": "review"})
    assert reading(meta + prompt("Review it.")).heads[0].id == "c2"


def test_a_prompt_template_leaves_the_arguments(reading):
    template = (
        "## User Input\n\n```text\nStruk tanpa logo\n```\n\nYou **MUST** consider the user input before proceeding (if not empty).\n\n"
        "1. Never ask."
    )
    event = line("event_msg", type="user_message", message=template)
    assert reading(META + prompt(template) + event).prompts() == ["Struk tanpa logo"]


def test_what_an_interrupted_answer_used_counts_for_the_next(reading):
    def count(number):
        last = {"input_tokens": 100, "cached_input_tokens": 40, "output_tokens": number}
        return line("event_msg", type="token_count", info={"last_token_usage": last, "total_token_usage": {"output_tokens": number}})

    transcript = reading(META + prompt("Fire the kiln.") + count(1) + answer("It is hot.") + count(2) + prompt("And now?") + count(4))
    [turn] = [turn for turn in transcript.turns if turn.usage]
    assert turn.usage == Usage(input_tokens=120, output_tokens=3, cache_read_tokens=80)
