"""Posit Assistant: messages of the AI SDK, with title, folder and the path last seen from beside them."""

from __future__ import annotations

from tests.formats.conformance import build_home

from onward.core.transcript.transcript import Usage


def test_messages_without_their_bookkeeping(reading, fixtures):
    session = reading(fixtures / "posit" / "messages.jsonl")
    assert session.prompts() == ["Plot births per month. Never drop the leap days.", "Label the axis in thousands."]
    answer = session.turns[1]
    assert (answer.text, answer.thinking) == ("I plan and read the data.", "Group by month.")
    assert (answer.model, answer.usage) == (
        "claude-sonnet-5",
        Usage(input_tokens=120, output_tokens=40, cache_read_tokens=200, cache_write_tokens=100),
    )
    assert [result.is_error for turn in session.turns for result in turn.results] == [False, True, False]


def test_an_abandoned_path_is_left_out_and_the_head_is_known(reading, tmp_path):
    session = reading(next(path for path in build_home(tmp_path) if path.name == "lm-messages.jsonl"))
    head = session.heads[0]
    assert (head.id, head.title, head.cwd, head.branch) == ("11111111", "Births per month", "/home/ana/births", "plots")
    assert session.turns[-1].text == "Label the axis in thousands."
    assert (session.report.skipped, session.report.client_version) == ({"abandoned path": 1}, "3")


def test_a_sub_agent_belongs_to_its_parent(reading, fixtures, tmp_path):
    home = build_home(tmp_path)
    parent = next(path for path in home if path.name == "lm-messages.jsonl").parent
    below = parent / "subagents" / "2222"
    below.mkdir(parents=True)
    (below / "lm-messages.jsonl").write_bytes((fixtures / "posit" / "messages.jsonl").read_bytes())
    (below / "conversation.json").write_text('{"root": {"id": "2222"}, "messages": []}', "utf-8")
    session = reading(below / "lm-messages.jsonl")
    assert (session.heads[0].id, session.heads[0].cwd) == ("11111111", "/home/ana/births")
    assert session.prompts() == []
    assert {turn.sidechain for turn in session.turns} == {"2222"}


def test_the_tree_leads_to_its_messages(reading, tmp_path):
    messages = next(path for path in build_home(tmp_path) if path.name == "lm-messages.jsonl")
    assert reading(messages.with_name("conversation.json")) == reading(messages)
