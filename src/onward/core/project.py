"""A project as it is stored, with totals of what it holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple, TypeAlias

ProjectStatus: TypeAlias = Literal["active", "archived"]


@dataclass(frozen=True, slots=True)
class Project:
    """One project. `root` is the repository's folder, `remote` its address and `root_commit` the hash of its first commit, each empty if
    unknown; `key` keys its placeholders and identities.
    """

    id: int
    name: str
    description: str
    root: str
    remote: str
    status: ProjectStatus
    key: bytes
    created_at: datetime
    updated_at: datetime
    root_commit: str = ""


@dataclass(frozen=True, slots=True)
class ProjectTotals:
    """Totals of a project. `last_at` is when its last session ended, by its transcript if there is one; None without
    sessions.
    """

    sessions: int = 0
    completed: int = 0
    turns: int = 0
    tokens: int = 0
    credits_used: float = 0.0
    last_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ProjectOverview:
    """A project with its totals."""

    project: Project
    totals: ProjectTotals


class ProjectOption(NamedTuple):
    """A project with the number of its sessions: what menus and lists need."""

    project: Project
    sessions: int


class MovedSession(NamedTuple):
    """A session that moved to another project. `number` is its new number, None if that project already held all of
    its turns.
    """

    project: str
    before: int
    number: int | None


@dataclass(frozen=True, slots=True)
class ProjectMove:
    """The sessions that moved to `project`. `deleted_projects` are the names of the projects that were deleted
    because they had no sessions left.
    """

    project: Project
    sessions: list[MovedSession]
    deleted_projects: list[str]
