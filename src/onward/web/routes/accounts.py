"""Accounts of AI services: credits, the suggested account, and the forms that change an account."""

from __future__ import annotations

import csv
from typing import Annotated, Any

from fastapi import Form, Response
from pydantic import BaseModel

from onward.app.accounts import accounts, charges
from onward.app.accounts.accounts import RowError
from onward.app.accounts.fields import parse_fields, parse_time
from onward.app.accounts.selection import RotationWindow, analyze, best_account
from onward.app.accounts.selection import rotate as rotate_session
from onward.app.sessions import sessions
from onward.core.accounts.accounts import Account
from onward.core.accounts.windows import AccountWindow
from onward.core.edit_version import edit_version
from onward.errors import BadInput, Conflict, OnwardError
from onward.web.language import _, ngettext
from onward.web.messages import translate_error, translate_message
from onward.web.page_request import CurrentPageRequest, PageRequest, Toast, page_router
from onward.web.render import page, partial, redirect

router = page_router()

MAX_ACCOUNTS = 100
MAX_RANKED = 5
COLUMNS = ("name", "provider", "credits_total", "credits_used", "resets_at", "period", "tags")
"""The columns of pasted lines that have no header line."""
Text = Annotated[str, Form()]


class AccountForm(BaseModel):
    """What a person types in the form of an account."""

    name: str = ""
    provider: str = ""
    plan: str = ""
    credits_total: str = ""
    credits_used: str = ""
    resets_at: str = ""
    period: str = ""
    models: str = ""
    tags: str = ""
    note: str = ""
    windows: str = ""
    profile: str = ""

    def values(self) -> dict[str, str]:
        """Return the text of each field, without spaces around it."""
        return {name: getattr(self, name).strip() for name in AccountForm.model_fields}


class EditedAccountForm(AccountForm):
    """The form of a stored account; `version` is the one that the form was filled from."""

    version: str = ""


@router.get("/accounts")
def list_accounts(request: CurrentPageRequest, after: str = "") -> Response:
    """Show the accounts by name, the suggested account and the active session."""
    availabilities = accounts.list_accounts(request.store, after=after, limit=MAX_ACCOUNTS + 1)
    active_sessions = sessions.list_all(request.store, status="in_progress", limit=1)
    return page(
        request,
        "pages/accounts.html",
        availabilities=availabilities[:MAX_ACCOUNTS],
        has_more=len(availabilities) > MAX_ACCOUNTS,
        best=best_account(request.store, window=_rotation_window(request)),
        max_ranked=MAX_RANKED,
        active_session=active_sessions[0] if active_sessions else None,
        running_account=charges.find_account(request.store, active_sessions[0]) if active_sessions else None,
    )


@router.get("/accounts/{account_id}")
def show_account(request: CurrentPageRequest, account_id: int) -> Response:
    """Show one account: status, forecast, history and usage."""
    account = accounts.require(request.store, account_id)
    return page(
        request,
        "pages/account.html",
        detail=accounts.show(request.store, account),
        analysis=analyze(request.store, account=account).accounts[0],
    )


@router.get("/parts/accounts/new")
def show_new_form(request: CurrentPageRequest) -> Response:
    """Return the form for a new account."""
    return _account_form(request, {}, is_dialog=True)


@router.post("/parts/accounts/new")
def create_account(request: CurrentPageRequest, form: Annotated[AccountForm, Form()]) -> Response:
    """Create an account."""
    values = form.values()
    try:
        availability = accounts.create(request.store, {key: value for key, value in values.items() if value})
    except (BadInput, Conflict) as error:
        return _account_form(request, values, error=error)
    return redirect(request, f"/accounts/{availability.account.id}", toast=Toast(_("%(name)s saved", name=availability.account.name)))


