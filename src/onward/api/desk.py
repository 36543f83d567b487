"""What every route works with: the one open store, and the settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, cast

from fastapi import Depends, Request

from onward.settings import Settings

if TYPE_CHECKING:
    from onward.store import Store


@dataclass(frozen=True, slots=True)
class Desk:
    """An open store and the settings that it was opened by. One for the whole process: the store may be used from any thread."""

    store: Store
    settings: Settings


async def _desk(request: Request) -> Desk:
    # Not a plain function: that would be another trip to a thread, for every request.
    return cast("Desk", request.app.state.desk)


At = Annotated[Desk, Depends(_desk)]
