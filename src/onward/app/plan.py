"""What an import would take: per agent, and per project, before anything is stored."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

from onward.app.belonging import Belonging
from onward.app.discovery import FoundSession, FoundTranscript
from onward.core.project import Project

_NO_TIME = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Known:
    """What the store knows: the `names` of its projects, when each file was `imported` last by its path, and the project that a session belongs to, if it is there."""

    names: set[str]
    imported: Mapping[str, datetime]
    found: Callable[[Belonging], Project | None]


@dataclass(slots=True)
class AgentShare:
    """What lies there of one agent. `imported` counts the files that have not changed since they were imported; `empty` those without a turn."""

    agent: str
    files: int = 0
    sessions: int = 0
    size_bytes: int = 0
    imported: int = 0
    empty: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None


class PlannedSession(NamedTuple):
    """One session that would come in."""

    agent: str
    id: str
    name: str
    began_at: datetime | None
    path: str


@dataclass(slots=True)
class ProjectShare:
    """What would go to one project. `name` is empty where only the command can say; `is_new` where it would be made."""

    name: str
    place: str
    is_new: bool
    sessions: list[PlannedSession] = field(default_factory=list[PlannedSession])


@dataclass(frozen=True, slots=True)
class Plan:
    """What an import would take. `unreadable` are the files that cannot be read."""

    agents: list[AgentShare]
    projects: list[ProjectShare]
    unreadable: list[FoundTranscript]


def plan(known: Known, transcripts: Sequence[FoundTranscript], *, project: str = "") -> Plan:
    """Return what importing *transcripts* would take; with *project* all of it would go there."""
    agents: dict[str, AgentShare] = {}
    shares = _Shares(known, transcripts, project)
    told: set[tuple[str, str]] = set()
    for one in transcripts:
        agent = agents.setdefault(one.agent, AgentShare(one.agent))
        if one.error:
            continue
        agent.files += 1
        agent.size_bytes += one.size_bytes
        agent.empty += not one.sessions
        agent.imported += str(one.path) in known.imported and known.imported[str(one.path)] > one.changed_at
        for number, session in enumerate(one.sessions):
            key = (one.agent, session.head.id or f"{one.path}\0{number}")
            if key not in told:
                told.add(key)
                agent.sessions += 1
                shares.add(one, session)
        began = [session.began_at for session in one.sessions if session.began_at]
        if one.sessions:
            agent.first_at = _earliest((agent.first_at, *began))
            agent.last_at = max(filter(None, (agent.last_at, one.changed_at)))
    return Plan(
        [agent for agent in agents.values() if agent.files],
        sorted(shares.by_key.values(), key=lambda share: share.name),
        [one for one in transcripts if one.error],
    )


class _Shares:
    """Tells sessions apart by project as importing them would."""

    def __init__(self, known: Known, transcripts: Sequence[FoundTranscript], project: str) -> None:
        self.by_key: dict[str, ProjectShare] = {}
        self._known = known
        self._project = project
        # One agent writes a repository's address down, another only its folder.
        located = [session for one in transcripts for session in one.sessions if session.belonging and session.belonging.remote]
        self._remotes: dict[str, str] = {}
        for session in sorted(located, key=lambda session: session.began_at or _NO_TIME):
            if session.belonging:
                self._remotes.setdefault(session.belonging.root, session.belonging.remote)

    def add(self, transcript: FoundTranscript, session: FoundSession) -> None:
        head = session.head
        planned = PlannedSession(transcript.agent, head.id or "", session.name, session.began_at, str(transcript.path))
        self._share(session.belonging).sessions.append(planned)

    def _share(self, told: Belonging | None) -> ProjectShare:
        if self._project:
            return self._kept(self._project, self._project, "", is_new=self._project not in self._known.names)
        if told is None:
            return self._kept("", "", "", is_new=False)
        found = self._known.found(told)
        if found:
            return self._kept(found.name, found.name, found.remote or found.root, is_new=False)
        return self._kept(
            f"\0{told.named or told.remote or self._remotes.get(told.root) or told.root}",
            told.name,
            told.remote or told.root,
            is_new=True,
        )

    def _kept(self, key: str, name: str, place: str, *, is_new: bool) -> ProjectShare:
        if key not in self.by_key:
            self.by_key[key] = ProjectShare(name, place, is_new)
        return self.by_key[key]


def _earliest(times: Iterable[datetime | None]) -> datetime | None:
    return min(filter(None, times), default=None)
