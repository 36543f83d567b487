"""`onward db`: the schema of the store, a prompt on it, and beginning anew."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import click

from onward.adapters import open_store
from onward.app.admin import maintenance
from onward.cli.context import json_option, local_settings, use_backend
from onward.cli.presentation import ProgressBar, is_terminal, quantity, say, say_json
from onward.errors import BadInput


@click.group()
def db() -> None:
    """Look after the database that the store is in.

    Safe copies are the business of `onward backup`; `copy` moves house.
    """


@db.command()
@json_option
def migrate(as_json: bool) -> None:
    """Bring the schema up to date, and say from which version to which.

    Whatever opens the store does this too, once however many start together; run it by itself to have it done before an upgraded server starts.

    \b
    Example:
      onward db migrate
    """
    with use_backend() as backend:
        migration = maintenance.read_migration(backend.store)
    if as_json:
        say_json({"from": migration.old_version or None, "to": migration.new_version})
    elif migration.old_version == migration.new_version:
        say(f"The schema is at {migration.new_version}: up to date.")
    else:
        say(f"The schema went from {migration.old_version or 'nothing'} to {migration.new_version}.")


@db.command()
@json_option
def shell(as_json: bool) -> int:
    """Open the prompt of the database's own program on the store: sqlite3, or psql.

    Where that program is missing, prints what to run. With --json: the command alone, and nothing is opened.

    \b
    Example:
      onward db shell
    """
    with use_backend() as backend:
        prompt = maintenance.database_prompt(backend.store)
    program = shutil.which(prompt.command[0])
    if as_json:
        say_json({"command": prompt.command, "program": program})
        return 0
    if program:
        # It takes the place of this process, so that Ctrl-C is its own.
        os.execve(program, prompt.command, {**os.environ, **prompt.secrets})  # noqa: S606 - a command of our own, without a shell
    say(f"{prompt.command[0]} is not on this machine. Install it, then run:\n  {shlex.join(prompt.command)}")
    return 1


@db.command()
@click.argument("target", metavar="TARGET")
@json_option
def copy(target: str, as_json: bool) -> None:
    """Copy the whole store into a new one: a PostgreSQL database when one machine is outgrown, or a folder for an embedded store.

    TARGET is the address of an empty database, or a folder that has no store yet. All or nothing; this store stays as it is. A password belongs into PGPASSWORD or ~/.pgpass, since others see
    what is on a command line.

    \b
    Examples:
      onward db copy postgresql://onward@db.example/onward
      onward db copy /srv/onward
    """
    settings = local_settings()
    is_address = "://" in target
    target_settings = replace(settings, database_url=target) if is_address else replace(settings, database_url="", home=Path(target))
    with open_store(settings) as source_store, open_store(target_settings) as target_store, ProgressBar("copying") as progress:
        rows = maintenance.copy_store(source_store, target_store, progress.update)
        name = maintenance.store_name(target_store)
    setting = "ONWARD_DATABASE_URL" if is_address else "ONWARD_HOME"
    if as_json:
        say_json({"target": name, "rows": rows})
        return
    say(f"{name} holds {quantity(rows, 'row')} now. Use it: set {setting} to it, and restart what runs.")


@db.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def reset(yes: bool, as_json: bool) -> None:
    """Empty the store: every project, session and setting in it, for good.

    Asks for the store's name first. On SQLite what it held is copied beside it; on PostgreSQL take a pg_dump before.

    \b
    Example:
      onward db reset
    """
    with use_backend() as backend:
        name = maintenance.store_name(backend.store)
        if not yes:
            _confirm_reset(name)
        outcome = maintenance.reset_store(backend.settings, backend.store)
    if as_json:
        say_json(outcome)
    else:
        say(
            f"{outcome.name} is empty."
            + (f" What it held is in {outcome.kept}; put it back: onward restore --force FILE" if outcome.kept else "")
        )


def _confirm_reset(name: str) -> None:
    if not is_terminal(sys.stdin):
        raise BadInput(f"This empties {name} for good, and nobody is here to ask.", "Say --yes, after: onward backup FILE")
    if click.prompt("This deletes everything in the store. Type its name to go on", prompt_suffix=f" ({name}): ", err=True) != name:
        raise BadInput(f"That is not its name: {name}. Nothing was deleted.")
