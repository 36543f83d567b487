"""`onward account`: the account pool, the suggested account and credit usage."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, get_args

import click

from onward.app.accounts.fields import parse_need, parse_time
from onward.cli.account_file import read_rows
from onward.cli.account_output import (
    account_data,
    account_details,
    account_row,
    credits_data,
    credits_line,
    say_credits,
    say_usage,
    usage_data,
)
from onward.cli.context import Backend, json_option, project_option, use_backend
from onward.cli.input_file import resolve_input
from onward.cli.presentation import is_terminal, note, paint, quantity, say, say_json, say_table
from onward.core.accounts.accounts import Account, AccountAvailability, AccountStatus
from onward.errors import BadInput
from onward.message import Message

name_argument = click.argument("name", metavar="NAME")
model_option = click.option("--model", default="", metavar="NAME", help="The model that the session needs.")
tags_option = click.option("--tag", "tags", multiple=True, metavar="WORD", help="A strength that the account should have. Repeatable.")
credits_option = click.option("--needs", type=click.FloatRange(min=0), metavar="N", help="Estimated credits that the session needs.")


def _account_options(command: Any) -> Any:
    """Add the options that describe an account."""
    for option in reversed(
        (
            click.option("--provider", metavar="NAME", help="The service, such as anthropic."),
            click.option("--plan", metavar="NAME", help="The plan, such as pro."),
            click.option(
                "--model", "models", multiple=True, metavar="NAME[=N]", help="A model of the account, with its credit limit. Repeatable."
            ),
            click.option("--tag", "tags", multiple=True, metavar="WORD", help="A strength of the account. Repeatable."),
            click.option("--credits", "credits_total", metavar="N", help="Total credits."),
            click.option("--used", "credits_used", metavar="N", help="Credits used so far, as the service shows them."),
            click.option(
                "--resets-at",
                metavar="TIME",
                help="When the credits reset, such as 2026-03-01T15:00+07:00. Default time zone: UTC.",
            ),
            click.option("--every", "period", metavar="PERIOD", help="How often the credits reset: 5h, 1d, 1w, 1mo."),
            click.option(
                "--window",
                "windows",
                multiple=True,
                metavar="WINDOW",
                help='A further limit: 5h=40%, 1w=30/100, "1w of opus=20/50 until 2026-03-01T15:00Z". Repeatable. '
                "What the service reports in transcripts replaces it.",
            ),
            click.option(
                "--profile", metavar="FOLDER", help="The folder where its agent keeps settings and sessions, such as ~/.claude-work."
            ),
            click.option("--note", "note", metavar="TEXT", help="A note. Never enter passwords or keys."),
        )
    ):
        command = option(command)
    return command


@click.group()
def account() -> None:
    """Track a pool of AI service accounts and choose the next one.

    Onward only tracks and advises. It stores no password or key of any account and never signs in.
    """


@account.command()
@name_argument
@_account_options
@json_option
def new(name: str, as_json: bool, **options: Any) -> None:
    """Add an account.

    \b
    Examples:
      onward account new claude-1 --provider anthropic --credits 100 --every 5h --resets-at 2026-03-01T15:00Z
      onward account new codex-1 --provider openai --credits 100 --model gpt-5-codex=60 --tag review
    """
    with use_backend() as backend:
        created = backend.accounts.create({"name": name, **_provided_fields(options)})
    _say_result(created, f"Added account {created.account.name}: {credits_line(created)}.", as_json=as_json)


@account.command("list")
@click.option("--status", type=click.Choice(get_args(AccountStatus)), help="Only accounts with this status.")
@json_option
def list_(status: AccountStatus | None, as_json: bool) -> None:
    """List the accounts. A `~` marks an estimated value.

    \b
    Example:
      onward account list --status active
    """
    with use_backend() as backend:
        accounts = list(backend.accounts.list_accounts(status=status))
    if as_json:
        say_json([account_data(account) for account in accounts])
    elif not accounts:
        say(f"No account is {status}." if status else "No accounts yet. Add one: onward account new NAME")
    else:
        say_table(
            ["account", "status", "provider", "credits", "windows", "resets", "strengths"], [account_row(account) for account in accounts]
        )


@account.command()
@name_argument
@json_option
def show(name: str, as_json: bool) -> None:
    """Show an account: status, events, sessions, and the token usage in their transcripts.

    \b
    Example:
      onward account show claude-1
    """
    with use_backend() as backend:
        detail = backend.accounts.show(backend.accounts.require(name))
    if as_json:
        details = {"events": detail.events, "sessions": detail.sessions, "usage": [usage_data(usage) for usage in detail.usage]}
        say_json({**account_data(detail.availability), **details})
        return
    say(paint(f"{detail.availability.account.name}: {detail.availability.status}", "bold"))
    for key, value in account_details(detail.availability).items():
        if value:
            say(f"  {key}: {value}")
    for link in detail.sessions:
        project_name = detail.projects.get(link.project_id, "?")
        say(f"  session {link.number} of {project_name}, {link.status}: {link.started_at:%Y-%m-%d %H:%M}, {link.reason}")
    for event in detail.events:
        change = "" if event.credits is None else f" {event.credits:+,g} credits ({event.source})"
        model = f" of {event.model}" if event.model else ""
        say(f"  {event.at:%Y-%m-%d %H:%M} {event.kind}{model}{change}{': ' + event.note if event.note else ''}")
    say_usage(detail.usage)


@account.command()
@name_argument
@click.option("--name", "new_name", metavar="NAME", help="New name.")
@_account_options
@click.option(
    "--status", type=click.Choice(get_args(AccountStatus)), help="active clears all limits; paused excludes the account from selection."
)
@json_option
def edit(name: str, new_name: str | None, as_json: bool, **options: Any) -> None:
    """Edit an account. An empty value clears a field.

    \b
    Examples:
      onward account edit claude-1 --used 40
      onward account edit claude-1 --status paused
      onward account edit claude-1 --resets-at ""
    """
    changes = _provided_fields({**options, "name": new_name})
    if not changes:
        raise BadInput("No changes were given.", "See: onward account edit --help")
    with use_backend() as backend:
        changed = backend.accounts.change(backend.accounts.require(name), changes)
    _say_result(changed, f"{changed.account.name}: {changed.status}, {credits_line(changed)}.", as_json=as_json)


@account.command()
@name_argument
@click.option("--limit", is_flag=True, help="The service reports a limit.")
@click.option("--failure", is_flag=True, help="The service failed: overloaded, refused, disconnected.")
@click.option("--model", default="", metavar="NAME", help="The affected model. Default: the whole account.")
@click.option("--until", metavar="TIME", help="When the limit ends. Default: the account's next reset.")
@click.option("--note", "text", default="", metavar="TEXT", help="The message of the service.")
@json_option
def report(name: str, limit: bool, failure: bool, model: str, until: str | None, text: str, as_json: bool) -> None:
    """Report a limit or a failure of an account.

    \b
    Examples:
      onward account report claude-1 --limit --until 2026-03-01T15:00Z
      onward account report claude-1 --limit --model claude-opus-4
      onward account report claude-2 --failure --note "overloaded all morning"
    """
    if limit == failure or (until and not limit):
        raise BadInput("Give either --limit or --failure; --until needs --limit.", "See: onward account report --help")
    with use_backend() as backend:
        reported_account = backend.accounts.require(name)
        if limit:
            updated = backend.accounts.report_limit(reported_account, model=model, until_at=parse_time("--until", until), note=text)
        else:
            updated = backend.accounts.report_failure(reported_account, text, model=model)
    _say_result(updated, f"{updated.account.name}: {updated.status}. Report stored.", as_json=as_json)


@account.command()
@name_argument
@click.option("--yes", is_flag=True, help="Skip the confirmation.")
@json_option
def delete(name: str, yes: bool, as_json: bool) -> None:
    """Permanently delete an account and its events. Its sessions are kept.

    \b
    Example:
      onward account delete claude-1 --yes
    """
    with use_backend() as backend:
        deleted_account = backend.accounts.require(name)
        if not yes:
            if not is_terminal(sys.stdin):
                raise BadInput(
                    Message("Deleting account {name} needs a confirmation.", name=deleted_account.name),
                    "Add --yes to delete it permanently.",
                )
            click.confirm(f"Permanently delete account {deleted_account.name} and its events?", abort=True, err=True)
        backend.accounts.delete(deleted_account)
    if as_json:
        say_json({"deleted": deleted_account.name})
    else:
        say(f"Deleted account {deleted_account.name}.")


@account.command("import")
@click.argument("file", metavar="FILE")
@json_option
def import_(file: str, as_json: bool) -> None:
    """Add accounts from a file: CSV with a header line, a JSON list, or JSON Lines. `-` is standard input.

    All rows are added or none. Columns: name, provider, plan, models, tags, credits_total, credits_used, resets_at, period, status,
    note.

    \b
    Example:
      onward account import pool.csv
    """
    with use_backend() as backend:
        batch = backend.accounts.create_batch(read_rows(resolve_input(file)))
    if as_json:
        say_json({"created": [account_data(account) for account in batch.created], "errors": batch.errors})
    for error in batch.errors:
        note(f"row {error.row}{' (' + error.name + ')' if error.name else ''}: {error.message}")
    if batch.errors:
        raise BadInput(
            Message("No account was added: {rows}.", rows=quantity(len(batch.errors), "invalid row")),
            "Correct the rows listed above and import again.",
        )
    if not as_json:
        say(f"Added {quantity(len(batch.created), 'account')}.")


@account.command()
@model_option
@tags_option
@credits_option
@click.option("--all", "show_all", is_flag=True, help="Show the ranking of all accounts.")
@json_option
def best(model: str, tags: tuple[str, ...], needs: float | None, show_all: bool, as_json: bool) -> None:
    """Suggest the account to use next, with reasons.

    \b
    Examples:
      onward account best
      onward account best --model claude-opus-4 --tag review --all
    """
    with use_backend() as backend:
        choice = backend.accounts.best_account(parse_need(model=model, tags=tags, credits=needs))
    if as_json:
        ranked = [
            {
                **account_data(candidate.availability),
                "is_usable": candidate.is_usable,
                "score": candidate.score,
                "reasons": [*map(str, candidate.reasons)],
            }
            for candidate in choice.ranking
        ]
        say_json({
            "account": choice.best.availability.account.name if choice.best else None, "reason": str(choice.why), "ranking": ranked,
        })  # fmt: skip
    elif show_all:
        rows = [
            [
                candidate.availability.account.name,
                f"{candidate.score:.2f}" if candidate.is_usable else "-",
                "; ".join(map(str, candidate.reasons)),
            ]
            for candidate in choice.ranking
        ]
        say_table(["account", "score", "reasons"], rows, wraps=True)
    elif choice.best:
        say(f"{paint(choice.best.availability.account.name, 'bold')}: {choice.why}")
    if not choice.best:
        reason = str(choice.why)
        note(reason[0].upper() + reason[1:] + ".")


@account.command()
@click.argument("number", type=click.IntRange(min=1), required=False)
@project_option
@click.option(
    "--used",
    "credits_used",
    type=click.FloatRange(min=0),
    metavar="N",
    help="Credits used on its account so far, as the service shows them.",
)
@click.option("--to", metavar="NAME", help="Move to this account, whatever the rotation window.")
@model_option
@tags_option
@json_option
def rotate(
    number: int | None, project: str | None, credits_used: float | None, to: str | None, model: str, tags: tuple[str, ...], as_json: bool
) -> None:
    """Move an open session to the best account if its current account is in the rotation window.

    Without NUMBER: the active session started last. The window is 85 to 92 of 100 credits (`rotate_from`, `rotate_at`).

    \b
    Examples:
      onward account rotate --used 88
      onward account rotate 4 --to claude-2
    """
    with use_backend(project=project) as backend:
        session = backend.sessions.require(backend.require_project(), number)
        target = backend.accounts.require(to) if to else None
        need = parse_need(model=model, tags=tags)
        rotation = backend.accounts.rotate(session, need=need, credits_used=credits_used, to=target)
    if as_json:
        before, after = (account_data(account) if account else None for account in (rotation.before, rotation.after))
        say_json(
            {
                "has_moved": rotation.has_moved,
                "session_number": number or session.number,
                "from_account": before,
                "to_account": after,
                "position": rotation.position,
                "reason": str(rotation.why),
                "reasons": [*map(str, rotation.reasons)],
            }
        )
    elif rotation.has_moved and rotation.after:
        say(f"Session {session.number} moved to {paint(rotation.after.account.name, 'bold')}: {rotation.why}.")
        note("; ".join(map(str, rotation.reasons)))
    else:
        say(f"Session {session.number} was not moved: {rotation.why}.")


@account.command("credits")
@click.argument("name", metavar="[NAME]", required=False)
@click.option("--project", metavar="NAME", help="Only this project.")
@json_option
def credits_(name: str | None, project: str | None, as_json: bool) -> None:
    """Show credit usage per day, per session and per accomplishment, when credits run out, and token usage.

    \b
    Examples:
      onward account credits
      onward account credits claude-1
      onward account credits --project kopi-shop
    """
    with use_backend(project=project) as backend:
        chosen_account = backend.accounts.require(name) if name else None
        credit_report = backend.accounts.analyze(account=chosen_account, project=backend.require_project() if project else None)
    if as_json:
        say_json(credits_data(credit_report))
        return
    if not credit_report.accounts and not credit_report.projects:
        say("No accounts yet. Add one: onward account new NAME")
    for entry in credit_report.accounts:
        say(paint(entry.availability.account.name, "bold") + f": {credits_line(entry.availability)}")
        say_credits(entry.forecast, entry.efficiency, entry.usage)
    for project_credits in credit_report.projects:
        if project_credits.efficiency.sessions or project_credits.usage:
            say(paint(f"project {project_credits.name}", "bold"))
            say_credits(project_credits.forecast, project_credits.efficiency, project_credits.usage)


def choose_account(backend: Backend, name: str) -> Account | None:
    """Return the account called *name*. For `best`, return the suggested account; None if none is available."""
    if name != "best":
        return backend.accounts.require(name)
    choice = backend.accounts.best_account()
    if choice.best is None:
        note(f"No account assigned: {choice.why}.")
        return None
    return choice.best.availability.account


def suggest_account(backend: Backend) -> str:
    """Return a sentence with the suggested account and the reason; empty if the pool is empty."""
    choice = backend.accounts.best_account()
    if not choice.ranking:
        return ""
    if choice.best is None:
        reason = str(choice.why)
        return f"{reason[0].upper()}{reason[1:]}."
    name = choice.best.availability.account.name
    return f"Suggested account: {name} ({choice.why}). To use it: --account {name}"


def _provided_fields(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that were given; tuples become lists."""
    return {
        name: list(value) if isinstance(value, tuple) else value for name, value in options.items() if value is not None and value != ()
    }


def _say_result(account: AccountAvailability, sentence: str, *, as_json: bool) -> None:
    if as_json:
        say_json(account_data(account))
    else:
        say(sentence)
