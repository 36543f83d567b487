"""Database connections for SQLite and PostgreSQL: reading, writing, and translating driver errors.

A process that only reads SQLite needs no SQLAlchemy: until the first statement that does, it reads by `SqliteReader`.
"""

from __future__ import annotations

import sqlite3
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext
from functools import cached_property
from pathlib import Path
from threading import Lock, local
from typing import TYPE_CHECKING, Self, TypeVar, cast

from onward import private_files
from onward.errors import BadSetting, StoreBusy, StoreDamaged, StoreError, StoreUnavailable
from onward.locations import is_read_only, read_only_url
from onward.message import Message
from onward.store import checksums, statements
from onward.store.lazy_module import sa
from onward.store.migration import NEWEST_VERSION, migrate, schema_version
from onward.store.sqlite_reader import SqliteReader

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine
    from sqlalchemy.exc import StatementError

BUSY_TIMEOUT_SECONDS = 60.0
FILE_NAME = "onward.db"

WriteResult = TypeVar("WriteResult")


class Store:
    """An open store with a current schema. Use it as a context manager, or `close` it.

    `read` and `write` are one unit of work each; `write` commits at its end and rolls back on an error. `initial_version` is the schema
    version that the database had when it was opened, empty for a new one; `tightened_paths` are files that other users of the machine
    could read until it was opened; `is_read_only` tells that every `write` fails.
    """

    def __init__(self, database: _SqliteDatabase | _PostgresDatabase) -> None:
        self._database = database
        self.initial_version = ""
        self.tightened_paths: list[str] = []
        self.is_read_only = False
        # SQLite has one writer at a time. Threads queue here: SQLite itself waits by sleeping and retrying at growing intervals.
        self._write_lock = Lock() if database.path else nullcontext()
        self._engine_lock = Lock()
        self._engine: Engine | None = None
        self._thread_local = local()

    @classmethod
    def at_folder(cls, home: Path) -> Store:
        """Open the SQLite store in the folder *home*, which is created if missing. In a read-only folder, the store can be read."""
        path = home / FILE_NAME
        if is_read_only(path):
            store = cls._open(_SqliteDatabase(path, read_only_url(path)))
            store.is_read_only = True
            return store
        try:
            private_files.create_folder(home)
            if not path.exists():
                # SQLite gives its other files the same mode.
                private_files.create_file(path)
            tightened = private_files.close_to_others(home) if private_files.is_open_to_others(path) else []
        except OSError as error:
            raise BadSetting(
                Message("Onward could not create the data folder {folder}: {problem}.", folder=home, problem=error.strerror),
                "Name another folder in ONWARD_HOME.",
            ) from error
        store = cls._open(_SqliteDatabase(path))
        store.tightened_paths = tightened
        return store

    @classmethod
    def at_url(cls, url: str) -> Store:
        """Open the PostgreSQL store at *url* (`postgresql://user@host/name`)."""
        return cls._open(_PostgresDatabase(url))

    @classmethod
    def _open(cls, database: _SqliteDatabase | _PostgresDatabase) -> Store:
        store = cls(database)
        with store._translate_errors():
            if isinstance(database, _SqliteDatabase):
                with store.read() as connection:
                    store.initial_version = schema_version(connection)
            if store.initial_version != NEWEST_VERSION:
                store.initial_version = migrate(store.engine, store._write_engine)
        return store

    @property
    def engine(self) -> Engine:
        """SQLAlchemy's engine for the database."""
        with self._engine_lock:
            if self._engine is None:
                self._engine = self._database.create_engine()
            return self._engine

    @cached_property
    def _write_engine(self) -> Engine:
        return self.engine.execution_options(writing=True)

    @cached_property
    def _read_engine(self) -> Engine:
        # A transaction of SQLite always reads one snapshot.
        return self.engine if self.path else self.engine.execution_options(isolation_level="REPEATABLE READ")

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that reads one snapshot of the store."""
        shared_connection: Connection | None = getattr(self._thread_local, "connection", None)
        if shared_connection is not None:
            yield shared_connection
            return
        with self._translate_errors():
            if self._engine is None and isinstance(self._database, _SqliteDatabase):
                with self._database.read(lambda: self.engine) as reader:
                    yield cast("Connection", reader)
                return
            with self._read_engine.connect() as connection:
                connection.begin()
                yield connection

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Let every `read` of this thread share one snapshot and one transaction."""
        with self.read() as connection:
            self._thread_local.connection = connection
            try:
                yield
            finally:
                self._thread_local.connection = None

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A connection in a write transaction. Waits for other writers. Rows that changed get their checksums at the end."""
        with self._write_lock, self._translate_errors(), self._write_engine.begin() as connection:
            yield connection
            checksums.seal(connection)

    def write_batch(self, tasks: Sequence[Callable[[Connection], WriteResult]]) -> list[WriteResult | Exception]:
        """Run *tasks* in one transaction and return their results. If one fails, run each in its own and return its result or exception.

        A store that stays busy too long fails all tasks at once: waiting again for each would take too long.
        """
        try:
            with self.write() as connection:
                return [task(connection) for task in tasks]
        except StoreBusy as error:
            return [error] * len(tasks)
        except Exception as error:  # noqa: BLE001 - the caller of the task gets it
            if len(tasks) == 1:
                return [error]
        return [outcome for task in tasks for outcome in self.write_batch([task])]

    @property
    def path(self) -> Path | None:
        """The database file, or None for PostgreSQL."""
        return self._database.path

    def close(self) -> None:
        """Close all connections."""
        if self._engine is not None:
            self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        """Translate driver errors into Onward's own. The values of a statement never appear in them."""
        try:
            yield
        except UnicodeDecodeError as error:
            # SQLite's driver raises it for damaged texts; others are handled where they were raised.
            if self.path is None or not _is_from_driver(error):
                raise
            raise _damaged(self._database.name, "a text in it cannot be decoded") from error
        except sqlite3.Error as error:
            # Raised by a statement that went straight to the driver.
            raise _translate(sa.exc.DBAPIError.instance("", None, error, sqlite3.Error), self._database.name) from error
        except Exception as error:
            # Only SQLAlchemy raises its errors, so if it was not imported, this is none.
            if "sqlalchemy" in sys.modules and isinstance(error, sa.exc.DBAPIError):
                raise _translate(error, self._database.name) from error
            raise


