"""`onward llm-key` and `onward spend`: the API key of a language model, and its cost."""

from __future__ import annotations

import sys

import click

from onward.cli.context import json_option, use_backend
from onward.cli.presentation import is_terminal, note, paint, quantity, say, say_json, say_table
from onward.core.llm_key import KeyStatus
from onward.core.spend import SpendGrouping, SpendTotals
from onward.core.text.printable import printable

_COLOURS = {"valid": "green", "invalid": "red", "unreachable": "yellow"}


@click.group("llm-key")
def llm_key() -> None:
    """Manage the API key of a language model. It is stored encrypted and never shown.

    A language model is optional. ONWARD_LLM_URL and ONWARD_LLM_MODEL select one.
    """


@llm_key.command("set")
@json_option
def set_(as_json: bool) -> None:
    """Store a key from a hidden prompt or standard input. It replaces the previous key.

    The key is never an argument: other programs and the shell's history would see it.

    \b
    Examples:
      onward llm-key set
      pass show huggingface | onward llm-key set
    """
    key = click.prompt("LLM key", hide_input=True, err=True) if is_terminal(sys.stdin) else sys.stdin.read(10_000)
    with use_backend() as backend:
        key_status = backend.llm.put_key(str(key))
    _say_key_status(key_status, as_json=as_json)
    if not as_json:
        note("To test it: onward llm-key test")


@llm_key.command()
@json_option
def show(as_json: bool) -> None:
    """Show whether a key is set, its source, its provider, and the result of the last test.

    \b
    Example:
      onward llm-key show
    """
    with use_backend() as backend:
        key_status = backend.llm.key()
    _say_key_status(key_status, as_json=as_json)


@llm_key.command()
@json_option
def test(as_json: bool) -> int:
    """Test the key with a one-word request: valid, invalid or unreachable. Exit code 1 unless it is valid.

    \b
    Example:
      onward llm-key test
    """
    with use_backend() as backend:
        key_status = backend.llm.test_key()
    _say_key_status(key_status, as_json=as_json)
    return int(key_status.state != "valid")


@llm_key.command()
@json_option
def remove(as_json: bool) -> None:
    """Remove the stored key.

    \b
    Example:
      onward llm-key remove
    """
    with use_backend() as backend:
        key_status = backend.llm.remove_key()
    _say_key_status(key_status, as_json=as_json)


@click.command()
@click.option("--by", type=click.Choice(["project", "job", "model"]), default="project", show_default=True, help="How to group the lines.")
@click.option("--project", metavar="NAME", help="Only this project (name or id).")
@click.option("--days", type=click.IntRange(min=1, max=3660), metavar="N", help="Only the last N days (UTC), including today.")
@json_option
def spend(by: SpendGrouping, project: str | None, days: int | None, as_json: bool) -> None:
    """Show the cost of language models: calls, tokens and US dollars by project, job or model.

    Prices are list prices or the value of ONWARD_LLM_USD_PER_MILLION. Local models are free; your own agent uses its subscription.

    \b
    Examples:
      onward spend
      onward spend --by job --days 7
    """
    with use_backend(project=project) as backend:
        project_filter = backend.require_project() if project else None
        spending = backend.llm.spending(by, project=project_filter, days=days)
    total, lines = spending.total, spending.lines
    if as_json:
        line_data = [{"name": line.name, "id": line.id, **line.spent._asdict()} for line in lines]
        say_json(
            {
                "total": total._asdict(),
                "grouping": by,
                "by": line_data,
                "daily_usd_limit": spending.daily_usd,
                "daily_tokens_limit": spending.daily_tokens,
            }
        )
        return
    if not lines:
        note("No model requests yet.")
        return
    rows = [[line.id or "", printable(line.name) or f"(no {by})", *_spend_cells(line.spent)] for line in lines]
    say_table(["id", by, "calls", "tokens in", "out", "USD"], [*rows, ["", "all", *_spend_cells(total)]])
    if total.unpriced:
        note(f"The price of {quantity(total.unpriced, 'call')} is unknown: set ONWARD_LLM_USD_PER_MILLION.")
    if total.subscription:
        note(f"{quantity(total.subscription, 'call')} of your own agent used its subscription or account, which is not in the dollars.")
    daily_limits = f"{spending.daily_usd:g} USD and {spending.daily_tokens:,} tokens per day and project"
    job_limits = f"{spending.job_usd:g} USD and {spending.job_tokens:,} tokens per job"
    note(f"Limits: {daily_limits}; {job_limits}.")


def _spend_cells(spent: SpendTotals) -> list[object]:
    return [spent.calls, f"{spent.input_tokens:,}", f"{spent.output_tokens:,}", _cost_cell(spent)]


def _cost_cell(spent: SpendTotals) -> str:
    if spent.subscription == spent.calls:
        return "subscription"
    return f"{spent.cost_usd:.4f}{'+?' if spent.unpriced else ''}"


def _say_key_status(key_status: KeyStatus, *, as_json: bool) -> None:
    if as_json:
        say_json(key_status)
        return
    style = _COLOURS.get(key_status.state)
    state = paint(key_status.state, style) if style else key_status.state
    source = {"environment": " (from ONWARD_LLM_KEY)", "store": " (stored encrypted)", "none": ""}[key_status.source]
    say(f"LLM key: {state}{source}, for {key_status.model} at {key_status.url}")
    if key_status.is_off:
        say("Language models are turned off (ONWARD_LLM=off).")
    if key_status.message:
        say(printable(str(key_status.message)))
