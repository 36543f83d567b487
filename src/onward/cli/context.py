"""What the commands that keep something work with: the desk, on this machine or on a server, and the settings."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from onward.backend import Backend, open_backend, require_local
from onward.settings import Settings, read_settings

__all__ = ["SERVER_KEY", "Backend", "budget_option", "command_settings", "json_option", "local_settings", "project_option", "use_backend"]

SERVER_KEY = "onward.server"
"""Under this click's context holds the server that was named before the command."""

json_option = click.option("--json", "as_json", is_flag=True, help="Answer in JSON, for programs.")
project_option = click.option(
    "--project", metavar="NAME", help="The project, by name or id. Default: the one of the repository you are in, or the only one there is."
)
budget_option = click.option("--budget", "budget_tokens", type=click.IntRange(min=1), metavar="N", help="Most tokens that it may take.")


@contextmanager
def use_backend(**flags: Any) -> Iterator[Backend]:
    """Open the store that is meant: this machine's own, or that of a server; *flags* (`project`, `budget_tokens`) win over the settings."""
    with open_backend(command_settings(**flags)) as backend:
        yield backend


def command_settings(**flags: Any) -> Settings:
    """Return the settings; *flags* win, and so does the `--server` that stood before the command."""
    context = click.get_current_context(silent=True)
    return read_settings({"server": context.meta.get(SERVER_KEY) if context else None, **flags})


def local_settings(**flags: Any) -> Settings:
    """Return the settings for what is about this machine's own store or process. Raises `BadInput` where a server is meant."""
    settings = command_settings(**flags)
    require_local(settings)
    return settings
