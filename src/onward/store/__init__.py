"""Where everything is kept: projects, sessions, turns, the ledger, handoffs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from onward.store.engine import Store

__all__ = ["Store"]


def __getattr__(name: str) -> Any:
    """Return `Store`, imported now: what packs turns for it (`bodies`) starts without a database."""
    if name == "Store":
        from onward.store.engine import Store

        return Store
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
