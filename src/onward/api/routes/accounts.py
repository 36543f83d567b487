"""Accounts: a pool of them, which to use next, and how their credits go. No login and no key of an account has a place here."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Query, Response
from pydantic import AliasChoices, ConfigDict, Field

from onward.api.desk import At
from onward.api.edge import request_id
from onward.api.envelope import answers, ok, pages, refused
from onward.api.paging import Paging
from onward.api.parsing import routes
from onward.api.pool import (
    AccountDetailShape,
    AccountShape,
    BatchShape,
    BestShape,
    CreditsShape,
    EventShape,
    RotatedShape,
    UsageShape,
    account_detail_shape,
    account_shape,
    batch_shape,
    best_shape,
    credits_shape,
    event_shape,
    rotated_shape,
    usage_shape,
)
from onward.api.shapes import Body, Change, Id, IdField, Text
from onward.app import accounts, projects, sessions, usage
from onward.app.account_fields import known, time_of
from onward.app.charging import account_of, assign
from onward.app.credits import Window, analyze, best, need_of, rotate
from onward.core.accounts import AccountStatus
from onward.core.credits import Need
from onward.errors import BadInput, Conflict, NotFound

router = routes("accounts")

MOST_ACCOUNTS = 10_000


def _or(*names: str) -> AliasChoices:
    """Take a field under these names, too."""
    return AliasChoices(*names)


class _Described(Body):
    """What is told of an account. `models` may carry limits of their own: `{"claude-opus-4": 40}`."""

    model_config = ConfigDict(extra="allow")

    provider: Text | None = Field(None, examples=["anthropic"])
    plan: Text | None = Field(None, examples=["pro"])
    models: list[str | dict[str, Any]] | dict[str, float | None] | str | None = Field(None, examples=[{"claude-opus-4": 40}])
    tags: list[str] | str | None = Field(
        None, validation_alias=_or("tags", "specialization", "specialisation", "specializations"), examples=[["backend"]]
    )
    note: Text | None = Field(None, validation_alias=_or("note", "notes"), examples=["shared with Sari"])
    credits_total: float | None = Field(
        None,
        validation_alias=_or("credits_total", "creditsTotal", "total_credits", "totalCredits", "credits"),
        allow_inf_nan=False,
        examples=[100],
    )
    credits_used: float | None = Field(
        None, validation_alias=_or("credits_used", "creditsUsed", "used_credits", "usedCredits"), allow_inf_nan=False, examples=[0]
    )
    resets_at: datetime | None = Field(
        None,
        validation_alias=_or("resets_at", "resetsAt", "reset_at", "resetAt", "reset_time", "resetTime"),
        examples=["2026-12-01T00:00:00Z"],
    )
    period: Text | None = Field(
        None,
        validation_alias=_or("period", "reset_period", "resetPeriod"),
        description="How often credits come back: 5h, 1d, 2w, 1mo.",
        examples=["1mo"],
    )
    status: AccountStatus | None = Field(None, examples=["active"])


class NewAccount(_Described):
    """An account to enter. Only its name is needed. Whatever looks like a login or a key is refused."""

    name: Text = Field(examples=["claude-1"])


class AccountChange(Change, _Described):
    """What of an account changes. Active ends every limit that was reached; a null takes a value away."""

    name: Text | None = Field(None, examples=["claude-1"])


class AccountReport(Body):
    """What happened to an account: a limit that a service named, of a model or of the whole; or a failure."""

    kind: Literal["limit", "failure"] = Field(examples=["limit"])
    model: Text = Field("", examples=["claude-opus-4"])
    until_at: datetime | None = Field(
        None, description="When the limit ends. Else it holds until the account's next reset.", examples=[None]
    )
    note: Text = Field("", examples=["overloaded"])


class Batch(Body):
    """Many accounts, each as `POST /accounts` takes one."""

    accounts: list[dict[str, Any]] = Field(max_length=MOST_ACCOUNTS, examples=[[{"name": "claude-1", "credits_total": 100}]])


class _Needs(Body):
    """What a session needs of its account."""

    model: Text = Field("", examples=[""])
    tags: list[str] | str = Field(
        [], validation_alias=_or("tags", "specialization", "specialisation", "required_tags"), examples=[["backend"]]
    )
    credits_needed: float | None = Field(
        None, ge=0, le=1e12, allow_inf_nan=False, validation_alias=_or("credits_needed", "creditsNeeded", "credits"), examples=[50]
    )

    def need(self) -> Need:
        """Return it as the ranking takes it."""
        return need_of(
            model=self.model, tags=self.tags.split(",") if isinstance(self.tags, str) else self.tags, credits=self.credits_needed
        )


class Selection(_Needs):
    """What the next session needs."""


class RotationRequest(_Needs):
    """Which open session is meant: by its id, or the one of a project that was begun last. `account_id` names where it shall go, whatever the window says."""

    session_id: IdField | None = Field(None, examples=[1])
    project_id: IdField | None = Field(None, examples=[None])
    account_id: IdField | None = Field(None, examples=[None])
    credits_used: float | None = Field(
        None, ge=0, le=1e12, allow_inf_nan=False, description="Credits used on its account now, as read there.", examples=[88]
    )


class Analysis(Body):
    """Whose credits: of one account, of one project, or of all."""

    account_id: IdField | None = Field(None, examples=[None])
    project_id: IdField | None = Field(None, examples=[None])


class SessionAccount(Body):
    """The account that a session runs on."""

    account_id: IdField = Field(examples=[1])


@router.get("/accounts", summary="List the accounts", **pages(AccountShape))
def listed(at: At, page: Paging, status: Annotated[AccountStatus | None, Query(description="Only those.")] = None) -> Response:
    """Answer the accounts by name, as they stand now: a reset that has passed gave credits back."""
    found = accounts.listed(at.store, status=status, after=page.last(str) or "", limit=page.limit + 1)
    return page.answer(found, shape=account_shape, last=lambda one: (one.account.name,))


@router.post("/accounts", summary="Enter an account", **answers(AccountShape, Conflict))
def new(at: At, body: NewAccount) -> Response:
    """Enter an account and answer it."""
    return ok(account_shape(accounts.new(at.store, known(body.said()))))


@router.get("/accounts/find", summary="Find an account by its name", **answers(AccountShape, NotFound))
def find(at: At, name: Annotated[Text, Query(min_length=1, max_length=200, description="Its name, or its id.")]) -> Response:
    """Answer the account of that name."""
    return ok(account_shape(accounts.stands(at.store, accounts.find(at.store, name))))


@router.get("/accounts/{account_id}", summary="Show an account", **answers(AccountDetailShape, NotFound))
def show(at: At, account_id: Id) -> Response:
    """Answer an account as it stands, with what happened last, the sessions that went on it, and the usage that their transcripts tell of."""
    return ok(account_detail_shape(accounts.show(at.store, accounts.find(at.store, account_id))))


@router.patch("/accounts/{account_id}", summary="Change an account", **answers(AccountShape, NotFound, Conflict))
def change(at: At, account_id: Id, body: AccountChange) -> Response:
    """Change what is told of an account. `credits_used` is a person's report of what is used now."""
    return ok(account_shape(accounts.change(at.store, accounts.find(at.store, account_id), known(body.said()))))


