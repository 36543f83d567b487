"""The results of exporting and importing a project archive."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from onward.core.project import Project

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class ExportedArchive:
    """An archive that was written, with what it holds."""

    path: Path
    size_bytes: int
    sessions: int
    turns: int
    handoffs: int


@dataclass(frozen=True, slots=True)
class ImportedArchive:
    """A project that was imported from an archive. `is_unchanged` says that it existed before and held everything in
    the archive.
    """

    project: Project
    sessions: int
    turns: int
    handoffs: int
    is_unchanged: bool = False
