"""`onward account`: the pool of accounts, which to use next, and how credits go."""

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

name_argument = click.argument("name", metavar="NAME")
model_option = click.option("--model", default="", metavar="NAME", help="The model that is needed.")
tags_option = click.option("--tag", "tags", multiple=True, metavar="WORD", help="What it should be good at. May be given more than once.")
credits_option = click.option("--needs", type=click.FloatRange(min=0), metavar="N", help="Credits that the session will need, about.")


def _account_options(command: Any) -> Any:
    """Add the options that describe an account."""
    for option in reversed(
        (
            click.option("--provider", metavar="NAME", help="Whose service it is, like anthropic."),
            click.option("--plan", metavar="NAME", help="What was bought, like pro."),
            click.option(
                "--model", "models", multiple=True, metavar="NAME[=N]", help="A model that it offers, and the credits that may go to it."
            ),
            click.option("--tag", "tags", multiple=True, metavar="WORD", help="What it is good at. May be given more than once."),
            click.option("--credits", "credits_total", metavar="N", help="Credits that it has in all."),
            click.option("--used", "credits_used", metavar="N", help="Credits that are used now, as you read them there."),
            click.option(
                "--resets-at",
                metavar="TIME",
                help="When its credits come back next, like 2026-03-01T15:00+07:00 (UTC where it does not say).",
            ),
            click.option("--every", "period", metavar="PERIOD", help="How often they come back: 5h, 1d, 1w, 1mo."),
            click.option("--note", "note", metavar="TEXT", help="Anything else. No logins, no keys."),
        )
    ):
        command = option(command)
    return command


@click.group()
def account() -> None:
    """Keep a pool of accounts of AI services, and know which to use next.

    Onward tracks and advises. It holds no login and no key of any account, and signs in nowhere.
    """


@account.command()
@name_argument
@_account_options
@json_option
def new(name: str, as_json: bool, **options: Any) -> None:
    """Enter an account.

    \b
    Examples:
      onward account new claude-1 --provider anthropic --credits 100 --every 5h --resets-at 2026-03-01T15:00Z
      onward account new codex-1 --provider openai --credits 100 --model gpt-5-codex=60 --tag review
    """
    with use_backend() as backend:
        created = backend.accounts.create({"name": name, **_provided_fields(options)})
    _say_result(created, f"{created.account.name} is in the pool: {credits_line(created)}.", as_json=as_json)


@account.command("list")
@click.option("--status", type=click.Choice(get_args(AccountStatus)), help="Only those.")
@json_option
def list_(status: AccountStatus | None, as_json: bool) -> None:
    """List the accounts as they stand now. What a `~` stands before was estimated, not reported.

    \b
    Example:
      onward account list --status active
    """
    with use_backend() as backend:
        accounts = list(backend.accounts.list_accounts(status=status))
    if as_json:
        say_json([account_data(account) for account in accounts])
    elif not accounts:
        say("There is no such account." if status else "There is no account yet. Enter one: onward account new NAME")
    else:
        say_table(["account", "status", "provider", "credits", "resets", "good at"], [account_row(account) for account in accounts])


@account.command()
@name_argument
@json_option
def show(name: str, as_json: bool) -> None:
    """Show an account: how it stands, what happened to it, and the usage that its sessions' transcripts tell of.

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
        say(
            f"  session {link.number} of {detail.projects.get(link.project_id, '?')}, {link.status}: {link.began_at:%Y-%m-%d %H:%M}, {link.why}"
        )
    for event in detail.events:
        change = "" if event.credits is None else f" {event.credits:+,g} credits ({event.source})"
        say(
            f"  {event.at:%Y-%m-%d %H:%M} {event.kind}{' of ' + event.model if event.model else ''}{change}{': ' + event.note if event.note else ''}"
        )
    say_usage(detail.usage)


@account.command()
@name_argument
@click.option("--name", "new_name", metavar="NAME", help="Another name.")
@_account_options
@click.option("--status", type=click.Choice(get_args(AccountStatus)), help="active ends every limit, paused keeps it from being chosen.")
@json_option
def edit(name: str, new_name: str | None, as_json: bool, **options: Any) -> None:
    """Change what you said of an account. An empty text takes a value away.

    \b
    Examples:
      onward account edit claude-1 --used 40
      onward account edit claude-1 --status paused
      onward account edit claude-1 --resets-at ""
    """
    changes = _provided_fields({**options, "name": new_name})
    if not changes:
        raise BadInput("Nothing is to change.", "See: onward account edit --help")
    with use_backend() as backend:
        changed = backend.accounts.change(backend.accounts.require(name), changes)
    _say_result(changed, f"{changed.account.name}: {changed.status}, {credits_line(changed)}.", as_json=as_json)


@account.command()
@name_argument
@click.option("--limit", is_flag=True, help="The service says that a limit is reached.")
@click.option("--failure", is_flag=True, help="It failed: overloaded, refused, cut off.")
@click.option("--model", default="", metavar="NAME", help="The model that it is about; else the whole account.")
@click.option("--until", metavar="TIME", help="When the limit ends, as the service says. Else: at the account's next reset.")
@click.option("--note", "text", default="", metavar="TEXT", help="What it said.")
@json_option
def report(name: str, limit: bool, failure: bool, model: str, until: str | None, text: str, as_json: bool) -> None:
    """Say what happened to an account: a limit that it reached, or a failure.

    \b
    Examples:
      onward account report claude-1 --limit --until 2026-03-01T15:00Z
      onward account report claude-1 --limit --model claude-opus-4
      onward account report claude-2 --failure --note "overloaded all morning"
    """
    if limit == failure or (until and not limit):
        raise BadInput("Say what happened: a limit or a failure; only a limit ends.", "Give --limit or --failure.")
    with use_backend() as backend:
        reported_account = backend.accounts.require(name)
        if limit:
            updated = backend.accounts.report_limit(reported_account, model=model, until_at=parse_time("--until", until), note=text)
        else:
            updated = backend.accounts.report_failure(reported_account, text, model=model)
    _say_result(updated, f"{updated.account.name}: {updated.status}, noted.", as_json=as_json)


@account.command()
@name_argument
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def delete(name: str, yes: bool, as_json: bool) -> None:
    """Delete an account and what happened to it, for good. Sessions that ran on it stay.

    \b
    Example:
      onward account delete claude-1 --yes
    """
    with use_backend() as backend:
        deleted_account = backend.accounts.require(name)
        if not yes:
            if not is_terminal(sys.stdin):
                raise BadInput(f"This deletes {deleted_account.name} for good, and nobody is here to ask.", "Say --yes.")
            click.confirm(f"Delete {deleted_account.name} and what happened to it, for good?", abort=True, err=True)
        backend.accounts.delete(deleted_account)
    if as_json:
        say_json({"deleted": deleted_account.name})
    else:
        say(f"{deleted_account.name} is gone.")


@account.command("import")
@click.argument("file", metavar="FILE")
@json_option
def import_(file: str, as_json: bool) -> None:
    """Enter many accounts from a file, all or none: CSV with a head line, a JSON list, or one JSON object a line. `-` is standard input.

    Columns are those of `onward account new`: name, provider, plan, models, tags, credits_total, credits_used, resets_at, period, status, note.

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
        raise BadInput(f"{quantity(len(batch.errors), 'row')} cannot be used, so no account was entered.", "Mend them and import again.")
    if not as_json:
        say(f"{quantity(len(batch.created), 'account')} entered.")


