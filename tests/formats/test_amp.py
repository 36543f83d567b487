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
    assert reading(json.dumps(thread).encode()).turns[1].usage == Usage(7, 60, 12000, 900)
    thread["messages"][1]["usage"]["model"] = "gpt-5.6"
    assert reading(json.dumps(thread).encode()).turns[1].usage == Usage(907, 60, 12000, 0)
