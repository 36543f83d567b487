"""Preview of an import: the sessions by agent and by project, before anything is stored."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

from onward.app.repository.origin import Origin
from onward.app.transcripts.agent_folders import FoundSession, FoundTranscript
from onward.core.project import Project

_NO_TIME = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ImportIndex:
    """What the store already contains: the names of its projects, the time of the last import of each file by path, and a function that
    returns the project of a session, or None.
    """

    project_names: set[str]
    imported_at: Mapping[str, datetime]
    find_project: Callable[[Origin], Project | None]


@dataclass(slots=True)
class AgentPreview:
    """The files of one agent. `imported` counts files that have not changed since their import, `empty` those without a turn."""

    agent: str
    files: int = 0
    sessions: int = 0
    size_bytes: int = 0
    imported: int = 0
    empty: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None


class SessionPreview(NamedTuple):
    """One session that would be imported."""

    agent: str
    id: str
    name: str
    began_at: datetime | None
    path: str


@dataclass(slots=True)
class ProjectPreview:
    """The sessions that would go to one project. `name` is empty if only the command knows it; `is_new` if the project would be
    created.
    """

    name: str
    repository: str
    is_new: bool
    sessions: list[SessionPreview] = field(default_factory=list[SessionPreview])


@dataclass(frozen=True, slots=True)
class ImportPreview:
    """What an import would store. `unreadable` lists files that cannot be read."""

    agents: list[AgentPreview]
    projects: list[ProjectPreview]
    unreadable: list[FoundTranscript]


def preview_import(index: ImportIndex, transcripts: Sequence[FoundTranscript], *, project: str = "") -> ImportPreview:
    """Return the preview of importing *transcripts*; with *project*, everything goes to that project."""
    agents: dict[str, AgentPreview] = {}
    project_previews = _ProjectPreviews(index, transcripts, project)
    counted_keys: set[tuple[str, str]] = set()
    for transcript in transcripts:
        agent = agents.setdefault(transcript.agent, AgentPreview(transcript.agent))
        if transcript.error:
            continue
        agent.files += 1
        agent.size_bytes += transcript.size_bytes
        agent.empty += not transcript.sessions
        agent.imported += str(transcript.path) in index.imported_at and index.imported_at[str(transcript.path)] > transcript.changed_at
        for number, session in enumerate(transcript.sessions):
            key = (transcript.agent, session.head.id or f"{transcript.path}\0{number}")
            if key not in counted_keys:
                counted_keys.add(key)
                agent.sessions += 1
                project_previews.add(transcript, session)
        start_times = [session.started_at for session in transcript.sessions if session.started_at]
        if transcript.sessions:
            agent.first_at = _earliest((agent.first_at, *start_times))
            agent.last_at = max(filter(None, (agent.last_at, transcript.changed_at)))
    return ImportPreview(
        [agent for agent in agents.values() if agent.files],
        sorted(project_previews.by_key.values(), key=lambda preview: preview.name),
        [transcript for transcript in transcripts if transcript.error],
    )


class _ProjectPreviews:
    """Groups sessions by project as an import would."""

    def __init__(self, index: ImportIndex, transcripts: Sequence[FoundTranscript], project: str) -> None:
        self.by_key: dict[str, ProjectPreview] = {}
        self._index = index
        self._project = project
        # One agent records a repository's address, another only its folder.
        located_sessions = [
            session for transcript in transcripts for session in transcript.sessions if session.origin and session.origin.remote
        ]
        self._remotes: dict[str, str] = {}
        for session in sorted(located_sessions, key=lambda session: session.started_at or _NO_TIME):
            if session.origin:
                self._remotes.setdefault(session.origin.root, session.origin.remote)

    def add(self, transcript: FoundTranscript, session: FoundSession) -> None:
        head = session.head
        preview = SessionPreview(
            agent=transcript.agent, id=head.id or "", name=session.name, began_at=session.started_at, path=str(transcript.path)
        )
        self._find_preview(session.origin).sessions.append(preview)

    def _find_preview(self, origin: Origin | None) -> ProjectPreview:
        if self._project:
            return self._get_or_create(self._project, self._project, "", is_new=self._project not in self._index.project_names)
        if origin is None:
            return self._get_or_create("", "", "", is_new=False)
        project = self._index.find_project(origin)
        if project:
            return self._get_or_create(project.name, project.name, project.remote or project.root, is_new=False)
        return self._get_or_create(
            f"\0{origin.project_name or origin.remote or self._remotes.get(origin.root) or origin.root}",
            origin.default_name,
            origin.remote or origin.root,
            is_new=True,
        )

    def _get_or_create(self, key: str, name: str, repository: str, *, is_new: bool) -> ProjectPreview:
        if key not in self.by_key:
            self.by_key[key] = ProjectPreview(name, repository, is_new)
        return self.by_key[key]


def _earliest(times: Iterable[datetime | None]) -> datetime | None:
    return min(filter(None, times), default=None)
