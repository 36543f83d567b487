"""How a plan of an import looks, and who is asked before it is carried out."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from onward.app.discovery import FoundTranscript, agent_folders, survey, survey_paths
from onward.app.plan import AgentShare, Plan, ProjectShare, plan
from onward.cli.desk import Desk
from onward.cli.present import Progress, counted, is_terminal, note, paint, say, say_json, shorten
from onward.core.printable import printable
from onward.settings import read_machine

NAMED_SESSIONS = 5
"""So many of a project's sessions are named, the newest; --json names all."""
NAMED_FILES = 10
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def planned(at: Desk, paths: Sequence[Path], *, project: str = "") -> tuple[list[FoundTranscript], Plan]:
    """Return what lies at *paths*, or without any in the agents' folders of this machine, and what importing it would take."""
    with Progress("looking at") as progress:
        show: Callable[[int, int, str], None] = progress.at
        if paths:
            found = survey_paths(paths, at.settings.worktrees, show)
        else:
            found = survey(agent_folders(read_machine(), Path.cwd()), at.settings.worktrees, show)
    return found, plan(at.imports.known(), found, project=project)


def tell(one: Plan) -> None:
    """Print what an import would take: by agent, by project, and what cannot be read."""
    for agent in one.agents:
        say(_agent(agent))
    for project in one.projects:
        _project(project)
    for found in one.unreadable[:NAMED_FILES]:
        note(f"{found.path}: {paint('cannot be read', 'red', sys.stderr)}: {found.error}")
    if len(one.unreadable) > NAMED_FILES:
        note(f"and {counted(len(one.unreadable) - NAMED_FILES, 'more file')} that cannot be read; --json names them all")
    files, sessions = sum(agent.files for agent in one.agents), sum(agent.sessions for agent in one.agents)
    if one.agents:
        say(f"{counted(files, 'file')} · {counted(sessions, 'session')} · {counted(len(one.projects), 'project')}")
    else:
        say("No agent keeps sessions on this machine where Onward looks. Name a file or a folder: onward import PATH")


def tell_json(one: Plan) -> None:
    """Print what an import would take as data."""
    say_json({
        "imported": False,
        "agents": one.agents,
        "projects": [
            {"name": project.name, "place": project.place, "is_new": project.is_new, "sessions": [s._asdict() for s in project.sessions]}
            for project in one.projects
        ],
        "unreadable": [
            {"file": str(found.path), "agent": found.agent, "message": found.error.message, "hint": found.error.hint}
            for found in one.unreadable
            if found.error
        ],
    })  # fmt: skip


def is_agreed(one: Plan, *, yes: bool) -> bool:
    """Whether to go on: said beforehand, or answered now. Where nobody can be asked, say how to go on."""
    if yes or not one.agents:
        return yes
    if is_terminal(sys.stdin) and is_terminal(sys.stdout):
        return click.confirm("Import all of this?", err=True)
    note("Nothing was imported, because nobody is here to ask. To import all of this, say --yes.")
    return False


def _agent(agent: AgentShare) -> str:
    parts = [
        counted(agent.files, "file"),
        counted(agent.sessions, "session"),
        _dates(agent.first_at, agent.last_at),
        _size(agent.size_bytes),
    ]
    if agent.imported:
        parts.append(f"{counted(agent.imported, 'file')} unchanged since imported")
    if agent.empty:
        parts.append(f"{counted(agent.empty, 'file')} without a turn")
    return f"{paint(agent.agent or 'unknown', 'bold')}: " + " · ".join(part for part in parts if part)


def _project(project: ProjectShare) -> None:
    began = [session.began_at for session in project.sessions if session.began_at]
    when = _dates(min(began, default=None), max(began, default=None))
    name = project.name or "the project of the folder you are in"
    parts = [name + (" (new)" if project.is_new else ""), counted(len(project.sessions), "session"), when, project.place]
    say("  " + " · ".join(part for part in parts if part))
    newest = sorted(project.sessions, key=lambda session: session.began_at or _LONG_AGO, reverse=True)
    for session in newest[:NAMED_SESSIONS]:
        at = f"{session.began_at:%Y-%m-%d %H:%M}" if session.began_at else "no date         "
        say(f"    {at}  {session.agent}  {shorten(printable(session.name or session.path), 60)}")
    if len(newest) > NAMED_SESSIONS:
        say(f"    and {counted(len(newest) - NAMED_SESSIONS, 'more session')}")


def _dates(first: datetime | None, last: datetime | None) -> str:
    days = list(dict.fromkeys(str(at.date()) for at in (first, last) if at))
    return " to ".join(days)


def _size(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:,.1f} MB" if size_bytes >= 100_000 else f"{size_bytes / 1e3:,.1f} kB"
