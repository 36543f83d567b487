"""SQLite databases of other tools, opened without side effects: read-only, from a copy while in use."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from shutil import copyfile, copyfileobj
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from onward.errors import BadInput, UnreadableFile
from onward.formats.source import TranscriptSource
from onward.message import Message

if TYPE_CHECKING:
    import sqlite3

_SQLITE = b"SQLite format 3\0"
_JOURNALS = ("-wal", "-journal")
_TRIES = 3


def has_tables(head: bytes, *names: str) -> bool:
    """Whether *head* begins a SQLite database whose schema creates all the tables *names*, in any quoting."""
    if not head.startswith(_SQLITE):
        return False
    flat = head.translate(None, b"`\"'[] \r\n\t").lower()
    return all(any(b"createtable" + clause + name.lower().encode() + b"(" in flat for clause in (b"", b"ifnotexists")) for name in names)


def schema_head(source: TranscriptSource) -> bytes:
    """Return what `has_tables` needs as SQLite itself reports it: the schema may be anywhere in the file, or in its journal. Empty for a
    damaged database.
    """
    try:
        with open_database(source) as connection:
            rows = connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    except BadInput:
        return b""
    return _SQLITE + "\n".join(row["sql"] for row in rows).encode("utf-8", "replace")


def list_tables(connection: sqlite3.Connection) -> set[str]:
    """Return the names of the tables of a database."""
    return {row["name"] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


@contextmanager
def open_database(source: TranscriptSource) -> Iterator[sqlite3.Connection]:
    """Open the database of *source*, with rows as objects by column name. Raises `BadInput` if it is damaged, also during later reads."""
    # Detecting a format must not import SQLite.
    import sqlite3

    with tempfile.TemporaryDirectory(prefix="onward-") as folder:
        try:
            with closing(sqlite3.connect(_database_uri(source, Path(folder) / "copy.db"), uri=True)) as connection:
                connection.row_factory = _row_dict
                # Bytes that are not UTF-8 must not lose the row.
                connection.text_factory = lambda data: data.decode("utf-8", "replace")
                yield connection
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            # The second: with a damaged schema even SQLite's message is no text.
            raise BadInput(
                Message("{path} cannot be read as a SQLite database: {problem}.", path=source.name, problem=error),
                "Close the agent that writes it and try again.",
            ) from None


def is_database(path: Path) -> bool:
    """Whether *path* is a SQLite database."""
    with path.open("rb") as stream:
        return stream.read(len(_SQLITE)) == _SQLITE


def copy_database(path: Path, folder: Path) -> Path:
    """Return a copy of the database at *path* in *folder*, as one file with its journals merged."""
    import sqlite3

    copy = folder / "copy.db"
    _copy_files(path, copy)
    try:
        with closing(sqlite3.connect(copy)) as connection:
            connection.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.DatabaseError as error:
        raise BadInput(
            Message("{path} cannot be read as a SQLite database: {problem}.", path=path, problem=error),
            "Close the agent that writes it and try again.",
        ) from None
    return copy


def _row_dict(cursor: sqlite3.Cursor, row: tuple[Any, ...]) -> dict[str, Any]:
    """A row by column names, which differ between versions of a tool."""
    return {column[0]: value for column, value in zip(cursor.description, row, strict=True)}


def _database_uri(source: TranscriptSource, copy: Path) -> str:
    """Return the URI to open. `immutable` keeps SQLite from creating files beside an unused database."""
    path = source.path
    if path is not None and not any(_sibling(path, journal).exists() for journal in _JOURNALS):
        return f"file:{quote(str(path.absolute()))}?mode=ro&immutable=1"
    if path is None:
        with source.open_stream() as stream, copy.open("wb") as target:
            copyfileobj(stream, target)
    else:
        _copy_files(path, copy)
    return f"file:{quote(str(copy))}"


def _copy_files(path: Path, copy: Path) -> None:
    """Copy the database at *path* with its journals; again if the tool wrote meanwhile, since a mixture of two states is inconsistent."""
    try:
        for _ in range(_TRIES):
            state_before = _state(path)
            for journal in ("", *_JOURNALS):
                target = _sibling(copy, journal)
                target.unlink(missing_ok=True)
                if _sibling(path, journal).exists():
                    copyfile(_sibling(path, journal), target)
            if _state(path) == state_before:
                return
    except OSError as error:
        raise UnreadableFile(
            Message("{path} cannot be copied: {problem}.", path=path, problem=error.strerror),
            "Check that you may read it and that the disk has room.",
        ) from None


def _state(path: Path) -> list[tuple[int, int]]:
    files = [_sibling(path, journal) for journal in ("", *_JOURNALS)]
    return [(file.stat().st_mtime_ns, file.stat().st_size) for file in files if file.exists()]


def _sibling(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)
