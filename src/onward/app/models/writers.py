"""Which of a person's own agents writes handoffs. None does until a person chooses one.

The choice is in a file of the data folder, because a program belongs to a machine, not to a store.
"""

from __future__ import annotations

import json
import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from onward.core.agents import AGENTS, find_agent
from onward.errors import BadInput, NotFound
from onward.llm.agent_writer import ANSWER_TOKENS, CONTEXT_TOKENS, TIMEOUT_SECONDS, AgentWriter
from onward.message import Message
from onward.settings import LLMSettings

FILE_NAME, RUNS_FOLDER = "writer.json", "writer"


class WriterAgent(NamedTuple):
    """An agent that can write handoffs: its program, empty where it is not installed, and whether it is the one that does."""

    agent_id: str
    label: str
    program: str
    is_chosen: bool


def list_agents(home: Path) -> list[WriterAgent]:
    """Return the agents that can write handoffs."""
    chosen_id, chosen_program = _read_choice(home)
    return [
        WriterAgent(
            agent_id=agent.id,
            label=agent.label,
            program=chosen_program if agent.id == chosen_id else shutil.which(agent.writer.program) or "",
            is_chosen=agent.id == chosen_id,
        )
        for agent in AGENTS
        if agent.writer
    ]


def choose(home: Path, agent_id: str) -> WriterAgent:
    """Have the agent write handoffs from now on. Raises `NotFound` where its program is not in PATH, `BadInput` where it cannot write."""
    agent = find_agent(agent_id)
    if agent is None or agent.writer is None:
        names = ", ".join(agent.id for agent in AGENTS if agent.writer)
        raise BadInput(Message("{agent} cannot write handoffs.", agent=agent_id), Message("These can: {names}.", names=names))
    program = shutil.which(agent.writer.program)
    if program is None:
        raise NotFound(
            Message("The program {program} of {agent} is not in PATH.", program=agent.writer.program, agent=agent.label),
            "Install it, or add it to PATH.",
        )
    path = home / FILE_NAME
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_name(f"{FILE_NAME}.{os.getpid()}.new")
    temporary.write_text(json.dumps({"agent": agent.id, "program": str(Path(program).absolute())}), encoding="utf-8")
    temporary.replace(path)
    return WriterAgent(agent_id=agent.id, label=agent.label, program=program, is_chosen=True)


def clear(home: Path) -> None:
    """Have no agent write handoffs any more."""
    (home / FILE_NAME).unlink(missing_ok=True)


def find_chosen(home: Path, settings: LLMSettings) -> AgentWriter | None:
    """Return the writer that a person chose, within the limits of *settings*; None without one."""
    agent_id, program = _read_choice(home)
    if not agent_id:
        return None
    return AgentWriter(
        agent_id=agent_id,
        program=program,
        folder=home / RUNS_FOLDER,
        context_tokens=settings.context_tokens or CONTEXT_TOKENS,
        answer_tokens=settings.answer_tokens or ANSWER_TOKENS,
        timeout_seconds=settings.timeout_seconds or TIMEOUT_SECONDS,
        usd=settings.job_usd or settings.daily_usd or 1.0,
    )


def find_agent_id(home: Path) -> str:
    """Return the id of the agent that writes; empty where none does."""
    return _read_choice(home)[0]


def _read_choice(home: Path) -> tuple[str, str]:
    """Return the agent and its program; empty texts where none is chosen."""
    with suppress(OSError, ValueError):
        choice = json.loads((home / FILE_NAME).read_text(encoding="utf-8"))
        agent = find_agent(str(choice["agent"])) if isinstance(choice, dict) and choice.keys() >= {"agent", "program"} else None
        if agent and agent.writer:
            return agent.id, str(choice["program"])
    return "", ""
