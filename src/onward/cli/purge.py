"""`onward purge-secret`: a secret that was not recognised, taken out of everything."""

from __future__ import annotations

import sys

import click

from onward.app import purging
from onward.cli.desk import as_json, own_settings
from onward.cli.present import counted, is_terminal, note, say, say_json
from onward.errors import BadInput
from onward.wiring import open_store

MOST_CHARS = 100_000


@click.command("purge-secret")
@click.option("--yes", is_flag=True, help="Do not ask.")
@as_json
def purge_secret(yes: bool, as_json: bool) -> None:
    """Take a secret that was not recognised out of all that is kept: turns, facts, handoffs, knowledge, the search index.

    It is typed where nobody sees it, or read from standard input; never an argument, for those stay in the shell's history. A mark stands in its place, for good, and
    all else stays as it is. Change the secret all the same: whoever issued it can end it, and copies elsewhere still hold it.

    \b
    Examples:
      onward purge-secret
      pass show mail-relay | onward purge-secret --yes
    """
    settings = own_settings()
    asks = is_terminal(sys.stdin)
    secret = str(click.prompt("The secret", hide_input=True, err=True)) if asks else sys.stdin.read(MOST_CHARS)
    with open_store(settings) as store:
        if not yes:
            _ask(purging.find(store, secret), may_ask=asks)
        done = purging.purge(store, settings.home, secret)
    if as_json:
        say_json(done)
        return
    say(f"Replaced by {done.mark} in {_told(done.rows)}." if done.rows else "It stands nowhere in the store.")
    if done.removed:
        say(f"Removed, for they may have held it: {counted(len(done.removed), 'file')} of jobs that sent or wrote transcripts.")
    if not done.is_rewritten:
        note(
            "The database could not be written anew while others use it: free pages of its file may hold the secret. Stop them and run this again."
        )
    if done.copies:
        note("These copies may hold it. Remove them:\n" + "\n".join(f"  {path}" for path in done.copies))
    note(
        "Backups and archives that you put elsewhere are not reached, nor are the agents' own transcripts. Change the secret where it is used."
    )


def _ask(found: dict[str, int], *, may_ask: bool) -> None:
    if not found:
        return
    if not may_ask:
        raise BadInput(f"It stands in {_told(found)}, and nobody is here to ask.", "Say --yes to replace it for good.")
    if not click.confirm(f"It stands in {_told(found)}. Replace it for good?", err=True):
        raise BadInput("Nothing was changed.")


def _told(rows: dict[str, int]) -> str:
    return f"{counted(sum(rows.values()), 'row')} ({', '.join(f'{table} {count}' for table, count in sorted(rows.items()))})"
