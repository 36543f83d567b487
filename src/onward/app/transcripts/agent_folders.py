"""Finding the sessions of agents on this machine: the folders, the files in them, and the projects they belong to. Nothing is stored."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from onward.app.repository.git import find_repository
from onward.app.repository.origin import Origin
from onward.app.repository.project_clues import session_origin
from onward.app.transcripts.files import FREE_FORM, find_files
from onward.core.agents import AGENTS, agent_label
from onward.core.transcript.transcript import ImportReport, SessionHead, Turn
from onward.errors import NothingRead, OnwardError, UnknownFormat, UnreadableFile
from onward.formats import is_single_input, open_source, read
from onward.message import Message
from onward.redact import DISTILL_KEY, Redactor
from onward.settings import Machine, Worktrees

_EDITORS = ("Code", "Code - Insiders", "VSCodium", "Cursor", "Windsurf")
_EDITOR_SERVERS = (".vscode-server", ".cursor-server", ".windsurf-server")
_DETAILED = {"ui_messages.json": "api_conversation_history.json", "transcript.jsonl": "transcript_full.jsonl"}
"""Files of a session, and the one beside each that has more."""


class AgentFolder(NamedTuple):
    """A folder in which an agent keeps sessions: files, or folders that are one transcript, that match one of *patterns*. With
    *holds_many*, one file has many sessions.
    """

    agent: str
    folder: Path
    patterns: tuple[str, ...]
    holds_many: bool = False


class FoundSession(NamedTuple):
    """A session in a file. `origin` is None if nothing shows its project."""

    head: SessionHead
    started_at: datetime | None
    origin: Origin | None

    @property
    def name(self) -> str:
        """The title, else the agent's id of the session."""
        return self.head.title or self.head.id or ""


@dataclass(frozen=True, slots=True)
class FoundTranscript:
    """One file of an agent. `error` says why it cannot be read; a file without sessions and error is empty."""

    agent: str
    path: Path
    size_bytes: int
    changed_at: datetime
    sessions: tuple[FoundSession, ...] = ()
    error: OnwardError | None = None


def agent_folders(machine: Machine, working_folder: Path) -> list[AgentFolder]:
    """Return every folder in which agents may keep sessions on this machine, whether it exists or not. The user works in
    *working_folder*.
    """
    return [
        AgentFolder(agent.id, folder, place.patterns, place.holds_many)
        for agent in AGENTS
        for place in agent.folders
        for folder in _expand(place.folder, machine, working_folder)
    ]


def _expand(folder: str, machine: Machine, working_folder: Path) -> list[Path]:
    """Return the folders that an entry of the agents' table means on this machine."""
    if not folder.startswith("{"):
        return [machine.expand(folder)]
    name, _, below = folder[1:].partition("}")
    return [base / below.lstrip("/") for base in _BASES[name](machine, working_folder)]


def _config_folders(machine: Machine, _: Path) -> list[Path]:
    """Return where programs store their settings, as editors define it."""
    if machine.system == "windows":
        return _appdata_folders(machine, _)
    return [machine.home / "Library/Application Support"] if machine.system == "macos" else [machine.folder("XDG_CONFIG_HOME", ".config")]


def _data_folders(machine: Machine, _: Path) -> list[Path]:
    """Return where programs store their data. Programs from Linux use their Linux folders on other systems too."""
    unix = machine.folder("XDG_DATA_HOME", ".local/share")
    if machine.system == "windows":
        return [unix, machine.folder("LOCALAPPDATA", "AppData/Local"), *_appdata_folders(machine, _)]
    return [unix, machine.home / "Library/Application Support"] if machine.system == "macos" else [unix]


def _appdata_folders(machine: Machine, _: Path) -> list[Path]:
    return [machine.folder("APPDATA", "AppData/Roaming")] if machine.system == "windows" else []


def _editor_folders(machine: Machine, _: Path) -> list[Path]:
    """Return where the extensions of editors store their data, on this machine and for sessions over SSH."""
    local = [base / editor / "User/globalStorage" for base in _config_folders(machine, _) for editor in _EDITORS]
    return [*local, *(machine.home / server / "data/User/globalStorage" for server in _EDITOR_SERVERS)]


def _project_storage_folders(machine: Machine, _: Path) -> list[Path]:
    """Return where editors store what belongs to one workspace each, beside what belongs to all."""
    return [folder.with_name("workspaceStorage") for folder in _editor_folders(machine, _)]


def _repository_folders(_: Machine, working_folder: Path) -> list[Path]:
    return [Path(find_repository(working_folder)[0])]


_BASES: dict[str, Callable[[Machine, Path], list[Path]]] = {
    "config": _config_folders,
    "data": _data_folders,
    "appdata": _appdata_folders,
    "editor": _editor_folders,
    "workspaces": _project_storage_folders,
    "repository": _repository_folders,
}
"""The meaning of the names in braces in the agents' table."""


