"""`onward mcp`: the MCP server that an agent starts."""

from __future__ import annotations

import sys

import click

from onward.cli.context import SERVER_KEY, json_option, local_settings
from onward.cli.mcp_server import serve


@click.command()
@click.option("--project", metavar="NAME", help="Project name or id. Default: the project of the agent's working folder.")
@json_option
def mcp(project: str | None, as_json: bool) -> None:  # noqa: ARG001 - MCP is JSON anyway; only an error at start reads the flag
    """Run an MCP server for one agent on standard input and output. Your agent starts it, not you.

    Register it in the agent as a server with the command `onward mcp`; docs/mcp.md shows how for each agent.
    `onward serve` offers the same tools over HTTP at /mcp.

    \b
    Examples:
      claude mcp add onward -- onward mcp
      codex mcp add onward -- onward mcp
    """
    local_settings(project=project)
    sys.exit(serve({"project": project, "server": click.get_current_context().meta.get(SERVER_KEY)}))
