"""Databases of other tools: read from a copy while in use, and never modified."""

from __future__ import annotations

import shutil
import sqlite3

import pytest

from onward.errors import BadInput
from onward.formats.databases import has_tables


@pytest.fixture
def database(fixtures, tmp_path):
    path = tmp_path / "sessions.db"
    shutil.copyfile(fixtures / "goose" / "sessions.db", path)
    return path


def state(folder):
    return {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.iterdir()}


def test_reading_leaves_nothing_behind_and_changes_nothing(database, reading):
    connection = sqlite3.connect(database)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.close()
    before = state(database.parent)
    reading(database)
    assert state(database.parent) == before


def test_what_is_only_in_the_journal_of_a_live_database_is_read(database, reading):
    writer = sqlite3.connect(database)
    writer.execute("PRAGMA journal_mode = WAL")
    writer.execute('UPDATE messages SET content_json = \'[{"type":"text","text":"only in the journal"}]\' WHERE id = 1')
    writer.commit()
    writer.execute("UPDATE messages SET content_json = '[]' WHERE id = 1")
    before = state(database.parent)
    assert reading(database).prompts()[0] == "only in the journal"
    assert state(database.parent) == before
    writer.rollback()
    writer.close()


def test_a_database_in_a_folder_that_cannot_be_written_is_read(database, reading):
    database.parent.chmod(0o555)
    try:
        assert reading(database).prompts()
    finally:
        database.parent.chmod(0o755)


def test_odd_names_are_names(database, reading):
    odd = database.with_name("se?ssions#1 %41.db")
    database.rename(odd)
    assert reading(odd).prompts()


def test_a_stream_is_read_like_the_file(database, reading):
    assert reading(database.read_bytes()) == reading(database)


def test_a_damaged_database_is_refused_with_advice(database, reading):
    data = database.read_bytes()
    database.write_bytes(data[:4096] + b"\xff" * (len(data) - 4096))
    with pytest.raises(BadInput, match="cannot be read as a SQLite database") as refused:
        reading(database)
    assert refused.value.hint


def test_tables_are_known_however_they_are_quoted():
    for schema in (
        b"CREATE TABLE part (id)",
        b"CREATE TABLE `part` (`id`)",
        b'create table if not exists "part"(id)',
        b"CREATE TABLE\n[part]\n(id)",
    ):
        assert has_tables(b"SQLite format 3\0" + schema, "part")
    assert not has_tables(b"SQLite format 3\0CREATE TABLE parts (id)", "part")
    assert not has_tables(b"CREATE TABLE part (id)", "part")
