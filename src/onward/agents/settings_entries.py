"""Onward's entries in each agent's settings: the files and what is in them."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from onward.agents import plugin_file
from onward.agents.handoff_command import build_command
from onward.agents.payload import EVENTS
from onward.core.agents import HOOK_AGENT_IDS, find_agent
from onward.core.hook_settings import COMMAND, HookSettings
from onward.errors import NotFound
from onward.message import Message
from onward.settings import FOLDER_VARIABLES, NAMES, Machine

HOOKS_KEY = "hooks"
"""The member of a settings file that lists hooks by event."""

SERVER_NAME = "onward"
"""The name of Onward's MCP server in agents' settings."""

_VARIABLES = (
    *("ONWARD_HOME", *(f"ONWARD_{name.upper()}" for name in NAMES)),
    *("ONWARD_LLM_KEY", "ONWARD_EMBEDDINGS_KEY", "ONWARD_SEALING_KEY"),
)
"""The variables that the settings come from."""

_HOOK_CALL = re.compile(rf"onward(\.exe)?[\"']? hook ({'|'.join(EVENTS)})\b")

_STATUS_CALL = re.compile(r"onward(\.exe)?[\"']? statusline\b")


@dataclass(frozen=True, slots=True)
class HookSetting:
    """A hook: an item of the list at `path` in a settings file."""

    path: tuple[str, ...]
    value: dict[str, object]


@dataclass(frozen=True, slots=True)
class McpServerSetting:
    """The MCP server: the member at `path`."""

    path: tuple[str, ...]
    value: dict[str, object]


@dataclass(frozen=True, slots=True)
class StatusLineSetting:
    """The command of the status line: the member at `path`. It is added only if `is_wanted`, and never in place of a person's own."""

    path: tuple[str, ...]
    value: dict[str, object]
    is_wanted: bool = False


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """A settings file of an agent with Onward's entries. `version` is the format version that the file must state, None if it needs
    none. `approvals_of` is the file with the hooks whose approvals the agent writes into this one. `plugin` is the text of a file that is
    Onward's as a whole, None for settings. An `is_optional` file gives way to one of the person's at the same path.
    """

    path: Path
    hooks: tuple[HookSetting, ...] = ()
    server: McpServerSetting | None = None
    version: int | None = None
    approvals_of: Path | None = None
    plugin: str | None = None
    status_line: StatusLineSetting | None = None
    is_optional: bool = False


def settings_files(agent: str, machine: Machine, program: tuple[str, ...] = (), *, with_status_line: bool = False) -> list[SettingsFile]:
    """Return the settings files of *agent* with Onward's entries. *program* starts Onward; by default it is the running one. Raises
    `NotFound`.
    """
    install = hook_settings(agent)
    files = _hook_files(agent, install, machine, program or current_program(), with_status_line=with_status_line)
    if install.command_file:
        path = machine.expand(install.command_file)
        files.append(SettingsFile(path, plugin=build_command(agent, path), is_optional=True))
    return files


def _hook_files(
    agent: str, install: HookSettings, machine: Machine, program: tuple[str, ...], *, with_status_line: bool
) -> list[SettingsFile]:
    """Return the files of the hooks, or the plugin, and of the MCP server."""
    hooks_file = machine.expand(install.file)
    server = McpServerSetting((install.mcp_key, SERVER_NAME), _server(install, program))
    if install.plugin:
        plugin = SettingsFile(path=hooks_file, plugin=plugin_file.build_plugin(install.plugin, agent, program))
        return [plugin, *([SettingsFile(path=machine.expand(install.mcp_file), server=server)] if install.mcp_file else [])]
    hooks = tuple(
        HookSetting((HOOKS_KEY, name), _fill(install.entry, _command(program, "hook", event, "--agent", agent)))
        for name, event in install.events.items()
    )
    mcp_file = machine.expand(install.mcp_file)
    line_value: dict[str, object] = {"type": "command", "command": _command(program, "statusline", "--agent", agent)}
    status_line = StatusLineSetting(install.status_line, line_value, with_status_line) if install.status_line else None
    if hooks_file == mcp_file:
        return [SettingsFile(path=hooks_file, hooks=hooks, server=server, version=install.version, status_line=status_line)]
    return [
        SettingsFile(path=hooks_file, hooks=hooks, version=install.version, status_line=status_line),
        SettingsFile(path=mcp_file, server=server, approvals_of=hooks_file if agent == "codex" else None),
    ]


def is_present(agent: str, machine: Machine) -> bool:
    """Return whether the agent is used on this machine: its own folder exists."""
    return machine.expand(hook_settings(agent).folder).is_dir()


def hook_settings(agent: str) -> HookSettings:
    """Return where and how Onward is installed in *agent*. Raises `NotFound`."""
    known_agent = find_agent(agent)
    if known_agent is None or known_agent.hooks is None:
        raise NotFound(
            Message("Onward cannot be installed in {agent!r}.", agent=agent),
            Message("It can be installed in {agents}.", agents=", ".join(HOOK_AGENT_IDS)),
        )
    return known_agent.hooks


def is_our_hook(value: object) -> bool:
    """Return whether an item of a list of hooks calls any Onward."""
    if isinstance(value, dict):
        return any(is_our_hook(item) for item in value.values())
    if isinstance(value, list):
        return any(is_our_hook(item) for item in value)
    return isinstance(value, str) and _HOOK_CALL.search(value) is not None


def is_our_status_line(value: object) -> bool:
    """Return whether the setting of a status line calls any Onward."""
    return isinstance(value, dict) and isinstance(value.get("command"), str) and _STATUS_CALL.search(value["command"]) is not None


def is_our_server(value: object) -> bool:
    """Return whether a server with Onward's name is any Onward."""
    return isinstance(value, dict) and isinstance(value.get("args"), list) and value["args"][-1:] == ["mcp"]


def current_program() -> tuple[str, ...]:
    """Return the command that starts the running Onward: the full path of its script, because an agent may have another PATH, else
    Python.
    """
    script = Path(sys.executable).parent / ("onward.exe" if sys.platform == "win32" else "onward")
    return (str(script),) if script.is_file() else (sys.executable, "-m", "onward")


def _server(install: HookSettings, program: tuple[str, ...]) -> dict[str, object]:
    server: dict[str, object] = {**install.server, "command": program[0], "args": [*program[1:], "mcp"]}
    return server | ({install.mcp_variables_key: [*_VARIABLES, *FOLDER_VARIABLES]} if install.mcp_variables_key else {})


def _fill(entry: Mapping[str, object], command: str) -> dict[str, object]:
    """Return the entry with *command* in the place of its placeholder."""
    return {key: _fill_value(value, command) for key, value in entry.items()}


def _fill_value(value: object, command: str) -> object:
    if isinstance(value, Mapping):
        return _fill(value, command)
    if isinstance(value, list):
        return [_fill_value(item, command) for item in value]
    return command if value == COMMAND else value


def _command(program: tuple[str, ...], *arguments: str) -> str:
    words = (*program, *arguments)
    return subprocess.list2cmdline(words) if sys.platform == "win32" else shlex.join(words)
