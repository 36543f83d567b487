"""What became of a project that went out or came in as an archive."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from onward.core.project import Project

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class ExportedArchive:
    """An archive that was written, and what is in it."""

    path: Path
    size_bytes: int
    sessions: int
    turns: int
    handoffs: int


@dataclass(frozen=True, slots=True)
class ImportedArchive:
    """A project that came in from an archive. `again` where it was here already, with all that the archive holds."""

    project: Project
    sessions: int
    turns: int
    handoffs: int
    is_unchanged: bool = False
