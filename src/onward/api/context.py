"""What every route works with: the open store, the settings and the writer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, TypeVar, cast

from anyio.to_thread import run_sync
from fastapi import Depends, Request

from onward.api.write_batch import Writer
from onward.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from onward.store import Store

Found = TypeVar("Found")

MAX_BYTES = 32 * 1024
"""The most bytes to process on the event loop: more would delay all other requests."""


@dataclass(frozen=True, slots=True)
class ApiContext:
    """The open store, the settings and the writer: one for the whole process, safe for use from any thread."""

    store: Store
    settings: Settings
    writer: Writer

    async def read(self, work: Callable[[], Found], *, size_bytes: int = 0) -> Found:
        """Return the result of *work*, which reads a few rows by key and writes nothing. *size_bytes* is the size of other data that it
        processes.

        On SQLite this takes less time than a switch to another thread, and never waits for a writer. A database across a network is read in
        a thread.
        """
        return await run_sync(self._read, work) if self.store.path is None or size_bytes > MAX_BYTES else self._read(work)

    async def write(self, work: Callable[[Connection], Found]) -> Found:
        """Run *work* in a transaction, and return its result after the commit. SQLite has one writer, so there it shares a transaction with
        other requests.
        """
        return await self.writer.write(work) if self.store.path else await run_sync(self._write, work)

    def _read(self, work: Callable[[], Found]) -> Found:
        with self.store.snapshot():
            return work()

    def _write(self, work: Callable[[Connection], Found]) -> Found:
        with self.store.write() as connection:
            return work(connection)


async def _context(request: Request) -> ApiContext:
    # A coroutine, because FastAPI runs a plain function in a thread for every request.
    return cast("ApiContext", request.app.state.context)


Context = Annotated[ApiContext, Depends(_context)]
