"""The connection to the database, the same for SQLite and PostgreSQL: reading, writing, and what a driver's errors mean."""

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

from onward.errors import BadSetting, StoreBusy, StoreDamaged, StoreError
from onward.store.migrating import bring_up_to_date

BUSY_TIMEOUT_SECONDS = 60.0
FILE_NAME = "onward.db"

Outcome = TypeVar("Outcome")


class Store:
    """An open store, its schema up to date. Use as a context manager, or `close` it.

    `read` and `write` are one unit of work each; `write` commits at its end and takes the whole of it back on an error. `found_version` is
    the schema that it was found at, empty where it was made now.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.found_version = ""
        # SQLite has one writer at a time. Threads of this process take turns here: SQLite's own waiting is by sleeping and asking again, ever longer.
        self._turn = Lock() if engine.dialect.name == "sqlite" else nullcontext()
        self._opened_here = local()
        self._writing = engine.execution_options(writing=True)
        # SQLite reads one state anyway.
        self._reading = engine if engine.dialect.name == "sqlite" else engine.execution_options(isolation_level="REPEATABLE READ")

    @classmethod
    def at_folder(cls, home: Path) -> Store:
        """Open the SQLite store of the folder *home*, made where it is missing."""
        try:
            home.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise BadSetting(f"The data folder {home} cannot be made: {error.strerror}.", "Name another one in ONWARD_HOME.") from error
        return cls._opened(_sqlite(home / FILE_NAME))

    @classmethod
    def at_url(cls, url: str) -> Store:
        """Open the PostgreSQL store at *url* (`postgresql://user@host/name`)."""
        return cls._opened(_postgres(url))

    @classmethod
    def _opened(cls, engine: Engine) -> Store:
        store = cls(engine)
        with _meaning(engine):
            store.found_version = bring_up_to_date(engine, store._writing)
        return store

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that sees one state of the store throughout."""
        opened: Connection | None = getattr(self._opened_here, "connection", None)
        if opened is not None:
            yield opened
            return
        with _meaning(self.engine), self._reading.connect() as connection:
            connection.begin()
            yield connection

    @contextmanager
    def one_state(self) -> Iterator[None]:
        """Let all that this thread reads meanwhile be of one state, and of one transaction."""
        with self.read() as connection:
            self._opened_here.connection = connection
            try:
                yield
            finally:
                self._opened_here.connection = None

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A connection in a transaction that may write; waits for its turn."""
        with self._turn, _meaning(self.engine), self._writing.begin() as connection:
            yield connection

    def write_together(self, works: Sequence[Callable[[Connection], Outcome]]) -> list[Outcome | Exception]:
        """Do *works* in one transaction, and return what each returned; where one fails, each in a transaction of its own, and what it returned or raised.

        A store that is busy for too long is that for all of them: nobody waits once more.
        """
        try:
            with self.write() as connection:
                return [work(connection) for work in works]
        except StoreBusy as error:
            return [error] * len(works)
        except Exception as error:  # noqa: BLE001 - whoever asked for the work gets it
            if len(works) == 1:
                return [error]
        return [outcome for work in works for outcome in self.write_together([work])]

    @property
    def path(self) -> Path | None:
        """The database file; None for PostgreSQL."""
        name = self.engine.url.database
        return Path(name) if name and self.engine.dialect.name == "sqlite" else None

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _sqlite(path: Path) -> Engine:
    arguments = {"timeout": BUSY_TIMEOUT_SECONDS, "isolation_level": None, "check_same_thread": False}
    # As many connections as threads ask for; those used last are used again, so that a quiet server holds few.
    engine = create_engine(f"sqlite:///{path}", connect_args=arguments, pool_size=8, max_overflow=-1, pool_use_lifo=True)

    @event.listens_for(engine, "connect")
    def _connected(connection: sqlite3.Connection, _: Any) -> None:
        _prepare(connection)

    @event.listens_for(engine, "begin")
    def _began(connection: Connection) -> None:
        # A writer waits for its turn at the start: two that both read first would end in an error that no waiting can mend.
        begin = "BEGIN IMMEDIATE" if connection.get_execution_options().get("writing") else "BEGIN"
        cast("sqlite3.Connection", connection.connection.driver_connection).execute(begin)

    return engine


def _prepare(connection: sqlite3.Connection) -> None:
    """Settle how SQLite works. `synchronous=NORMAL` loses no committed work when a process dies, and at most the last moments when the power does."""
    until = time.monotonic() + BUSY_TIMEOUT_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            break
        except sqlite3.OperationalError as error:
            # SQLite does not wait by itself for this one statement.
            if "locked" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(0.01)
    for pragma in ("foreign_keys = ON", "synchronous = NORMAL", "cache_size = -32000", "temp_store = MEMORY", "wal_autocheckpoint = 4000"):
        connection.execute(f"PRAGMA {pragma}")


def _postgres(url: str) -> Engine:
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() != "postgresql":
            raise BadSetting(
                f"ONWARD_DATABASE_URL names {parsed.get_backend_name()!r}.", "Use postgresql://user@host/name, or unset it for SQLite."
            )
        return create_engine(parsed.set(drivername="postgresql+psycopg"), max_overflow=-1, pool_use_lifo=True, pool_pre_ping=True)
    except (ArgumentError, NoSuchModuleError) as error:
        raise BadSetting("ONWARD_DATABASE_URL is no database address.", "Use postgresql://user@host/name.") from error
    except ModuleNotFoundError as error:
        raise BadSetting("PostgreSQL needs one more package.", "Install it: pip install 'onward[postgres]'") from error


@contextmanager
def _meaning(engine: Engine) -> Iterator[None]:
    """Turn what the driver raises into the errors of this house; never repeats the values of a statement."""
    try:
        yield
    except DBAPIError as error:
        raise _meant(error, engine) from error
    except sqlite3.Error as error:
        # Of a statement that went straight to the driver.
        raise _meant(DBAPIError.instance("", None, error, sqlite3.Error), engine) from error


def _meant(error: StatementError, engine: Engine) -> Exception:
    said = str(error.orig)
    where = engine.url.database if engine.dialect.name == "sqlite" else engine.url.render_as_string(hide_password=True)
    if "database is locked" in said or "database table is locked" in said:
        return StoreBusy(
            "Another process has been writing to the store for more than a minute.", "Wait for it to end, then run this again."
        )
    if "malformed" in said or "not a database" in said or "disk I/O error" in said:
        return StoreDamaged(f"The database {where} is not whole: {said}.", "Run `onward doctor`; restore a backup if it cannot mend it.")
    if "full" in said:
        return StoreError(
            f"There is no room left to write {where}.", "Free some disk space, then run this again: nothing half-done is kept."
        )
    if "readonly" in said or "unable to open" in said:
        return StoreError(
            f"The database {where} may not be written: {said}.", "Check the folder's permissions, or name another in ONWARD_HOME."
        )
    if isinstance(error, IntegrityError | ProgrammingError):
        return error
    return StoreError(f"The store {where} failed: {said.splitlines()[0] if said else type(error.orig).__name__}.", "Run `onward doctor`.")
