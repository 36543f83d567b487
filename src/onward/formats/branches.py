"""A conversation that is a tree, told in one line: what was left first, what the person last saw at the end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping


def in_order(parents: Mapping[str, str], current: str) -> Iterator[tuple[str, bool]]:
    """Yield every node of the tree once, parents first, and whether it does not follow the node before it.

    *parents* gives each node's parent; one that is not a node itself stands for none. The path down to *current* (the last leaf where that is no node) ends
    the tale; the ends of the other branches come before it in the order of *parents*.
    """
    inner = set(parents.values())
    leaves = [node for node in parents if node not in inner]
    if current not in parents:
        current = leaves[-1] if leaves else ""
    told: set[str] = set()
    kept = set(_path(parents, current, told))
    last: str | None = None
    # A damaged tree may hold rings, which have no leaf: their nodes come after all else.
    for end in (*(leaf for leaf in leaves if leaf not in kept), current, *parents):
        for node in _path(parents, end, told):
            told.add(node)
            yield node, last is not None and parents[node] != last
            last = node


def _path(parents: Mapping[str, str], node: str, told: set[str]) -> list[str]:
    """The nodes down to *node* that were not told yet."""
    path: dict[str, None] = {}
    while node in parents and node not in told and node not in path:
        path[node] = None
        node = parents[node]
    return list(path)[::-1]
