"""Group commit: what requests write while one transaction is being written goes into the next one together.

A commit costs more than what most requests write. A request is answered only after the transaction with its data is committed.
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
"""The limit lets other writers take their turn."""

WriteResult = TypeVar("WriteResult")


class Writer:
    """Writes to one store, for one event loop at a time."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._pending: list[tuple[Callable[[Connection], Any], Future[Any]]] = []
        self._task: Task[None] | None = None

    async def write(self, work: Callable[[Connection], WriteResult]) -> WriteResult:
        """Run *work* in a transaction; return its result, or raise its error, after the commit. It is run again if other work in the same
        transaction failed.
        """
        future: Future[WriteResult] = get_running_loop().create_future()
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