@router.get("/parts/accounts/{account_id}/edit")
def show_edit_form(request: CurrentPageRequest, account_id: int) -> Response:
    """Return the form that edits an account."""
    account = accounts.require(request.store, account_id)
    form = AccountForm(
        name=account.name,
        provider=account.provider,
        plan=account.plan,
        credits_total="" if account.credits_total is None else f"{account.credits_total:g}",
        credits_used=f"{accounts.read_availability(request.store, account).credits_used:g}",
        resets_at=f"{account.resets_at:%Y-%m-%dT%H:%MZ}" if account.resets_at else "",
        period=str(account.period or ""),
        models=", ".join(f"{model.model}={model.credits:g}" if model.credits is not None else model.model for model in account.models),
        tags=", ".join(account.tags),
        note=account.note,
        windows=_window_texts(account),
        profile=account.profile,
    )
    return _account_form(request, form.values(), account_id=account_id, is_dialog=True)


@router.post("/parts/accounts/{account_id}/edit")
def edit_account(request: CurrentPageRequest, account_id: int, form: Annotated[EditedAccountForm, Form()]) -> Response:
    """Edit an account."""
    values = form.values()
    account = accounts.require(request.store, account_id)
    changes: dict[str, Any] = dict(values)
    previous_used = accounts.read_availability(request.store, account).credits_used
    if values["windows"] == _window_texts(account):
        del changes["windows"]
    if values["credits_used"] in ("", f"{previous_used:g}"):
        # An unchanged number is no report: what was estimated stays an estimate.
        del changes["credits_used"]
    try:
        availability = accounts.change(request.store, account, changes, version=form.version)
    except (BadInput, Conflict) as error:
        return _account_form(request, values, account_id=account_id, error=error)
    return redirect(request, f"/accounts/{account_id}", toast=Toast(_("%(name)s saved", name=availability.account.name)))


@router.post("/parts/accounts/{account_id}/used")
def record_usage(request: CurrentPageRequest, account_id: int, credits_used: Text = "") -> Response:
    """Record the total of used credits that a person reports."""
    account = accounts.require(request.store, account_id)
    try:
        availability = accounts.change(request.store, account, {"credits_used": credits_used if credits_used.strip() else None})
    except BadInput as error:
        return partial(
            request, "partials/_account_used.html", status_code=422, account=account, value=credits_used, error=translate_error(error)
        )
    return redirect(
        request,
        f"/accounts/{account_id}",
        toast=Toast(_("%(name)s: %(used)s used", name=account.name, used=f"{availability.credits_used:g}")),
    )


@router.post("/parts/accounts/{account_id}/limit")
def record_limit(request: CurrentPageRequest, account_id: int, model: Text = "", until_at: Text = "") -> Response:
    """Record that the service reported a reached limit."""
    account = accounts.require(request.store, account_id)
    try:
        accounts.report_limit(request.store, account, model=model, until_at=parse_time("until", until_at))
    except BadInput as error:
        return partial(
            request,
            "partials/_account_limit.html",
            status_code=422,
            account=account,
            model=model,
            until_at=until_at,
            error=translate_error(error),
        )
    return redirect(request, f"/accounts/{account_id}", toast=Toast(_("Limit of %(name)s recorded", name=account.name)))


@router.post("/parts/accounts/{account_id}/pause")
def pause_account(request: CurrentPageRequest, account_id: int) -> Response:
    """Pause an account: it is not suggested until it is resumed."""
    account = accounts.require(request.store, account_id)
    accounts.change(request.store, account, {"status": "paused"})
    return redirect(
        request,
        f"/accounts/{account_id}",
        toast=Toast(_("%(name)s paused", name=account.name), undo=f"/parts/accounts/{account_id}/resume"),
    )


@router.post("/parts/accounts/{account_id}/resume")
def resume_account(request: CurrentPageRequest, account_id: int) -> Response:
    """Resume an account and clear its limits."""
    account = accounts.require(request.store, account_id)
    accounts.change(request.store, account, {"status": "active"})
    return redirect(request, f"/accounts/{account_id}", toast=Toast(_("%(name)s is available again", name=account.name)))


@router.delete("/accounts/{account_id}")
def delete_account(request: CurrentPageRequest, account_id: int) -> Response:
    """Delete an account with its history."""
    account = accounts.require(request.store, account_id)
    accounts.delete(request.store, account)
    return redirect(request, "/accounts", toast=Toast(_("%(name)s deleted", name=account.name)))


