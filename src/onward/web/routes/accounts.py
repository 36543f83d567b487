"""Accounts of AI services: how their credits stand, which to use next, and what a person tells of each."""

from __future__ import annotations

import csv
from typing import Annotated, Any

from fastapi import Form, Response

from onward.app import accounts, charging, sessions
from onward.app.account_fields import fields_of, time_of
from onward.app.accounts import RowError
from onward.app.credits import Window, analyze, best
from onward.app.credits import rotate as rotate_session
from onward.errors import BadInput, Conflict, OnwardError
from onward.web.below import spoken
from onward.web.language import _, ngettext
from onward.web.rendering import go, page, partial
from onward.web.visit import At, Toast, Visit, routes

router = routes()

MOST_ACCOUNTS = 100
MOST_RANKED = 5
COLUMNS = ("name", "provider", "credits_total", "credits_used", "resets_at", "period", "tags")
"""What the cells of a pasted line are where no line of heads says it."""
Text = Annotated[str, Form()]


@router.get("/accounts")
def listed(at: At, after: str = "") -> Response:
    """Show the accounts by name, the one to use next, and the session that runs."""
    found = accounts.listed(at.store, after=after, limit=MOST_ACCOUNTS + 1)
    active = sessions.of_all(at.store, status="active", limit=1)
    return page(
        at,
        "pages/accounts.html",
        standings=found[:MOST_ACCOUNTS],
        has_more=len(found) > MOST_ACCOUNTS,
        best=best(at.store, window=_window(at)),
        most_ranked=MOST_RANKED,
        running=active[0] if active else None,
        runs_on=charging.account_of(at.store, active[0]) if active else None,
    )


@router.get("/accounts/{account_id}")
def show(at: At, account_id: int) -> Response:
    """Show an account: how it stands, how its credits go, and what happened to it."""
    account = accounts.find(at.store, account_id)
    return page(
        at,
        "pages/account.html",
        detail=accounts.show(at.store, account),
        going=analyze(at.store, account=account).accounts[0],
    )


@router.get("/parts/accounts/new")
def ask_new(at: At) -> Response:
    """Ask what a new account is."""
    return _form(at, {}, is_dialog=True)


@router.post("/parts/accounts/new")
def new(
    at: At, name: Text = "", provider: Text = "", plan: Text = "", credits_total: Text = "", credits_used: Text = "", resets_at: Text = "", period: Text = "",
    models: Text = "", tags: Text = "", note: Text = "",
) -> Response:  # fmt: skip
    """Keep an account."""
    said = _said(locals())
    try:
        made = accounts.new(at.store, {key: value for key, value in said.items() if value})
    except (BadInput, Conflict) as error:
        return _form(at, said, error=error)
    return go(at, f"/accounts/{made.account.id}", toast=Toast(_("%(name)s is kept", name=made.account.name)))


@router.get("/parts/accounts/{account_id}/edit")
def ask_change(at: At, account_id: int) -> Response:
    """Ask what is to be said of an account."""
    one = accounts.find(at.store, account_id)
    said = {
        "name": one.name, "provider": one.provider, "plan": one.plan, "credits_total": "" if one.credits_total is None else f"{one.credits_total:g}",
        "credits_used": f"{accounts.stands(at.store, one).credits_used:g}", "resets_at": f"{one.resets_at:%Y-%m-%dT%H:%MZ}" if one.resets_at else "",
        "period": str(one.period or ""), "models": ", ".join(f"{m.model}={m.credits:g}" if m.credits is not None else m.model for m in one.models),
        "tags": ", ".join(one.tags), "note": one.note,
    }  # fmt: skip
    return _form(at, said, account_id=account_id, is_dialog=True)


@router.post("/parts/accounts/{account_id}/edit")
def change(
    at: At, account_id: int, name: Text = "", provider: Text = "", plan: Text = "", credits_total: Text = "", credits_used: Text = "", resets_at: Text = "",
    period: Text = "", models: Text = "", tags: Text = "", note: Text = "",
) -> Response:  # fmt: skip
    """Change what is said of an account."""
    said = _said(locals())
    one = accounts.find(at.store, account_id)
    told: dict[str, Any] = dict(said)
    before = accounts.stands(at.store, one).credits_used
    if not credits_used.strip() or credits_used.strip() == f"{before:g}":
        # Nobody reported anything: what was estimated stays an estimate.
        del told["credits_used"]
    try:
        made = accounts.change(at.store, one, told)
    except (BadInput, Conflict) as error:
        return _form(at, said, account_id=account_id, error=error)
    return go(at, f"/accounts/{account_id}", toast=Toast(_("%(name)s is kept", name=made.account.name)))


@router.post("/parts/accounts/{account_id}/used")
def used(at: At, account_id: int, credits_used: Text = "") -> Response:
    """Take a person's word for how many credits are used in all."""
    one = accounts.find(at.store, account_id)
    try:
        standing = accounts.change(at.store, one, {"credits_used": credits_used if credits_used.strip() else None})
    except BadInput as error:
        return partial(at, "partials/_account_used.html", status_code=422, account=one, value=credits_used, error=str(error))
    return go(at, f"/accounts/{account_id}", toast=Toast(_("%(name)s: %(used)s used", name=one.name, used=f"{standing.credits_used:g}")))