@router.delete("/accounts/{account_id}", summary="Delete an account", **answers(AccountShape, NotFound))
def delete(at: At, account_id: Id) -> Response:
    """Delete an account with what happened to it, and answer what it was. Sessions that ran on it stay."""
    detail = accounts.show(at.store, accounts.find(at.store, account_id))
    accounts.delete(at.store, detail.standing.account)
    return ok(account_shape(detail.standing))


@router.get("/accounts/{account_id}/events", summary="List what happened to an account", **pages(EventShape, NotFound))
def events(at: At, account_id: Id, page: Paging) -> Response:
    """Answer what happened to an account, the newest first: what a person reported and what Onward estimated are told apart."""
    found = accounts.events(at.store, accounts.find(at.store, account_id), before_id=page.last(int), limit=page.limit + 1)
    return page.answer(found, shape=event_shape, last=lambda one: (one.id,))


@router.post("/accounts/{account_id}/events", summary="Report what happened to an account", **answers(AccountShape, NotFound))
def report(at: At, account_id: Id, body: AccountReport) -> Response:
    """Note a limit that was reached or a failure, and answer how the account stands then."""
    account = accounts.find(at.store, account_id)
    if body.kind == "failure":
        return ok(account_shape(accounts.failed(at.store, account, body.note, model=body.model)))
    until_at = time_of("until_at", body.until_at)
    return ok(account_shape(accounts.limit_reached(at.store, account, model=body.model, until_at=until_at, note=body.note)))


