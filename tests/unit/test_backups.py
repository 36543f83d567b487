"""Backups of the store: made during writes, verified, and restored without losing the current store."""

from __future__ import annotations

import json
import sqlite3
import stat
import threading
from pathlib import Path

import pytest

from onward.app.admin import backups
from onward.app.projects import projects
from onward.app.transcripts.imports import import_paths
from onward.cli.main import main
from onward.errors import BadInput, Conflict, StoreDamaged, StoreTooNew, UnreadableFile
from onward.settings import Settings
from onward.store import Store, health

SAMPLE = Path(__file__).parents[2] / "src" / "onward" / "samples" / "2-codex.jsonl"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = Settings(tmp_path / "home", tmp_path / "claude")
    with Store.at_folder(settings.home) as store:
        import_paths(store, [SAMPLE], project=projects.create(store, "klinik"), complete=True)
    return settings


def names(settings: Settings) -> list[str]:
    with Store.at_folder(settings.home) as store:
        with store.read() as connection:
            assert health.find_damage(connection) == []
            assert health.count_unindexed(connection) == 0
        return [line.project.name for line in projects.list_projects(store)]


def test_a_copy_is_put_back(settings: Settings, tmp_path: Path) -> None:
    copy = backups.backup(settings, tmp_path / "copy.db")
    assert (copy.projects, copy.sessions) == (1, 1)
    assert copy.turns > 10
    assert stat.S_IMODE(copy.path.stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy.db", "home"]
    elsewhere = Settings(tmp_path / "elsewhere", tmp_path)
    back = backups.restore(elsewhere, copy.path)
    assert (back.projects, back.sessions, back.turns, back.previous_path) == (copy.projects, copy.sessions, copy.turns, None)
    assert names(elsewhere) == ["klinik"]


def test_a_copy_is_of_one_moment_while_others_write(settings: Settings, tmp_path: Path) -> None:
    over = threading.Event()

    def write() -> None:
        with Store.at_folder(settings.home) as store:
            number = 0
            while not over.is_set():
                number += 1
                projects.create(store, f"a{number}")
                projects.create(store, f"b{number}")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        copies = [backups.backup(settings, tmp_path / f"{number}.db") for number in range(5)]
    finally:
        over.set()
        writer.join()
    for copy in copies:
        with sqlite3.connect(copy.path) as connection:
            held = [name for (name,) in connection.execute("SELECT name FROM projects ORDER BY id")]
        connection.close()
        assert held[1:] == [f"{'ab'[place % 2]}{place // 2 + 1}" for place in range(len(held) - 1)]


def test_an_existing_store_is_only_replaced_with_force_and_kept(settings: Settings, tmp_path: Path) -> None:
    copy = backups.backup(settings, tmp_path / "copy.db")
    with Store.at_folder(settings.home) as store:
        projects.create(store, "later")
        with pytest.raises(Conflict):
            backups.restore(settings, copy.path)
        back = backups.restore(settings, copy.path, overwrite=True)
        # A program with an open store continues with the restored one.
        assert [line.project.name for line in projects.list_projects(store)] == ["klinik"]
        projects.create(store, "after")
    assert names(settings) == ["after", "klinik"]
    assert back.previous_path is not None
    backups.restore(settings, back.previous_path, overwrite=True)
    assert names(settings) == ["klinik", "later"]


def test_a_store_that_is_damaged_is_moved_aside(settings: Settings, tmp_path: Path) -> None:
    copy = backups.backup(settings, tmp_path / "copy.db")
    (settings.home / "onward.db").write_bytes(b"no database " * 1000)
    back = backups.restore(settings, copy.path, overwrite=True)
    assert back.previous_path is not None
    assert back.previous_path.read_bytes().startswith(b"no database")
    assert names(settings) == ["klinik"]


def test_an_incomplete_copy_is_refused(settings: Settings, tmp_path: Path) -> None:
    copy = backups.backup(settings, tmp_path / "copy.db").path
    data = copy.read_bytes()
    (tmp_path / "half.db").write_bytes(data[: len(data) // 2])
    (tmp_path / "spoilt.db").write_bytes(data[:8192] + bytes(len(data) - 8192))
    (tmp_path / "other.db").write_bytes(b"x" * 5000)
    with sqlite3.connect(tmp_path / "foreign.db") as connection:
        connection.execute("CREATE TABLE t (x)")
    connection.close()
    for name in ("half", "spoilt", "other"):
        with pytest.raises((StoreDamaged, UnreadableFile)):
            backups.restore(settings, tmp_path / f"{name}.db", overwrite=True)
    for path in (tmp_path / "foreign.db", tmp_path / "none.db", tmp_path):
        with pytest.raises(UnreadableFile):
            backups.restore(settings, path, overwrite=True)
    with sqlite3.connect(copy) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(StoreTooNew):
        backups.restore(settings, copy, overwrite=True)
    assert names(settings) == ["klinik"]
    assert sorted(path.name for path in settings.home.iterdir() if "before" in path.name) == []


def test_unsupported_backups_are_refused(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no store"):
        backups.backup(Settings(tmp_path / "none", tmp_path), tmp_path / "copy.db")
    with pytest.raises(BadInput, match="pg_dump"):
        backups.backup(Settings(home=tmp_path / "home", claude_home=tmp_path, database_url="postgresql://x@y/z"), tmp_path / "copy.db")
    for doing in (backups.backup, backups.restore):
        with pytest.raises(BadInput, match="itself"):
            doing(settings, settings.home / "onward.db")
    with pytest.raises(UnreadableFile):
        backups.backup(settings, tmp_path / "no" / "copy.db")


def test_the_commands(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("ONWARD_HOME", str(settings.home))
    monkeypatch.chdir(tmp_path)
    assert main(["backup", "copy.db"]) == 0
    assert capsys.readouterr().out.startswith("Backed up 1 project, 1 session, ")
    assert main(["backup", "copy.db"]) == 2
    assert main(["restore", "copy.db"]) == 1
    capsys.readouterr()
    assert main(["restore", "copy.db", "--force", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert Path(result["previous_store"]).is_file()
    assert main(["project", "export", "klinik"]) == 0
    assert main(["project", "export", "klinik"]) == 2
    assert main(["project", "delete", "klinik", "--yes"]) == 0
    capsys.readouterr()
    assert main(["project", "import", "klinik.onward.zip"]) == 0
    assert capsys.readouterr().out.startswith("Imported klinik: 1 session, ")
    assert main(["project", "import", "klinik.onward.zip", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["is_unchanged"] is True