@router.post("/parts/accounts/{account_id}/limit")
def limit(at: At, account_id: int, model: Text = "", until_at: Text = "") -> Response:
    """Note that the service said a limit is reached."""
    one = accounts.find(at.store, account_id)
    try:
        accounts.limit_reached(at.store, one, model=model, until_at=time_of("until", until_at))
    except BadInput as error:
        return partial(at, "partials/_account_limit.html", status_code=422, account=one, model=model, until_at=until_at, error=str(error))
    return go(at, f"/accounts/{account_id}", toast=Toast(_("The limit of %(name)s is noted", name=one.name)))


@router.post("/parts/accounts/{account_id}/pause")
def pause(at: At, account_id: int) -> Response:
    """Leave an account out of what is chosen from, until somebody says otherwise."""
    one = accounts.find(at.store, account_id)
    accounts.change(at.store, one, {"status": "paused"})
    return go(
        at, f"/accounts/{account_id}", toast=Toast(_("%(name)s is paused", name=one.name), undo=f"/parts/accounts/{account_id}/resume")
    )


@router.post("/parts/accounts/{account_id}/resume")
def resume(at: At, account_id: int) -> Response:
    """Choose from an account again; every limit that was reached is over."""
    one = accounts.find(at.store, account_id)
    accounts.change(at.store, one, {"status": "active"})
    return go(at, f"/accounts/{account_id}", toast=Toast(_("%(name)s can be used again", name=one.name)))


@router.delete("/accounts/{account_id}")
def delete(at: At, account_id: int) -> Response:
    """Delete an account with all that happened to it."""
    one = accounts.find(at.store, account_id)
    accounts.delete(at.store, one)
    return go(at, "/accounts", toast=Toast(_("%(name)s is deleted", name=one.name)))


@router.post("/parts/accounts/rotate")
def rotate(at: At, session_id: Annotated[int, Form()]) -> Response:
    """Move a session to the best account, where the one it runs on has come into its window."""
    done = rotate_session(at.store, sessions.of_id(at.store, session_id), window=_window(at))
    if done.moved and done.after:
        return go(at, "/accounts", toast=Toast(_("It runs on %(name)s now: %(why)s", name=done.after.account.name, why=spoken(done.why))))
    return go(at, "/accounts", toast=Toast(_("It stays where it is: %(why)s", why=spoken(done.why)), "info"))


@router.get("/parts/accounts/batch")
def ask_batch(at: At) -> Response:
    """Ask for many accounts at once."""
    return partial(at, "partials/_accounts_batch.html", text="", errors=[], error="", is_dialog=True)


@router.post("/parts/accounts/batch")
def batch(at: At, text: Text = "") -> Response:
    """Keep an account for each line, all or none."""
    errors: list[RowError] = []
    said = ""
    try:
        rows = rows_of(text)
        made = accounts.batch(at.store, rows)
        errors = made.errors
        if not errors:
            told = ngettext("%(num)s account is kept", "%(num)s accounts are kept", len(made.created))
            return go(at, "/accounts", toast=Toast(told))
    except OnwardError as error:
        said = str(error)
    return partial(at, "partials/_accounts_batch.html", status_code=422, text=text, errors=errors, error=said, is_dialog=False)


def rows_of(text: str) -> list[dict[str, str]]:
    """Return what pasted lines say of accounts. The first line may name the columns; else a line is name, provider, credits, … with commas, semicolons or tabs between."""
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        raise BadInput(_("There is no line to read."), _("Give one account a line, its name first."))
    mark = next((one for one in "\t;," if one in lines[0]), ",")
    cells = [[cell.strip() for cell in row] for row in csv.reader(lines, delimiter=mark)]
    heads = list(COLUMNS)
    if "name" in (head.lower() for head in cells[0]):
        heads, cells = cells[0], cells[1:]
    too_long = next((row for row in cells if len(row) > len(heads)), None)
    if too_long:
        raise BadInput(
            _("A line has more values than there are columns: %(line)s", line=mark.join(too_long)[:200]),
            _("Name the columns in the first line."),
        )
    return [{head: cell for head, cell in zip(heads, row, strict=False) if cell} for row in cells]


def _window(at: Visit) -> Window:
    return Window(at.settings.rotate_from, at.settings.rotate_at)


def _said(given: dict[str, Any]) -> dict[str, str]:
    return {name: value.strip() for name, value in given.items() if isinstance(value, str)}


def _form(at: Visit, said: dict[str, str], *, account_id: int = 0, error: OnwardError | None = None, is_dialog: bool = False) -> Response:
    """Return the form of an account again, what is wrong beside its field."""
    wrong: dict[str, str] = {}
    if error:
        wrong = {_field_of(said): str(error)}
    return partial(
        at, "partials/_account_form.html", status_code=422 if error else 200, values=said, errors=wrong, account_id=account_id, is_dialog=is_dialog,
    )  # fmt: skip


def _field_of(said: dict[str, str]) -> str:
    """Return the first field whose value is refused; the name, where all of them are good by themselves."""
    for name, value in said.items():
        try:
            fields_of({name: value})
        except BadInput:
            return name
    return "name"
