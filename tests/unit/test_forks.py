"""Forked, resumed and rewound sessions in the store: shared turns once, branches apart, usage counted once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from onward.app.projects import facts, projects
from onward.app.projects.projects import Project
from onward.app.sessions import completion
from onward.app.sessions import sessions as sittings
from onward.app.transcripts import imports
from onward.app.turns.reader import TranscriptReader
from onward.core.session import StoredTurn
from onward.store import Store

FIXTURES = Path(__file__).resolve().parents[1] / "formats" / "fixtures"


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    with Store.at_folder(home) as opened:
        yield opened


@pytest.fixture
def project(store: Store) -> Project:
    return projects.create(store, "shop")


def claude(session: str, *messages: tuple[str, str, str | None]) -> list[dict[str, Any]]:
    """Return records of Claude Code, each (uuid, text, parent); prompts and answers alternate, and an answer costs ten tokens."""
    records = []
    for number, (uuid, text, parent) in enumerate(messages):
        kind = ("user", "assistant")[number % 2]
        message: dict[str, Any] = {"role": kind, "content": text}
        if kind == "assistant":
            message = {**message, "id": f"msg-{uuid}", "model": "m", "content": [{"type": "text", "text": text}]}
            message["usage"] = {"input_tokens": 100, "output_tokens": 10}
        records.append(
            {
                "type": kind,
                "uuid": uuid,
                "parentUuid": parent,
                "sessionId": session,
                "cwd": "/code/shop",
                "timestamp": f"2026-03-02T09:{uuid[-2:]}:00Z",
                "message": message,
            }
        )
    return records


PREFIX = (("u-01", "Sort the stock by day.", None), ("u-02", "Sorted.", "u-01"))
PARENT = (*PREFIX, ("u-03", "Now by week.", "u-02"), ("u-04", "By week it is.", "u-03"))
FORK = (*PREFIX, ("u-05", "Now by month.", "u-02"), ("u-06", "By month it is.", "u-05"))


def lines(path: Path, records: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records), "utf-8")
    return path


def list_turns(store: Store, project: Project) -> list[StoredTurn]:
    return [stored for session in sittings.list_sessions(store, project) for stored in sittings.replay(store, session)]


def turn_texts(store: Store, project: Project) -> list[str]:
    return sorted(stored.turn.text for stored in list_turns(store, project))


def cost(store: Store, project: Project) -> int:
    return sum(stored.turn.usage.output_tokens for stored in list_turns(store, project) if stored.turn.usage)


@pytest.mark.parametrize("order", sorted(set(permutations(("parent", "fork", "parent")))))
def test_a_fork_of_claude_code_keeps_the_shared_prefix_once(store: Store, project: Project, tmp_path: Path, order: tuple[str, ...]) -> None:
    files = {
        "parent": lines(tmp_path / "parent.jsonl", claude("s-parent", *PARENT)),
        "fork": lines(tmp_path / "fork.jsonl", claude("s-fork", *FORK)),
    }
    for name in order:
        assert [file.error for file in imports.import_paths(store, [files[name]], project=project).files] == [None]
    assert turn_texts(store, project) == sorted(text for _, text, _ in {*PARENT, *FORK})
    assert cost(store, project) == 30
    assert {session.native_id for session in sittings.list_sessions(store, project)} == {"s-parent", "s-fork"}
    assert not any(stored.abandoned for stored in list_turns(store, project))


def test_a_resumed_session_that_copies_its_past_into_a_new_file_is_one_conversation(store: Store, project: Project, tmp_path: Path) -> None:
    first = lines(tmp_path / "a.jsonl", claude("s-1", *PARENT))
    more = (("u-07", "And the total?", "u-04"), ("u-08", "Below the table.", "u-07"))
    second = lines(tmp_path / "b.jsonl", [*claude("s-1", *PARENT), *claude("s-2", *more)])
    outcome = imports.import_paths(store, [first, second], project=project)
    assert turn_texts(store, project) == sorted(text for _, text, _ in {*PARENT, *more})
    assert cost(store, project) == 30
    sessions_by_id = {session.native_id: session for session in sittings.list_sessions(store, project)}
    assert (sessions_by_id["s-1"].turns, sessions_by_id["s-2"].turns, sessions_by_id["s-2"].parent_native_id) == (4, 2, "s-1")
    assert sum(session.known_turns for file in outcome.files for session in file.sessions) == 4


@pytest.mark.parametrize("in_one_call", [True, False])
def test_messages_copied_under_fresh_ids_count_once(store: Store, project: Project, tmp_path: Path, in_one_call: bool) -> None:
    more = (("u-07", "And the total?", "u-04"), ("u-08", "Below the table.", "u-07"))
    copied = claude("s-2", *PARENT, *more)
    for record in copied:
        record["uuid"] = f"fresh-{record['uuid']}"
    original, copy = lines(tmp_path / "a.jsonl", claude("s-1", *PARENT)), lines(tmp_path / "b.jsonl", copied)
    for paths in ([original, copy],) if in_one_call else ([original], [copy], [copy]):
        imports.import_paths(store, paths, project=project)
    assert turn_texts(store, project) == sorted(text for _, text, _ in {*PARENT, *more})
    assert cost(store, project) == 30
    reader = TranscriptReader()
    for path in (original, copy):
        reader.read(path)
    assert [[turn.text for _, turn in path.turns] for path in reader.paths] == [
        [text for _, text, _ in PARENT],
        [text for _, text, _ in more],
    ]


def test_the_same_words_at_another_time_are_another_turn(store: Store, project: Project, tmp_path: Path) -> None:
    again = claude("s-2", *PARENT)
    for record in again:
        record["uuid"] = f"fresh-{record['uuid']}"
        record["timestamp"] = record["timestamp"].replace("03-02", "03-03")
    imports.import_paths(store, [lines(tmp_path / "a.jsonl", claude("s-1", *PARENT)), lines(tmp_path / "b.jsonl", again)], project=project)
    assert len(turn_texts(store, project)) == 2 * len(PARENT)


def test_a_session_resumed_in_its_own_file_grows(store: Store, project: Project, tmp_path: Path) -> None:
    path = lines(tmp_path / "a.jsonl", claude("s-1", *PREFIX))
    imports.import_paths(store, [path], project=project, complete=True)
    lines(path, claude("s-1", *PARENT))
    (file,) = imports.import_paths(store, [path], project=project, complete=True).files
    assert [(session.session.number, session.new_turns, session.version) for session in file.sessions] == [(1, 2, 2)]
    assert cost(store, project) == 20


def test_an_abandoned_branch_is_kept_apart_and_gives_no_facts(store: Store, project: Project, tmp_path: Path) -> None:
    left_branch = (("u-03", "Always use tabs in the exporter.", "u-02"), ("u-04", "Tabs it is.", "u-03"))
    taken = (("u-05", "Never touch the importer.", "u-02"), ("u-06", "I will not.", "u-05"))
    path = lines(tmp_path / "a.jsonl", claude("s-1", *PREFIX, *left_branch, *taken))
    imports.import_paths(store, [path], project=project)
    imports.import_paths(store, [path], project=project)
    abandoned = {stored.turn.text for stored in list_turns(store, project) if stored.abandoned}
    assert abandoned == {text for _, text, _ in left_branch}
    completion.complete(store, sittings.require(store, project, 1))
    rules = " ".join(fact.text for fact in facts.list_facts(store, project, kind="rule"))
    assert "importer" in rules
    assert "exporter" not in rules


def codex(session: str, *texts: str, parent: str | None = None) -> list[dict[str, Any]]:
    """Return a rollout with alternating prompts and answers; a fork has the head of its parent after its own."""
    head = {"timestamp": "2026-03-02T09:00:00Z", "type": "session_meta", "payload": {"id": session, "cwd": "/code/shop"}}
    records = [head]
    if parent:
        records = [
            {**head, "payload": {"id": session, "cwd": "/code/shop", "forked_from_id": parent}},
            {**head, "payload": {"id": parent, "cwd": "/code/shop"}},
        ]
    total = 0
    for number, text in enumerate(texts):
        at = f"2026-03-02T09:{number + 1:02}:00Z"
        role, kind = (("user", "input_text"), ("assistant", "output_text"))[number % 2]
        item: dict[str, Any] = {"type": "message", "role": role, "content": [{"type": kind, "text": text}]}
        if role == "assistant":
            item["id"] = f"msg_{text}"
        records.append({"timestamp": at, "type": "response_item", "payload": item})
        if role == "assistant":
            total += 10
            info = {"last_token_usage": {"input_tokens": 100, "output_tokens": 10}, "total_token_usage": {"output_tokens": total}}
            records.append({"timestamp": at, "type": "event_msg", "payload": {"type": "token_count", "info": info}})
    return records


@pytest.mark.parametrize("parent_first", [True, False])
def test_a_fork_of_codex_keeps_the_shared_prefix_once(store: Store, project: Project, tmp_path: Path, parent_first: bool) -> None:
    parent = lines(tmp_path / "p.jsonl", codex("p", "By day.", "Sorted.", "By week.", "By week it is."))
    fork = lines(tmp_path / "f.jsonl", codex("f", "By day.", "Sorted.", "By month.", "By month it is.", parent="p"))
    for path in (parent, fork) if parent_first else (fork, parent):
        imports.import_paths(store, [path], project=project)
    assert turn_texts(store, project) == sorted(["By day.", "Sorted.", "By week.", "By week it is.", "By month.", "By month it is."])
    assert cost(store, project) == 30
    parents_by_id = {session.native_id: session.parent_native_id for session in sittings.list_sessions(store, project)}
    assert parents_by_id == {"p": None, "f": "p"}


@pytest.mark.parametrize("fixture", ["claude_code/rewound.jsonl", "gemini/session.jsonl", "pi/branched.jsonl", "codex/forked_events.jsonl"])
def test_rewound_turns_are_stored_and_marked_once(store: Store, project: Project, fixture: str) -> None:
    imports.import_paths(store, [FIXTURES / fixture], project=project)
    before = [(stored.ordinal, stored.abandoned) for stored in list_turns(store, project)]
    imports.import_paths(store, [FIXTURES / fixture], project=project)
    assert [(stored.ordinal, stored.abandoned) for stored in list_turns(store, project)] == before
    # The branch taken last is never marked as abandoned.
    assert not before[-1][1]
