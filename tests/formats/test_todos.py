"""A call that changes a few entries of a task list gets the list that it leads to."""

from __future__ import annotations

import json

from onward.core.transcript.tools import classify_call


def lines(*inputs: dict) -> bytes:
    records = [{"role": "user", "message": {"content": [{"type": "text", "text": "<user_query>\nArchive the invoices.\n</user_query>"}]}}]
    records += [
        {"role": "assistant", "message": {"content": [{"type": "tool_use", "id": f"t{index}", "name": "TodoWrite", "input": given}]}}
        for index, given in enumerate(inputs)
    ]
    return "".join(json.dumps(record) + "\n" for record in records).encode()


def states(result) -> list[list[tuple[str, str]]]:
    return [[(todo.text, todo.status) for todo in classify_call(call).todos] for turn in result.turns for call in turn.calls]


FULL = [{"id": "1", "content": "List them", "status": "in_progress"}, {"id": "2", "content": "Move them", "status": "pending"}]


def test_changed_entries_join_the_list(reading):
    result = reading(
        lines(
            {"merge": False, "todos": FULL},
            {"merge": True, "todos": [{"id": "1", "status": "completed"}]},
            {"merge": True, "todos": [{"id": "3", "content": "Tell Ana", "status": "pending"}]},
        )
    )
    assert states(result) == [
        [("List them", "in_progress"), ("Move them", "pending")],
        [("List them", "completed"), ("Move them", "pending")],
        [("List them", "completed"), ("Move them", "pending"), ("Tell Ana", "pending")],
    ]


def test_an_entry_without_its_text_is_a_change_also_unsaid(reading):
    assert states(reading(lines({"todos": FULL}, {"todos": [{"id": "2", "status": "in_progress"}]})))[1] == [
        ("List them", "in_progress"),
        ("Move them", "in_progress"),
    ]


def test_a_new_list_replaces_the_old_one(reading):
    new = [{"id": "1", "content": "Print them", "status": "pending"}]
    assert states(reading(lines({"merge": False, "todos": FULL}, {"merge": False, "todos": new})))[1] == [("Print them", "pending")]


def test_entries_without_ids_are_left_as_they_are(reading):
    given = [{"content": "Print them", "status": "pending"}]
    assert states(reading(lines({"todos": FULL}, {"merge": True, "todos": given})))[1] == [("Print them", "pending")]
