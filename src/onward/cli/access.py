"""`onward access`: who may call from other machines."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import cast

import click

from onward.app.admin import access
from onward.app.admin.access import MAX_DAYS, SCOPES, AccessToken, TokenScope
from onward.cli.context import json_option, use_backend
from onward.cli.presentation import note, say, say_json, say_table


@click.group("access")
def access_() -> None:
    """Let others in, and shut them out: access tokens for a server that other machines reach.

    Programs of this machine need none while `onward serve` listens on loopback.
    """


@access_.command()
@click.argument("name")
@click.option(
    "--scope",
    type=click.Choice(SCOPES),
    default="write",
    show_default=True,
    help="How far it reaches; each does what the ones before it do.",
)
@click.option(
    "--expires", "days", type=click.IntRange(1, MAX_DAYS), metavar="DAYS", help="After how many days it opens nothing.  [default: never]"
)
@json_option
def new(name: str, scope: str, days: int | None, as_json: bool) -> None:
    """Give out an access token. It is shown once: only a digest of it is kept.

    A `read` token asks; a `write` token changes things too; an `admin` token also gives out tokens, and deletes projects and accounts.

    \b
    Examples:
      onward access new laptop
      onward access new dashboard --scope read --expires 90
    """
    with use_backend() as backend:
        access_token, token = access.create_token(backend.store, name, cast("TokenScope", scope), days=days)
    if as_json:
        say_json({**asdict(access_token), "token": token})
        return
    say(token)
    until = f" until {access_token.expires_at:%Y-%m-%d}" if access_token.expires_at else ""
    note(
        f"This is {access_token.name}'s access token ({access_token.scope}{until}). Copy it now: it is not shown again. Send it as: Authorization: Bearer TOKEN"
    )


@access_.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List the access tokens that were given out: who may call, how far, and who did last when.

    \b
    Example:
      onward access list
    """
    with use_backend() as backend:
        tokens = access.list_tokens(backend.store)
    if as_json:
        say_json(tokens)
    elif not tokens:
        say("No access token was given out yet. Give one out: onward access new NAME")
    else:
        rows = [
            [token.id, token.name, token.scope, token.prefix, _day(token.last_used_at) or "never", _token_status(token)] for token in tokens
        ]
        say_table(["id", "name", "scope", "begins with", "last used", "stands"], rows)


@access_.command()
@click.argument("name")
@json_option
def revoke(name: str, as_json: bool) -> None:
    """Shut out whoever holds a token, by name or id, from now on. A running server refuses it at once.

    \b
    Example:
      onward access revoke laptop
    """
    with use_backend() as backend:
        revoked_token = access.revoke(backend.store, name)
    if as_json:
        say_json(revoked_token)
    else:
        say(f"The access token {revoked_token.name} opens nothing any more.")


def _token_status(token: AccessToken) -> str:
    if token.revoked_at:
        return f"revoked {_day(token.revoked_at)}"
    if token.expires_at:
        return f"{'good until' if token.is_valid(datetime.now(UTC)) else 'expired'} {_day(token.expires_at)}"
    return "good"


def _day(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d}" if moment else ""
