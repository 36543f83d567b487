"""What the knowledge base holds, and what it answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from onward.core.facts import Handle
from onward.core.knowledge import KnowledgeKind

KnowledgeAuthor: TypeAlias = Literal["session", "person"]


@dataclass(frozen=True, slots=True)
class Entry:
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
class Source:
    """A session that tells an entry, in its own words."""

    knowledge_id: int
    project_id: int
    project: str
    handle: Handle
    fact_id: str
    text: str
    fix: str


@dataclass(frozen=True, slots=True)
class MetBefore:
    """Where an error was met before."""

    project_id: int
    project: str
    session: int
    turn: int
    text: str
    is_solved: bool


Sureness: TypeAlias = Literal["same", "similar"]


@dataclass(frozen=True, slots=True)
class Detail:
    """An entry with the sessions that tell it, the newest first."""

    entry: Entry
    sources: Sequence[Source]


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry that a search found. `score` (0..1) is the share of the question, by how telling its words are, that the entry holds."""

    entry: Entry
    source: Source | None
    score: float


@dataclass(frozen=True, slots=True)
class Answer:
    """A fix that was found before. `same` where the error is the same but for paths and numbers, else `similar` by `likeness_ratio`.

    `text` and `fix` are in the words of `source`, the closest session that tells it; None for what a person wrote.
    """

    entry: Entry
    text: str
    fix: str
    sure: Sureness
    likeness_ratio: float
    source: Source | None
    is_own: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """Whether an error was seen before: fixes, the project's own first, and the sessions that met the very same error, solved or not."""

    answers: list[Answer]
    met: list[MetBefore]
