"""`onward access`: who may call from other machines."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import cast

import click

from onward.app import access
from onward.app.access import MOST_DAYS, SCOPES, AccessToken, Reach
from onward.cli.desk import as_json, desk
from onward.cli.present import note, say, say_json, table


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
    "--expires", "days", type=click.IntRange(1, MOST_DAYS), metavar="DAYS", help="After how many days it opens nothing.  [default: never]"
)
@as_json
def new(name: str, scope: str, days: int | None, as_json: bool) -> None:
    """Give out an access token. It is shown once: only a digest of it is kept.

    A `read` token asks; a `write` token changes things too; an `admin` token also gives out tokens, and deletes projects and accounts.

    \b
    Examples:
      onward access new laptop
      onward access new dashboard --scope read --expires 90
    """
    with desk() as at:
        made, token = access.new(at.store, name, cast("Reach", scope), days=days)
    if as_json:
        say_json({**asdict(made), "token": token})
        return
    say(token)
    until = f" until {made.expires_at:%Y-%m-%d}" if made.expires_at else ""
    note(
        f"This is {made.name}'s access token ({made.scope}{until}). Copy it now: it is not shown again. Send it as: Authorization: Bearer TOKEN"
    )


@access_.command("list")
@as_json
def list_(as_json: bool) -> None:
    """List the access tokens that were given out: who may call, how far, and who did last when.

    \b
    Example:
      onward access list
    """
    with desk() as at:
        found = access.listed(at.store)
    if as_json:
        say_json(found)
    elif not found:
        say("No access token was given out yet. Give one out: onward access new NAME")
    else:
        rows = [[one.id, one.name, one.scope, one.prefix, _day(one.last_used_at) or "never", _standing(one)] for one in found]
        table(["id", "name", "scope", "begins with", "last used", "stands"], rows)


@access_.command()
@click.argument("name")
@as_json
def revoke(name: str, as_json: bool) -> None:
    """Shut out whoever holds a token, by name or id, from now on. A running server refuses it at once.

    \b
    Example:
      onward access revoke laptop
    """
    with desk() as at:
        gone = access.revoke(at.store, name)
    if as_json:
        say_json(gone)
    else:
        say(f"The access token {gone.name} opens nothing any more.")


def _standing(one: AccessToken) -> str:
    if one.revoked_at:
        return f"revoked {_day(one.revoked_at)}"
    if one.expires_at:
        return f"{'good until' if one.is_good(datetime.now(UTC)) else 'expired'} {_day(one.expires_at)}"
    return "good"


def _day(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d}" if at else ""
