"""Trees in linear order: every node once, parents first, the current path at the end."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from onward.formats.branches import walk_branches


def test_what_was_left_comes_first():
    parents = {"a": "", "b": "a", "c": "a", "d": "c", "e": "b"}
    assert list(walk_branches(parents, "e")) == [("a", False), ("c", False), ("d", False), ("b", True), ("e", False)]


def test_without_a_current_node_the_last_leaf_is_current():
    assert [node for node, _ in walk_branches({"a": "", "b": "a", "c": "a"}, "gone")] == ["a", "b", "c"]


@given(st.lists(st.integers(0, 12), min_size=1, max_size=12), st.integers(0, 12))
def test_any_mapping_is_read_completely(links, current):
    parents = {str(node): str(parent) for node, parent in enumerate(links)}
    walk = list(walk_branches(parents, str(current)))
    assert sorted(node for node, _ in walk) == sorted(parents)
    visited: set[str] = set()
    last = None
    for node, is_elsewhere in walk:
        assert is_elsewhere == (last is not None and parents[node] != last)
        visited.add(node)
        last = node
    ring_free = {node for node in parents if _is_rooted(parents, node)}
    order = {node: place for place, (node, _) in enumerate(walk)}
    assert all(order[parents[node]] < order[node] for node in ring_free if parents[node] in parents)


def _is_rooted(parents, node):
    visited = set()
    while node in parents and node not in visited:
        visited.add(node)
        node = parents[node]
    return node not in parents
