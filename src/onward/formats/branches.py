"""A conversation tree in linear order: abandoned branches first, the branch that the user last saw at the end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping


def walk_branches(parents: Mapping[str, str], current_node: str) -> Iterator[tuple[str, bool]]:
    """Yield every node of the tree once, parents first, and whether it does not follow the node before it.

    *parents* gives the parent of each node; a parent that is no node counts as none. The path to *current* (the last leaf if that is no
    node) comes last; the other branches come before it in the order of *parents*.
    """
    parent_ids = set(parents.values())
    leaves = [node for node in parents if node not in parent_ids]
    if current_node not in parents:
        current_node = leaves[-1] if leaves else ""
    visited: set[str] = set()
    main_path = set(_path_to(parents, current_node, visited))
    last: str | None = None
    # A damaged tree may have cycles without a leaf: their nodes come last.
    for end in (*(leaf for leaf in leaves if leaf not in main_path), current_node, *parents):
        for node in _path_to(parents, end, visited):
            visited.add(node)
            yield node, last is not None and parents[node] != last
            last = node


def _path_to(parents: Mapping[str, str], node: str, visited: set[str]) -> list[str]:
    """Return the nodes down to *node* that were not yielded yet."""
    path: dict[str, None] = {}
    while node in parents and node not in visited and node not in path:
        path[node] = None
        node = parents[node]
    return list(path)[::-1]
