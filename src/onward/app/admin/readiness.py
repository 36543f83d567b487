"""Whether the store answers."""

from __future__ import annotations

from onward.store import Store, health


def check(store: Store) -> None:
    """Ask the store something. Raises what the store raises when it cannot answer."""
    with store.read() as connection:
        health.ping(connection)
