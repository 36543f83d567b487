"""Accounts: keeping a pool of them, and what is told of each. Onward tracks and advises; it holds no login and no key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection

from onward.app.account_fields import clean, fields_of
from onward.app.usage import count_all
from onward.core.accounts import Account, AccountStatus, Event, EventKind, Limit, Source, Standing, settled, standing
from onward.core.pool import AccountDetail, Batch, Link, ModelUsage, RowError
from onward.errors import BadInput, NotFound, OnwardError
from onward.store import Store, accounts, projects, usage

__all__ = [
    "Account", "AccountDetail", "Batch", "Link", "ModelUsage", "RowError", "Standing", "batch", "change", "delete", "events", "failed", "find", "limit_reached", "listed", "new",
    "show", "stands", "used",
]  # fmt: skip

MOST_ROWS = 10_000
_SHOWN = 20
_ON_ENTRY = "when it was entered"


def now() -> datetime:
    """Return the time by which an account is judged where no other is given."""
    return datetime.now(UTC)


def new(store: Store, said: Mapping[str, Any], *, at: datetime | None = None) -> Standing:
    """Store a new account from what was *said* of it (`fields_of`). Raises `BadInput`, and `Conflict` when the name is taken."""
    at = at or now()
    fields = _complete(fields_of(said))
    with store.write() as connection:
        return standing(_added(connection, [fields], at)[0], at)


def batch(store: Store, rows: Sequence[Mapping[str, Any]], *, at: datetime | None = None) -> Batch:
    """Store an account for each of *rows*, all or none: a row that is wrong, or whose name is taken, is an error of its own, and all such errors are told at once."""
    at = at or now()
    if len(rows) > MOST_ROWS:
        raise BadInput(f"{len(rows):,} accounts at once are too many.", f"Send at most {MOST_ROWS:,}.")
    wanted: list[tuple[int, dict[str, Any]]] = []
    errors: list[RowError] = []
    first: dict[str, int] = {}
    for number, row in enumerate(rows, start=1):
        try:
            fields = _complete(fields_of(row))
        except OnwardError as error:
            errors.append(RowError(number, _shown_name(row), str(error)))
            continue
        if fields["name"] in first:
            errors.append(RowError(number, fields["name"], f"Row {first[fields['name']]} has the same name."))
        first.setdefault(fields["name"], number)
        wanted.append((number, fields))
    with store.write() as connection:
        taken = {one.name for one in accounts.listed(connection)}
        errors += [
            RowError(number, fields["name"], f"There is an account named {fields['name']!r} already.")
            for number, fields in wanted
            if fields["name"] in taken
        ]
        if errors:
            return Batch([], sorted(errors, key=lambda one: one.row))
        return Batch([standing(one, at) for one in _added(connection, [fields for _, fields in wanted], at)], [])


def _shown_name(row: Mapping[str, Any]) -> str:
    """Return the name that a wrong row gives, as far as it may be shown."""
    try:
        return clean("name", row.get("name"), 100)
    except BadInput:
        return ""


def _complete(fields: dict[str, Any]) -> dict[str, Any]:
    if "name" not in fields:
        raise BadInput("An account needs a name.", "Give it one, like claude-2.")
    return fields


def _added(connection: Connection, wanted: Sequence[dict[str, Any]], at: datetime) -> list[Account]:
    """Store an account of each of *wanted*, and return them in that order."""
    blank = Account(0, "", "", "", (), (), "", None, 0.0, 0.0, at, None, None, is_paused=False, limits=(), created_at=at, updated_at=at)
    plain = [{name: value for name, value in fields.items() if name != "status"} for fields in wanted]
    new = [replace(blank, **told, is_paused=fields.get("status") == "paused") for told, fields in zip(plain, wanted, strict=True)]
    made = {account.name: account for account in accounts.add(connection, new)} if new else {}
    begun = [account for account in made.values() if account.credits_used]
    accounts.note(connection, *(replace(_event(one, "report", at, _ON_ENTRY), used_after=one.credits_used) for one in begun))
    for fields in wanted:
        if fields.get("status") == "exhausted":
            made[fields["name"]] = _limited(connection, made[fields["name"]], Limit("", at, None), _ON_ENTRY, at)
    return [made[fields["name"]] for fields in wanted]


def find(store: Store, named: str | int) -> Account:
    """Return the account of that name or id. Raises `NotFound`."""
    with store.read() as connection:
        return _found(connection, named)


def _found(connection: Connection, named: str | int) -> Account:
    found = accounts.listed(connection, name=named) if isinstance(named, str) else []
    if not found and (isinstance(named, int) or (named.isdecimal() and len(named) < 10)):
        found = accounts.listed(connection, ids=[int(named)])
    if not found:
        raise NotFound(f"There is no account {named!r}.", "List what there is: onward account list")
    return found[0]


def listed(
    store: Store, *, status: AccountStatus | None = None, after: str = "", limit: int | None = None, at: datetime | None = None
) -> list[Standing]:
    """Return how the accounts stand, by name: those that stand so, whose names come *after* one, at most *limit*."""
    at = at or now()
    with store.read() as connection:
        found = accounts.listed(connection, after=after, limit=None if status else limit)
    standings = [standing(one, at) for one in found]
    return [one for one in standings if status in (None, one.status)][:limit]


def show(store: Store, account: Account, *, at: datetime | None = None) -> AccountDetail:
    """Return an account with what happened to it. What was not counted of its sessions' usage yet is counted first."""
    count_all(store)
    with store.read() as connection:
        found = _found(connection, account.id)
        links = accounts.links(connection, account_id=account.id, limit=_SHOWN)
        met = {link.project_id: projects.by_id(connection, link.project_id) for link in links}
        return AccountDetail(
            standing(found, at or now()),
            accounts.events(connection, account_id=account.id, limit=_SHOWN),
            links,
            {project_id: project.name for project_id, project in met.items() if project},
            usage.totals(connection, account_id=account.id),
        )


