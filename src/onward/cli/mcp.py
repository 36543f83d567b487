"""`onward mcp`: what an agent starts to ask Onward by itself."""

from __future__ import annotations

import click

from onward.adapters import open_store
from onward.cli.context import json_option, local_settings


@click.command()
@click.option("--project", metavar="NAME", help="The project, by name or id. Default: that of the folder in which the agent works.")
@json_option
def mcp(project: str | None, as_json: bool) -> None:  # noqa: ARG001 - it speaks JSON in any case; only a refusal to start reads the flag
    """Answer one agent over MCP on standard input and output, until it goes. You do not run this: your agent does.

    Enter it there as a server that is started by the command `onward mcp`; docs/mcp.md says how, for each agent. Over HTTP the same is at /mcp of `onward serve`.

    \b
    Examples:
      claude mcp add onward -- onward mcp
      codex mcp add onward -- onward mcp
    """
    # Imported here: what it needs to answer takes half a second.
    from onward.mcp.stdio import run

    settings = local_settings(project=project)
    with open_store(settings) as store:
        run(store, settings)
