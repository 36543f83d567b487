"""`onward account`: the pool of accounts, which to use next, and how credits go."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, get_args

import click

from onward.app.account_fields import need_of, time_of
from onward.cli.account_rows import rows_of
from onward.cli.account_words import about, as_data, credits_data, credits_line, row, say_credits, say_usage, usage_data
from onward.cli.desk import Desk, as_json, desk, in_project
from onward.cli.inputs import named as source_named
from onward.cli.present import counted, is_terminal, note, paint, say, say_json, table
from onward.core.accounts import Account, AccountStatus, Standing
from onward.errors import BadInput

named = click.argument("name", metavar="NAME")
for_model = click.option("--model", default="", metavar="NAME", help="The model that is needed.")
for_tags = click.option("--tag", "tags", multiple=True, metavar="WORD", help="What it should be good at. May be given more than once.")
for_credits = click.option("--needs", type=click.FloatRange(min=0), metavar="N", help="Credits that the session will need, about.")


def _described(command: Any) -> Any:
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
@named
@_described
@as_json
def new(name: str, as_json: bool, **said: Any) -> None:
    """Enter an account.

    \b
    Examples:
      onward account new claude-1 --provider anthropic --credits 100 --every 5h --resets-at 2026-03-01T15:00Z
      onward account new codex-1 --provider openai --credits 100 --model gpt-5-codex=60 --tag review
    """
    with desk() as at:
        made = at.accounts.new({"name": name, **_said(said)})
    _answer(made, f"{made.account.name} is in the pool: {credits_line(made)}.", as_json=as_json)


@account.command("list")
@click.option("--status", type=click.Choice(get_args(AccountStatus)), help="Only those.")
@as_json
def list_(status: AccountStatus | None, as_json: bool) -> None:
    """List the accounts as they stand now. What a `~` stands before was estimated, not reported.

    \b
    Example:
      onward account list --status active
    """
    with desk() as at:
        found = list(at.accounts.listed(status=status))
    if as_json:
        say_json([as_data(one) for one in found])
    elif not found:
        say("There is no such account." if status else "There is no account yet. Enter one: onward account new NAME")
    else:
        table(["account", "status", "provider", "credits", "resets", "good at"], [row(one) for one in found])


@account.command()
@named
@as_json
def show(name: str, as_json: bool) -> None:
    """Show an account: how it stands, what happened to it, and the usage that its sessions' transcripts tell of.

    \b
    Example:
      onward account show claude-1
    """
    with desk() as at:
        detail = at.accounts.show(at.accounts.find(name))
    if as_json:
        told = {"events": detail.events, "sessions": detail.sessions, "usage": [usage_data(one) for one in detail.usage]}
        say_json({**as_data(detail.standing), **told})
        return
    say(paint(f"{detail.standing.account.name}: {detail.standing.status}", "bold"))
    for key, value in about(detail.standing).items():
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
@named
@click.option("--name", "new_name", metavar="NAME", help="Another name.")
@_described
@click.option("--status", type=click.Choice(get_args(AccountStatus)), help="active ends every limit, paused keeps it from being chosen.")
@as_json
def edit(name: str, new_name: str | None, as_json: bool, **said: Any) -> None:
    """Change what you said of an account. An empty text takes a value away.

    \b
    Examples:
      onward account edit claude-1 --used 40
      onward account edit claude-1 --status paused
      onward account edit claude-1 --resets-at ""
    """
    wanted = _said({**said, "name": new_name})
    if not wanted:
        raise BadInput("Nothing is to change.", "See: onward account edit --help")
    with desk() as at:
        made = at.accounts.change(at.accounts.find(name), wanted)
    _answer(made, f"{made.account.name}: {made.status}, {credits_line(made)}.", as_json=as_json)


@account.command()
@named
@click.option("--limit", is_flag=True, help="The service says that a limit is reached.")
@click.option("--failure", is_flag=True, help="It failed: overloaded, refused, cut off.")
@click.option("--model", default="", metavar="NAME", help="The model that it is about; else the whole account.")
@click.option("--until", metavar="TIME", help="When the limit ends, as the service says. Else: at the account's next reset.")
@click.option("--note", "text", default="", metavar="TEXT", help="What it said.")
@as_json
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
    with desk() as at:
        ours = at.accounts.find(name)
        if limit:
            made = at.accounts.limit_reached(ours, model=model, until_at=time_of("--until", until), note=text)
        else:
            made = at.accounts.failed(ours, text, model=model)
    _answer(made, f"{made.account.name}: {made.status}, noted.", as_json=as_json)


@account.command()
@named
@click.option("--yes", is_flag=True, help="Do not ask.")
@as_json
def delete(name: str, yes: bool, as_json: bool) -> None:
    """Delete an account and what happened to it, for good. Sessions that ran on it stay.

    \b
    Example:
      onward account delete claude-1 --yes
    """
    with desk() as at:
        ours = at.accounts.find(name)
        if not yes:
            if not is_terminal(sys.stdin):
                raise BadInput(f"This deletes {ours.name} for good, and nobody is here to ask.", "Say --yes.")
            click.confirm(f"Delete {ours.name} and what happened to it, for good?", abort=True, err=True)
        at.accounts.delete(ours)
    if as_json:
        say_json({"deleted": ours.name})
    else:
        say(f"{ours.name} is gone.")


@account.command("import")
@click.argument("file", metavar="FILE")
@as_json
def import_(file: str, as_json: bool) -> None:
    """Enter many accounts from a file, all or none: CSV with a head line, a JSON list, or one JSON object a line. `-` is standard input.

    Columns are those of `onward account new`: name, provider, plan, models, tags, credits_total, credits_used, resets_at, period, status, note.

    \b
    Example:
      onward account import pool.csv
    """
    with desk() as at:
        done = at.accounts.batch(rows_of(source_named(file)))
    if as_json:
        say_json({"created": [as_data(one) for one in done.created], "errors": done.errors})
    for error in done.errors:
        note(f"row {error.row}{' (' + error.name + ')' if error.name else ''}: {error.message}")
    if done.errors:
        raise BadInput(f"{counted(len(done.errors), 'row')} cannot be used, so no account was entered.", "Mend them and import again.")
    if not as_json:
        say(f"{counted(len(done.created), 'account')} entered.")


@account.command()
@for_model
@for_tags
@for_credits
@click.option("--all", "everything", is_flag=True, help="Show how all of them rank.")
@as_json
def best(model: str, tags: tuple[str, ...], needs: float | None, everything: bool, as_json: bool) -> None:
    """Say which account to use next, and why.

    \b
    Examples:
      onward account best
      onward account best --model claude-opus-4 --tag review --all
    """
    with desk() as at:
        found = at.accounts.best(need_of(model=model, tags=tags, credits=needs))
    if as_json:
        ranked = [{**as_data(one.standing), "usable": one.usable, "score": one.score, "reasons": one.reasons} for one in found.ranking]
        say_json({"best": found.best.standing.account.name if found.best else None, "why": found.why, "ranking": ranked})
    elif everything:
        rows = [[one.standing.account.name, f"{one.score:.2f}" if one.usable else "-", "; ".join(one.reasons)] for one in found.ranking]
        table(["account", "score", "reasons"], rows, whole=True)
    elif found.best:
        say(f"{paint(found.best.standing.account.name, 'bold')}: {found.why}")
    if not found.best:
        note(found.why[0].upper() + found.why[1:] + ".")


@account.command()
@click.argument("number", type=click.IntRange(min=1), required=False)
@in_project
@click.option(
    "--used", "credits_used", type=click.FloatRange(min=0), metavar="N", help="Credits used on its account now, as you read them there."
)
@click.option("--to", metavar="NAME", help="The account to go to, whatever the window says.")
@for_model
@for_tags
@as_json
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
    with desk(project=project) as at:
        session = at.sessions.find(at.project(), number)
        target = at.accounts.find(to) if to else None
        need = need_of(model=model, tags=tags)
        done = at.accounts.rotate(session, need=need, credits_used=credits_used, to=target)
    if as_json:
        before, after = (as_data(one) if one else None for one in (done.before, done.after))
        say_json(
            {
                "moved": done.moved,
                "session": number or session.number,
                "from": before,
                "to": after,
                "place": done.place,
                "why": done.why,
                "reasons": done.reasons,
            }
        )
    elif done.moved and done.after:
        say(f"Session {session.number} goes to {paint(done.after.account.name, 'bold')}: {done.why}.")
        note("; ".join(done.reasons))
    else:
        say(f"Session {session.number} stays where it is: {done.why}.")


@account.command("credits")
@click.argument("name", metavar="[NAME]", required=False)
@click.option("--project", metavar="NAME", help="Only of this project.")
@as_json
def credits_(name: str | None, project: str | None, as_json: bool) -> None:
    """Say how credits go: a day, for what, and when they will be gone; with the usage that transcripts tell of beside them.

    \b
    Examples:
      onward account credits
      onward account credits claude-1
      onward account credits --project kopi-shop
    """
    with desk(project=project) as at:
        ours = at.accounts.find(name) if name else None
        found = at.accounts.analyze(account=ours, project=at.project() if project else None)
    if as_json:
        say_json(credits_data(found))
        return
    if not found.accounts and not found.projects:
        say("There is no account yet. Enter one: onward account new NAME")
    for one in found.accounts:
        say(paint(one.standing.account.name, "bold") + f": {credits_line(one.standing)}")
        say_credits(one.forecast, one.efficiency, one.usage)
    for of in found.projects:
        if of.efficiency.sessions or of.usage:
            say(paint(f"project {of.name}", "bold"))
            say_credits(of.forecast, of.efficiency, of.usage)


def choose(at: Desk, name: str) -> Account | None:
    """Return the account that *name* means; of `best`, the one to use next, None where none can be used."""
    if name != "best":
        return at.accounts.find(name)
    found = at.accounts.best()
    if found.best is None:
        note(f"The session has no account: {found.why}.")
        return None
    return found.best.standing.account


def suggest(at: Desk) -> str:
    """Return which account would be best now and why; empty where there is no pool."""
    found = at.accounts.best()
    if not found.ranking:
        return ""
    if found.best is None:
        return f"{found.why[0].upper()}{found.why[1:]}."
    name = found.best.standing.account.name
    return f"Best account now: {name} ({found.why}). To begin on it: --account {name}"


def _said(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that were given, lists as lists."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in said.items() if value is not None and value != ()}


def _answer(made: Standing, sentence: str, *, as_json: bool) -> None:
    if as_json:
        say_json(as_data(made))
    else:
        say(sentence)
