"""ChatGPT's export: the tree in linear order, hidden nodes, code as calls, shards in an archive."""

from __future__ import annotations

import json

import pytest


@pytest.fixture
def export(reading, fixtures):
    return reading(fixtures / "chatgpt" / "conversations.json")


def test_every_conversation_is_a_session(export):
    assert [(head.id, head.title, head.started_at.isoformat()) for head in export.heads] == [
        ("6961c0de-0001", "Empty report", "2026-01-08T02:11:01.100000+00:00"),
        ("6961c0de-0002", "Cuaca", "2026-01-08T02:27:41.100000+00:00"),
    ]


def test_a_left_branch_comes_first_and_is_taken_back(export):
    [rewind] = export.rewinds
    place = export.items.index(rewind)
    assert (export.items[place - 1].text, rewind.to, export.items[place + 1].text) == (
        "Call it restock-weekly.",
        "a1",
        "Jangan rename. Write the test instead",
    )


def test_code_is_a_call_and_its_output_the_result(export):
    [call] = [call for turn in export.turns for call in turn.calls]
    [result] = [result for turn in export.turns for result in turn.results]
    assert (call.name, call.arguments["code"].splitlines()[0]) == ("python", "import datetime")
    assert (result.call_id, result.text) == (call.id, "1")


def test_thoughts_models_and_pictures(export):
    thought = next(turn for turn in export.turns if turn.thinking)
    assert (thought.thinking, thought.model) == ("Days: getDay starts on Sunday.", "gpt-5-thinking")
    assert export.prompts()[0] == "[image]\nWhy is the report empty on Mondays?"
    assert next(turn.model for turn in export.turns if turn.text == "Here is the test.") == "gpt-5"


def test_what_the_service_added_is_counted(export):
    assert export.report.skipped == {
        "node without a message": 2,
        "hidden from the conversation": 1,
        "instructions and memory of the service": 1,
        "empty message": 1,
    }


def test_an_archive_of_shards_gives_what_the_file_gives(export, reading, fixtures):
    assert reading(fixtures / "chatgpt" / "shards.zip") == export


def test_one_bad_conversation_costs_only_itself(export, reading, fixtures):
    conversations = json.loads((fixtures / "chatgpt" / "conversations.json").read_text())
    for bad in (
        {"title": "x", "create_time": 1, "mapping": None},
        {"title": "x", "create_time": 1, "mapping": {"a": 1, "b": {"message": 5}}},
        7,
    ):
        result = reading(json.dumps([conversations[0], bad, conversations[1]]).encode())
        assert [turn.text for turn in result.turns] == [turn.text for turn in export.turns]


def test_a_ring_of_nodes_ends(reading):
    def node(name, parent):
        return {"id": name, "parent": parent, "message": {"author": {"role": "user"}, "content": {"content_type": "text", "parts": [name]}}}

    mapping = {"a": node("a", "b"), "b": node("b", "a"), "c": node("c", None)}
    result = reading(json.dumps([{"title": "ring", "mapping": mapping, "current_node": "a"}]).encode())
    assert sorted(result.prompts()) == ["a", "b", "c"]


def test_real_exports_have_the_counts_of_their_own_nodes(reading, shared_data):
    files = [
        shared_data / "convonaut/conversations.json",
        shared_data / "chatgpt-export-parser/tests/example-conversation.json",
        shared_data / "polylogue-a/polylogue/schemas/providers/chatgpt/representatives/sample-00.json",
    ]
    for path in files:
        document = json.loads(path.read_text())
        conversations = document if isinstance(document, list) else [document]
        nodes = [node for conversation in conversations for node in conversation["mapping"].values()]
        result = reading(path)
        assert (result.report.format, result.report.records, result.report.malformed_count) == ("chatgpt", len(nodes), 0)
        assert len(result.heads) == len(conversations)
        spoken = [node["message"] for node in nodes if node["message"] and node["message"]["author"]["role"] == "user"]
        assert sum(turn.role == "user" for turn in result.turns) == len(spoken)
        for conversation in conversations:
            path_down = []
            place = conversation["current_node"]
            while place in conversation["mapping"]:
                path_down.append(place)
                place = conversation["mapping"][place]["parent"]
            turn_ids = [turn.id for turn in result.turns if turn.id in path_down]
            assert turn_ids == [node for node in reversed(path_down) if node in turn_ids]
