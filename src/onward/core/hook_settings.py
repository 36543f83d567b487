"""How Onward is installed in an agent: what the table of agents says about its hooks and its MCP servers.

A hook imports this module while an agent waits, so it uses no class machinery and imports nothing but types.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

COMMAND = "{command}"
"""The placeholder for the command that calls a hook, in an entry of an agent's hooks."""

HOOK_SECONDS = 10
"""How long agents wait for a hook: a little longer than the hook's own deadline."""
COMMAND_HOOK = {"type": "command", "command": COMMAND, "timeout": HOOK_SECONDS}
HOOK_GROUP = {"hooks": [COMMAND_HOOK]}


class HookSettings:
    """How Onward is installed in an agent.

    `folder` is the agent's own folder, which exists where the agent is used. `events` maps the agent's event names to Onward's, `file` is
    the settings file of the hooks, and `entry` an element of its list for an event. `plugin` names the plugin of `onward.agents.plugins`
    that is written to `file` instead, where an agent runs plugins in place of commands.

    `mcp_file` is the settings file of MCP servers, empty where the plugin adds the server or the agent has none, `mcp_key` the table in it
    that lists them, and `server` what the server's entry has besides its command. `mcp_variables_key` is the member that lists the
    variables which the agent hands to a server, empty where it hands on all.

    `command_file` is the file of the command `/handoff`, empty where the agent reads no commands from files.

    `status_line` is where the settings in `file` name the command of a status line, empty where the agent has none.

    `version` is the format version that the hooks' file must state, None where none. `answer_key` is the member of a hook's answer with
    the text for the agent, empty for Claude Code's form. `max_context_bytes` is how much an agent takes from a hook, None for any amount.
    `next_step` tells the user what to do after the installation.
    """

    __slots__ = (
        "answer_key",
        "command_file",
        "entry",
        "events",
        "file",
        "folder",
        "max_context_bytes",
        "mcp_file",
        "mcp_key",
        "mcp_variables_key",
        "next_step",
        "plugin",
        "server",
        "status_line",
        "version",
    )

    def __init__(
        self,
        *,
        folder: str,
        file: str,
        events: Mapping[str, str] | None = None,
        entry: Mapping[str, object] = HOOK_GROUP,
        plugin: str = "",
        mcp_file: str = "",
        mcp_key: str = "mcpServers",
        mcp_variables_key: str = "",
        server: Mapping[str, object] | None = None,
        command_file: str = "",
        status_line: tuple[str, ...] = (),
        version: int | None = None,
        answer_key: str = "",
        max_context_bytes: int | None = None,
        next_step: str = "Its next session starts with the handoff.",
    ) -> None:
        self.folder = folder
        self.events = events or {}
        self.file = file
        self.entry = entry
        self.plugin = plugin
        self.mcp_file = mcp_file
        self.mcp_key = mcp_key
        self.mcp_variables_key = mcp_variables_key
        self.server = server or {}
        self.command_file = command_file
        self.status_line = status_line
        self.version = version
        self.answer_key = answer_key
        self.max_context_bytes = max_context_bytes
        self.next_step = next_step
