"""What the commands that keep something work with: the open store, the settings, the project that is meant."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from onward.app import projects
from onward.settings import Settings, read_settings
from onward.wiring import open_store

if TYPE_CHECKING:
    from onward.store import Store

as_json = click.option("--json", "as_json", is_flag=True, help="Answer in JSON, for programs.")
in_project = click.option(
    "--project", metavar="NAME", help="The project, by name or id. Default: the one of the repository you are in, or the only one there is."
)
within_budget = click.option("--budget", "budget_tokens", type=click.IntRange(min=1), metavar="N", help="Most tokens that it may take.")


@dataclass(frozen=True, slots=True)
class Desk:
    """An open store and the settings that it was opened by."""

    store: Store
    settings: Settings

    def project(self, *, create: bool = False) -> projects.Project:
        """Return the project that is meant by flag, setting or folder; made where it is missing, with *create*. Raises `NotFound`."""
        return projects.resolve(self.store, self.settings.project, folder=Path.cwd(), create=create, worktrees=self.settings.worktrees)


@contextmanager
def desk(**flags: Any) -> Iterator[Desk]:
    """Open the store that the settings name; *flags* (`project`, `budget_tokens`) win over them."""
    settings = read_settings(flags)
    with open_store(settings) as store:
        yield Desk(store, settings)
