"""The pool of AI accounts and what the user reports about each account. Onward tracks usage and gives advice; it stores no logins and no
keys.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from onward.app.accounts.fields import clean_text, parse_fields
from onward.app.accounts.usage import count_all
from onward.app.edits import check_edit, lock_edits
from onward.app.lookup import lock_account, require_account
from onward.core.accounts.accounts import (
    Account,
    AccountAvailability,
    AccountEvent,
    AccountEventKind,
    AccountStatus,
    Limit,
    account_availability,
    settle_account,
)
from onward.core.accounts.report import AccountDetail, AccountSession, BatchReport, ModelUsage, RowError
from onward.core.accounts.windows import CreditsSource
from onward.errors import BadInput, OnwardError
from onward.message import Message
from onward.store import Store, accounts, events, projects, usage

if TYPE_CHECKING:
    from sqlalchemy import Connection

__all__ = [
    "Account",
    "AccountAvailability",
    "AccountDetail",
    "AccountSession",
    "BatchReport",
    "ModelUsage",
    "RowError",
    "change",
    "create",
    "create_batch",
    "delete",
    "list_accounts",
    "list_events",
    "read_availability",
    "report_credits",
    "report_failure",
    "report_limit",
    "require",
    "show",
]  # fmt: skip

MAX_ROWS = 10_000
_DETAIL_LIMIT = 20
_ENTRY_NOTE = "when it was entered"


def now() -> datetime:
    """Return the time that is used to judge an account if no other time is given."""
    return datetime.now(UTC)


def create(store: Store, values: Mapping[str, Any], *, at: datetime | None = None) -> AccountAvailability:
    """Store a new account. *values* are field names and values as `parse_fields` accepts them. Raises `BadInput`, and `Conflict` if the
    name is taken.
    """
    at = at or now()
    fields = _require_name(_parse(values, at))
    with store.write() as connection:
        return account_availability(_create_accounts(connection, [fields], at)[0], at)


def create_batch(store: Store, rows: Sequence[Mapping[str, Any]], *, at: datetime | None = None) -> BatchReport:
    """Store an account for each of *rows*, all or none.

    A row that is invalid, or whose name is taken, is one error of the report; all errors are reported at once.
    """
    at = at or now()
    if len(rows) > MAX_ROWS:
        raise BadInput(
            Message("{count:,} accounts are too many for one request.", count=len(rows)), Message("Send at most {limit:,}.", limit=MAX_ROWS)
        )
    entries: list[tuple[int, dict[str, Any]]] = []
    errors: list[RowError] = []
    first_rows: dict[str, int] = {}
    for number, row in enumerate(rows, start=1):
        try:
            fields = _require_name(_parse(row, at))
        except OnwardError as error:
            errors.append(RowError(number, _shown_name(row), error.full_message()))
            continue
        if fields["name"] in first_rows:
            errors.append(RowError(number, fields["name"], Message("Row {row} has the same name.", row=first_rows[fields["name"]])))
        first_rows.setdefault(fields["name"], number)
        entries.append((number, fields))
    with store.write() as connection:
        taken_names = {account.name for account in accounts.list_accounts(connection)}
        errors += [
            RowError(number, fields["name"], Message("There is already an account named {name!r}.", name=fields["name"]))
            for number, fields in entries
            if fields["name"] in taken_names
        ]
        if errors:
            return BatchReport([], sorted(errors, key=lambda error: error.row))
        return BatchReport(
            [account_availability(account, at) for account in _create_accounts(connection, [entry for _, entry in entries], at)], []
        )


def _parse(values: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """Return the parsed fields; windows that are typed are counted at *at*."""
    fields = parse_fields(values)
    if "windows" in fields:
        fields["windows"] = tuple(replace(window, at=at) for window in fields["windows"])
    return fields


def _shown_name(row: Mapping[str, Any]) -> str:
    """Return the name in an invalid row, as far as it can be shown."""
    try:
        return clean_text("name", row.get("name"), 100)
    except BadInput:
        return ""


def _require_name(fields: dict[str, Any]) -> dict[str, Any]:
    if "name" not in fields:
        raise BadInput("An account needs a name.", "Give it one, like claude-2.")
    return fields


def _create_accounts(connection: Connection, rows: Sequence[dict[str, Any]], at: datetime) -> list[Account]:
    """Store an account for each of *rows* and return the accounts in that order."""
    blank = Account(
        id=0,
        name="",
        provider="",
        plan="",
        models=(),
        tags=(),
        note="",
        credits_total=None,
        credits_used=0.0,
        credits_estimated=0.0,
        credits_at=at,
        resets_at=None,
        period=None,
        is_paused=False,
        limits=(),
        created_at=at,
        updated_at=at,
        windows=(),
        profile="",
    )
    account_values = [{name: value for name, value in fields.items() if name != "status"} for fields in rows]
    new_accounts = [
        replace(blank, **values, is_paused=fields.get("status") == "paused") for values, fields in zip(account_values, rows, strict=True)
    ]
    accounts_by_name = {account.name: account for account in accounts.create_accounts(connection, new_accounts)} if new_accounts else {}
    used_accounts = [account for account in accounts_by_name.values() if account.credits_used]
    accounts.record_events(
        connection,
        *(replace(_create_event(account, "report", at, _ENTRY_NOTE), used_after=account.credits_used) for account in used_accounts),
    )
    for fields in rows:
        if fields.get("status") == "exhausted":
            accounts_by_name[fields["name"]] = _add_limit(
                connection, accounts_by_name[fields["name"]], Limit("", at, None), _ENTRY_NOTE, at
            )
    return [accounts_by_name[fields["name"]] for fields in rows]


def require(store: Store, name_or_id: str | int) -> Account:
    """Return the account with that name or id. Raises `NotFound`."""
    with store.read() as connection:
        return require_account(connection, name_or_id)


def list_accounts(
    store: Store, *, status: AccountStatus | None = None, after: str = "", limit: int | None = None, at: datetime | None = None
) -> list[AccountAvailability]:
    """Return the availability of the accounts, sorted by name: those with that *status*, with names *after* that one, at most *limit*."""
    at = at or now()
    with store.read() as connection:
        account_list = accounts.list_accounts(connection, after=after, limit=None if status else limit)
    availabilities = [account_availability(account, at) for account in account_list]
    return [availability for availability in availabilities if status in (None, availability.status)][:limit]


def show(store: Store, account: Account, *, at: datetime | None = None) -> AccountDetail:
    """Return an account with its recent events, sessions and usage. Counts usage that is not counted yet first."""
    count_all(store)
    with store.read() as connection:
        current = require_account(connection, account.id)
        links = accounts.list_links(connection, account_id=account.id, limit=_DETAIL_LIMIT)
        projects_by_id = {link.project_id: projects.find(connection, link.project_id) for link in links}
        return AccountDetail(
            availability=account_availability(current, at or now()),
            events=accounts.list_events(connection, account_id=account.id, limit=_DETAIL_LIMIT),
            sessions=links,
            projects={project_id: project.name for project_id, project in projects_by_id.items() if project},
            usage=usage.totals(connection, account_id=account.id),
        )


def read_availability(store: Store, account: Account, *, at: datetime | None = None) -> AccountAvailability:
    """Return the availability of an account at that time."""
    with store.read() as connection:
        return account_availability(require_account(connection, account.id), at or now())


def list_events(store: Store, account: Account, *, before_id: int | None = None, limit: int | None = None) -> list[AccountEvent]:
    """Return the events of an account, newest first."""
    with store.read() as connection:
        return accounts.list_events(connection, account_id=account.id, before_id=before_id, limit=limit)


def change(
    store: Store, account: Account, values: Mapping[str, Any], *, version: str = "", at: datetime | None = None
) -> AccountAvailability:
    """Change the fields of an account that *values* names, and leave the others.

    Credits used are the user's report. The status `paused` or `active` is the user's decision, and `active` clears every reached limit;
    `exhausted` means that the limit of the whole account is reached. Raises `EditConflict` if a field changed since *version*.
    """
    at = at or now()
    fields = _parse(values, at)
    status, credits_used = fields.pop("status", None), fields.pop("credits_used", None)
    with store.write() as connection:
        if version:
            lock_edits(connection)
            check_edit(version, lock_account(connection, account.id), {**fields, "credits_used": credits_used})
        # Credits that a reset restored stay restored, even if the reset times change now.
        updated = accounts.update_account(connection, replace(settle_account(lock_account(connection, account.id), at), **fields))
        if credits_used is not None:
            updated = record_credits(connection, updated, credits_used, at)
        if status == "exhausted":
            updated = _add_limit(connection, updated, Limit("", at, None), "", at)
        elif status:
            updated = accounts.update_account(
                connection, replace(updated, is_paused=status == "paused", limits=updated.limits if status == "paused" else ())
            )
            if status == "active":
                accounts.record_events(connection, _create_event(updated, "resume", at))
        events.record(connection, "changed")
        return account_availability(updated, at)


def delete(store: Store, account: Account) -> None:
    """Delete an account and its events permanently. Its sessions stay, with the credits that were entered for them."""
    with store.write() as connection:
        lock_account(connection, account.id)
        for link in accounts.list_links(connection, account_id=account.id):
            usage.forget(connection, link.session_id)
        accounts.delete_account(connection, account.id)
        events.record(connection, "changed")


def report_credits(
    store: Store, account: Account, credits_used: float, *, note: str = "", at: datetime | None = None
) -> AccountAvailability:
    """Store how many credits of an account are used in total now, as the user reports it."""
    at, note = at or now(), clean_text("note", note)
    with store.write() as connection:
        updated = record_credits(connection, lock_account(connection, account.id), credits_used, at, note=note)
        events.record(connection, "changed")
        return account_availability(updated, at)


def report_failure(
    store: Store, account: Account, note: str = "", *, model: str = "", source: CreditsSource = "reported", at: datetime | None = None
) -> AccountAvailability:
    """Record that an account failed. For some hours it is chosen less readily."""
    at = at or now()
    note, model = clean_text("note", note), clean_text("model", model)
    with store.write() as connection:
        locked = lock_account(connection, account.id)
        accounts.record_events(connection, replace(_create_event(locked, "failure", at, note), model=model, source=source))
        events.record(connection, "changed")
        return account_availability(locked, at)


def report_limit(
    store: Store, account: Account, *, model: str = "", until_at: datetime | None = None, note: str = "", at: datetime | None = None
) -> AccountAvailability:
    """Record that a service reported a reached limit: of a *model*, or of the whole account. Without *until_at* it lasts until the
    account's next reset.
    """
    at = at or now()
    note, model = clean_text("note", note), clean_text("model", model)
    with store.write() as connection:
        updated = _add_limit(connection, lock_account(connection, account.id), Limit(model, at, until_at), note, at)
        events.record(connection, "changed")
        return account_availability(updated, at)


def record_credits(
    connection: Connection, account: Account, credits_used: float, at: datetime, *, note: str = "", session_id: int | None = None
) -> Account:
    """Set the used credits of a locked account to what the user reports, and return the account.

    The difference counts as use of the given session, or of the only session that runs on the account, so that completing the session does
    not count it again.
    """
    before = settle_account(account, at)
    after = replace(before, credits_used=credits_used, credits_estimated=0.0)
    added = round(credits_used - before.credits_used, 6)
    session_ids = accounts.session_ids_by_account(connection).get(account.id, set()) if session_id is None else {session_id}
    used_by = next(iter(session_ids)) if len(session_ids) == 1 and added > 0 else None
    accounts.record_events(
        connection,
        AccountEvent(
            id=0,
            account_id=account.id,
            session_id=used_by,
            kind="report",
            source="reported",
            model="",
            credits=added,
            used_after=credits_used,
            note=note,
            at=before.credits_at,
        ),
    )
    return accounts.update_account(connection, after)


def _add_limit(connection: Connection, account: Account, limit: Limit, note: str, at: datetime) -> Account:
    other_limits = tuple(other for other in account.limits if other.model != limit.model)
    accounts.record_events(connection, replace(_create_event(account, "limit", at, note), model=limit.model))
    return accounts.update_account(connection, replace(account, limits=(*other_limits, limit)))


def _create_event(account: Account, kind: AccountEventKind, at: datetime, note: str = "") -> AccountEvent:
    return AccountEvent(
        id=0,
        account_id=account.id,
        session_id=None,
        kind=kind,
        source="reported",
        model="",
        credits=None,
        used_after=None,
        note=note,
        at=at,
    )
