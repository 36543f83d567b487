"""What the knowledge base holds, and what it answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from onward.core.facts.fact import Handle
from onward.core.knowledge.knowledge import KnowledgeKind

KnowledgeAuthor: TypeAlias = Literal["session", "person"]


@dataclass(frozen=True, slots=True)
class KnowledgeEntry:
    """One piece of knowledge. `fix` is empty where the text says it all; `shown` and `used` count how often it was answered and how often it helped."""

    id: int
    kind: KnowledgeKind
    category: str
    text: str
    fix: str
    author: KnowledgeAuthor
    shown: int
    used: int
    sources: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class KnowledgeSource:
    """A session that tells an entry, in its own words."""

    knowledge_id: int
    project_id: int
    project: str
    handle: Handle
    fact_id: str
    text: str
    fix: str


@dataclass(frozen=True, slots=True)
class ErrorOccurrence:
    """Where an error was met before."""

    project_id: int
    project: str
    session: int
    turn: int
    text: str
    is_solved: bool


MatchKind: TypeAlias = Literal["same", "similar"]


@dataclass(frozen=True, slots=True)
class KnowledgeDetail:
    """An entry with the sessions that tell it, the newest first."""

    entry: KnowledgeEntry
    sources: Sequence[KnowledgeSource]


@dataclass(frozen=True, slots=True)
class KnowledgeHit:
    """An entry that a search found. `score` (0..1) is the share of the question, by how telling its words are, that the entry holds."""

    entry: KnowledgeEntry
    source: KnowledgeSource | None
    score: float


@dataclass(frozen=True, slots=True)
class KnownFix:
    """A fix that was found before. `same` where the error is the same but for paths and numbers, else `similar` by `likeness_ratio`.

    `text` and `fix` are in the words of `source`, the closest session that tells it; None for what a person wrote.
    """

    entry: KnowledgeEntry
    text: str
    fix: str
    sure: MatchKind
    likeness_ratio: float
    source: KnowledgeSource | None
    is_own: bool


@dataclass(frozen=True, slots=True)
class ErrorHistory:
    """Whether an error was seen before: fixes, the project's own first, and the sessions that met the very same error, solved or not."""

    fixes: list[KnownFix]
    occurrences: list[ErrorOccurrence]
