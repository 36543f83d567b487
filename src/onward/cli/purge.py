"""`onward purge-secret`: removes an undetected secret from the store."""

from __future__ import annotations

import sys

import click

from onward.adapters import open_store
from onward.app.admin import secret_purge
from onward.cli.context import json_option, local_settings
from onward.cli.presentation import is_terminal, note, quantity, say, say_json
from onward.errors import BadInput
from onward.message import Message

MAX_CHARS = 100_000


@click.command("purge-secret")
@click.option("--yes", is_flag=True, help="Skip the confirmation.")
@json_option
def purge_secret(yes: bool, as_json: bool) -> None:
    """Remove an undetected secret from turns, facts, handoffs, knowledge and the search index.

    The secret is read from a hidden prompt or standard input, never from an argument, which would stay in the shell's history. A
    placeholder replaces it permanently. Also revoke the secret at its issuer: copies elsewhere still contain it.

    \b
    Examples:
      onward purge-secret
      pass show mail-relay | onward purge-secret --yes
    """
    settings = local_settings()
    is_interactive = is_terminal(sys.stdin)
    secret = str(click.prompt("The secret", hide_input=True, err=True)) if is_interactive else sys.stdin.read(MAX_CHARS)
    with open_store(settings) as store:
        if not yes:
            _confirm_purge(secret_purge.count_rows(store, secret), is_interactive=is_interactive)
        purge = secret_purge.purge(store, settings.home, secret)
    if as_json:
        say_json(purge)
        return
    say(f"Replaced by {purge.mark} in {_row_counts(purge.rows)}." if purge.rows else "The secret was not found in the store.")
    if purge.removed:
        say(f"Deleted {quantity(len(purge.removed), 'job file')} that may contain the secret.")
    if not purge.is_rewritten:
        note(
            "The database file could not be rewritten while other processes use it, so its free pages may contain the secret. "
            "Stop them and run this command again."
        )
    if purge.copies:
        note("These copies may contain the secret. Delete them:\n" + "\n".join(f"  {path}" for path in purge.copies))
    note("Backups and archives elsewhere and the agents' own transcripts are not changed. Revoke the secret.")


def _confirm_purge(rows: dict[str, int], *, is_interactive: bool) -> None:
    if not rows:
        return
    if not is_interactive:
        raise BadInput(
            Message("Found in {tables}. Replacing the secret needs a confirmation.", tables=_row_counts(rows)),
            "Add --yes to replace it permanently.",
        )
    if not click.confirm(f"Found in {_row_counts(rows)}. Replace the secret permanently?", err=True):
        raise BadInput("Nothing was changed.")


def _row_counts(rows: dict[str, int]) -> str:
    return f"{quantity(sum(rows.values()), 'row')} ({', '.join(f'{table} {count}' for table, count in sorted(rows.items()))})"
