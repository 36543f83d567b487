"""`onward resume`: find a session, and print or run its agent's own command that resumes it."""

from __future__ import annotations

import click

from onward.agents.launcher import AgentCommand, resume_command, run_command
from onward.cli.agent_name import AgentName
from onward.cli.context import Backend, json_option, project_option, use_backend
from onward.cli.presentation import note, say, say_json
from onward.core.agents import AGENTS, agent_label
from onward.core.project import Project
from onward.core.session import Session
from onward.errors import NotFound
from onward.message import Message

_SEARCH_TOKENS = 4000


@click.command()
@click.argument("words", nargs=-1)
@project_option
@click.option(
    "--agent", type=AgentName([agent.id for agent in AGENTS if agent.resume_command]), metavar="AGENT", help="Only sessions of this agent."
)
@click.option("--run", "runs", is_flag=True, help="Run the command instead of printing it.")
@json_option
def resume(words: tuple[str, ...], project: str | None, agent: str | None, runs: bool, as_json: bool) -> int:
    """Find a session and print the command with which its agent resumes it.

    WORDS is the number of a session, or words of its title or its turns. Without them: the newest session that can be resumed.

    \b
    Examples:
      onward resume
      onward resume 12 --run
      onward resume webhook signature --agent codex
    """
    with use_backend(project=project) as backend:
        current_project = backend.require_project()
        session, command = _find(backend, current_project, " ".join(words), agent or "")
    if as_json:
        say_json({
            "session_number": session.number, "native_id": session.native_id, "agent": session.agent, "title": session.title,
            "command": command.shell_line(),
        })  # fmt: skip
    else:
        title = f": {session.title}" if session.title else ""
        note(f"Session {session.number} of {current_project.name}, {agent_label(session.agent)}{title}")
    if runs:
        return run_command(command)
    if not as_json:
        say(command.shell_line())
    return 0


def _find(backend: Backend, project: Project, text: str, agent: str) -> tuple[Session, AgentCommand]:
    """Return the session that *text* names and the command that resumes it. Raises `NotFound`."""
    if text.isdecimal():
        candidates = [backend.sessions.require(project, int(text))]
    else:
        newest_first = sorted(backend.sessions.list_sessions(project), key=lambda session: -session.number)
        candidates = _filter(backend, project, newest_first, text) if text else newest_first
    for session in candidates:
        if agent in ("", session.agent) and (command := resume_command(session)):
            return session, command
    if candidates and text.isdecimal():
        raise NotFound(
            Message("{agent} has no command that resumes session {number}.", agent=agent_label(candidates[0].agent), number=text),
            "Continue from its handoff instead: onward next",
        )
    raise NotFound(
        Message("No session of {project} that can be resumed matches.", project=project.name), "List the sessions: onward session list"
    )


def _filter(backend: Backend, project: Project, sessions: list[Session], text: str) -> list[Session]:
    """Return the sessions whose title has every word of *text*, then those that have it in their turns."""
    wanted = text.casefold().split()
    titled = [session for session in sessions if all(word in session.title.casefold() for word in wanted)]
    by_number = {session.number: session for session in sessions}
    excerpts = backend.history.search(text, project=project, kinds=(), budget_tokens=_SEARCH_TOKENS).excerpts
    numbers = dict.fromkeys(excerpt.handle.session for excerpt in excerpts)
    return [*titled, *(by_number[number] for number in numbers if number in by_number and by_number[number] not in titled)]