class _PostgresDatabase:
    path = None

    def __init__(self, url: str) -> None:
        self._url = url

    @property
    def name(self) -> str:
        return str(sa.make_url(self._url).render_as_string(hide_password=True))

    def create_engine(self) -> Engine:
        try:
            parsed = sa.make_url(self._url)
            if parsed.get_backend_name() != "postgresql":
                raise BadSetting(
                    Message("ONWARD_DATABASE_URL names {database!r}, which Onward does not support.", database=parsed.get_backend_name()),
                    "Use postgresql://user@host/name, or unset it for SQLite.",
                )
            return sa.create_engine(parsed.set(drivername="postgresql+psycopg"), max_overflow=-1, pool_use_lifo=True, pool_pre_ping=True)
        except (sa.exc.ArgumentError, sa.exc.NoSuchModuleError) as error:
            raise BadSetting("ONWARD_DATABASE_URL is not a database address.", "Use postgresql://user@host/name.") from error
        except ModuleNotFoundError as error:
            raise BadSetting("PostgreSQL needs another package.", "Install it beside Onward: pip install 'psycopg[binary]'") from error


class _SqliteDatabase:
    """The database file *path*; with *read_url*, one that is only read, from that URL."""

    def __init__(self, path: Path, read_url: str = "") -> None:
        self.path = path
        self._read_url = read_url

    @property
    def name(self) -> str:
        return str(self.path)

    def connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._read_url or self.path,
            uri=bool(self._read_url),
            timeout=BUSY_TIMEOUT_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )
        if not self._read_url:
            _set_pragmas(connection)
        return connection

    @contextmanager
    def read(self, before_import: Callable[[], object]) -> Iterator[SqliteReader]:
        """A connection in a transaction that reads one snapshot."""
        with closing(SqliteReader(self.connect(), before_import)) as reader:
            reader.driver_connection.execute("BEGIN")
            yield reader

    def create_engine(self) -> Engine:
        # As many connections as threads ask for. The last used is reused first, so that a quiet server keeps few open.
        engine = sa.create_engine(f"sqlite:///{self.path}", creator=self.connect, pool_size=8, max_overflow=-1, pool_use_lifo=True)

        @sa.event.listens_for(engine, "begin")
        def _on_begin(connection: Connection) -> None:
            # A writer takes its lock at the start. Two transactions that read first and then write would deadlock.
            statement = "BEGIN IMMEDIATE" if connection.get_execution_options().get("writing") else "BEGIN"
            cast("sqlite3.Connection", connection.connection.driver_connection).execute(statement)

        return engine


def _set_pragmas(connection: sqlite3.Connection) -> None:
    """Configure SQLite. `synchronous=NORMAL` loses nothing when a process dies, and at most the last moments when the power fails."""
    deadline = time.monotonic() + BUSY_TIMEOUT_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            break
        except sqlite3.OperationalError as error:
            # SQLite does not wait by itself for this statement.
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
    for pragma in ("foreign_keys = ON", "synchronous = NORMAL", "cache_size = -32000", "temp_store = MEMORY", "wal_autocheckpoint = 4000"):
        connection.execute(f"PRAGMA {pragma}")


def _is_from_driver(error: Exception) -> bool:
    """Return whether *error* was raised by C code that SQLAlchemy, this module or `statements` called."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    file = trace.tb_frame.f_code.co_filename if trace else ""
    return "sqlalchemy" in file or file in (__file__, statements.__file__)


def _damaged(database: str, problem: str) -> StoreDamaged:
    return StoreDamaged(
        Message("The database {database} is damaged: {problem}.", database=database, problem=problem),
        "Repair it: onward doctor --mend",
    )


def _translate(error: StatementError, database: str) -> Exception:
    message = str(error.orig)
    if "database is locked" in message or "database table is locked" in message:
        return StoreBusy("Another process has been writing to the store for more than a minute.", "Wait for it to end, then try again.")
    if any(sign in message for sign in ("malformed", "not a database", "disk I/O error", "Could not decode", "corrupt")):
        return _damaged(database, message)
    if "full" in message:
        return StoreError(
            Message("There is no disk space left to write {database}.", database=database),
            "Free some disk space, then try again. No partial data was written.",
        )
    if "readonly" in message or "unable to open" in message:
        return StoreError(
            Message("Onward may not write the database {database}: {problem}.", database=database, problem=message),
            "Check the permissions of the folder, or name another folder in ONWARD_HOME.",
        )
    if isinstance(error, sa.exc.IntegrityError | sa.exc.ProgrammingError):
        return error
    if isinstance(error, sa.exc.OperationalError) and not database.startswith("/"):
        return StoreUnavailable(
            Message("The database {database} does not answer: {problem}.", database=database, problem=message.splitlines()[0]),
            "Check that PostgreSQL runs, then try again.",
        )
    problem = message.splitlines()[0] if message else type(error.orig).__name__
    return StoreError(Message("The database {database} failed: {problem}.", database=database, problem=problem), "Run `onward doctor`.")
