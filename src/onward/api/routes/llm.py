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

from onward.api.desk import At
from onward.api.envelope import answers, no_store, ok
from onward.api.parsing import routes
from onward.api.shapes import MOST_ID, Body, Text
from onward.app import llm_keys, models, projects
from onward.app.llm_keys import MOST_KEY_CHARS
from onward.app.models import Models, SpendBy, Spent
from onward.core.llm_key import KeySource, KeyStanding, KeyState
from onward.errors import Conflict, NotFound, TooMany
from onward.wiring import models_of

router = routes("llm")

AT_ONCE = 4
"""Requests that may wait for a model at the same time: the others that wait would keep everybody else from being answered."""
_places = BoundedSemaphore(AT_ONCE)


class NewKey(Body):
    """The key that opens the model."""

    key: Text = Field(min_length=1, max_length=MOST_KEY_CHARS, examples=["YOUR-KEY"], json_schema_extra={"writeOnly": True})


class KeyTest(Body):
    """What is tested: a key that is not kept, or the one that is used."""

    key: Text = Field("", max_length=MOST_KEY_CHARS, json_schema_extra={"writeOnly": True})


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
class SpentShape:
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
    spent: SpentShape


@dataclass(frozen=True, slots=True)
class SpendShape:
    """What was spent in all, and by whom: the newest jobs first, else the dearest first. The limits are those of one project in a day (UTC) and of one job; 0 is any amount."""

    total: SpentShape
    by: list[SpendLineShape]
    daily_usd_limit: float
    daily_tokens_limit: int
    job_usd_limit: float
    job_tokens_limit: int


def spent_shape(one: Spent) -> SpentShape:
    """Return a sum as it is answered."""
    return SpentShape(*one)


@contextmanager
def waiting_for_a_model() -> Iterator[None]:
    """Hold one of the places for requests that wait for a model. Raises `TooMany` where all are taken."""
    if not _places.acquire(blocking=False):
        raise TooMany("Too many requests wait for the model already.", "Try again in a moment.")
    try:
        yield
    finally:
        _places.release()


def _key_shape(one: KeyStanding) -> KeyShape:
    return KeyShape(**asdict(one))


def _models(at: At) -> Models:
    return models_of(at.settings)


@router.get("/llm/key", summary="How the LLM key stands", **answers(KeyShape))
def show_key(at: At) -> Response:
    """Answer whether there is a key, whom it is for, and what the last test found. The key itself is never answered."""
    return ok(_key_shape(llm_keys.show(at.store, _models(at))), headers=no_store())


@router.put("/llm/key", summary="Set the LLM key", **answers(KeyShape))
def put_key(at: At, body: NewKey) -> Response:
    """Keep a key, encrypted, in the place of the one before."""
    return ok(_key_shape(llm_keys.put(at.store, _models(at), body.key)), headers=no_store())


@router.delete("/llm/key", summary="Remove the LLM key", **answers(KeyShape))
def remove_key(at: At) -> Response:
    """Remove the kept key. One that the server's environment holds stays."""
    return ok(_key_shape(llm_keys.remove(at.store, _models(at))), headers=no_store())


@router.post("/llm/key/test", summary="Test the LLM key", **answers(KeyShape, Conflict, TooMany))
def check_key(at: At, body: KeyTest | None = None) -> Response:
    """Ask the model for one word, and answer what that says of the key: valid, invalid, or that nobody could be reached."""
    with waiting_for_a_model():
        found = llm_keys.check(at.store, _models(at), body.key if body else "")
    return ok(_key_shape(found), headers=no_store())


@router.get("/llm/spend", summary="What asking models costs", **answers(SpendShape, NotFound))
def spend(
    at: At,
    by: Annotated[SpendBy, Query(description="Of what the lines are.")] = "project",
    project_id: Annotated[int | None, Query(ge=1, le=MOST_ID, description="Only what was spent for a project.")] = None,
    days: Annotated[int | None, Query(ge=1, le=3660, description="Only the last so many days (UTC), of which today is one.")] = None,
) -> Response:
    """Answer calls, tokens and US dollars, in all and by job, project or model."""
    project = None if project_id is None else projects.of_id(at.store, project_id)
    lines = models.spend_by(at.store, by, project=project, days=days)
    limits = at.settings.llm
    return ok(
        SpendShape(
            spent_shape(models.spend(at.store, project=project, days=days)),
            [SpendLineShape(one.name, one.id, spent_shape(one.spent)) for one in lines],
            limits.daily_usd, limits.daily_tokens, limits.job_usd, limits.job_tokens,
        )
    )  # fmt: skip
