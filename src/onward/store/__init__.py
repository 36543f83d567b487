"""The database: projects, sessions, turns, ledgers, handoffs and everything else that Onward stores.

`from onward.store import turns` imports the module when it is first used: who reads needs few of those that its neighbours need.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from onward.store.lazy_module import LazyModule

if TYPE_CHECKING:
    from onward.store.engine import Store

__all__ = ["Store"]

_MODULES = frozenset(path.stem for path in Path(__file__).parent.iterdir())


def __getattr__(name: str) -> Any:
    """Return `Store`, or the module *name*, which is imported when it is first used."""
    if name == "Store":
        from onward.store.engine import Store

        return Store
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return LazyModule(f"{__name__}.{name}")