@account.command()
@model_option
@tags_option
@credits_option
@click.option("--all", "everything", is_flag=True, help="Show how all of them rank.")
@json_option
def best(model: str, tags: tuple[str, ...], needs: float | None, everything: bool, as_json: bool) -> None:
    """Say which account to use next, and why.

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
                "usable": candidate.usable,
                "score": candidate.score,
                "reasons": [*map(str, candidate.reasons)],
            }
            for candidate in choice.ranking
        ]
        say_json({"best": choice.best.availability.account.name if choice.best else None, "why": str(choice.why), "ranking": ranked})
    elif everything:
        rows = [
            [
                candidate.availability.account.name,
                f"{candidate.score:.2f}" if candidate.usable else "-",
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
    "--used", "credits_used", type=click.FloatRange(min=0), metavar="N", help="Credits used on its account now, as you read them there."
)
@click.option("--to", metavar="NAME", help="The account to go to, whatever the window says.")
@model_option
@tags_option
@json_option
def rotate(
    number: int | None, project: str | None, credits_used: float | None, to: str | None, model: str, tags: tuple[str, ...], as_json: bool
) -> None:
    """Move an open session to the best account, if the one it runs on is in its rotation window; say why or why not.

    Without NUMBER: the active session begun last. The window is from 85 to 92 of 100 credits (`rotate_from`, `rotate_at`).

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
                "moved": rotation.has_moved,
                "session": number or session.number,
                "from": before,
                "to": after,
                "place": rotation.position,
                "why": str(rotation.why),
                "reasons": [*map(str, rotation.reasons)],
            }
        )
    elif rotation.has_moved and rotation.after:
        say(f"Session {session.number} goes to {paint(rotation.after.account.name, 'bold')}: {rotation.why}.")
        note("; ".join(map(str, rotation.reasons)))
    else:
        say(f"Session {session.number} stays where it is: {rotation.why}.")


@account.command("credits")
@click.argument("name", metavar="[NAME]", required=False)
@click.option("--project", metavar="NAME", help="Only of this project.")
@json_option
def credits_(name: str | None, project: str | None, as_json: bool) -> None:
    """Say how credits go: a day, for what, and when they will be gone; with the usage that transcripts tell of beside them.

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
        say("There is no account yet. Enter one: onward account new NAME")
    for entry in credit_report.accounts:
        say(paint(entry.availability.account.name, "bold") + f": {credits_line(entry.availability)}")
        say_credits(entry.forecast, entry.efficiency, entry.usage)
    for project_credits in credit_report.projects:
        if project_credits.efficiency.sessions or project_credits.usage:
            say(paint(f"project {project_credits.name}", "bold"))
            say_credits(project_credits.forecast, project_credits.efficiency, project_credits.usage)


def choose_account(backend: Backend, name: str) -> Account | None:
    """Return the account that *name* means; of `best`, the one to use next, None where none can be used."""
    if name != "best":
        return backend.accounts.require(name)
    choice = backend.accounts.best_account()
    if choice.best is None:
        note(f"The session has no account: {choice.why}.")
        return None
    return choice.best.availability.account


def suggest_account(backend: Backend) -> str:
    """Return which account would be best now and why; empty where there is no pool."""
    choice = backend.accounts.best_account()
    if not choice.ranking:
        return ""
    if choice.best is None:
        reason = str(choice.why)
        return f"{reason[0].upper()}{reason[1:]}."
    name = choice.best.availability.account.name
    return f"Best account now: {name} ({choice.why}). To begin on it: --account {name}"


def _provided_fields(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that were given, lists as lists."""
    return {
        name: list(value) if isinstance(value, tuple) else value for name, value in options.items() if value is not None and value != ()
    }


def _say_result(account: AccountAvailability, sentence: str, *, as_json: bool) -> None:
    if as_json:
        say_json(account_data(account))
    else:
        say(sentence)
