"""Shared by the commands that complete a session: the agents of this machine, and the errors of the import."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from onward.app.transcripts.local_agents import LocalAgents
from onward.backend import Backend
from onward.cli.presentation import note
from onward.core.import_result import ImportedFile
from onward.settings import read_machine


def local_agents(backend: Backend) -> LocalAgents:
    """Return where to look for new turns on this machine: the given project, or that of the current folder."""
    project = backend.find_project() if backend.settings.project else None
    return LocalAgents(read_machine(), Path.cwd(), project, backend.settings.worktrees)


def note_import_errors(files: Iterable[ImportedFile]) -> None:
    """Print the transcripts that were only partly imported."""
    for file in files:
        if file.error:
            note(f"{file.path}: partly imported: {file.error}")