def stands(store: Store, account: Account, *, at: datetime | None = None) -> Standing:
    """Return how an account stands."""
    with store.read() as connection:
        return standing(_found(connection, account.id), at or now())


def events(store: Store, account: Account, *, before_id: int | None = None, limit: int | None = None) -> list[Event]:
    """Return what happened to an account, the newest first."""
    with store.read() as connection:
        return accounts.events(connection, account_id=account.id, before_id=before_id, limit=limit)


def change(store: Store, account: Account, said: Mapping[str, Any], *, at: datetime | None = None) -> Standing:
    """Change what was *said* of an account, and leave the rest.

    Credits used are a person's report. Paused is a person's word and so is active, which ends every limit that was reached; exhausted is the limit of the whole account.
    """
    at = at or now()
    fields = fields_of(said)
    status, credits_used = fields.pop("status", None), fields.pop("credits_used", None)
    with store.write() as connection:
        # What came back by a reset stays back, whatever is said of resets now.
        held = accounts.put(connection, replace(settled(_held(connection, account), at), **fields))
        if credits_used is not None:
            held = told_used(connection, held, credits_used, at)
        if status == "exhausted":
            held = _limited(connection, held, Limit("", at, None), "", at)
        elif status:
            held = accounts.put(connection, replace(held, is_paused=status == "paused", limits=held.limits if status == "paused" else ()))
            if status == "active":
                accounts.note(connection, _event(held, "resume", at))
        return standing(held, at)


def delete(store: Store, account: Account) -> None:
    """Delete an account with all that happened to it, for good. Sessions that ran on it stay, with the credits that were entered for them."""
    with store.write() as connection:
        _held(connection, account)
        for link in accounts.links(connection, account_id=account.id):
            usage.forget(connection, link.session_id)
        accounts.remove(connection, account.id)


def used(store: Store, account: Account, credits_used: float, *, note: str = "", at: datetime | None = None) -> Standing:
    """Take a person's word for how many credits of an account are used in all, now."""
    at, note = at or now(), clean("note", note)
    with store.write() as connection:
        return standing(told_used(connection, _held(connection, account), credits_used, at, note=note), at)


def failed(
    store: Store, account: Account, note: str = "", *, model: str = "", source: Source = "reported", at: datetime | None = None
) -> Standing:
    """Note that an account failed a person or a session: it is chosen less readily for some hours."""
    at = at or now()
    note, model = clean("note", note), clean("model", model)
    with store.write() as connection:
        held = _held(connection, account)
        accounts.note(connection, replace(_event(held, "failure", at, note), model=model, source=source))
        return standing(held, at)


def limit_reached(
    store: Store, account: Account, *, model: str = "", until_at: datetime | None = None, note: str = "", at: datetime | None = None
) -> Standing:
    """Note that a service said a limit is reached: of a *model*, or of the whole account. Without *until_at* it holds until the account's next reset."""
    at = at or now()
    note, model = clean("note", note), clean("model", model)
    with store.write() as connection:
        return standing(_limited(connection, _held(connection, account), Limit(model, at, until_at), note, at), at)


def told_used(
    connection: Connection, account: Account, credits_used: float, at: datetime, *, note: str = "", session_id: int | None = None
) -> Account:
    """Set how many credits of an account, which must be held, are used, as a person reports it; return it.

    What came on top is the use of the session named, or of the only one that runs on the account: so it is not counted again when that is completed.
    """
    before = settled(account, at)
    after = replace(before, credits_used=credits_used, credits_estimated=0.0)
    more = round(credits_used - before.credits_used, 6)
    running = accounts.open_sessions(connection).get(account.id, set()) if session_id is None else {session_id}
    by = next(iter(running)) if len(running) == 1 and more > 0 else None
    accounts.note(connection, Event(0, account.id, by, "report", "reported", "", more, credits_used, note, before.credits_at))
    return accounts.put(connection, after)


def _limited(connection: Connection, account: Account, limit: Limit, note: str, at: datetime) -> Account:
    others = tuple(one for one in account.limits if one.model != limit.model)
    accounts.note(connection, replace(_event(account, "limit", at, note), model=limit.model))
    return accounts.put(connection, replace(account, limits=(*others, limit)))


def _event(account: Account, kind: EventKind, at: datetime, note: str = "") -> Event:
    return Event(0, account.id, None, kind, "reported", "", None, None, note, at)


def _held(connection: Connection, account: Account) -> Account:
    held = accounts.hold(connection, [account.id])
    if not held:
        raise NotFound(f"The account {account.name!r} is gone: someone deleted it.", "List what there is: onward account list")
    return held[0]
