"""What the commands that keep something work with: the desk, on this machine or on a server, and the settings."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from onward.desk import Desk, here_only, open_desk
from onward.settings import Settings, read_settings

__all__ = ["SERVER", "Desk", "as_json", "desk", "in_project", "own_settings", "settings_of", "within_budget"]

SERVER = "onward.server"
"""Under this click's context holds the server that was named before the command."""

as_json = click.option("--json", "as_json", is_flag=True, help="Answer in JSON, for programs.")
in_project = click.option(
    "--project", metavar="NAME", help="The project, by name or id. Default: the one of the repository you are in, or the only one there is."
)
within_budget = click.option("--budget", "budget_tokens", type=click.IntRange(min=1), metavar="N", help="Most tokens that it may take.")


@contextmanager
def desk(**flags: Any) -> Iterator[Desk]:
    """Open the store that is meant: this machine's own, or that of a server; *flags* (`project`, `budget_tokens`) win over the settings."""
    with open_desk(settings_of(**flags)) as at:
        yield at


def settings_of(**flags: Any) -> Settings:
    """Return the settings; *flags* win, and so does the `--server` that stood before the command."""
    context = click.get_current_context(silent=True)
    return read_settings({"server": context.meta.get(SERVER) if context else None, **flags})


def own_settings(**flags: Any) -> Settings:
    """Return the settings for what is about this machine's own store or process. Raises `BadInput` where a server is meant."""
    settings = settings_of(**flags)
    here_only(settings)
    return settings
