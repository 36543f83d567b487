"""Accounts: the pool, the choice of the next account, and the use of credits. No login and no key of an account is stored."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Query, Response
from pydantic import AliasChoices, ConfigDict, Field

from onward.api.answers.envelope import answers, error_response, ok, pages
from onward.api.answers.paging import Paging
from onward.api.bodies import Body, ChangeBody, EditVersion, Id, IdField, Text
from onward.api.context import Context
from onward.api.middleware.request_log import request_id
from onward.api.parsing import create_router
from onward.api.routes.account_shapes import (
    AccountBatchShape,
    AccountChoiceShape,
    AccountDetailShape,
    AccountEventShape,
    AccountShape,
    PoolCreditsShape,
    RotationShape,
    UsageShape,
    account_batch_shape,
    account_choice_shape,
    account_detail_shape,
    account_event_shape,
    account_shape,
    pool_credits_shape,
    rotation_shape,
    usage_shape,
)
from onward.app.accounts import accounts, usage
from onward.app.accounts.charges import assign, find_account
from onward.app.accounts.fields import parse_time
from onward.app.accounts.selection import RotationWindow, analyze, best_account, parse_need, rotate
from onward.app.projects import projects
from onward.app.sessions import sessions
from onward.core.accounts.accounts import AccountStatus
from onward.core.accounts.rank import AccountNeed
from onward.errors import BadInput, Conflict, NotFound

router = create_router("accounts")

MAX_ACCOUNTS = 10_000


def _aliases(*names: str) -> AliasChoices:
    """Accept a field under all these names."""
    return AliasChoices(*names)


class _AccountFields(Body):
    """The fields of an account. `models` may have limits of their own: `{"claude-opus-4": 40}`."""

    model_config = ConfigDict(extra="allow")

    provider: Text | None = Field(None, examples=["anthropic"])
    plan: Text | None = Field(None, examples=["pro"])
    models: list[str | dict[str, Any]] | dict[str, float | None] | str | None = Field(None, examples=[{"claude-opus-4": 40}])
    tags: list[str] | str | None = Field(
        None, validation_alias=_aliases("tags", "specialization", "specialisation", "specializations"), examples=[["backend"]]
    )
    note: Text | None = Field(None, validation_alias=_aliases("note", "notes"), examples=["shared with Sari"])
    credits_total: float | None = Field(
        None,
        validation_alias=_aliases("credits_total", "creditsTotal", "total_credits", "totalCredits", "credits"),
        allow_inf_nan=False,
        examples=[100],
    )
    credits_used: float | None = Field(
        None, validation_alias=_aliases("credits_used", "creditsUsed", "used_credits", "usedCredits"), allow_inf_nan=False, examples=[0]
    )
    resets_at: datetime | None = Field(
        None,
        validation_alias=_aliases("resets_at", "resetsAt", "reset_at", "resetAt", "reset_time", "resetTime"),
        examples=["2026-12-01T00:00:00Z"],
    )
    period: Text | None = Field(
        None,
        validation_alias=_aliases("period", "reset_period", "resetPeriod"),
        description="How often credits reset: 5h, 1d, 2w, 1mo.",
        examples=["1mo"],
    )
    windows: list[str | dict[str, Any]] | str | None = Field(
        None,
        description="Further limits, in the words of the command (`1w=30/100`) or as objects. What the service reports replaces them.",
        examples=[[{"period": "5h", "used": 40, "total": 100}]],
    )
    profile: Text | None = Field(
        None, description="The folder where the account's agent keeps settings and sessions.", examples=["/home/sari/.claude-work"]
    )
    status: AccountStatus | None = Field(None, examples=["active"])


class NewAccount(_AccountFields):
    """An account to create. Only the name is required. Whatever looks like a login or a key is refused."""

    name: Text = Field(examples=["claude-1"])


class AccountChange(ChangeBody, _AccountFields):
    """The fields of an account to change. Status `active` ends all reached limits; null removes a value."""

    name: Text | None = Field(None, examples=["claude-1"])
    version: EditVersion = Field("", description="The version that was read; 409 if it changed since.", examples=[""])


class AccountReportBody(Body):
    """An event of an account: a reached limit, of a model or of the whole account, or a failure."""

    kind: Literal["limit", "failure"] = Field(examples=["limit"])
    model: Text = Field("", examples=["claude-opus-4"])
    until_at: datetime | None = Field(None, description="When the limit ends. Default: the account's next reset.", examples=[None])
    note: Text = Field("", examples=["overloaded"])


class AccountBatchBody(Body):
    """Many accounts, each in the form of `POST /accounts`."""

    accounts: list[dict[str, Any]] = Field(max_length=MAX_ACCOUNTS, examples=[[{"name": "claude-1", "credits_total": 100}]])


class _NeedFields(Body):
    """What a session needs from its account."""

    model: Text = Field("", examples=[""])
    tags: list[str] | str = Field(
        [], validation_alias=_aliases("tags", "specialization", "specialisation", "required_tags", "requiredTags"), examples=[["backend"]]
    )
    credits_needed: float | None = Field(
        None, ge=0, le=1e12, allow_inf_nan=False, validation_alias=_aliases("credits_needed", "creditsNeeded", "credits"), examples=[50]
    )

    def need(self) -> AccountNeed:
        """Return the need for the ranking."""
        return parse_need(
            model=self.model, tags=self.tags.split(",") if isinstance(self.tags, str) else self.tags, credits=self.credits_needed
        )


class AccountSelectionBody(_NeedFields):
    """What the next session needs."""


class RotationBody(_NeedFields):
    """The open session, by its id, or the newest open session of a project. `account_id` names its new account, whatever the rotation
    window says.
    """

    session_id: IdField | None = Field(None, examples=[1])
    project_id: IdField | None = Field(None, examples=[None])
    account_id: IdField | None = Field(None, examples=[None])
    credits_used: float | None = Field(
        None,
        ge=0,
        le=1e12,
        allow_inf_nan=False,
        description="Credits used on the session's account now, as the service shows them.",
        examples=[88],
    )


class CreditsAnalysisBody(Body):
    """The scope of the report: one account, one project, or all."""

    account_id: IdField | None = Field(None, examples=[None])
    project_id: IdField | None = Field(None, examples=[None])


class SessionAccountBody(Body):
    """The account of a session."""

    account_id: IdField = Field(examples=[1])


@router.get("/accounts", summary="List the accounts", **pages(AccountShape))
def list_accounts(
    context: Context, page: Paging, status: Annotated[AccountStatus | None, Query(description="Only with this status.")] = None
) -> Response:
    """List the accounts by name, with their current availability: resets that passed are included."""
    availabilities = accounts.list_accounts(context.store, status=status, after=page.last_key(str) or "", limit=page.limit + 1)
    return page.answer(availabilities, shape=account_shape, key_of=lambda availability: (availability.account.name,))


@router.post("/accounts", summary="Create an account", **answers(AccountShape, Conflict))
def create_account(context: Context, body: NewAccount) -> Response:
    """Create an account."""
    return ok(account_shape(accounts.create(context.store, body.sent_fields())))


@router.get("/accounts/find", summary="Find an account by name", **answers(AccountShape, NotFound))
def find_account_by_name(
    context: Context, name: Annotated[Text, Query(min_length=1, max_length=200, description="The account's name or id.")]
) -> Response:
    """Return the account of that name or id."""
    return ok(account_shape(accounts.read_availability(context.store, accounts.require(context.store, name))))


@router.get("/accounts/{account_id}", summary="Show an account", **answers(AccountDetailShape, NotFound))
def show_account(context: Context, account_id: Id) -> Response:
    """Return an account's availability, its latest events and sessions, and the usage counted in their transcripts."""
    return ok(account_detail_shape(accounts.show(context.store, accounts.require(context.store, account_id))))


