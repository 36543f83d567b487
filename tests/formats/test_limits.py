"""Readings of limits in transcripts: every form in which Codex and Claude Code keep them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from onward.core.transcript.transcript import ImportReport, LimitReading
from onward.formats import open_source, read


def _codex(tmp_path: Path, *limits: object) -> list[LimitReading]:
    records: list[dict[str, object]] = [
        {"type": "session_meta", "payload": {"id": "s-1", "timestamp": "2026-03-01T23:00:00Z", "cwd": "/home/ana/kiln"}},
        {"type": "response_item", "payload": {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Fire it."}]}},
    ]
    records += [{"type": "event_msg", "payload": {"type": "token_count", "info": None, "rate_limits": item}} for item in limits]
    lines = [json.dumps({"timestamp": f"2026-03-01T23:58:{number:02}Z", **record}) for number, record in enumerate(records)]
    (tmp_path / "rollout-1.jsonl").write_text("\n".join(lines))
    return _report(tmp_path / "rollout-1.jsonl").limits.get("s-1", [])


def _claude(tmp_path: Path, text: str, **fields: object) -> list[LimitReading]:
    record = {
        "type": "assistant",
        "sessionId": "s-2",
        "uuid": "u-1",
        "parentUuid": None,
        "timestamp": "2026-03-01T23:58:00Z",
        "isApiErrorMessage": True,
        "message": {"id": "m", "role": "assistant", "model": "<synthetic>", "content": [{"type": "text", "text": text}]},
        **fields,
    }
    (tmp_path / "s-2.jsonl").write_text(json.dumps(record))
    return _report(tmp_path / "s-2.jsonl").limits.get("s-2", [])


def _report(path: Path) -> ImportReport:
    report = ImportReport()
    for _ in read(open_source(path), report):
        pass
    return report


def test_codex_names_used_share_length_reset_and_plan(tmp_path: Path) -> None:
    first = {"primary": {"used_percent": 3.0, "window_minutes": 300, "resets_at": 1772420000}, "plan_type": "pro"}
    last = {**first, "secondary": {"used_percent": 56.0, "window_minutes": 10080, "resets_at": 1772900000}}
    last["primary"] = {"used_percent": 9.0, "window_minutes": 299, "resets_at": 1772420000}
    short, week = sorted(_codex(tmp_path, first, last), key=lambda reading: reading.window_minutes)
    assert (short.window_minutes, short.used_percent, short.plan) == (300, 9.0, "pro")
    assert short.resets_at == datetime.fromtimestamp(1772420000, UTC)
    assert (week.window_minutes, week.used_percent) == (10080, 56.0)


def test_codex_forms_without_a_time_or_without_a_window(tmp_path: Path) -> None:
    [seconds] = _codex(tmp_path, {"primary": {"used_percent": 8, "window_minutes": 299, "resets_in_seconds": 120}})
    assert seconds.resets_at == datetime(2026, 3, 2, 0, 0, 2, tzinfo=UTC)
    [flat] = _codex(tmp_path, {"primary_used_percent": 5.0, "primary_window_minutes": 299})
    assert (flat.used_percent, flat.resets_at) == (5.0, None)
    assert _codex(tmp_path, {"primary": None, "secondary": None}, None, "none") == []


def test_codex_limits_of_one_model(tmp_path: Path) -> None:
    limits = {
        "limit_id": "codex_small",
        "limit_name": "GPT-5-Mini",
        "primary": {"used_percent": 1, "window_minutes": 300, "resets_at": 1772420000},
    }
    assert [reading.model for reading in _codex(tmp_path, limits)] == ["GPT-5-Mini"]


@pytest.mark.parametrize(
    ("kind", "minutes", "model"), [("five_hour", 300, ""), ("seven_day", 10080, ""), ("seven_day_opus", 10080, "opus")]
)
def test_claude_names_the_limit_that_was_reached(tmp_path: Path, kind: str, minutes: int, model: str) -> None:
    limits = {"status": "rejected", "resetsAt": 1772420000, "rateLimitType": kind}
    [reading] = _claude(tmp_path, "You've hit your limit", error="rate_limit", quotaLimits=limits)
    assert (reading.window_minutes, reading.model, reading.used_percent) == (minutes, model, 100.0)
    assert _claude(tmp_path, "x", apiErrorParams={"rate_limit_info": limits}) == [reading]
    assert _claude(tmp_path, "x", quotaLimits={**limits, "rateLimitType": "overage"}) == []


@pytest.mark.parametrize(
    ("text", "minutes", "model", "resets_at"),
    [
        ("You've hit your limit · resets 3am (UTC)", 300, "", datetime(2026, 3, 2, 3, tzinfo=UTC)),
        ("5-hour limit reached ∙ resets 7:30am (Asia/Jakarta)", 300, "", datetime(2026, 3, 2, 0, 30, tzinfo=UTC)),
        ("You've hit your weekly limit · resets Mar 5, 2pm (UTC)", 10080, "", datetime(2026, 3, 5, 14, tzinfo=UTC)),
        ("You've hit your Opus limit · resets Jan 2, 9am (UTC)", 10080, "opus", datetime(2027, 1, 2, 9, tzinfo=UTC)),
        ("Claude AI usage limit reached|1772420000", 300, "", datetime.fromtimestamp(1772420000, UTC)),
    ],
)
def test_older_versions_say_it_in_words(tmp_path: Path, text: str, minutes: int, model: str, resets_at: datetime) -> None:
    [reading] = _claude(tmp_path, text)
    assert (reading.window_minutes, reading.model, reading.used_percent, reading.resets_at) == (minutes, model, 100.0, resets_at)


@pytest.mark.parametrize("text", ["API Error: 500", "The limit reached 3 of 5 tests", "limit · resets soon (maybe)"])
def test_other_errors_are_no_limits(tmp_path: Path, text: str) -> None:
    assert _claude(tmp_path, text) == []


def test_an_answer_about_limits_is_no_limit(tmp_path: Path) -> None:
    assert _claude(tmp_path, "You've hit your limit · resets 3am (UTC)", isApiErrorMessage=False) == []
