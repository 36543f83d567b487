"""`doctor --mend`: one wrong bit is restored exactly, what can be derived is derived again, the rest is named; a copy comes first."""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from onward.app.admin import store_repair
from onward.app.admin.store_repair import RepairResult
from onward.app.projects import projects
from onward.app.transcripts import imports
from onward.errors import StoreDamaged
from onward.settings import Settings
from onward.store import Store, schema

SAMPLES = Path(__file__).resolve().parents[2] / "src" / "onward" / "samples"
Content = dict[str, list[tuple[object, ...]]]


@pytest.fixture
def filled(home: Path, tmp_path: Path) -> Path:
    """The home of a store with completed sessions, whose transcripts still exist."""
    with Store.at_folder(home) as store:
        project = projects.create(store, "shop")
        transcripts = sorted(SAMPLES.glob("*.jsonl"))[:2]
        assert transcripts
        imports.import_paths(store, transcripts, project=project, complete=True)
    with closing(sqlite3.connect(home / "onward.db")) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
    return home


def contents(home: Path) -> Content:
    """Return all stored rows by table."""
    with closing(sqlite3.connect(home / "onward.db")) as connection:
        return {
            table.name: sorted(connection.execute(f"SELECT * FROM {table.name}").fetchall(), key=repr) for table in schema.CHECKED_TABLES
        }


def damage(home: Path, statement: str) -> None:
    """Change rows as the disk would: without their checksums."""
    with closing(sqlite3.connect(home / "onward.db")) as connection, connection:
        connection.execute(statement)


def mend(home: Path) -> dict[str, list[str]]:
    """Mend the store; return the messages by status."""
    result = store_repair.repair_store(Settings(home, home.parent / "claude"), lambda settings: Store.at_folder(settings.home))
    assert (result.backup_path is None) is (not result.findings)
    return by_status(result)


def by_status(result: RepairResult) -> dict[str, list[str]]:
    messages: dict[str, list[str]] = {}
    for finding in result.findings:
        messages.setdefault(finding.status, []).append(f"{finding.check}: {finding.message}")
    return messages


def test_a_sound_store_stays_as_it_is_and_is_not_copied(filled: Path) -> None:
    before, files = contents(filled), sorted(filled.iterdir())
    assert mend(filled) == {}
    assert contents(filled) == before
    assert sorted(filled.iterdir()) == files


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE turns SET body = CAST(replace(body, 'line', 'lioe') AS BLOB) WHERE ordinal = 1",
        "UPDATE sessions SET title = char((unicode(title) | 1) - (unicode(title) & 1)) || substr(title, 2)",
        "UPDATE turns SET at = at + 1 WHERE at % 2 = 0 AND ordinal = 2",
        "UPDATE sessions SET turns = turns + 1024 WHERE turns < 1024 AND number = 1",
    ],
)
def test_one_wrong_bit_is_restored_exactly(filled: Path, statement: str) -> None:
    before = contents(filled)
    damage(filled, statement)
    if "turn_words" not in statement:
        assert contents(filled) != before
    messages = mend(filled)
    assert "problem" not in messages
    assert contents(filled) == before


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("UPDATE facts SET body_json = substr(body_json, 1, 40)", "the ledger of shop was rebuilt from its sessions"),
        ("UPDATE ledgers SET reference_json = '[' || reference_json", "the ledger of shop was rebuilt from its sessions"),
        ("UPDATE distilled SET body = zeroblob(90)", "the ledger of shop was rebuilt from its sessions"),
        ("UPDATE turns SET body = zeroblob(40) WHERE ordinal IN (2, 3)", "turns were read again from their transcripts"),
        ("UPDATE usage SET input_tokens = 7, output_tokens = 9", "sessions was counted again"),
        ("UPDATE session_measures SET tokens = 7, edits = 77", "measures, files and errors of shop were recomputed"),
        ("UPDATE handoffs SET document_json = '{}', markdown = 'xyz'", "handoffs were composed again"),
        ("DELETE FROM turn_words_docsize WHERE id > 10", "it was rebuilt from"),
    ],
)
def test_what_can_be_derived_is_derived_again(filled: Path, statement: str, message: str) -> None:
    before = contents(filled)
    damage(filled, statement)
    if "turn_words" not in statement:
        assert contents(filled) != before
    messages = mend(filled)
    assert "problem" not in messages
    assert any(message in line for line in messages["ok"])
    after = contents(filled)
    for name, rows in before.items():
        unstable = {"ledgers", "usage", "session_measures", "touched_files", "met_errors", "knowledge", "knowledge_sources"}
        if name not in unstable:
            assert after[name] == rows, name
    assert [len(after[name]) for name in before] == [len(rows) for rows in before.values()]
    assert mend(filled) == {}


