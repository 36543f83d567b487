"""Entries of the knowledge base, and the answers made from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple, TypeAlias

from onward.core.facts.fact import Handle

KnowledgeKind: TypeAlias = Literal["solution", "lesson", "decision", "pattern", "practice"]
KNOWLEDGE_KINDS: tuple[KnowledgeKind, ...] = ("solution", "lesson", "decision", "pattern", "practice")
"""A `solution` is an error with its fix. The first three kinds are harvested; people may write entries of any kind."""

KnowledgeAuthor: TypeAlias = Literal["session", "person"]

PAIR_PREFIX = "pair:"
"""The prefix of the fact id of an entry without a fact."""


class HarvestedEntry(NamedTuple):
    """A piece of knowledge from one fact. Entries with the same `signature` are the same. `error` is the error that
    a solution is about, empty for other kinds; `fix` is empty if the text is complete without it.
    """

    kind: KnowledgeKind
    signature: str
    category: str
    text: str
    error: str
    fix: str
    fact_id: str
    turn: int


@dataclass(frozen=True, slots=True)
class KnowledgeEntry:
    """One piece of knowledge. `error` is the error that the text is about, in the words of the log; empty if there is none, or if a
    person wrote the text. `fix` is empty if the text is complete without it; `shown` counts how often it was answered, `used` how often
    it helped.
    """

    id: int
    kind: KnowledgeKind
    category: str
    text: str
    error: str
    fix: str
    author: KnowledgeAuthor
    shown: int
    used: int
    sources: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class KnowledgeSource:
    """A session that supports an entry, in its own words."""

    knowledge_id: int
    project_id: int
    project: str
    handle: Handle
    fact_id: str
    text: str
    fix: str


@dataclass(frozen=True, slots=True)
class ErrorOccurrence:
    """An earlier occurrence of an error."""

    project_id: int
    project: str
    session: int
    turn: int
    text: str
    is_solved: bool


MatchKind: TypeAlias = Literal["same", "similar"]


@dataclass(frozen=True, slots=True)
class KnowledgeDetail:
    """An entry with the sessions that support it, the newest first."""

    entry: KnowledgeEntry
    sources: Sequence[KnowledgeSource]


@dataclass(frozen=True, slots=True)
class KnowledgeHit:
    """An entry that a search found. `score` (0..1) is the share of the query's words, weighted by rarity, that it
    holds.
    """

    entry: KnowledgeEntry
    source: KnowledgeSource | None
    score: float


@dataclass(frozen=True, slots=True)
class KnownFix:
    """A known fix. `same` if the error differs only in paths and numbers, else `similar` with its `likeness_ratio`.

    `text` and `fix` are in the words of `source`, the closest session; None if a person wrote the entry.
    """

    entry: KnowledgeEntry
    text: str
    fix: str
    certainty: MatchKind
    likeness_ratio: float
    source: KnowledgeSource | None
    is_own: bool


@dataclass(frozen=True, slots=True)
class ErrorHistory:
    """The history of an error: known fixes, the project's own first, and earlier occurrences, solved or not."""

    fixes: list[KnownFix]
    occurrences: list[ErrorOccurrence]
