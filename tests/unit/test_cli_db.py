"""The commands `onward db` and `onward demo --keep`."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from onward.app.admin import database
from onward.app.projects import projects
from onward.settings import Settings
from onward.store import Store
from onward.store.engine import _PostgresDatabase
from onward.store.migration import NEWEST_VERSION

Run = Callable[..., subprocess.CompletedProcess[str]]

pytestmark = pytest.mark.slow


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs a command in a process of its own, in a pipe, with an empty home."""
    outer_environment = {name: value for name, value in os.environ.items() if not name.startswith("ONWARD_")}
    environment = {**outer_environment, "ONWARD_HOME": str(tmp_path / "home"), "CLAUDE_CONFIG_DIR": str(tmp_path / "claude")}

    def onward(*arguments: object, stdin: str = "", **more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "onward", *map(str, arguments)]
        return subprocess.run(
            command, input=stdin, env={**environment, **more}, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
        )

    return onward


def test_migrating_says_from_where_to_where(run: Run, tmp_path: Path) -> None:
    assert run("db", "migrate").stdout == f"Migrated the schema from an empty database to version {NEWEST_VERSION}.\n"
    assert run("db", "migrate").stdout == f"The schema is up to date: version {NEWEST_VERSION}.\n"
    assert json.loads(run("db", "migrate", "--json").stdout) == {"old_version": NEWEST_VERSION, "new_version": NEWEST_VERSION}
    with sqlite3.connect(tmp_path / "home" / "onward.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    newer = run("db", "migrate")
    assert newer.returncode == 1
    assert "newer Onward" in newer.stderr


def test_the_prompt_is_on_the_store(run: Run, tmp_path: Path) -> None:
    run("project", "new", "kopi")
    if shutil.which("sqlite3"):
        shown = run("db", "shell", stdin="SELECT name FROM projects;\nPRAGMA foreign_keys;\n")
        assert (shown.returncode, shown.stdout) == (0, "kopi\n1\n")
    shell = json.loads(run("db", "shell", "--json").stdout)
    assert shell["command"][0] == "sqlite3"
    assert shell["command"][-1] == str(tmp_path / "home" / "onward.db")
    missing = run("db", "shell", PATH=str(tmp_path))
    assert missing.returncode == 1
    assert "sqlite3 is not installed" in missing.stdout
    assert str(tmp_path / "home" / "onward.db") in missing.stdout


def test_a_store_moves_to_another_database_and_back(run: Run, tmp_path: Path, new_database: Callable[[], str]) -> None:
    assert run("demo", "--no-serve", "--keep").returncode == 0
    run("knowledge", "add", "Wash the cups", "--kind", "practice")
    url, back = new_database(), tmp_path / "back"
    moved = run("db", "copy", url, "--json")
    assert json.loads(moved.stdout)["rows"] > 100, moved.stderr
    assert run("db", "copy", back, ONWARD_DATABASE_URL=url).returncode == 0
    for arguments in (
        ["handoff", "--project", "antre"],
        ["search", "which decision", "--json"],
        ["session", "list", "--project", "antre", "--json"],
        ["fact", "list", "--json"],
    ):
        expected = run(*arguments).stdout
        assert expected
        assert run(*arguments, ONWARD_DATABASE_URL=url).stdout == expected
        assert run(*arguments, ONWARD_HOME=str(back)).stdout == expected
    # New rows get new ids.
    assert run("project", "new", "kopi", ONWARD_DATABASE_URL=url).returncode == 0
    assert run("session", "start", "--project", "kopi", ONWARD_DATABASE_URL=url).returncode == 0
    again = run("db", "copy", url)
    assert again.returncode == 1
    assert "is not empty" in again.stderr


def test_emptying_asks_and_keeps_a_copy(run: Run, tmp_path: Path) -> None:
    run("project", "new", "kopi")
    refused = run("db", "reset", stdin="onward.db\n")
    assert refused.returncode == 2
    assert "needs a confirmation" in refused.stderr
    assert "kopi" in run("project", "list").stdout
    done = json.loads(run("db", "reset", "--yes", "--json").stdout)
    assert done["name"] == "onward.db"
    assert run("project", "list", "--json").stdout.strip() == "[]"
    assert sorted(path.name for path in (tmp_path / "home").iterdir() if path.is_dir()) == []
    assert run("restore", "--force", done["backup_path"]).returncode == 0
    assert "kopi" in run("project", "list").stdout


def test_a_store_in_use_is_empty_at_once_for_all(store: Store, tmp_path: Path) -> None:
    url = "" if store.path else store.engine.url.render_as_string(hide_password=False)
    home = store.path.parent if store.path else tmp_path
    before = projects.create(store, "kopi")
    other = Store.at_url(url) if url else Store.at_folder(home)
    with other:
        assert len(projects.list_projects(other)) == 1
        done = database.reset_store(Settings(home=home, claude_home=tmp_path / "claude", database_url=url), store)
        assert (done.backup_path is None) == bool(url)
        assert projects.list_projects(other) == []
        assert projects.create(other, "kopi").id == before.id
        assert len(projects.list_projects(store)) == 1


def test_a_password_is_not_in_the_command_line() -> None:
    word = "pass" + "word"
    prompt = database.database_prompt(Store(_PostgresDatabase(f"postgresql://me:{word}@db.example:5433/onward?sslmode=require")))
    assert prompt.command == ("psql", "postgresql://me@db.example:5433/onward?sslmode=require")
    assert prompt.secrets == {"PGPASSWORD": word}


def test_the_demo_can_stay_in_the_store(run: Run) -> None:
    shown = run("demo", "--no-serve", "--keep")
    assert shown.returncode == 0
    assert "Stored in your own store, as project antre" in shown.stdout
    assert len(json.loads(run("session", "list", "--project", "antre", "--json").stdout)) == 3
    again = run("demo", "--no-serve", "--keep")
    assert again.returncode == 1
    assert "antre" in again.stderr
