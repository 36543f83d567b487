"""The session that an agent is in while it calls Onward over MCP, so that what it records belongs to that session and to no other.

A hook noted the session when it started. Without hooks, it is the transcript of that agent and folder that changed last: an agent writes a
call into its transcript before it makes it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from onward.agents import session_notes
from onward.agents.session_notes import Note
from onward.agents.stored_handoff import FolderContext
from onward.app.repository.origin import folder_origin
from onward.app.transcripts.agent_files import AgentFile, list_agent_files
from onward.app.transcripts.agent_folders import agent_folders
from onward.app.transcripts.files import inspect_file
from onward.core.transcript.transcript import SessionHead
from onward.settings import Machine, Settings

RECENT_SECONDS = 1800.0
"""A transcript that has not changed for longer belongs to a session that ended without notice."""

MAX_CANDIDATES = 20
"""Only this many files, the latest ones, are checked for their folder."""


class RunningSessions:
    """Finds the running session of an agent in a folder of this machine."""

    def __init__(self, settings: Settings, machine: Machine, environment: Mapping[str, str]) -> None:
        self._settings = settings
        self._machine = machine
        self._environment = environment

    def find(self, agent: str, folder: Path) -> SessionHead | None:
        """Return the head of the session that *agent* has open in the repository of *folder*; None if none is known. Its id is not None."""
        context = FolderContext(str(self._settings.home), str(folder), self._environment)
        notes = [
            note
            for note in session_notes.list_notes(str(self._settings.home))
            if note.agent == agent and note.root == context.root and note.state == session_notes.OPEN and _is_recent(_last_activity(note))
        ]
        if notes:
            return _noted_head(max(notes, key=_last_activity))
        return next(self._find_in_files(agent, folder), None)

    def _find_in_files(self, agent: str, folder: Path) -> Iterator[SessionHead]:
        worktrees = self._settings.worktrees
        origin = folder_origin(folder, worktrees)
        folders = [place for place in agent_folders(self._machine, folder) if place.agent == agent and not place.holds_many]
        files = [file for file in list_agent_files(folders) if _is_recent(file.changed_at.timestamp()) and not _is_of_sub_agent(file)]
        for file in sorted(files, key=lambda file: file.changed_at, reverse=True)[:MAX_CANDIDATES]:
            head = inspect_file(file.path, is_named=False).head
            known_origins = file.belongings(worktrees)
            if head and head.id and any(known and (known.root, known.remote) == (origin.root, origin.remote) for known in known_origins):
                yield head


def _noted_head(note: Note) -> SessionHead:
    """Return the head of the noted session; its transcript is more exact than what the agent sent to the hook."""
    path = Path(note.transcript)
    head = inspect_file(path, is_named=False, session_id=note.session).head if note.transcript and path.is_file() else None
    return head if head and head.id else SessionHead(note.agent, id=note.session, cwd=note.cwd)


def _last_activity(note: Note) -> float:
    try:
        return max(Path(note.transcript).stat().st_mtime, note.hook_at)
    except (OSError, ValueError):
        return note.hook_at


def _is_recent(timestamp: float) -> bool:
    return time.time() - timestamp < RECENT_SECONDS


def _is_of_sub_agent(file: AgentFile) -> bool:
    return "subagents" in file.path.parts
