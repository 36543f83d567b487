"""`onward db`: schema migration, database shell, copy and reset of the store."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import click

from onward.adapters import build_embedding_model, open_store
from onward.app.admin import database
from onward.app.search.embedder import make_all
from onward.cli.context import json_option, local_settings, use_backend
from onward.cli.presentation import ProgressBar, is_terminal, quantity, say, say_json
from onward.errors import BadInput
from onward.message import Message


@click.group()
def db() -> None:
    """Maintain the database of the store.

    `copy` moves the store to another database or folder. For backups, use `onward backup`.
    """


@db.command()
@json_option
def migrate(as_json: bool) -> None:
    """Migrate the schema to the current version.

    Every command does this when it opens the store. Run it separately to migrate before an upgraded server starts.

    \b
    Example:
      onward db migrate
    """
    with use_backend() as backend:
        migration = database.read_migration(backend.store)
    if as_json:
        say_json({"old_version": migration.old_version or None, "new_version": migration.new_version})
    elif migration.old_version == migration.new_version:
        say(f"The schema is up to date: version {migration.new_version}.")
    else:
        say(f"Migrated the schema from {migration.old_version or 'an empty database'} to version {migration.new_version}.")


@db.command()
@json_option
def shell(as_json: bool) -> int:
    """Open a database shell on the store: sqlite3 or psql.

    If the program is not installed, the command is printed. With --json, only print the command.

    \b
    Example:
      onward db shell
    """
    with use_backend() as backend:
        prompt = database.database_prompt(backend.store)
    program = shutil.which(prompt.command[0])
    if as_json:
        say_json({"command": prompt.command, "program": program})
        return 0
    if program:
        # Replace this process, so that Ctrl-C goes to the shell.
        os.execve(program, prompt.command, {**os.environ, **prompt.secrets})  # noqa: S606 - a command of our own, without a shell
    say(f"{prompt.command[0]} is not installed. Install it, then run:\n  {shlex.join(prompt.command)}")
    return 1


@db.command()
@click.argument("target", metavar="TARGET")
@json_option
def copy(target: str, as_json: bool) -> None:
    """Copy the store into a new PostgreSQL database or a new folder.

    TARGET is the URL of an empty database, or a folder without a store. The copy is complete or fails; this store is not changed.
    Put a password into PGPASSWORD or ~/.pgpass, because other users can see command lines.

    \b
    Examples:
      onward db copy postgresql://onward@db.example/onward
      onward db copy /srv/onward
    """
    settings = local_settings()
    is_address = "://" in target
    target_settings = replace(settings, database_url=target) if is_address else replace(settings, database_url="", home=Path(target))
    with open_store(settings) as source_store, open_store(target_settings) as target_store, ProgressBar("copying") as progress:
        rows = database.copy_store(source_store, target_store, progress.update)
        name = database.store_name(target_store)
    setting = "ONWARD_DATABASE_URL" if is_address else "ONWARD_HOME"
    if as_json:
        say_json({"target": name, "rows": rows})
        return
    say(f"Copied {quantity(rows, 'row')} to {name}. To use it, set {setting} and restart Onward.")


@db.command()
@json_option
def vectors(as_json: bool) -> None:
    """Make the vectors for search by meaning of all turns that have none.

    A server or a worker does this in the background; without one, run it after imports. Needs the setting embeddings_model.

    \b
    Example:
      onward db vectors
    """
    settings = local_settings()
    model = build_embedding_model(settings)
    if model is None:
        raise BadInput(
            "Search by meaning is off: no embedding model is set.", "Set ONWARD_EMBEDDINGS_MODEL; see docs/howto/find-what-was-left-out.md."
        )
    with open_store(settings) as store, ProgressBar("making vectors") as progress:
        counts = make_all(store, model, settings.llm.daily_tokens, progress.update)
    if as_json:
        say_json({"model": model.name, "new": counts.new, "missing": counts.missing})
        return
    rest = f" {quantity(counts.missing, 'turn')} left: today's tokens are used up (ONWARD_LLM_DAILY_TOKENS)." if counts.missing else ""
    say(f"Made the vectors of {quantity(counts.new, 'turn')} with {model.name}.{rest}")


@db.command()
@click.option("--yes", is_flag=True, help="Skip the confirmation.")
@json_option
def reset(yes: bool, as_json: bool) -> None:
    """Permanently delete all data in the store.

    Asks for the store's name first. On SQLite a backup is written beside it; on PostgreSQL run pg_dump first.

    \b
    Example:
      onward db reset
    """
    with use_backend() as backend:
        name = database.store_name(backend.store)
        if not yes:
            _confirm_reset(name)
        outcome = database.reset_store(backend.settings, backend.store)
    if as_json:
        say_json(outcome)
    else:
        say(
            f"Reset {outcome.name}."
            + (f" Backup: {outcome.backup_path}. To restore it: onward restore --force FILE" if outcome.backup_path else "")
        )


def _confirm_reset(name: str) -> None:
    if not is_terminal(sys.stdin):
        raise BadInput(Message("Resetting {name} needs a confirmation.", name=name), "Make a backup (onward backup FILE), then add --yes.")
    if click.prompt("This deletes all data in the store. Type its name to continue", prompt_suffix=f" ({name}): ", err=True) != name:
        raise BadInput(Message("The name does not match {name}. Nothing was deleted.", name=name))
