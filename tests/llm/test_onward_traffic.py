"""Requests that Onward sends to a model are not imported as sessions, in any format that a provider stores them in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from onward.app.handoffs.distillation import distill_files
from onward.app.projects import projects
from onward.app.transcripts.imports import import_paths
from onward.app.turns.onward_traffic import SKIP_REASON
from onward.llm.endpoint import Endpoint
from onward.llm.prompt import build_prompt
from onward.store import Store

ASKED = build_prompt(Endpoint(), "Write the decisions of this project.", "We decided to use PostgreSQL. Always run the tests.")


def chat(*turns: tuple[str, str]) -> str:
    return json.dumps([{"role": role, "content": content} for role, content in turns])


def codex(*turns: tuple[str, str]) -> str:
    meta = {"id": "0199-abc", "timestamp": "2026-11-20T10:00:00Z", "cwd": "/w/shop", "originator": "codex_cli_rs", "cli_version": "0.50.0"}
    lines = [{"timestamp": "2026-11-20T10:00:00Z", "type": "session_meta", "payload": meta}]
    for role, content in turns:
        kind = "output_text" if role == "assistant" else "input_text"
        payload = {"type": "message", "role": role, "content": [{"type": kind, "text": content}]}
        lines.append({"timestamp": "2026-11-20T10:00:01Z", "type": "response_item", "payload": payload})
    return "\n".join(map(json.dumps, lines))


def claude(*turns: tuple[str, str]) -> str:
    lines = []
    for number, (role, content) in enumerate(turns):
        beside = {"uuid": f"u{number}", "parentUuid": f"u{number - 1}" if number else None, "sessionId": "s-1", "cwd": "/w/shop"}
        lines.append({"type": role, "timestamp": f"2026-11-20T10:00:0{number}Z", "message": {"role": role, "content": content}, **beside})
    return "\n".join(map(json.dumps, lines))


OWN = {
    "chat with a system turn": chat(("system", ASKED.instructions), ("user", ASKED.material), ("assistant", '{"lines": []}')),
    "chat without one": chat(("user", ASKED.material), ("assistant", '{"lines": []}')),
    "chat behind another system turn": chat(("system", "You are helpful."), ("user", ASKED.material), ("assistant", "fine")),
    "codex": codex(
        ("user", "<environment_context>\n  <cwd>/w/shop</cwd>\n</environment_context>"), ("user", ASKED.material), ("assistant", "fine")
    ),
    "claude": claude(("user", ASKED.material), ("assistant", "fine")),
}


@pytest.mark.parametrize("form", OWN)
def test_a_request_of_onward_is_skipped_with_a_reason(store: Store, tmp_path: Path, form: str) -> None:
    path = tmp_path / "session.jsonl"
    path.write_text(OWN[form])
    outcome = import_paths(store, [path], project=projects.create(store, "shop"), complete=True)
    assert [(file.sessions, file.error) for file in outcome.files] == [([], None)]
    report = outcome.files[0].report
    assert report.skipped[SKIP_REASON] > 0
    assert report.records == report.imported_records + sum(report.skipped.values()) + report.malformed_count


def test_it_makes_no_project(store: Store, tmp_path: Path) -> None:
    (tmp_path / "session.jsonl").write_text(OWN["claude"])
    import_paths(store, [tmp_path / "session.jsonl"], fallback=lambda: projects.create(store, "made"))
    assert projects.list_projects(store) == []


def test_a_person_who_quotes_such_a_request_is_read(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "session.jsonl"
    path.write_text(claude(("user", f"Why does the log say this?\n{ASKED.material}"), ("assistant", "Because a model was asked.")))
    outcome = import_paths(store, [path], project=projects.create(store, "shop"))
    assert outcome.files[0].sessions[0].new_turns == 2


def test_distill_learns_nothing_from_one(tmp_path: Path) -> None:
    own_session, other = tmp_path / "own.jsonl", tmp_path / "other.jsonl"
    own_session.write_text(OWN["claude"])
    other.write_text(claude(("user", "Always use tabs."), ("assistant", "Done.")).replace("s-1", "s-2"))
    assert distill_files([own_session, other])[0].handoff == distill_files([other])[0].handoff
