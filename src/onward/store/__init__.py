"""Where everything is kept: projects, sessions, turns, the ledger, handoffs."""

from onward.store.engine import FILE_NAME, Store

__all__ = ["FILE_NAME", "Store"]
