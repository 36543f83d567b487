"""Whether the store responds."""

from __future__ import annotations

from onward.store import Store, health


def check(store: Store) -> None:
    """Query the store. Raises the store's error if it does not respond."""
    with store.read() as connection:
        health.ping(connection)
