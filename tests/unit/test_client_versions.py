"""The doctor tells which agents write records that their readers have never seen."""

from __future__ import annotations

import json
import os
from importlib import import_module
from pathlib import Path

import pytest

from onward.app.admin.client_versions import check_clients, find_unseen
from onward.app.transcripts.agent_folders import AgentFolder
from onward.core.text.versions import is_newer, version_numbers
from onward.formats import FORMATS, known_versions


def rollout(path: Path, version: str, *types: str, changed_at: int = 0) -> Path:
    records = [
        {"timestamp": "2026-11-02T08:00:00Z", "type": "session_meta", "payload": {"id": path.stem, "cwd": "/srv", "cli_version": version}},
        {
            "timestamp": "2026-11-02T08:00:01Z",
            "type": "response_item",
            "payload": {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Print the tickets."}]},
        },
        *({"timestamp": "2026-11-02T08:00:02Z", "type": kind, "payload": {"type": kind}} for kind in types),
    ]
    path.write_text("".join(json.dumps(record) + "\n" for record in records), "utf-8")
    if changed_at:
        os.utime(path, (changed_at, changed_at))
    return path


@pytest.fixture
def folders(tmp_path: Path) -> list[AgentFolder]:
    return [AgentFolder("codex", tmp_path, ("rollout-*.jsonl",))]


def test_a_newer_client_with_new_records_is_told_with_their_number(folders, tmp_path):
    rollout(tmp_path / "rollout-1.jsonl", "9.1.0", "dream", "dream", "vision")
    (unseen,) = find_unseen(folders)
    assert unseen == ("codex", {"dream": 2, "vision": 1}, "9.1.0", known_versions("codex")[-1])
    (finding,) = check_clients(folders)
    assert finding.status == "warning"
    assert str(finding.message).startswith(
        "Codex 9.1.0 writes records of types that this version of Onward has never seen (3 in its newest"
    )


def test_a_known_client_with_new_records_is_told_without_blaming_its_age(folders, tmp_path):
    rollout(tmp_path / "rollout-1.jsonl", "0.50.0", "dream")
    (finding,) = check_clients(folders)
    assert str(finding.message) == (
        "the newest transcripts of Codex have records of types that this version of Onward has never seen (1: dream)"
    )


def test_a_newer_client_whose_records_are_known_is_no_news(folders, tmp_path):
    rollout(tmp_path / "rollout-1.jsonl", "9.1.0")
    assert check_clients(folders) == []


def test_only_the_newest_files_are_read(folders, tmp_path):
    rollout(tmp_path / "rollout-0.jsonl", "9.1.0", "dream", changed_at=1_000_000)
    for number in (1, 2):
        rollout(tmp_path / f"rollout-{number}.jsonl", "9.1.0")
    assert check_clients(folders) == []


def test_versions_are_compared_by_their_numbers():
    assert version_numbers("v2.1.332-beta.1") == (2, 1, 332)
    assert is_newer("0.171.0", "0.57.0")
    assert not is_newer("0.171.0", "0.171.0")
    assert not is_newer("beta", "0.1")


def test_every_reader_declares_the_versions_that_it_was_seen_with():
    for name in FORMATS[:-2]:
        versions = import_module(f"onward.formats.{name}").VERSIONS
        assert list(versions) == sorted(versions, key=version_numbers), name
        assert all(map(version_numbers, versions)), name
