"""Amp: a thread with the outcome of its calls; it is no session of Goose."""

from __future__ import annotations

import json

from onward.core.transcript.transcript import Usage


def test_a_thread_has_its_folder_title_and_prompts(reading, fixtures):
    session = reading(fixtures / "amp" / "thread.json")
    head = session.heads[0]
    assert (head.agent, head.title, head.cwd) == ("amp", "Late fees", "/home/ana/library")
    assert session.prompts() == ["Charge a late fee after 14 days. Never charge children.", "Make it 21 days."]


def test_results_tell_their_outcome(reading, fixtures):
    session = reading(fixtures / "amp" / "thread.json")
    results = {result.call_id: result for turn in session.turns for result in turn.results}
    assert (results["toolu_1"].text, results["toolu_1"].is_error, results["toolu_1"].exit_code) == (
        "1 failing: no fee after 14 days",
        True,
        1,
    )
    assert results["toolu_3"].text.startswith("-return 0")


def test_openai_models_pay_no_cache_writes(reading, fixtures):
    thread = json.loads((fixtures / "amp" / "thread.json").read_bytes())
    assert reading(json.dumps(thread).encode()).turns[1].usage == Usage(
        input_tokens=7, output_tokens=60, cache_read_tokens=12000, cache_write_tokens=900
    )
    thread["messages"][1]["usage"]["model"] = "gpt-5.6"
    assert reading(json.dumps(thread).encode()).turns[1].usage == Usage(
        input_tokens=907, output_tokens=60, cache_read_tokens=12000, cache_write_tokens=0
    )


def test_what_the_client_adds_is_a_summary_a_command_or_nobodys(reading, fixtures):
    thread = json.loads((fixtures / "amp" / "thread.json").read_bytes())
    run = {"status": "done", "result": {"output": "nothing to commit", "exitCode": 0}}
    content = [
        {"type": "summary", "summary": {"type": "message", "summary": "## Next\n- Test the fee"}},
        {"type": "manual_bash_invocation", "args": {"cmd": "git status"}, "toolRun": run},
        {"type": "text", "text": "You are offline."},
    ]
    thread["messages"].append({"role": "info", "messageId": 90, "content": content})
    turns = reading(json.dumps(thread).encode()).turns[-4:]
    assert [(turn.role, turn.mark, turn.text) for turn in turns] == [
        ("user", "summary", "## Next\n- Test the fee"),
        ("user", "injected", "!git status"),
        ("tool", "said", ""),
        ("system", "injected", "You are offline."),
    ]
    assert (turns[1].calls[0].arguments, turns[2].results[0].text, turns[2].results[0].exit_code) == (
        {"command": "git status"},
        "nothing to commit",
        0,
    )


def test_the_task_of_a_sub_agent_is_no_prompt(reading, fixtures):
    thread = json.loads((fixtures / "amp" / "thread.json").read_bytes())
    brief = {"role": "user", "messageId": 90, "parentToolUseId": "toolu_9", "content": [{"type": "text", "text": "Look for fees."}]}
    thread["messages"].append(brief)
    turn = reading(json.dumps(thread).encode()).turns[-1]
    assert (turn.text, turn.mark, turn.sidechain) == ("Look for fees.", "injected", "toolu_9")
