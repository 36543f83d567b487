"""The worth of a sentence to whoever continues the session: boosted trees over the features of its place."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp

from onward.core.extract.worth_trees import TREES, Tree


def worth(vector: Sequence[float]) -> float:
    """Return the worth of a sentence from its features (`units.FEATURES`), 0..1; an essential sentence has about 1."""
    total = 0.0
    for tree in TREES:
        node: Tree | float = tree
        while not isinstance(node, float):
            node = node[2] if vector[node[0]] <= node[1] else node[3]
        total += node
    return 1.0 / (1.0 + exp(-total))
