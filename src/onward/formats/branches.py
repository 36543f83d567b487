"""A conversation that is a tree, told in one line: what was left first, what the person last saw at the end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping


def walk_branches(parents: Mapping[str, str], current_node: str) -> Iterator[tuple[str, bool]]:
    """Yield every node of the tree once, parents first, and whether it does not follow the node before it.

    *parents* gives each node's parent; one that is not a node itself stands for none. The path down to *current* (the last leaf where that is no node) ends
    the tale; the ends of the other branches come before it in the order of *parents*.
    """
    parent_ids = set(parents.values())
    leaves = [node for node in parents if node not in parent_ids]
    if current_node not in parents:
        current_node = leaves[-1] if leaves else ""
    visited: set[str] = set()
    main_path = set(_path_to(parents, current_node, visited))
    last: str | None = None
    # A damaged tree may hold rings, which have no leaf: their nodes come after all else.
    for end in (*(leaf for leaf in leaves if leaf not in main_path), current_node, *parents):
        for node in _path_to(parents, end, visited):
            visited.add(node)
            yield node, last is not None and parents[node] != last
            last = node


def _path_to(parents: Mapping[str, str], node: str, visited: set[str]) -> list[str]:
    """The nodes down to *node* that were not told yet."""
    path: dict[str, None] = {}
    while node in parents and node not in visited and node not in path:
        path[node] = None
        node = parents[node]
    return list(path)[::-1]
