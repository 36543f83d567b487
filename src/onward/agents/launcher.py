"""Starting an agent as a child process: with a prompt, or to resume one of its sessions."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

from onward.core.agent import Agent
from onward.core.agents import find_agent, profile_folder
from onward.core.session import Session
from onward.errors import BadInput, NotFound
from onward.message import Message

_PROFILE = re.compile(r"\$\{(\w+):-(~[^{}]*)\}")
PLACE = "{}"
"""Stands for the prompt, or for the session's id, in a command of the agents' table."""


class AgentCommand(NamedTuple):
    """A command that starts an agent in `folder`; `profile` is the variable of its profile with the folder, None for its usual one."""

    words: tuple[str, ...]
    folder: str = ""
    profile: tuple[str, str] | None = None

    def shell_line(self) -> str:
        """Return the command for a shell."""
        profile = f"{self.profile[0]}={shlex.quote(self.profile[1])} " if self.profile else ""
        folder = f"cd {shlex.quote(self.folder)} && " if self.folder else ""
        return f"{folder}{profile}{shlex.join(self.words)}"


def prompt_command(agent_name: str, prompt: str, profile: str = "") -> AgentCommand:
    """Return the command that starts an agent with *prompt*, in the folder *profile* of its settings if that is given. Raises `BadInput`
    for an agent without one.
    """
    agent = find_agent(agent_name)
    if agent is None or not agent.start_command:
        raise BadInput(
            Message("Onward has no command to start {agent!r}.", agent=agent_name or "?"),
            "Name an agent: onward next --run --agent claude-code",
        )
    return AgentCommand(_fill(agent.start_command, prompt), profile=_profile(agent, profile))


def resume_command(session: Session) -> AgentCommand | None:
    """Return the command with which the agent of *session* resumes it, in its folder and its profile; None if there is none."""
    agent, native_id = find_agent(session.agent), session.head().id
    if agent is None or not agent.resume_command or not native_id:
        return None
    return AgentCommand(
        _fill(agent.resume_command, native_id),
        folder=session.cwd if session.cwd and Path(session.cwd).is_dir() else "",
        profile=_profile(agent, profile_folder(agent.id, session.source)),
    )


def run_command(command: AgentCommand) -> int:
    """Run *command* on this terminal until it ends, and return its exit code. Raises `NotFound` if the agent is not installed."""
    program = require_program(command.words[0])
    environment = {**os.environ, **({command.profile[0]: command.profile[1]} if command.profile else {})}
    process = subprocess.Popen([program, *command.words[1:]], env=environment, cwd=command.folder or None)
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue  # Ctrl-C is for the agent.


def require_program(name: str) -> str:
    """Return the path of an agent's program. Raises `NotFound` if it is not installed."""
    program = shutil.which(name)
    if program is None:
        raise NotFound(
            Message("{program} is not installed, or not on the PATH.", program=name),
            "Install it, or print the prompt and paste it: onward handoff --format prompt",
        )
    return program


def _fill(template: str, value: str) -> tuple[str, ...]:
    return tuple(word.replace(PLACE, value) for word in shlex.split(template))


def _profile(agent: Agent, folder: str) -> tuple[str, str] | None:
    """Return the variable for a profile's folder; None for the usual folder, or where the agent has no variable."""
    match = next((match for place in agent.folders if (match := _PROFILE.match(place.folder))), None)
    if not folder or match is None or Path(folder) == Path(match[2]).expanduser():
        return None
    return match[1], folder