@router.patch("/accounts/{account_id}", summary="Change an account", **answers(AccountShape, NotFound, Conflict))
def change_account(context: Context, account_id: Id, body: AccountChange) -> Response:
    """Change an account. `credits_used` is the number of credits used now, as reported by a person."""
    fields = {name: value for name, value in body.sent_fields().items() if name != "version"}
    account = accounts.require(context.store, account_id)
    return ok(account_shape(accounts.change(context.store, account, fields, version=body.version)))


@router.delete("/accounts/{account_id}", summary="Delete an account", **answers(AccountShape, NotFound))
def delete_account(context: Context, account_id: Id) -> Response:
    """Delete an account and its events, and return it. Sessions that ran on it stay."""
    detail = accounts.show(context.store, accounts.require(context.store, account_id))
    accounts.delete(context.store, detail.availability.account)
    return ok(account_shape(detail.availability))


@router.get("/accounts/{account_id}/events", summary="List the events of an account", **pages(AccountEventShape, NotFound))
def list_events(context: Context, account_id: Id, page: Paging) -> Response:
    """List the events of an account, the newest first. `source` distinguishes reports of people from estimates."""
    account_events = accounts.list_events(
        context.store, accounts.require(context.store, account_id), before_id=page.last_key(int), limit=page.limit + 1
    )
    return page.answer(account_events, shape=account_event_shape, key_of=lambda event: (event.id,))


