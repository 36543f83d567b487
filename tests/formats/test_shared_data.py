"""The real files beside the repository are read in full: everything is counted a second time from the structure of the files."""

from __future__ import annotations

import json
import re
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from onward.core.transcript.transcript import Turn
from onward.errors import NothingRead

pytestmark = pytest.mark.slow

THOUGHT = re.compile(r"^<think>.*?</details></think>", re.M | re.S)
CALL = re.compile(r"(?:(?<=\n\n)|(?<=</details></tool-use>\n))<tool-use data-[^\n]*\n.*?(?:^</details></tool-use>$|\Z)", re.M | re.S)
UNTAGGED_CALL = re.compile(r"(?m)^(?:Tool use: \*\*|\*\*Agent task list:\*\*$)")
HEADER = re.compile(r"^_\*\*(User|Agent|Assistant)\b[^\n]*\*\*_$", re.M)
FIGURES = {"claude_code": (30, 5000), "codex": (9, 5000), "specstory": (40, 80000)}
"""Minimum number of files and records of each format, so that a moved folder does not pass."""


def records(path: Path) -> tuple[list[dict], int]:
    """Return the objects of a file of JSON lines, and the number of invalid lines."""
    objects, bad = [], 0
    for line in path.read_bytes().split(b"\n"):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except ValueError:
            value = None
        if isinstance(value, dict):
            objects.append(value)
        else:
            bad += 1
    return objects, bad


def claude_code_files(shared_data: Path) -> list[Path]:
    return [
        path
        for path in sorted(shared_data.rglob("*.jsonl"))
        if any("parentUuid" in record and "sessionId" in record for record in records(path)[0])
    ]


def codex_files(shared_data: Path) -> list[Path]:
    kinds = {"session_meta", "turn_context", "response_item"}
    return [
        path
        for path in sorted(shared_data.rglob("*.jsonl"))
        if any(record.get("type") in kinds and "payload" in record for record in records(path)[0])
    ]


def specstory_files(shared_data: Path) -> list[Path]:
    return [
        path
        for path in sorted(shared_data.rglob("*.md"))
        if ".specstory" in path.parts or "history" in path.parts or path.parent.name == "scale"
    ]


def blocks(record: dict, kind: str) -> list[dict]:
    content = record["message"].get("content") if isinstance(record.get("message"), dict) else None
    return [block for block in content if isinstance(block, dict) and block.get("type") == kind] if isinstance(content, list) else []


def test_every_claude_code_file_is_read_completely(shared_data, reading):
    files = claude_code_files(shared_data)
    total = 0
    for path in files:
        objects, bad = records(path)
        result = reading(path)
        first = {record.get("uuid") or index: record for index, record in reversed(list(enumerate(objects)))}.values()
        answers = [record for record in first if record.get("type") == "assistant" and isinstance(record.get("message"), dict)]
        calls = {block["id"] for record in answers for block in blocks(record, "tool_use")}
        results = Counter(
            block["tool_use_id"] for record in first if record.get("type") == "user" for block in blocks(record, "tool_result")
        )
        messages = {
            record["message"].get("id") or record.get("uuid") or index
            for index, record in enumerate(answers)
            if record["message"].get("content")
        }
        assert result.report.format == "claude-code", path
        assert result.report.records == len(objects) + bad, path
        assert result.report.malformed_count == bad, path
        assert sorted(call.id for turn in result.turns for call in turn.calls) == sorted(calls), path
        assert Counter(answer.call_id for turn in result.turns for answer in turn.results) == results, path
        assert len([turn for turn in result.turns if turn.role == "assistant"]) == len(messages), path
        total += len(objects)
    assert (len(files), total) >= FIGURES["claude_code"]


def test_every_codex_file_is_read_completely(shared_data, reading):
    files = codex_files(shared_data)
    total = 0
    for path in files:
        objects, bad = records(path)
        items = Counter(
            (record["payload"].get("type"), record["payload"].get("role")) for record in objects if record.get("type") == "response_item"
        )
        total += len(objects)
        if not items:
            with pytest.raises(NothingRead):
                reading(path)
            continue
        result = reading(path)
        calls = sum(count for (kind, _), count in items.items() if kind.endswith("_call"))
        outputs = sum(count for (kind, _), count in items.items() if kind.endswith("_output"))
        roles = Counter(turn.role for turn in result.turns if turn.mark != "summary")
        assert result.report.format == "codex", path
        assert result.report.records == len(objects) + bad, path
        assert result.report.malformed_count == bad, path
        assert sum(len(turn.calls) for turn in result.turns) == calls, path
        assert sum(len(turn.results) for turn in result.turns) == outputs, path
        assert roles["user"] == items["message", "user"], path
        assert roles["system"] == items["message", "developer"] + items["message", "system"], path
        assert sum(bool(turn.text) for turn in result.turns if turn.role == "assistant") == items["message", "assistant"], path
    assert (len(files), total) >= FIGURES["codex"]


def test_every_specstory_file_is_read_completely(shared_data, reading):
    files = specstory_files(shared_data)
    total = 0
    for path in files:
        text = path.read_text("utf-8")
        bare, calls = CALL.subn("", THOUGHT.sub("", text))
        headers = Counter(HEADER.findall(bare))
        result = reading(path)
        assert result.report.format == "specstory", path
        assert result.report.records == sum(bool(line.strip()) for line in text.split("\n")), path
        assert sum(len(turn.calls) for turn in result.turns) == calls + len(UNTAGGED_CALL.findall(bare)), path
        assert sum(turn.role == "user" for turn in result.turns) == headers["User"], path
        total += result.report.records
    assert (len(files), total) >= FIGURES["specstory"]


def test_times_never_go_back_by_more_than_a_queue_explains(shared_data, reading):
    for path in claude_code_files(shared_data):
        turns = [turn for turn in reading(path).turns if turn.at and turn.sidechain is None and turn.mark != "queued"]
        late = [(earlier.line, two.line) for earlier, two in pairwise(turns) if isinstance(two, Turn) and two.at < earlier.at]
        assert len(late) <= max(2, len(turns) // 20), (path, late[:5])
