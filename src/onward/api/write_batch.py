"""Writing for many requests at once: what is wanted while one transaction is being written goes into the next one, all together.

A commit costs more than what most requests write. Nobody is answered before the transaction that holds what it wrote is committed.
"""

from __future__ import annotations

from asyncio import Future, Task, create_task, get_running_loop
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from anyio.to_thread import run_sync

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from onward.store import Store

MAX_TOGETHER = 64
"""So that other writers get their turn in between."""

Outcome = TypeVar("Outcome")


class Writer:
    """Writes to one store. For one event loop at a time."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._pending: list[tuple[Callable[[Connection], Any], Future[Any]]] = []
        self._task: Task[None] | None = None

    async def write(self, work: Callable[[Connection], Outcome]) -> Outcome:
        """Do *work* in a transaction, and return what it returns, or raise what it raises, once that is committed. It may be done again where what it shared a transaction with failed."""
        future: Future[Outcome] = get_running_loop().create_future()
        self._pending.append((work, future))
        if self._task is None:
            self._task = create_task(self._write_all())
        return await future

    async def _write_all(self) -> None:
        try:
            while self._pending:
                batch, self._pending = self._pending[:MAX_TOGETHER], self._pending[MAX_TOGETHER:]
                outcomes = await run_sync(self._store.write_batch, [work for work, _ in batch])
                for (_, future), outcome in zip(batch, outcomes, strict=True):
                    if future.cancelled():
                        continue
                    if isinstance(outcome, Exception):
                        future.set_exception(outcome)
                    else:
                        future.set_result(outcome)
        finally:
            self._task = None