@router.post("/accounts/{account_id}/events", summary="Report an event of an account", **answers(AccountShape, NotFound))
def report_event(context: Context, account_id: Id, body: AccountReportBody) -> Response:
    """Record a reached limit or a failure, and return the account's availability."""
    account = accounts.require(context.store, account_id)
    if body.kind == "failure":
        return ok(account_shape(accounts.report_failure(context.store, account, body.note, model=body.model)))
    until_at = parse_time("until_at", body.until_at)
    return ok(account_shape(accounts.report_limit(context.store, account, model=body.model, until_at=until_at, note=body.note)))


@router.get("/sessions/{session_id}/account", summary="Show the account of a session", **answers(AccountShape | None, NotFound))
def show_session_account(context: Context, session_id: Id) -> Response:
    """Return the account that a session runs on, or ran on last; null if it has none."""
    account = find_account(context.store, sessions.require_by_id(context.store, session_id))
    return ok(account_shape(accounts.read_availability(context.store, account)) if account else None)


@router.put("/sessions/{session_id}/account", summary="Assign a session to an account", **answers(AccountShape, NotFound))
def assign_account(context: Context, session_id: Id, body: SessionAccountBody) -> Response:
    """Assign a session to an account. The session's credits are charged to it."""
    account = accounts.require(context.store, body.account_id)
    assign(context.store, sessions.require_by_id(context.store, session_id), account)
    return ok(account_shape(accounts.show(context.store, account).availability))


@router.get("/sessions/{session_id}/usage", summary="Show what a session cost", **answers(list[UsageShape], NotFound))
def show_session_usage(context: Context, session_id: Id) -> Response:
    """Return the tokens counted in a session's transcript, by model and account, with their list price (null if unknown)."""
    model_usages = usage.read_session_usage(context.store, sessions.require_by_id(context.store, session_id).id)
    return ok([usage_shape(model_usage) for model_usage in model_usages])


@router.post("/private/select-best-account", summary="Choose the account to use next", **answers(AccountChoiceShape))
def select_best_account(context: Context, body: AccountSelectionBody | None = None) -> Response:
    """Return the account to use next, the reason, and the ranking of all accounts."""
    return ok(
        account_choice_shape(
            best_account(context.store, (body or AccountSelectionBody.model_validate({})).need(), window=_rotation_window(context))
        )
    )


@router.post("/private/auto-rotate", summary="Move an open session to the best account", **answers(RotationShape, NotFound, Conflict))
def auto_rotate(context: Context, body: RotationBody) -> Response:
    """Move an open session to the best account if its credits are in the rotation window, or if its account cannot be used. The answer says
    why, or why not.
    """
    if body.session_id is not None:
        session = sessions.require_by_id(context.store, body.session_id)
    elif body.project_id is not None:
        session = sessions.require(context.store, projects.require(context.store, body.project_id))
    else:
        raise BadInput("The session is not known.", "Send session_id or project_id.")
    target = accounts.require(context.store, body.account_id) if body.account_id is not None else None
    return ok(
        rotation_shape(
            rotate(context.store, session, need=body.need(), window=_rotation_window(context), credits_used=body.credits_used, to=target)
        )
    )


@router.post("/private/analyze-credits", summary="Report the use of credits", **answers(PoolCreditsShape, NotFound))
def analyze_credits(context: Context, body: CreditsAnalysisBody | None = None) -> Response:
    """Return burn rate, efficiency and forecast (with interval and assumptions) by account and by project, and the usage counted in
    transcripts.
    """
    scope = body or CreditsAnalysisBody.model_validate({})
    account = accounts.require(context.store, scope.account_id) if scope.account_id is not None else None
    project = projects.require(context.store, scope.project_id) if scope.project_id is not None else None
    return ok(pool_credits_shape(analyze(context.store, account=account, project_id=project.id if project else None)))


@router.post("/private/batch-create-accounts", summary="Create many accounts, all or none", **answers(AccountBatchShape, Conflict))
def create_batch(context: Context, body: AccountBatchBody) -> Response:
    """Create all accounts; or none, if any row is wrong or its name is taken. The error's `details` list every such row."""
    report = accounts.create_batch(context.store, body.accounts)
    if report.errors:
        details: list[dict[str, Any]] = [{"row": error.row, "name": error.name, "message": str(error.message)} for error in report.errors]
        count = len(details)
        message = f"{count} of {len(body.accounts)} rows cannot be used, so no account was created. Correct them and send all rows again."
        return error_response(422, "bad_rows", message, request_id(), details=details)
    return ok(account_batch_shape(report))


def _rotation_window(context: Context) -> RotationWindow:
    return RotationWindow(context.settings.rotate_from, context.settings.rotate_at)
