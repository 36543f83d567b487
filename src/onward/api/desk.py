"""What every route works with: the one open store, and the settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, TypeVar, cast

from anyio.to_thread import run_sync
from fastapi import Depends, Request

from onward.settings import Settings

if TYPE_CHECKING:
    from onward.store import Store

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Desk:
    """An open store and the settings that it was opened by. One for the whole process: the store may be used from any thread."""

    store: Store
    settings: Settings

    async def at_once(self, read: Callable[[], Found]) -> Found:
        """Return what *read* finds: a few rows by their keys, and nothing that is written.

        SQLite finds them in less time than a trip to a thread and back takes, and never waits for a writer. A database across a network is asked in a thread.
        """
        return await run_sync(read) if self.store.path is None else read()


async def _desk(request: Request) -> Desk:
    # Not a plain function: that would be another trip to a thread, for every request.
    return cast("Desk", request.app.state.desk)


At = Annotated[Desk, Depends(_desk)]
