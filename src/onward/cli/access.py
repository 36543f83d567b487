"""`onward access`: access tokens for other machines."""

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
    """Manage the access tokens of a server that other machines can reach.

    Programs on this machine need no token while `onward serve` listens on loopback.
    """


@access_.command()
@click.argument("name")
@click.option(
    "--scope",
    type=click.Choice(SCOPES),
    default="write",
    show_default=True,
    help="Permissions; each scope includes the ones before it.",
)
@click.option("--expires", "days", type=click.IntRange(1, MAX_DAYS), metavar="DAYS", help="Days until the token expires.  [default: never]")
@json_option
def new(name: str, scope: str, days: int | None, as_json: bool) -> None:
    """Create an access token. It is shown once; only its digest is stored.

    A `read` token can read; a `write` token can also change data; an `admin` token can also manage tokens and delete projects and
    accounts.

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
    note(f"Created access token {access_token.name} ({access_token.scope}{until}). Copy it now: it is not shown again.")
    note("Send it as: Authorization: Bearer TOKEN")


@access_.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List the access tokens with scope, status and last use.

    \b
    Example:
      onward access list
    """
    with use_backend() as backend:
        tokens = access.list_tokens(backend.store)
    if as_json:
        say_json(tokens)
    elif not tokens:
        say("No access tokens yet. Create one: onward access new NAME")
    else:
        rows = [
            [token.id, token.name, token.scope, token.prefix, _day(token.last_used_at) or "never", _token_status(token)] for token in tokens
        ]
        say_table(["id", "name", "scope", "prefix", "last used", "status"], rows)


@access_.command()
@click.argument("name")
@json_option
def revoke(name: str, as_json: bool) -> None:
    """Revoke an access token by name or id. A running server refuses it at once.

    \b
    Example:
      onward access revoke laptop
    """
    with use_backend() as backend:
        revoked_token = access.revoke(backend.store, name)
    if as_json:
        say_json(revoked_token)
    else:
        say(f"Revoked access token {revoked_token.name}.")


def _token_status(token: AccessToken) -> str:
    if token.revoked_at:
        return f"revoked {_day(token.revoked_at)}"
    if token.expires_at:
        return f"{'valid until' if token.is_valid(datetime.now(UTC)) else 'expired'} {_day(token.expires_at)}"
    return "valid"


def _day(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d}" if moment else ""
