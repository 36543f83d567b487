"""Database connections for SQLite and PostgreSQL: reading, writing, and translating driver errors."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from threading import Lock, local
from typing import Any, Self, TypeVar, cast

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, NoSuchModuleError, ProgrammingError, StatementError

from onward import private_files
from onward.errors import BadSetting, StoreBusy, StoreDamaged, StoreError
from onward.locations import is_read_only, read_only_url
from onward.message import Message
from onward.store.checksums import seal
from onward.store.migration import migrate

BUSY_TIMEOUT_SECONDS = 60.0
FILE_NAME = "onward.db"

WriteResult = TypeVar("WriteResult")


class Store:
    """An open store with a current schema. Use it as a context manager, or `close` it.

    `read` and `write` are one unit of work each; `write` commits at its end and rolls back on an error. `initial_version` is the schema
    version that the database had when it was opened, empty for a new one; `tightened_paths` are files that other users of the machine
    could read until it was opened; `is_read_only` tells that every `write` fails.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.initial_version = ""
        self.tightened_paths: list[str] = []
        self.is_read_only = False
        # SQLite has one writer at a time. Threads queue here: SQLite itself waits by sleeping and retrying at growing intervals.
        self._write_lock = Lock() if engine.dialect.name == "sqlite" else nullcontext()
        self._thread_local = local()
        self._write_engine = engine.execution_options(writing=True)
        # A transaction of SQLite always reads one snapshot.
        self._read_engine = engine if engine.dialect.name == "sqlite" else engine.execution_options(isolation_level="REPEATABLE READ")

    @classmethod
    def at_folder(cls, home: Path) -> Store:
        """Open the SQLite store in the folder *home*, which is created if missing. In a read-only folder, the store can be read."""
        if is_read_only(home / FILE_NAME):
            store = cls._open(_sqlite_engine(home / FILE_NAME, read_only_url(home / FILE_NAME)))
            store.is_read_only = True
            return store
        try:
            private_files.create_folder(home)
            if not (path := home / FILE_NAME).exists():
                # SQLite gives its other files the same mode.
                private_files.create_file(path)
            tightened = private_files.close_to_others(home) if private_files.is_open_to_others(path) else []
        except OSError as error:
            raise BadSetting(
                Message("Onward could not create the data folder {folder}: {problem}.", folder=home, problem=error.strerror),
                "Name another folder in ONWARD_HOME.",
            ) from error
        store = cls._open(_sqlite_engine(path))
        store.tightened_paths = tightened
        return store

    @classmethod
    def at_url(cls, url: str) -> Store:
        """Open the PostgreSQL store at *url* (`postgresql://user@host/name`)."""
        return cls._open(_postgres_engine(url))

    @classmethod
    def _open(cls, engine: Engine) -> Store:
        store = cls(engine)
        with _translate_errors(engine):
            store.initial_version = migrate(engine, store._write_engine)
        return store

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that reads one snapshot of the store."""
        shared_connection: Connection | None = getattr(self._thread_local, "connection", None)
        if shared_connection is not None:
            yield shared_connection
            return
        with _translate_errors(self.engine), self._read_engine.connect() as connection:
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
        with self._write_lock, _translate_errors(self.engine), self._write_engine.begin() as connection:
            yield connection
            seal(connection)

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
        name = self.engine.url.database
        return Path(name) if name and self.engine.dialect.name == "sqlite" else None

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _sqlite_engine(path: Path, read_url: str = "") -> Engine:
    """Return the engine for the database *path*; with *read_url*, one that only reads, from that URL."""
    # As many connections as threads ask for. The last used is reused first, so that a quiet server keeps few open.
    engine = create_engine(
        f"sqlite:///{path}",
        creator=lambda: sqlite3.connect(
            read_url or path, uri=bool(read_url), timeout=BUSY_TIMEOUT_SECONDS, isolation_level=None, check_same_thread=False
        ),
        pool_size=8,
        max_overflow=-1,
        pool_use_lifo=True,
    )

    @event.listens_for(engine, "connect")
    def _on_connect(connection: sqlite3.Connection, _: Any) -> None:
        if not read_url:
            _set_pragmas(connection)

    @event.listens_for(engine, "begin")
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


def _postgres_engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() != "postgresql":
            raise BadSetting(
                Message("ONWARD_DATABASE_URL names {database!r}, which Onward does not support.", database=parsed.get_backend_name()),
                "Use postgresql://user@host/name, or unset it for SQLite.",
            )
        return create_engine(parsed.set(drivername="postgresql+psycopg"), max_overflow=-1, pool_use_lifo=True, pool_pre_ping=True)
    except (ArgumentError, NoSuchModuleError) as error:
        raise BadSetting("ONWARD_DATABASE_URL is not a database address.", "Use postgresql://user@host/name.") from error
    except ModuleNotFoundError as error:
        raise BadSetting("PostgreSQL needs another package.", "Install it beside Onward: pip install 'psycopg[binary]'") from error


@contextmanager
def _translate_errors(engine: Engine) -> Iterator[None]:
    """Translate driver errors into Onward's own. The values of a statement never appear in them."""
    try:
        yield
    except DBAPIError as error:
        raise _translate(error, engine) from error
    except UnicodeDecodeError as error:
        # SQLite's driver raises it for damaged texts; others are handled where they were raised.
        if engine.dialect.name != "sqlite" or not _is_from_driver(error):
            raise
        raise _damaged(engine, "a text in it cannot be decoded") from error
    except sqlite3.Error as error:
        # Raised by a statement that went straight to the driver.
        raise _translate(DBAPIError.instance("", None, error, sqlite3.Error), engine) from error


def _is_from_driver(error: Exception) -> bool:
    """Return whether *error* was raised by C code that SQLAlchemy or this module called."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    file = trace.tb_frame.f_code.co_filename if trace else ""
    return "sqlalchemy" in file or file == __file__


def _damaged(engine: Engine, problem: str) -> StoreDamaged:
    return StoreDamaged(
        Message("The database {database} is damaged: {problem}.", database=engine.url.database, problem=problem),
        "Repair it: onward doctor --mend",
    )


def _translate(error: StatementError, engine: Engine) -> Exception:
    message = str(error.orig)
    database = engine.url.database if engine.dialect.name == "sqlite" else engine.url.render_as_string(hide_password=True)
    if "database is locked" in message or "database table is locked" in message:
        return StoreBusy("Another process has been writing to the store for more than a minute.", "Wait for it to end, then try again.")
    if any(sign in message for sign in ("malformed", "not a database", "disk I/O error", "Could not decode", "corrupt")):
        return _damaged(engine, message)
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
    if isinstance(error, IntegrityError | ProgrammingError):
        return error
    problem = message.splitlines()[0] if message else type(error.orig).__name__
    return StoreError(Message("The database {database} failed: {problem}.", database=database, problem=problem), "Run `onward doctor`.")
