"""The LLM key, which nobody is shown, and what asking models costs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from threading import BoundedSemaphore
from typing import Annotated

from fastapi import Query, Response
from pydantic import Field

from onward.adapters import build_model_setup
from onward.api.answers.envelope import answers, no_store_headers, ok
from onward.api.bodies import MAX_ID, Body, Text
from onward.api.context import Context
from onward.api.parsing import create_router
from onward.app.models import gateway, keys
from onward.app.models.gateway import ModelSetup, SpendGrouping, SpendTotals
from onward.app.models.keys import MAX_KEY_CHARS
from onward.app.projects import projects
from onward.core.llm_key import KeySource, KeyState, KeyStatus
from onward.errors import Conflict, NotFound, TooManyRequests

router = create_router("llm")

MAX_WAITING = 4
"""Requests that may wait for a model at the same time: the others that wait would keep everybody else from being answered."""
_slots = BoundedSemaphore(MAX_WAITING)


class NewKeyBody(Body):
    """The key that opens the model."""

    key: Text = Field(min_length=1, max_length=MAX_KEY_CHARS, examples=["YOUR-KEY"], json_schema_extra={"writeOnly": True})


class KeyTestBody(Body):
    """What is tested: a key that is not kept, or the one that is used."""

    key: Text = Field("", max_length=MAX_KEY_CHARS, json_schema_extra={"writeOnly": True})


@dataclass(frozen=True, slots=True)
class KeyShape:
    """How the LLM key stands; `set` is one of which nobody knows yet whether it opens anything. `source` is where it is from, `url` and `model` whom it is for. No part of it is answered."""

    state: KeyState
    source: KeySource
    url: str
    model: str
    is_off: bool
    set_at: datetime | None
    tested_at: datetime | None
    message: str


@dataclass(frozen=True, slots=True)
class SpendTotalShape:
    """What calls came to. `unpriced` of them are not in `cost_usd`, or not whole: their price is not known."""

    calls: int
    input_tokens: int
    output_tokens: int
    cost_usd: float
    unpriced: int


@dataclass(frozen=True, slots=True)
class SpendLineShape:
    """What the calls of one job, project or model came to; `id` is null for a model, and where no job or project was named."""

    name: str
    id: int | None
    spent: SpendTotalShape


@dataclass(frozen=True, slots=True)
class SpendShape:
    """What was spent in all, and by whom: the newest jobs first, else the dearest first. The limits are those of one project in a day (UTC) and of one job; 0 is any amount."""

    total: SpendTotalShape
    by: list[SpendLineShape]
    daily_usd_limit: float
    daily_tokens_limit: int
    job_usd_limit: float
    job_tokens_limit: int


def spend_total_shape(total: SpendTotals) -> SpendTotalShape:
    """Return a sum as it is answered."""
    return SpendTotalShape(*total)


@contextmanager
def model_slot() -> Iterator[None]:
    """Hold one of the places for requests that wait for a model. Raises `TooMany` where all are taken."""
    if not _slots.acquire(blocking=False):
        raise TooManyRequests("Too many requests wait for the model already.", "Try again in a moment.")
    try:
        yield
    finally:
        _slots.release()


def _key_shape(state: KeyStatus) -> KeyShape:
    return KeyShape(**asdict(state))


def _models(context: Context) -> ModelSetup:
    return build_model_setup(context.settings)


@router.get("/llm/key", summary="How the LLM key stands", **answers(KeyShape))
def show_key(context: Context) -> Response:
    """Answer whether there is a key, whom it is for, and what the last test found. The key itself is never answered."""
    return ok(_key_shape(keys.show(context.store, _models(context))), headers=no_store_headers())


@router.put("/llm/key", summary="Set the LLM key", **answers(KeyShape))
def put_key(context: Context, body: NewKeyBody) -> Response:
    """Keep a key, encrypted, in the place of the one before."""
    return ok(_key_shape(keys.save(context.store, _models(context), body.key)), headers=no_store_headers())


@router.delete("/llm/key", summary="Remove the LLM key", **answers(KeyShape))
def remove_key(context: Context) -> Response:
    """Remove the kept key. One that the server's environment holds stays."""
    return ok(_key_shape(keys.delete(context.store, _models(context))), headers=no_store_headers())


@router.post("/llm/key/test", summary="Test the LLM key", **answers(KeyShape, Conflict, TooManyRequests))
def check_key(context: Context, body: KeyTestBody | None = None) -> Response:
    """Ask the model for one word, and answer what that says of the key: valid, invalid, or that nobody could be reached."""
    with model_slot():
        result = keys.check(context.store, _models(context), body.key if body else "")
    return ok(_key_shape(result), headers=no_store_headers())


@router.get("/llm/spend", summary="What asking models costs", **answers(SpendShape, NotFound))
def show_spend(
    context: Context,
    by: Annotated[SpendGrouping, Query(description="Of what the lines are.")] = "project",
    project_id: Annotated[int | None, Query(ge=1, le=MAX_ID, description="Only what was spent for a project.")] = None,
    days: Annotated[int | None, Query(ge=1, le=3660, description="Only the last so many days (UTC), of which today is one.")] = None,
) -> Response:
    """Answer calls, tokens and US dollars, in all and by job, project or model."""
    project = None if project_id is None else projects.require(context.store, project_id)
    lines = gateway.list_spend(context.store, by, project=project, days=days)
    limits = context.settings.llm
    return ok(
        SpendShape(
            total=spend_total_shape(gateway.total_spend(context.store, project=project, days=days)),
            by=[SpendLineShape(line.name, line.id, spend_total_shape(line.spent)) for line in lines],
            daily_usd_limit=limits.daily_usd, daily_tokens_limit=limits.daily_tokens, job_usd_limit=limits.job_usd, job_tokens_limit=limits.job_tokens,
        )
    )  # fmt: skip
