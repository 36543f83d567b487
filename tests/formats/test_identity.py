"""Ids that an exporter replaced: no turn is lost, and the same turn again stays one."""

from __future__ import annotations

import json

import pytest

from onward.app.turns.reader import TranscriptReader
from onward.core.transcript.transcript import SessionHead, Turn
from onward.formats.identity import SessionIdentities, TurnIdentities, order_sessions


def write_lines(path, records):
    path.write_text("".join(json.dumps(record) + "\n" for record in records), "utf-8")
    return path


def claude_records(words, replaced):
    """A session of prompts and answers whose ids have all become one word."""
    for number, word in enumerate(words):
        kind = ("user", "assistant")[number % 2]
        content = word if kind == "user" else [{"type": "text", "text": word}]
        yield {
            "type": kind,
            "uuid": replaced,
            "parentUuid": replaced if number else None,
            "sessionId": "s",
            "timestamp": f"2026-11-03T10:00:{number:02d}Z",
            "cwd": "/srv/mill",
            "message": {"role": kind, "id": replaced if kind == "assistant" else None, "content": content},
        }


@pytest.mark.parametrize("replaced", ["[REDACTED]", "00000000-0000-0000-0000-000000000000"])
def test_turns_under_one_replaced_id_are_all_kept(replaced, tmp_path):
    words = ["Grind the rye", "Ground.", "Sieve it", "Sieved.", "Grind the rye", "Ground again."]
    reader = TranscriptReader()
    report = reader.read(write_lines(tmp_path / "session.jsonl", claude_records(words, replaced)))
    assert [turn.text for _, turn in reader.paths[0].turns] == words
    assert report.skipped == {}


def test_results_of_calls_under_one_replaced_id_are_all_kept(tmp_path):
    def item(number, **payload):
        return {"timestamp": f"2026-11-03T10:00:{number:02d}Z", "type": "response_item", "payload": payload}

    records = [{"timestamp": "2026-11-03T10:00:00Z", "type": "session_meta", "payload": {"id": "c", "cwd": "/srv/mill"}}]
    for number in range(1, 7, 2):
        arguments = json.dumps({"cmd": f"mill --step {number}"})
        records.append(item(number, type="function_call", name="exec_command", call_id="call_x", arguments=arguments))
        records.append(item(number + 1, type="function_call_output", call_id="call_x", output=f"step {number} done"))
    reader = TranscriptReader()
    reader.read(write_lines(tmp_path / "rollout.jsonl", records))
    assert sum(bool(turn.results) for _, turn in reader.paths[0].turns) == 3
    assert sum(len(turn.calls) for _, turn in reader.paths[0].turns) == 3


def test_the_same_turn_again_keeps_its_id():
    identities = TurnIdentities()
    turns = [Turn("assistant", text, id="a") for text in ("Sieved.", "Sieved.", "Sieved. The bran is apart.", "Ground.", "Ground.")]
    for turn in turns:
        identities.mark(turn)
    assert [turn.id for turn in turns] == ["a", "a", "a", "a#2", "a#3"]


def test_sub_agents_follow_their_first_parent():
    sessions = [("a", ""), ("b", ""), ("a1", "a"), ("b1", "b"), ("a2", "a1"), ("orphan", "gone")]
    assert order_sessions(sessions) == ["a", "a1", "a2", "b", "b1", "orphan"]


def test_the_session_of_a_sub_agent_of_a_sub_agent_is_its_first_parents():
    sessions = SessionIdentities()
    heads = [
        SessionHead("x", id="a", title="Hall", cwd="/home/ana/hall"),
        SessionHead("x", id="a1", parent_id="a"),
        SessionHead("x", id="a2", parent_id="a1"),
    ]
    turns = [Turn("user", "Go."), Turn("user", "Look.", sidechain="a1"), Turn("user", "Look.", sidechain="a2")]
    assert [sessions.is_new(head, turn) for head, turn in zip(heads, turns, strict=True)] == [True, False, False]
    assert [(head.id, head.parent_id, head.cwd) for head in heads] == [("a", None, "/home/ana/hall")] * 3


def test_a_session_that_continues_another_stays_its_own():
    head = SessionHead("x", id="b", parent_id="a")
    assert SessionIdentities().is_new(head, Turn("user", "Go on."))
    assert (head.id, head.parent_id) == ("b", "a")
