"""`onward llm-key` and `onward spend`: the key that opens a language model, and what asking one costs."""

from __future__ import annotations

import sys

import click

from onward.cli.desk import as_json, desk
from onward.cli.present import is_terminal, note, paint, say, say_json, table
from onward.core.llm_key import KeyStanding
from onward.core.printable import printable
from onward.core.spend import SpendBy, Spent

_COLOURS = {"valid": "green", "invalid": "red", "unreachable": "yellow"}


@click.group("llm-key")
def llm_key() -> None:
    """Keep the key that opens a language model: encrypted, tested, shown to nobody.

    Onward needs no model. With one, handoffs read better; ONWARD_LLM_URL and ONWARD_LLM_MODEL say which.
    """


@llm_key.command("set")
@as_json
def set_(as_json: bool) -> None:
    """Keep a key: typed where nobody sees it, or read from standard input. It takes the place of the one before.

    It is never an argument: those are seen by every program of the machine, and stay in the shell's history.

    \b
    Examples:
      onward llm-key set
      pass show huggingface | onward llm-key set
    """
    key = click.prompt("LLM key", hide_input=True, err=True) if is_terminal(sys.stdin) else sys.stdin.read(10_000)
    with desk() as at:
        standing = at.llm.put_key(str(key))
    _tell(standing, as_json=as_json)
    if not as_json:
        note("See whether it works: onward llm-key test")


@llm_key.command()
@as_json
def show(as_json: bool) -> None:
    """Say whether there is a key, where it is from, whom it is for, and what the last test found.

    \b
    Example:
      onward llm-key show
    """
    with desk() as at:
        standing = at.llm.key()
    _tell(standing, as_json=as_json)


@llm_key.command()
@as_json
def test(as_json: bool) -> int:
    """Ask the model for one word: is the key valid, invalid, or can nobody be reached? Exit code 1 where it is not valid.

    \b
    Example:
      onward llm-key test
    """
    with desk() as at:
        standing = at.llm.test_key()
    _tell(standing, as_json=as_json)
    return int(standing.state != "valid")


@llm_key.command()
@as_json
def remove(as_json: bool) -> None:
    """Remove the kept key.

    \b
    Example:
      onward llm-key remove
    """
    with desk() as at:
        standing = at.llm.remove_key()
    _tell(standing, as_json=as_json)


@click.command()
@click.option("--by", type=click.Choice(["project", "job", "model"]), default="project", show_default=True, help="Of what the lines are.")
@click.option("--project", metavar="NAME", help="Only what was spent for this project, by name or id.")
@click.option("--days", type=click.IntRange(min=1, max=3660), metavar="N", help="Only the last N days (UTC), of which today is one.")
@as_json
def spend(by: SpendBy, project: str | None, days: int | None, as_json: bool) -> None:
    """Show what asking language models cost: calls, tokens and US dollars, by project, job or model.

    Prices are list prices, or what ONWARD_LLM_USD_PER_MILLION says. A model on this machine costs nothing.

    \b
    Examples:
      onward spend
      onward spend --by job --days 7
    """
    with desk(project=project) as at:
        ours = at.project() if project else None
        found = at.llm.spending(by, project=ours, days=days)
    total, lines = found.total, found.lines
    if as_json:
        told = [{"name": one.name, "id": one.id, **one.spent._asdict()} for one in lines]
        say_json({"total": total._asdict(), "by": by, "lines": told, "daily_usd": found.daily_usd, "daily_tokens": found.daily_tokens})
        return
    if not lines:
        note("No model was asked yet.")
        return
    rows = [[one.id or "", printable(one.name) or f"(no {by})", *_cells(one.spent)] for one in lines]
    table(["id", by, "calls", "tokens in", "out", "USD"], [*rows, ["", "all", *_cells(total)]])
    if total.unpriced:
        note(f"The price of {total.unpriced} calls is not known: set ONWARD_LLM_USD_PER_MILLION.")
    note(
        f"The limits: {found.daily_usd:g} USD and {found.daily_tokens:,} tokens a day and project, {found.job_usd:g} USD and {found.job_tokens:,} tokens a job."
    )


def _cells(spent: Spent) -> list[object]:
    return [spent.calls, f"{spent.input_tokens:,}", f"{spent.output_tokens:,}", f"{spent.cost_usd:.4f}{'+?' if spent.unpriced else ''}"]


def _tell(standing: KeyStanding, *, as_json: bool) -> None:
    if as_json:
        say_json(standing)
        return
    style = _COLOURS.get(standing.state)
    state = paint(standing.state, style) if style else standing.state
    source = {"environment": " (from ONWARD_LLM_KEY)", "store": " (kept encrypted)", "none": ""}[standing.source]
    say(f"LLM key: {state}{source}, for {standing.model} at {standing.url}")
    if standing.is_off:
        say("Asking models is turned off (ONWARD_LLM=off).")
    if standing.message:
        say(printable(standing.message))
