"""Damage and hostile input stay where they are: what is beside them is read, stored and exported, and the doctor names them."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from onward.app.admin import backups, doctor
from onward.app.archives import archives
from onward.app.projects import projects
from onward.app.sessions import completion
from onward.app.sessions import sessions as sittings
from onward.app.transcripts import imports
from onward.app.turns import sources
from onward.core.project import Project
from onward.errors import StoreDamaged
from onward.redact import DISTILL_KEY, Redactor
from onward.redact.redactor import MAX_DEPTH
from onward.settings import Settings
from onward.store import Store
from onward.store.turn_bodies import DAMAGED_TEXT

PASSWORD = "Tr0ub" + "4dor&3x"


def nested(levels: int, value: object = "leaf") -> object:
    for _ in range(levels):
        value = {"inner": value}
    return value


def write_session(path: Path, value: object, *, number: int = 1) -> Path:
    """Write a session whose second message calls a tool with *value*."""
    contents: list[tuple[str, object]] = [
        ("user", f"Never touch port {4000 + number}."),
        ("assistant", [{"type": "tool_use", "id": "t1", "name": "Run", "input": {"value": value}}]),
        ("user", [{"type": "tool_result", "tool_use_id": "t1", "content": "ok"}]),
        ("assistant", [{"type": "text", "text": "I keep the totals in cents. " * 80}]),
    ]
    records = [
        {
            "type": role,
            "uuid": f"{number:08x}-0000-4000-8000-{place:012x}",
            "parentUuid": f"{number:08x}-0000-4000-8000-{place - 1:012x}" if place else None,
            "sessionId": f"{number:08x}-1111-4000-8000-000000000000",
            "timestamp": f"2026-03-01T10:{number:02}:{place:02}Z",
            "cwd": "/home/me/shop",
            "message": {"role": role, "content": content},
        }
        for place, (role, content) in enumerate(contents)
    ]
    path.write_text("".join(json.dumps(record) + "\n" for record in records), "utf-8")
    return path


@pytest.mark.parametrize("levels", [100, 500, 900])
def test_a_deeply_nested_tool_input_costs_nothing_beside_it(store: Store, tmp_path: Path, levels: int) -> None:
    project = projects.create(store, "shop")
    paths = [write_session(tmp_path / "deep.jsonl", nested(levels)), write_session(tmp_path / "plain.jsonl", "x", number=2)]
    done = imports.import_paths(store, paths, project=project)
    assert [file.error for file in done.files] == [None, None]
    assert [session.new_turns for file in done.files for session in file.sessions] == [4, 4]


def test_a_secret_below_the_deepest_level_is_redacted() -> None:
    clean = json.dumps(Redactor(DISTILL_KEY).value(nested(MAX_DEPTH + 20, {"password": PASSWORD})))
    assert PASSWORD not in clean
    assert "[secret:password:" in clean


def fill(home: Path, tmp_path: Path) -> Project:
    with Store.at_folder(home) as store:
        project = projects.create(store, "shop")
        imports.import_paths(store, [write_session(tmp_path / "a.jsonl", "x")], project=project)
        return project


def damage_one_body(database: Path) -> None:
    with sqlite3.connect(database) as connection:
        key, body = connection.execute("SELECT id, body FROM turns ORDER BY length(body) DESC LIMIT 1").fetchone()
        connection.execute("UPDATE turns SET body = ? WHERE id = ?", (body[:20] + bytes(16) + body[36:], key))


def examine(home: Path, tmp_path: Path) -> dict[str, str]:
    findings = doctor.examine(Settings(home, tmp_path / "claude"), lambda settings: Store.at_folder(settings.home), [])
    return {str(finding.check): f"{finding.status}: {finding.message}" for finding in findings}


def test_a_damaged_body_is_named_and_the_others_are_exported(home: Path, tmp_path: Path) -> None:
    project = fill(home, tmp_path)
    damage_one_body(home / "onward.db")
    assert examine(home, tmp_path)["stored turns"] == "problem: 1 of 4 do not match their checksums"
    with Store.at_folder(home) as store:
        texts = [sources.read_source(store, project, f"s1.{ordinal}").turns[0][1].text for ordinal in (1, 4)]
        assert texts == ["Never touch port 4001.", DAMAGED_TEXT]
        archives.export_project(store, project, tmp_path / "shop.zip")
    assert (tmp_path / "shop.zip").stat().st_size


@pytest.mark.parametrize("column", ["document_json", "preservation_json"])
def test_a_damaged_handoff_is_named(home: Path, tmp_path: Path, column: str) -> None:
    project = fill(home, tmp_path)
    with Store.at_folder(home) as store:
        completion.complete(store, sittings.require(store, project, 1))
    assert "stored handoffs" not in examine(home, tmp_path)
    with sqlite3.connect(home / "onward.db") as connection:
        connection.execute(f"UPDATE handoffs SET {column} = substr({column}, 1, 20) || '~' || substr({column}, 22)")
    assert examine(home, tmp_path)["stored handoffs"] == "problem: 1 of 1 do not match their checksums"


def test_a_damaged_index_is_found(home: Path, tmp_path: Path) -> None:
    fill(home, tmp_path)
    assert "search index" in examine(home, tmp_path)
    with sqlite3.connect(home / "onward.db") as connection:
        connection.execute("UPDATE turn_words_data SET block = zeroblob(length(block)) WHERE id > 10")
    assert examine(home, tmp_path)["search index"].startswith("problem")


def test_a_text_that_cannot_be_decoded_is_a_damaged_store(home: Path, tmp_path: Path) -> None:
    fill(home, tmp_path)
    with sqlite3.connect(home / "onward.db") as connection:
        connection.execute("UPDATE projects SET name = CAST(x'ff73686f70fe' AS TEXT)")
    assert any(line.startswith("problem") for line in examine(home, tmp_path).values())


def test_a_damaged_schema_is_named_and_a_backup_is_restored_over_it(home: Path, tmp_path: Path) -> None:
    with Store.at_folder(home) as store:
        project = projects.create(store, "shop")
        imports.import_paths(store, [write_session(tmp_path / "plain.jsonl", "x")], project=project)
        backups.backup_open_store(store, tmp_path / "backup.db")
    path = home / "onward.db"
    content = bytearray(path.read_bytes())
    place = content.index(b"CREATE TABLE sessions") + 3
    content[place : place + 4] = b"\xff\xfe\xfa\xf9"
    path.write_bytes(content)
    with pytest.raises(StoreDamaged, match="damaged"):
        Store.at_folder(home)
    settings = Settings(home, tmp_path / "claude")
    checked = doctor.examine(settings, lambda settings: Store.at_folder(settings.home), [])
    assert [finding.check for finding in checked if finding.status == "problem"] == ["store"]
    restored = backups.restore(settings, tmp_path / "backup.db", overwrite=True)
    assert (restored.projects, restored.sessions, restored.turns) == (1, 1, 4)
    assert restored.previous_path
    assert restored.previous_path.read_bytes() == content
