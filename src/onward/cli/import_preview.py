"""Prints the preview of an import and asks for confirmation."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from onward.app.transcripts.agent_folders import FoundTranscript, agent_folders, survey, survey_paths
from onward.app.transcripts.preview import AgentPreview, ImportPreview, ProjectPreview, preview_import
from onward.cli.context import Backend
from onward.cli.presentation import ProgressBar, is_terminal, note, paint, quantity, say, say_json, shorten
from onward.core.agents import agent_label
from onward.core.text.printable import printable
from onward.settings import read_machine

MAX_NAMED_SESSIONS = 5
"""The newest sessions listed of each project; --json lists all."""
MAX_NAMED_FILES = 10
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def survey_imports(backend: Backend, paths: Sequence[Path], *, project: str = "") -> tuple[list[FoundTranscript], ImportPreview]:
    """Return the transcripts at *paths* (default: the agents' folders on this machine) and the preview of their import."""
    with ProgressBar("scanning") as progress:
        show_progress: Callable[[int, int, str], None] = progress.update
        if paths:
            transcripts = survey_paths(paths, backend.settings.worktrees, show_progress)
        else:
            transcripts = survey(agent_folders(read_machine(), Path.cwd()), backend.settings.worktrees, show_progress)
    return transcripts, preview_import(backend.imports.known_imports(), transcripts, project=project)


def say_preview(preview: ImportPreview) -> None:
    """Print the preview by agent and by project, and the unreadable files."""
    for agent in preview.agents:
        say(_agent_line(agent))
    for project in preview.projects:
        _say_project(project)
    for transcript in preview.unreadable[:MAX_NAMED_FILES]:
        note(f"{transcript.path}: {paint('unreadable', 'red', sys.stderr)}: {transcript.error}")
    if len(preview.unreadable) > MAX_NAMED_FILES:
        note(f"and {quantity(len(preview.unreadable) - MAX_NAMED_FILES, 'more unreadable file')}; --json lists all")
    files, sessions = sum(agent.files for agent in preview.agents), sum(agent.sessions for agent in preview.agents)
    if preview.agents:
        say(f"{quantity(files, 'file')} · {quantity(sessions, 'session')} · {quantity(len(preview.projects), 'project')}")
    else:
        say("No agent sessions found on this machine. Name a file or a folder: onward import PATH")


def say_preview_json(preview: ImportPreview) -> None:
    """Print the preview as JSON."""
    say_json({
        "is_preview": True,
        "agents": preview.agents,
        "projects": [
            {
                "name": project.name,
                "repository": project.repository,
                "is_new": project.is_new,
                "sessions": [session._asdict() for session in project.sessions],
            }
            for project in preview.projects
        ],
        "unreadable": [
            {"file": str(transcript.path), "agent": transcript.agent, "message": transcript.error.message, "hint": transcript.error.hint}
            for transcript in preview.unreadable
            if transcript.error
        ],
    })  # fmt: skip


def is_confirmed(preview: ImportPreview, *, yes: bool) -> bool:
    """Return whether to import: confirmed by *yes* or by an answer. Without a terminal, print how to confirm."""
    if yes or not preview.agents:
        return yes
    if is_terminal(sys.stdin) and is_terminal(sys.stdout):
        return click.confirm("Import these sessions?", err=True)
    note("Nothing was imported: confirmation needed. To import these sessions, add --yes.")
    return False


def _agent_line(agent: AgentPreview) -> str:
    parts = [
        quantity(agent.files, "file"),
        quantity(agent.sessions, "session"),
        _dates(agent.first_at, agent.last_at),
        _size(agent.size_bytes),
    ]
    if agent.imported:
        parts.append(f"{quantity(agent.imported, 'file')} already imported")
    if agent.empty:
        parts.append(f"{quantity(agent.empty, 'empty file')}")
    return f"{paint(agent_label(agent.agent) or 'unknown', 'bold')}: " + " · ".join(part for part in parts if part)


def _say_project(project: ProjectPreview) -> None:
    start_times = [session.began_at for session in project.sessions if session.began_at]
    dates = _dates(min(start_times, default=None), max(start_times, default=None))
    name = project.name or "the project of the current folder"
    parts = [name + (" (new)" if project.is_new else ""), quantity(len(project.sessions), "session"), dates, project.repository]
    say("  " + " · ".join(part for part in parts if part))
    newest = sorted(project.sessions, key=lambda session: session.began_at or _LONG_AGO, reverse=True)
    for session in newest[:MAX_NAMED_SESSIONS]:
        start_text = f"{session.began_at:%Y-%m-%d %H:%M}" if session.began_at else "no date         "
        say(f"    {start_text}  {agent_label(session.agent)}  {shorten(printable(session.name or session.path), 60)}")
    if len(newest) > MAX_NAMED_SESSIONS:
        say(f"    and {quantity(len(newest) - MAX_NAMED_SESSIONS, 'more session')}")


def _dates(first: datetime | None, last: datetime | None) -> str:
    days = list(dict.fromkeys(str(moment.date()) for moment in (first, last) if moment))
    return " to ".join(days)


def _size(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:,.1f} MB" if size_bytes >= 100_000 else f"{size_bytes / 1e3:,.1f} kB"
