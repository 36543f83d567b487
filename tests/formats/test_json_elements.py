"""Elements of large arrays: read one at a time, with any keys, and damage affects only its element."""

from __future__ import annotations

import io
import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onward.core.transcript.transcript import ImportReport
from onward.formats import TranscriptSource, json_elements


def read_objects(data: bytes):
    report = ImportReport()
    return list(json_elements.read_objects(TranscriptSource(io.BytesIO(data)), report)), report


values = st.recursive(
    st.none() | st.booleans() | st.integers(-99, 99) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "name", "title", "messages"]), inner, max_size=3),
    max_leaves=12,
)
conversations = st.lists(st.dictionaries(st.sampled_from(["id", "name", "title", "messages"]), values, max_size=4), max_size=6)


@pytest.mark.slow
@given(conversations, st.sampled_from([None, 0, 2]))
def test_elements_are_those_of_the_document(given_conversations, indent):
    elements, report = read_objects(json.dumps(given_conversations, indent=indent).encode())
    assert [value for _, value in elements] == given_conversations
    assert [number for number, _ in elements] == list(range(len(given_conversations)))
    assert report.malformed_count == 0


def nested(name, size=3):
    """A conversation whose messages begin with the same keys as the conversation."""
    return {"uuid": name, "name": name, "chat_messages": [{"uuid": f"{name}-{place}", "name": "}, {"} for place in range(size)]}


def test_messages_that_look_like_conversations_do_not_cut_one():
    document = [nested("a", 40), nested("b", 0), nested("c", 7)]
    elements, report = read_objects(json.dumps(document).encode())
    assert [value for _, value in elements] == document
    assert report.malformed_count == 0


def test_one_object_alone_is_read():
    elements, _ = read_objects(json.dumps(nested("a"), indent=1).encode())
    assert elements == [(0, nested("a"))]


def test_arrays_one_after_the_other_are_one():
    data = json.dumps([nested("a")]) + "\n" + json.dumps([nested("b")], indent=2) + "\n[]\n"
    elements, _ = read_objects(data.encode())
    assert [value["uuid"] for _, value in elements] == ["a", "b"]


@pytest.mark.parametrize("damage", [b"nul", b"}", b'"', b"[", b"\x01"], ids=repr)
def test_damage_costs_only_the_element_that_it_hits(damage):
    data = json.dumps([nested("a"), {"uuid": "b", "name": "HERE", "chat_messages": []}, nested("c"), nested("d")]).encode()
    elements, report = read_objects(data.replace(b'"HERE"', damage))
    assert {"a", "d"} <= {value["uuid"] for _, value in elements}
    assert report.malformed_count >= 1


def test_a_document_that_ends_too_early_gives_what_came_before():
    data = json.dumps([nested("a"), nested("b", 9)]).encode()
    elements, report = read_objects(data[:-60])
    assert [value["uuid"] for _, value in elements] == ["a", "b"]
    assert len(elements[1][1]["chat_messages"]) == 7
    assert report.malformed == [(2, "the document ends too early; what came before was read")]


def test_memory_holds_one_conversation_and_not_the_export(tmp_path):
    path = tmp_path / "conversations.json"
    with path.open("wb") as target:
        target.write(b"[")
        for number in range(60):
            target.write(
                (b"," if number else b"")
                + json.dumps({"uuid": str(number), "name": "n", "chat_messages": [{"text": "words " * 90_000}]}).encode()
            )
        target.write(b"]")
    assert path.stat().st_size > 30_000_000
    tracemalloc.start()
    try:
        assert sum(1 for _ in json_elements.read_objects(TranscriptSource(path), ImportReport())) == 60
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 24_000_000
