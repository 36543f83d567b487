"""The bundled samples: real formats, complete stories, and nothing that a secret scanner reports."""

from __future__ import annotations

from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import pytest

from onward import samples
from onward.core.transcript.transcript import ImportReport, SessionHead, Turn
from onward.formats import open_source, read


@pytest.fixture
def sample_paths(tmp_path: Path) -> list[Path]:
    return samples.write(tmp_path / "samples")


def _read(path: Path) -> tuple[SessionHead, list[Turn], ImportReport]:
    report = ImportReport()
    items = list(read(open_source(path), report))
    heads = [item for item in items if isinstance(item, SessionHead)]
    assert len(heads) == 1
    return heads[0], [item for item in items if isinstance(item, Turn)], report


def _all_text(turns: list[Turn]) -> str:
    texts = [turn.text for turn in turns] + [result.text for turn in turns for result in turn.results]
    return "\n".join(texts + [str(call.arguments) for turn in turns for call in turn.calls])


def test_every_record_is_read(sample_paths: list[Path]) -> None:
    agents = []
    for path in sample_paths:
        head, turns, report = _read(path)
        agents.append(head.agent)
        assert report.malformed_count == 0
        assert len(turns) >= 20
        assert head.cwd == "/home/dewi/antre"
    assert agents == ["claude-code", "codex", "claude-code"]


def test_sessions_follow_each_other(sample_paths: list[Path]) -> None:
    times = [[turn.at for turn in _read(path)[1] if turn.at] for path in sample_paths]
    assert all(session == sorted(session) for session in times)
    assert all(earlier[-1] < later[0] for earlier, later in pairwise(times))


@pytest.mark.parametrize(
    ("session", "phrase"),
    [
        (1, "Never store patient names or NIK"),
        (1, "jangan pernah commit langsung ke main"),
        (1, "polls `GET /api/now` every 3 seconds"),
        (1, "has no tzdata"),
        (2, "database is locked"),
        (2, "BEGIN IMMEDIATE"),
        (2, "mutex does not help"),
        (2, "NODE_MODULE_VERSION 115"),
        (3, "switch from polling to server-sent events"),
        (3, "proxy_buffering off"),
        (3, "tidak usah pakai suara"),
    ],
)
def test_the_samples_contain_the_story(sample_paths: list[Path], session: int, phrase: str) -> None:
    assert phrase in _all_text(_read(sample_paths[session - 1])[1])


def test_a_prompt_typed_while_the_agent_worked_is_a_turn(sample_paths: list[Path]) -> None:
    queued = [turn.text for turn in _read(sample_paths[0])[1] if turn.mark == "queued"]
    assert queued == ["oh iya, jangan pernah commit langsung ke main ya. Selalu lewat branch baru + PR, Bu Ratna yang review."]


def test_todos_are_left_partly_done(sample_paths: list[Path]) -> None:
    turns = _read(sample_paths[2])[1]
    lists = [
        call.arguments["todos"] for turn in turns for call in turn.calls if call.name == "TodoWrite" and isinstance(call.arguments, dict)
    ]
    last = lists[-1]
    assert isinstance(last, list)
    assert sorted({str(todo["status"]) for todo in last}) == ["completed", "in_progress", "pending"]


def test_the_secret_is_planted_only_when_written(sample_paths: list[Path]) -> None:
    secret = samples.planted_secret()
    turns = _read(sample_paths[1])[1]
    assert sum(secret in result.text for turn in turns for result in turn.results) == 1
    assert all("ghp_" not in files(samples).joinpath(name).read_text(encoding="utf-8") for name in samples.NAMES)


def test_writing_twice_gives_the_same(tmp_path: Path) -> None:
    first, second = samples.write(tmp_path / "a"), samples.write(tmp_path / "b")
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