def test_what_cannot_be_mended_is_named_and_stays(filled: Path) -> None:
    damage(filled, "UPDATE projects SET description = 'other words'")
    damage(filled, "UPDATE turns SET body = zeroblob(40) WHERE ordinal = 2")
    damage(filled, "UPDATE sessions SET source = '/nowhere/x.jsonl'")
    before = contents(filled)
    messages = mend(filled)
    assert [line.partition(":")[0] for line in messages["problem"]] == ["stored projects", "stored sessions", "stored turns"]
    after = contents(filled)
    assert {name: rows for name, rows in after.items() if rows != before[name]} == {}


@pytest.mark.parametrize("seed", range(4))
def test_a_damaged_page_costs_what_is_on_it(filled: Path, seed: int) -> None:
    before, path = contents(filled), filled / "onward.db"
    with closing(sqlite3.connect(path)) as connection:
        pages = [row[0] for row in connection.execute("SELECT pageno FROM dbstat WHERE name = 'turns' AND pagetype = 'leaf'")]
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    page = random.Random(seed).choice(pages)
    data = bytearray(path.read_bytes())
    data[(page - 1) * size : page * size] = b"\xa5" * size
    path.write_bytes(data)
    messages = mend(filled)
    assert any(line.startswith("integrity: the database was damaged") for line in messages["ok"])
    assert any(line.startswith("stored turns: some rows can no longer be read") for line in messages["problem"])
    after = contents(filled)
    assert set(after["turns"]) < set(before["turns"])
    assert len(before["turns"]) - len(after["turns"]) <= 40
    assert {name for name in before if after[name] != before[name]} == {"turns"}
    assert "problem" not in mend(filled)


def test_a_store_of_which_nothing_can_be_read_stays(home: Path) -> None:
    path = home / "onward.db"
    path.write_bytes(b"\xa5" * 40_000)
    with pytest.raises(StoreDamaged):
        mend(home)
    assert path.read_bytes() == b"\xa5" * 40_000


@pytest.mark.slow
def test_rows_of_a_postgresql_store_are_mended_and_copied_before(new_database: Callable[[], str], tmp_path: Path) -> None:
    url = new_database()
    settings = Settings(tmp_path / "home", tmp_path / "claude", database_url=url)

    def repair() -> RepairResult:
        return store_repair.repair_store(settings, lambda settings: Store.at_url(settings.database_url))

    with Store.at_url(url) as store:
        project = projects.create(store, "shop", description="Sells coffee.")
        imports.import_paths(store, sorted(SAMPLES.glob("*.jsonl"))[:2], project=project, complete=True)
        assert repair() == RepairResult(None, [])
        with store.engine.begin() as connection:
            connection.execute(text("UPDATE projects SET description = 'Sells cnffee.'"))
            connection.execute(text("UPDATE facts SET body_json = substr(body_json, 1, 40)"))
            connection.execute(text("UPDATE turns SET body = '\\x00' WHERE ordinal = 2"))
            connection.execute(text("UPDATE sessions SET branch = 'lost'"))
        result = repair()
        messages = by_status(result)
        assert {line.partition(":")[0] for line in messages["ok"]} == {*("stored projects", "stored facts", "stored turns", "search index")}
        assert [line.partition(":")[0] for line in messages["problem"]] == ["stored sessions"]
        assert projects.resolve(store, "shop").description == "Sells coffee."
        assert result.backup_path is not None
        copied = [json.loads(line) for line in result.backup_path.read_text().splitlines()]
        assert [row["description"] for row in copied if row["table"] == "projects"] == ["Sells cnffee."]
        assert {row["table"] for row in copied} == {"projects", "sessions", "turns", "facts"}
        assert result.backup_path.stat().st_mode & 0o077 == 0
