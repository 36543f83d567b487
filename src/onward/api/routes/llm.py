"""The LLM key, which is never shown, and what language models cost."""

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
from onward.message import in_english

router = create_router("llm")

MAX_WAITING = 4
"""The most requests that may wait for a model at once. More would block the threads of all other requests."""
_slots = BoundedSemaphore(MAX_WAITING)


class NewKeyBody(Body):
    """The key of the model's provider."""

    key: Text = Field(min_length=1, max_length=MAX_KEY_CHARS, examples=["YOUR-KEY"], json_schema_extra={"writeOnly": True})


class KeyTestBody(Body):
    """The key to test. Default: the key in use."""

    key: Text = Field("", max_length=MAX_KEY_CHARS, json_schema_extra={"writeOnly": True})


@dataclass(frozen=True, slots=True)
class KeyShape:
    """The status of the LLM key; `set` means that it was not tested yet. `source` is where the key is from, `url` and `model` what it is
    for. No part of the key is returned.
    """

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
    """The total of model calls. `cost_usd` does not include `unpriced` calls, whose price is not fully known, and `subscription` calls,
    which a person's own agent answered.
    """

    calls: int
    input_tokens: int
    output_tokens: int
    cost_usd: float
    unpriced: int
    subscription: int


@dataclass(frozen=True, slots=True)
class SpendLineShape:
    """The total of one job, project or model; `id` is null for a model, and for calls without a job or project."""

    name: str
    id: int | None
    spent: SpendTotalShape


@dataclass(frozen=True, slots=True)
class SpendShape:
    """The total cost, and its lines: the newest jobs first, or else the most expensive first. Limits are per project and day (UTC), and per
    job; 0 means no limit.
    """

    total: SpendTotalShape
    by: list[SpendLineShape]
    daily_usd_limit: float
    daily_tokens_limit: int
    job_usd_limit: float
    job_tokens_limit: int


def spend_total_shape(total: SpendTotals) -> SpendTotalShape:
    """Return the shape of a total."""
    return SpendTotalShape(**total._asdict())


@contextmanager
def model_slot() -> Iterator[None]:
    """Hold one of the slots for requests that wait for a model. Raises `TooManyRequests` if all are in use."""
    if not _slots.acquire(blocking=False):
        raise TooManyRequests("Too many requests are waiting for the model.", "Try again in a moment.")
    try:
        yield
    finally:
        _slots.release()


def _key_shape(state: KeyStatus) -> KeyShape:
    return KeyShape(**in_english(asdict(state)))


def _models(context: Context) -> ModelSetup:
    return build_model_setup(context.settings)


@router.get("/llm/key", summary="Show the status of the LLM key", **answers(KeyShape))
def show_key(context: Context) -> Response:
    """Return whether there is a key, what it is for, and the result of its last test. The key itself is never returned."""
    return ok(_key_shape(keys.show(context.store, _models(context))), headers=no_store_headers())


@router.put("/llm/key", summary="Set the LLM key", **answers(KeyShape))
def put_key(context: Context, body: NewKeyBody) -> Response:
    """Store a key, encrypted, in place of the one before."""
    return ok(_key_shape(keys.save(context.store, _models(context), body.key)), headers=no_store_headers())


@router.delete("/llm/key", summary="Delete the LLM key", **answers(KeyShape))
def remove_key(context: Context) -> Response:
    """Delete the stored key. A key in the server's environment stays."""
    return ok(_key_shape(keys.delete(context.store, _models(context))), headers=no_store_headers())


@router.post("/llm/key/test", summary="Test the LLM key", **answers(KeyShape, Conflict, TooManyRequests))
def check_key(context: Context, body: KeyTestBody | None = None) -> Response:
    """Ask the model for one word, and return what the answer says about the key: valid, invalid, or that the provider cannot be reached."""
    with model_slot():
        result = keys.check(context.store, _models(context), body.key if body else "")
    return ok(_key_shape(result), headers=no_store_headers())


@router.get("/llm/spend", summary="Show what language models cost", **answers(SpendShape, NotFound))
def show_spend(
    context: Context,
    by: Annotated[SpendGrouping, Query(description="What to list the costs by.")] = "project",
    project_id: Annotated[int | None, Query(ge=1, le=MAX_ID, description="Only calls for this project.")] = None,
    days: Annotated[int | None, Query(ge=1, le=3660, description="Only the last days (UTC), including today.")] = None,
) -> Response:
    """Return calls, tokens and US dollars, in total and by job, project or model."""
    project = None if project_id is None else projects.require(context.store, project_id)
    lines = gateway.list_spend(context.store, by, project=project, days=days)
    limits = context.settings.llm
    return ok(
        SpendShape(
            total=spend_total_shape(gateway.total_spend(context.store, project=project, days=days)),
            by=[SpendLineShape(line.name, line.id, spend_total_shape(line.spent)) for line in lines],
            daily_usd_limit=limits.daily_usd,
            daily_tokens_limit=limits.daily_tokens,
            job_usd_limit=limits.job_usd,
            job_tokens_limit=limits.job_tokens,
        )
    )
