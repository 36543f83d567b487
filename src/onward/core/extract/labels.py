"""Labels: lead-ins and headings that announce the kind of what follows. The labels of each kind are in `core.facts.kinds`."""

from __future__ import annotations

from onward.core.facts.fact import FactKind
from onward.core.facts.kinds import KINDS
from onward.core.text.prose import words

OPEN_LABELS: frozenset[FactKind] = frozenset(kind.name for kind in KINDS.values() if kind.is_open)
"""Kinds whose label announces something open: next steps, blockers, questions."""

_KIND_BY_LABEL: dict[str, FactKind] = {" ".join(words(label)): kind.name for kind in KINDS.values() for label in kind.labels}


def label_kind(lead: str) -> FactKind | None:
    """Return the kind that a lead-in or heading announces, whatever punctuation is around it; None if it is no known label."""
    return _KIND_BY_LABEL.get(" ".join(words(lead)))
