"""Which agents' sessions lie on this machine: where each agent keeps them, what is there, and which projects it would go to. Nothing is stored."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from onward.app.belonging import Belonging, belonging
from onward.app.finding import FREE_FORM, found_files
from onward.app.repository import place_of
from onward.core.transcript import ImportReport, SessionHead, Turn
from onward.errors import OnwardError, UnknownFormat, UnreadableFile
from onward.formats import is_one, open_source, read
from onward.redact import DISTILL_KEY, Redactor
from onward.settings import Machine, Worktrees

_EDITORS = ("Code", "Code - Insiders", "VSCodium", "Cursor", "Windsurf")
_EDITOR_SERVERS = (".vscode-server", ".cursor-server", ".windsurf-server")
_PANELS = {"Cline": "saoudrizwan.claude-dev", "Roo Code": "rooveterinaryinc.roo-cline", "Kilo Code": "kilocode.kilo-code"}
_TASK_FILES = ("tasks/*/api_conversation_history.json", "tasks/*/ui_messages.json")


class AgentFolder(NamedTuple):
    """Where an agent keeps sessions: the files, and the folders that are one transcript, below *folder* that match one of *patterns*. A file of one that *holds_many* has many sessions."""

    agent: str
    folder: Path
    patterns: tuple[str, ...]
    holds_many: bool = False


class FoundSession(NamedTuple):
    """A session that lies in a file. `belonging` is None where nothing tells its project."""

    head: SessionHead
    began_at: datetime | None
    belonging: Belonging | None

    @property
    def name(self) -> str:
        """What it is called: its title, else the agent's id."""
        return self.head.title or self.head.id or ""


@dataclass(frozen=True, slots=True)
class FoundTranscript:
    """One file of an agent. `error` says why it cannot be read; one without sessions and error is empty."""

    agent: str
    path: Path
    size_bytes: int
    changed_at: datetime
    sessions: tuple[FoundSession, ...] = ()
    error: OnwardError | None = None


def agent_folders(machine: Machine, here: Path) -> list[AgentFolder]:
    """Return every place where an agent keeps sessions on a machine like this, whether it is there or not. *here* is the folder that a person works in."""
    home, top = machine.home, Path(place_of(here)[0])
    claude, codex = machine.folder("CLAUDE_CONFIG_DIR", ".claude"), machine.folder("CODEX_HOME", ".codex")
    rollouts = ("**/rollout-*.jsonl", "**/rollout-*.jsonl.zst")
    return [
        AgentFolder("Claude Code", claude / "projects", ("*/*.jsonl", "*/*/subagents/**/*.jsonl")),
        AgentFolder("Codex CLI", codex / "sessions", rollouts),
        AgentFolder("Codex CLI", codex / "archived_sessions", rollouts),
        AgentFolder("Gemini CLI", home / ".gemini" / "tmp", ("*/chats/**/*.json", "*/chats/**/*.jsonl")),
        AgentFolder("Cursor", home / ".cursor" / "projects", ("*/agent-transcripts/**/*.jsonl", "*/agent-transcripts/**/*.txt")),
        AgentFolder("Cursor", home / ".cursor" / "chats", ("*/*/store.db",)),
        *(AgentFolder("Cursor", place / "Cursor/User/globalStorage", ("state.vscdb",), holds_many=True) for place in _config(machine)),
        *_panels(machine),
        *(AgentFolder("OpenCode", place / "opencode", ("opencode.db",), holds_many=True) for place in _data(machine)),
        *(AgentFolder("OpenCode", place / "opencode" / "storage", ("session/**/*.json",)) for place in _data(machine)),
        AgentFolder("Copilot CLI", home / ".copilot" / "session-state", ("*.jsonl", "*/events.jsonl")),
        *_goose(machine),
        AgentFolder("pi", home / ".pi" / "agent" / "sessions", ("**/*.jsonl",)),
        AgentFolder("OpenHands", home / ".openhands", ("conversations/*", "sessions/*", "users/*/conversations/*")),
        AgentFolder("OpenHands", home / ".openhands", ("trajectories/**/*.json", "*/*/trajectory*.json")),
        AgentFolder("SpecStory", top / ".specstory" / "history", ("*.md",)),
        AgentFolder("Aider", top, (".aider.chat.history.md",), holds_many=True),
    ]


def _config(machine: Machine) -> list[Path]:
    """Return where programs keep their settings, as editors understand it."""
    if machine.system == "windows":
        return [machine.folder("APPDATA", "AppData/Roaming")]
    return [machine.home / "Library/Application Support"] if machine.system == "macos" else [machine.folder("XDG_CONFIG_HOME", ".config")]


def _data(machine: Machine) -> list[Path]:
    """Return where programs keep their data. Those that are at home on Linux keep its places on other systems too."""
    unix = machine.folder("XDG_DATA_HOME", ".local/share")
    if machine.system == "windows":
        return [unix, machine.folder("LOCALAPPDATA", "AppData/Local"), machine.folder("APPDATA", "AppData/Roaming")]
    return [unix, machine.home / "Library/Application Support"] if machine.system == "macos" else [unix]


