"""What commands share: the backend (local store or server), the settings, and common options."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from onward.backend import Backend, open_backend, require_local
from onward.settings import Settings, read_settings

__all__ = [
    "SERVER_KEY",
    "Backend",
    "budget_option",
    "command_settings",
    "json_option",
    "local_settings",
    "project_option",
    "use_backend",
    "words_option",
]

SERVER_KEY = "onward.server"
"""Key of click's context `meta` for the value of `--server`."""

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
project_option = click.option(
    "--project", metavar="NAME", help="Project name or id. Default: the project of the current repository, or the only project."
)
budget_option = click.option("--budget", "budget_tokens", type=click.IntRange(min=1), metavar="N", help="Maximum tokens of the handoff.")


def words_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --add and --replace: add to the existing statements, or replace them."""
    add = click.option("--add", "words", flag_value="add", help="Add the statements to existing ones.")
    replace = click.option("--replace", "words", flag_value="replace", help="Replace existing statements.")
    return add(replace(command))


@contextmanager
def use_backend(**flags: Any) -> Iterator[Backend]:
    """Open the backend: the local store or a server. *flags* (`project`, `budget_tokens`) override the settings."""
    with open_backend(command_settings(**flags)) as backend:
        yield backend


def command_settings(**flags: Any) -> Settings:
    """Return the settings. *flags* and the `--server` option override them."""
    context = click.get_current_context(silent=True)
    return read_settings({"server": context.meta.get(SERVER_KEY) if context else None, **flags})


def local_settings(**flags: Any) -> Settings:
    """Return the settings of a command that works on the local store only. Raises `BadInput` if a server is set."""
    settings = command_settings(**flags)
    require_local(settings)
    return settings