@router.post("/parts/accounts/rotate")
def rotate_account(request: CurrentPageRequest, session_id: Annotated[int, Form()]) -> Response:
    """Move a session to the best account if its own has reached the rotation window."""
    rotation = rotate_session(request.store, sessions.require_by_id(request.store, session_id), window=_rotation_window(request))
    if rotation.has_moved and rotation.after:
        return redirect(
            request,
            "/accounts",
            toast=Toast(_("Session moved to %(name)s: %(why)s", name=rotation.after.account.name, why=translate_message(rotation.why))),
        )
    return redirect(request, "/accounts", toast=Toast(_("Session not moved: %(why)s", why=translate_message(rotation.why)), "info"))


@router.get("/parts/accounts/batch")
def show_batch_form(request: CurrentPageRequest) -> Response:
    """Return the form that adds several accounts."""
    return partial(request, "partials/_accounts_batch.html", text="", errors=[], error="", is_dialog=True)


@router.post("/parts/accounts/batch")
def create_accounts(request: CurrentPageRequest, text: Text = "") -> Response:
    """Create one account per line, all or none."""
    errors: list[RowError] = []
    error_message = ""
    try:
        rows = parse_rows(text)
        report = accounts.create_batch(request.store, rows)
        errors = report.errors
        if not errors:
            message = ngettext("%(num)s account added", "%(num)s accounts added", len(report.created))
            return redirect(request, "/accounts", toast=Toast(message))
    except OnwardError as error:
        error_message = translate_error(error)
    return partial(
        request, "partials/_accounts_batch.html", status_code=422, text=text, errors=errors, error=error_message, is_dialog=False
    )


def parse_rows(text: str) -> list[dict[str, str]]:
    """Return the fields of pasted lines.

    The first line may name the columns; otherwise the columns are name, provider, credits, …, separated by commas, semicolons or tabs.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        raise BadInput(_("Enter at least one account."), _("Write one account per line, starting with its name."))
    delimiter = next((candidate for candidate in "\t;," if candidate in lines[0]), ",")
    cells = [[cell.strip() for cell in row] for row in csv.reader(lines, delimiter=delimiter)]
    columns = list(COLUMNS)
    if "name" in (column.lower() for column in cells[0]):
        columns, cells = cells[0], cells[1:]
    long_row = next((row for row in cells if len(row) > len(columns)), None)
    if long_row:
        raise BadInput(
            _("This line has more values than columns: %(line)s", line=delimiter.join(long_row)[:200]),
            _("Name the columns in the first line."),
        )
    return [{column: cell for column, cell in zip(columns, row, strict=False) if cell} for row in cells]


def _window_texts(account: Account) -> str:
    """Return the windows that a person typed, as the form shows them."""
    return ", ".join(_window_text(window) for window in account.windows if window.source == "estimated")


def _window_text(window: AccountWindow) -> str:
    """Return a typed window as people write it: `1w of opus=20/50`."""
    model = f" of {window.model}" if window.model else ""
    until = f" until {window.resets_at:%Y-%m-%dT%H:%MZ}" if window.resets_at else ""
    return f"{window.period}{model}={window.used:g}/{window.total or 0:g}{until}"


def _rotation_window(request: PageRequest) -> RotationWindow:
    return RotationWindow(request.settings.rotate_from, request.settings.rotate_at)


def _account_form(
    request: PageRequest, values: dict[str, str], *, account_id: int = 0, error: OnwardError | None = None, is_dialog: bool = False
) -> Response:
    """Return the account form, with an error beside its field."""
    errors: dict[str, str] = {}
    if error:
        errors = {_invalid_field(values): translate_error(error)}
    return partial(
        request,
        "partials/_account_form.html",
        status_code=422 if error else 200,
        values=values,
        errors=errors,
        account_id=account_id,
        version=edit_version(accounts.require(request.store, account_id)) if account_id else "",
        is_dialog=is_dialog,
    )


def _invalid_field(values: dict[str, str]) -> str:
    """Return the first field with an invalid value; the name if every value is valid by itself."""
    for name, value in values.items():
        try:
            parse_fields({name: value})
        except BadInput:
            return name
    return "name"
