"""`onward purge-secret`: a secret that was not recognised, taken out of everything."""

from __future__ import annotations

import sys

import click

from onward.adapters import open_store
from onward.app.admin import secret_purge
from onward.cli.context import json_option, local_settings
from onward.cli.presentation import is_terminal, note, quantity, say, say_json
from onward.errors import BadInput

MAX_CHARS = 100_000


@click.command("purge-secret")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def purge_secret(yes: bool, as_json: bool) -> None:
    """Take a secret that was not recognised out of all that is kept: turns, facts, handoffs, knowledge, the search index.

    It is typed where nobody sees it, or read from standard input; never an argument, for those stay in the shell's history. A mark stands in its place, for good, and
    all else stays as it is. Change the secret all the same: whoever issued it can end it, and copies elsewhere still hold it.

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
    say(f"Replaced by {purge.mark} in {_row_counts(purge.rows)}." if purge.rows else "It stands nowhere in the store.")
    if purge.removed:
        say(f"Removed, for they may have held it: {quantity(len(purge.removed), 'file')} of jobs that sent or wrote transcripts.")
    if not purge.is_rewritten:
        note(
            "The database could not be written anew while others use it: free pages of its file may hold the secret. Stop them and run this again."
        )
    if purge.copies:
        note("These copies may hold it. Remove them:\n" + "\n".join(f"  {path}" for path in purge.copies))
    note(
        "Backups and archives that you put elsewhere are not reached, nor are the agents' own transcripts. Change the secret where it is used."
    )


def _confirm_purge(rows: dict[str, int], *, is_interactive: bool) -> None:
    if not rows:
        return
    if not is_interactive:
        raise BadInput(f"It stands in {_row_counts(rows)}, and nobody is here to ask.", "Say --yes to replace it for good.")
    if not click.confirm(f"It stands in {_row_counts(rows)}. Replace it for good?", err=True):
        raise BadInput("Nothing was changed.")


def _row_counts(rows: dict[str, int]) -> str:
    return f"{quantity(sum(rows.values()), 'row')} ({', '.join(f'{table} {count}' for table, count in sorted(rows.items()))})"
