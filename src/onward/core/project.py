"""A project as it is kept, and what it holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple, TypeAlias

ProjectStatus: TypeAlias = Literal["active", "archived"]


@dataclass(frozen=True, slots=True)
class Project:
    """One project. `root` is the repository's folder and `remote` its address, empty where unknown; `key` keys its placeholders and identities."""

    id: int
    name: str
    description: str
    root: str
    remote: str
    status: ProjectStatus
    key: bytes
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class ProjectTotals:
    """What a project holds. `last_at` is when a session of it was begun or completed last; None when there is none."""

    sessions: int = 0
    completed: int = 0
    turns: int = 0
    tokens: int = 0
    credits_used: float = 0.0
    last_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ProjectOverview:
    """A project and what it holds."""

    project: Project
    totals: ProjectTotals


class ProjectOption(NamedTuple):
    """A project and how many sessions it has: what menus and lists of names need."""

    project: Project
    sessions: int


class MovedSession(NamedTuple):
    """A session that went to another project. `number` is its new one, None where that project held all of its turns already."""

    project: str
    before: int
    number: int | None


@dataclass(frozen=True, slots=True)
class ProjectMove:
    """What went to `project`. `emptied` are the names of the projects that are gone, because all they had went there."""

    project: Project
    sessions: list[MovedSession]
    deleted_projects: list[str]