def survey(
    folders: list[AgentFolder], worktrees: Worktrees = "together", on_progress: Callable[[int, int, str], None] | None = None
) -> list[FoundTranscript]:
    """Return every file in *folders* once, with its sessions. *on_progress* is called with (done, total, path)."""
    return _survey(list(iter_files(folders)), worktrees, on_progress)


def list_files(folders: list[AgentFolder]) -> list[Path]:
    """Return every file in *folders* once."""
    return [path for _, path in iter_files(folders)]


def survey_paths(
    paths: Sequence[Path], worktrees: Worktrees = "together", on_progress: Callable[[int, int, str], None] | None = None
) -> list[FoundTranscript]:
    """Return every file that importing *paths* would read, with its sessions."""
    files, _ = find_files(paths)
    entries = [
        (AgentFolder(file.head.agent if file.head else "", file.source.parent, (), holds_many=True), file.source)
        for file in files
        if isinstance(file.source, Path)
    ]
    return _survey(entries, worktrees, on_progress)


def _survey(
    entries: list[tuple[AgentFolder, Path]], worktrees: Worktrees, on_progress: Callable[[int, int, str], None] | None
) -> list[FoundTranscript]:
    transcripts = []
    for done, (folder, path) in enumerate(entries):
        if on_progress:
            on_progress(done, len(entries), str(path))
        transcripts.append(read_transcript(folder, path, worktrees))
    return transcripts


def iter_files(folders: Sequence[AgentFolder]) -> Iterator[tuple[AgentFolder, Path]]:
    """Yield every file in *folders* once, with its folder."""
    seen_paths: set[str] = set()
    for folder in folders:
        # To `glob`, a folder without read permission is empty.
        for path in sorted({path for pattern in folder.patterns for path in folder.folder.glob(pattern)}):
            real_path = os.path.realpath(path)
            if real_path not in seen_paths and (path.is_file() or (path.is_dir() and is_single_input(path))) and not _is_redundant(path):
                seen_paths.add(real_path)
                yield folder, path


def _is_redundant(path: Path) -> bool:
    """Return whether another file contains the same session in more detail: a task's history beside its panel, the full transcript."""
    return path.name in _DETAILED and path.with_name(_DETAILED[path.name]).is_file()


def read_transcript(folder: AgentFolder, path: Path, worktrees: Worktrees) -> FoundTranscript:
    """Return a file of *folder* with its sessions."""
    try:
        states = [file.stat() for file in (path.rglob("*.json") if path.is_dir() else [path])]
    except OSError as error:
        unreadable = UnreadableFile(
            Message("{path} cannot be read: {problem}.", path=path, problem=error.strerror),
            "Check that the file exists and that you may read it.",
        )
        return FoundTranscript(agent=folder.agent, path=path, size_bytes=0, changed_at=datetime.now(UTC), error=unreadable)
    size_bytes = sum(state.st_size for state in states)
    changed_at = datetime.fromtimestamp(max((state.st_mtime for state in states), default=0), UTC)
    sessions: tuple[FoundSession, ...] = ()
    fault: OnwardError | None = None
    try:
        sessions = tuple(_sessions(folder, path, worktrees))
    except NothingRead as error:
        # A session that was opened and never used is no fault of its file.
        fault = error if error.has_unknown else None
    except UnknownFormat as error:
        fault = _foreign_file(folder, path) if folder.patterns else error
    except OnwardError as error:
        fault = error
    return FoundTranscript(agent=folder.agent, path=path, size_bytes=size_bytes, changed_at=changed_at, sessions=sessions, error=fault)


def _sessions(folder: AgentFolder, path: Path, worktrees: Worktrees) -> Iterator[FoundSession]:
    """Yield the sessions of a file that have a turn. Only a file that holds many sessions is read beyond its first turn."""
    head: SessionHead | None = None
    report = ImportReport()
    redactor = Redactor(DISTILL_KEY)
    is_new = True
    known_ids: set[str | None] = {None}
    for item in read(open_source(path), report):
        if isinstance(item, SessionHead):
            head, is_new = item, item.id not in known_ids or item.id is None
            known_ids.add(item.id)
        elif isinstance(item, Turn) and is_new:
            if folder.patterns and report.format == FREE_FORM:
                raise _foreign_file(folder, path)
            head = head or SessionHead(report.format)
            # The result is shown, so it is redacted: a title may contain the user's first message.
            yield FoundSession(redactor.head(head), head.started_at or item.at, session_origin(head, path, worktrees))
            is_new = False
            if not folder.holds_many:
                return


def _foreign_file(folder: AgentFolder, path: Path) -> UnknownFormat:
    return UnknownFormat(
        Message("{path} is not a transcript of {agent}.", path=path, agent=agent_label(folder.agent)),
        "Name the file to import it as pasted text.",
    )