def _panels(machine: Machine) -> Iterator[AgentFolder]:
    """Yield where the agents that live in an editor keep their tasks."""
    for agent, extension in _PANELS.items():
        for place in _config(machine):
            yield from (AgentFolder(agent, place / editor / "User/globalStorage" / extension, _TASK_FILES) for editor in _EDITORS)
        for server in _EDITOR_SERVERS:
            yield AgentFolder(agent, machine.home / server / "data/User/globalStorage" / extension, _TASK_FILES)
    shared = machine.folder("CLINE_DATA_DIR", str(machine.folder("CLINE_DIR", ".cline") / "data"))
    yield AgentFolder("Cline", shared, (*_TASK_FILES, "sessions/**/*.json"))


def _goose(machine: Machine) -> Iterator[AgentFolder]:
    places = [place / "goose" / "sessions" for place in _data(machine)]
    if machine.system == "windows":
        places.append(machine.folder("APPDATA", "AppData/Roaming") / "Block/goose/data/sessions")
    for place in places:
        yield AgentFolder("Goose", place, ("sessions.db",), holds_many=True)
        yield AgentFolder("Goose", place, ("*.jsonl",))


def survey(
    folders: list[AgentFolder], worktrees: Worktrees = "together", on_progress: Callable[[int, int, str], None] | None = None
) -> list[FoundTranscript]:
    """Return every file that lies in *folders*, once, and the sessions in it. *on_progress* is told (done, of, path)."""
    return _survey(list(lying_in(folders)), worktrees, on_progress)


def files_in(folders: list[AgentFolder]) -> list[Path]:
    """Return every file that lies in *folders*, once."""
    return [path for _, path in lying_in(folders)]


def survey_paths(
    paths: Sequence[Path], worktrees: Worktrees = "together", on_progress: Callable[[int, int, str], None] | None = None
) -> list[FoundTranscript]:
    """Return every file that importing *paths* would take, and the sessions in it."""
    found, _ = found_files(paths)
    taken = [
        (AgentFolder(one.head.agent if one.head else "", one.source.parent, (), holds_many=True), one.source)
        for one in found
        if isinstance(one.source, Path)
    ]
    return _survey(taken, worktrees, on_progress)


def _survey(
    found: list[tuple[AgentFolder, Path]], worktrees: Worktrees, on_progress: Callable[[int, int, str], None] | None
) -> list[FoundTranscript]:
    transcripts = []
    for done, (folder, path) in enumerate(found):
        if on_progress:
            on_progress(done, len(found), str(path))
        transcripts.append(seen(folder, path, worktrees))
    return transcripts


def lying_in(folders: Sequence[AgentFolder]) -> Iterator[tuple[AgentFolder, Path]]:
    """Yield every file that lies in *folders*, once, with the folder."""
    seen: set[str] = set()
    for folder in folders:
        # A folder that may not be looked into is empty to `glob`.
        for path in sorted({path for pattern in folder.patterns for path in folder.folder.glob(pattern)}):
            real = os.path.realpath(path)
            if real not in seen and (path.is_file() or (path.is_dir() and is_one(path))) and not _is_half(path):
                seen.add(real)
                yield folder, path


def _is_half(path: Path) -> bool:
    """Whether another file tells the same session better: the history of a task, beside its panel."""
    return path.name == "ui_messages.json" and path.with_name("api_conversation_history.json").is_file()


def seen(folder: AgentFolder, path: Path, worktrees: Worktrees) -> FoundTranscript:
    """Return a file of *folder*, and the sessions in it."""
    try:
        states = [one.stat() for one in (path.rglob("*.json") if path.is_dir() else [path])]
    except OSError as error:
        gone = UnreadableFile(f"{path} cannot be read: {error.strerror}.", "Check that it is there and that you may read it.")
        return FoundTranscript(folder.agent, path, 0, datetime.now(UTC), error=gone)
    size_bytes = sum(state.st_size for state in states)
    changed_at = datetime.fromtimestamp(max((state.st_mtime for state in states), default=0), UTC)
    try:
        sessions = tuple(_sessions(folder, path, worktrees))
        return FoundTranscript(folder.agent, path, size_bytes, changed_at, sessions)
    except OnwardError as failed:
        return FoundTranscript(folder.agent, path, size_bytes, changed_at, error=failed)


def _sessions(folder: AgentFolder, path: Path, worktrees: Worktrees) -> Iterator[FoundSession]:
    """Yield the sessions of a file that have a turn. Only a file that holds many is read further than the first turn."""
    head: SessionHead | None = None
    report = ImportReport()
    redactor = Redactor(DISTILL_KEY)
    is_new = True
    for item in read(open_source(path), report):
        if isinstance(item, SessionHead):
            head, is_new = item, True
        elif isinstance(item, Turn) and is_new:
            if folder.patterns and report.format == FREE_FORM:
                raise UnknownFormat(f"{path} is no transcript of {folder.agent}.", "Name it to import it as pasted text.")
            head = head or SessionHead(report.format)
            # What is shown is redacted, and a title holds what a person typed first.
            yield FoundSession(redactor.head(head), head.started_at or item.at, belonging(head, path, worktrees))
            is_new = False
            if not folder.holds_many:
                return