@router.get("/sessions/{session_id}/account", summary="Show the account of a session", **answers(AccountShape | None, NotFound))
def account_of_session(at: At, session_id: Id) -> Response:
    """Answer the account that a session runs on, or ran on last; null where none was named."""
    found = account_of(at.store, sessions.of_id(at.store, session_id))
    return ok(account_shape(accounts.stands(at.store, found)) if found else None)


@router.put("/sessions/{session_id}/account", summary="Put a session on an account", **answers(AccountShape, NotFound))
def put_session_on(at: At, session_id: Id, body: SessionAccount) -> Response:
    """Say which account a session runs on. Credits that were entered for it are charged there."""
    account = accounts.find(at.store, body.account_id)
    assign(at.store, sessions.of_id(at.store, session_id), account)
    return ok(account_shape(accounts.show(at.store, account).standing))


@router.get("/sessions/{session_id}/usage", summary="Show what a session cost", **answers(list[UsageShape], NotFound))
def usage_of(at: At, session_id: Id) -> Response:
    """Answer the tokens that the transcript of a session tells of, by model and account, and their list price; null where that is not known."""
    found = usage.of_session(at.store, sessions.of_id(at.store, session_id).id)
    return ok([usage_shape(one) for one in found])


@router.post("/private/select-best-account", summary="Choose the account to use next", **answers(BestShape))
def select_best(at: At, body: Selection | None = None) -> Response:
    """Answer the account to use next and why, and how all accounts rank."""
    return ok(best_shape(best(at.store, (body or Selection.model_validate({})).need(), window=_window(at))))


@router.post("/private/auto-rotate", summary="Move an open session to the best account", **answers(RotatedShape, NotFound, Conflict))
def auto_rotate(at: At, body: RotationRequest) -> Response:
    """Move an open session to the best account when credits have come into the rotation window, or the account cannot be used; answer why, or why not."""
    if body.session_id is not None:
        session = sessions.of_id(at.store, body.session_id)
    elif body.project_id is not None:
        session = sessions.find(at.store, projects.of_id(at.store, body.project_id))
    else:
        raise BadInput("Nothing tells which session is meant.", "Send session_id, or project_id.")
    to = accounts.find(at.store, body.account_id) if body.account_id is not None else None
    return ok(rotated_shape(rotate(at.store, session, need=body.need(), window=_window(at), credits_used=body.credits_used, to=to)))


@router.post("/private/analyze-credits", summary="Say how credits go", **answers(CreditsShape, NotFound))
def analyze_credits(at: At, body: Analysis | None = None) -> Response:
    """Answer burn rate, efficiency and a forecast with its interval and assumptions, by account and by project; beside them the usage that transcripts tell of."""
    asked = body or Analysis.model_validate({})
    account = accounts.find(at.store, asked.account_id) if asked.account_id is not None else None
    project = projects.of_id(at.store, asked.project_id) if asked.project_id is not None else None
    return ok(credits_shape(analyze(at.store, account=account, project_id=project.id if project else None)))


@router.post("/private/batch-create-accounts", summary="Enter many accounts, all or none", **answers(BatchShape, Conflict))
def batch(at: At, body: Batch) -> Response:
    """Enter all of the accounts; or none, when one of them is wrong or its name is taken: the refusal's `details` name every such row."""
    done = accounts.batch(at.store, [known(row) for row in body.accounts])
    if done.errors:
        details: list[dict[str, Any]] = [{"row": one.row, "name": one.name, "message": one.message} for one in done.errors]
        count = len(details)
        said = f"{count} of {len(body.accounts)} rows cannot be used, so no account was entered. Mend them and send all again."
        return refused(422, "bad_rows", said, request_id(), details=details)
    return ok(batch_shape(done))


def _window(at: At) -> Window:
    return Window(at.settings.rotate_from, at.settings.rotate_at)
