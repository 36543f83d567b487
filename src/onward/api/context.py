"""What every route works with: the one open store, and the settings."""

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
"""What is gone through at once: more would keep everybody waiting."""


@dataclass(frozen=True, slots=True)
class ApiContext:
    """An open store and the settings that it was opened by. One for the whole process: the store may be used from any thread."""

    store: Store
    settings: Settings
    writer: Writer

    async def read(self, work: Callable[[], Found], *, size_bytes: int = 0) -> Found:
        """Return what *read* finds: a few rows by their keys, and nothing that is written; *of_bytes* tells how much else it goes through.

        SQLite finds them in less time than a trip to a thread and back takes, and never waits for a writer. A database across a network is asked in a thread.
        """
        return await run_sync(self._read, work) if self.store.path is None or size_bytes > MAX_BYTES else self._read(work)

    async def write(self, work: Callable[[Connection], Found]) -> Found:
        """Do *work* in a transaction, and return what it returns once that is committed: on SQLite with what others want written at the same time, for it has one writer."""
        return await self.writer.write(work) if self.store.path else await run_sync(self._write, work)

    def _read(self, work: Callable[[], Found]) -> Found:
        with self.store.snapshot():
            return work()

    def _write(self, work: Callable[[Connection], Found]) -> Found:
        with self.store.write() as connection:
            return work(connection)


async def _context(request: Request) -> ApiContext:
    # Not a plain function: that would be another trip to a thread, for every request.
    return cast("ApiContext", request.app.state.context)


Context = Annotated[ApiContext, Depends(_context)]
