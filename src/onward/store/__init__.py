"""The database: projects, sessions, turns, ledgers, handoffs and everything else that Onward stores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from onward.store.engine import Store

__all__ = ["Store"]


def __getattr__(name: str) -> Any:
    """Return `Store`, imported on first use: `turn_bodies` packs turns without loading the database."""
    if name == "Store":
        from onward.store.engine import Store

        return Store
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
