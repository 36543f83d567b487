"""The envelope of every answer: success or error."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar, cast

import orjson
from fastapi import Response

from onward import errors
from onward.api.answers.openapi import json_content
from onward.errors import OnwardError
from onward.message import Message
from onward.redact import DISTILL_KEY, Redactor

T = TypeVar("T")

STATUS_BY_ERROR: dict[type[OnwardError], int] = {
    errors.BadInput: 422,
    errors.NotAuthenticated: 401,
    errors.NotAllowed: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.TooLarge: 413,
    errors.TooManyRequests: 429,
    errors.ProviderFailed: 502,
    errors.SpendLimit: 429,
    errors.StoreError: 503,
}
"""The HTTP status of each error class; classes that are not listed use their parent's."""

CODE_BY_STATUS = {
    400: "bad_request",
    403: "not_allowed",
    404: "unknown_route",
    405: "method_not_allowed",
    413: "too_large",
    415: "unsupported_media_type",
}
"""The error code of a status that belongs to no `OnwardError`."""


@dataclass(frozen=True, slots=True)
class Envelope(Generic[T]):
    """A success."""

    success: Literal[True]
    data: T


@dataclass(frozen=True, slots=True)
class PageEnvelope(Generic[T]):
    """One page of a list. `next_cursor` leads to the next page; null on the last."""

    success: Literal[True]
    data: list[T]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Refusal:
    """What happened and what to do. `code` is stable; `hint` is the part of the message that says what to do;
    `details` lists wrong fields, or of an edit conflict both texts of each field.
    """

    code: str
    message: str
    request_id: str
    hint: str | None = None
    details: list[dict[str, Any]] | None = None


@dataclass(frozen=True, slots=True)
class ErrorEnvelope:
    """A failure."""

    success: Literal[False]
    error: Refusal


def ok(data: object, /, *, status: int = 200, headers: Mapping[str, str] | None = None, **top_level: object) -> Response:
    """Return a success with *data*; *top_level* fields are beside it."""
    return _json_response({"success": True, "data": data, **top_level}, status, headers)


def no_store_headers() -> dict[str, str]:
    """Return the headers of an answer that must not be stored, because it holds a secret."""
    return {"cache-control": "no-store"}


def error_response(
    status: int, code: str, message: str, request_id: str, *, hint: str = "", details: list[dict[str, Any]] | None = None
) -> Response:
    """Return an error response. *hint* is the end of *message*, for programs that show it separately. A secret in what the error quotes
    is redacted.
    """
    redact = Redactor(DISTILL_KEY).text
    error: dict[str, Any] = {"code": code, "message": redact(message), "request_id": request_id}
    if hint:
        error["hint"] = redact(hint)
    if details:
        error["details"] = [
            {name: redact(value) if isinstance(value, str) else value for name, value in detail.items()} for detail in details
        ]
    return _json_response({"success": False, "error": error}, status)


def response_to_error(error: OnwardError, request_id: str, scope: MutableMapping[str, Any]) -> Response:
    """Return the response for *error*. The request's *scope* holds the error, so that the dashboard can show it in the reader's
    language.
    """
    scope[errors.SCOPE_KEY] = error
    return error_response(
        status_of(type(error)), error.code, str(error), request_id, hint=str(error.hint), details=getattr(error, "details", None)
    )


def status_of(error: type[OnwardError]) -> int:
    """Return the HTTP status of an error class."""
    return next((STATUS_BY_ERROR[kind] for kind in error.__mro__ if kind in STATUS_BY_ERROR), 500)


def answers(
    shape: Any,
    *likely_errors: type[OnwardError],
    status: int = 200,
    envelope: Any = Envelope,
    other_content: Mapping[str, Any] | None = None,
    other_responses: Mapping[int | str, dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """Return the OpenAPI description of a route that answers *shape* in *envelope* with *status*, and may raise *likely_errors*.

    *other_content* are further content types, *other_responses* further statuses.
    """
    answer = {"content": json_content(envelope[shape]) | dict(other_content or {})}
    return {"status_code": status, "responses": {status: answer, **error_docs(*likely_errors), **(other_responses or {})}}


def pages(shape: Any, *likely_errors: type[OnwardError]) -> dict[str, Any]:
    """Return the OpenAPI description of a route that answers pages of *shape*."""
    return answers(shape, *likely_errors, envelope=PageEnvelope)


def error_docs(*likely_errors: type[OnwardError]) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI descriptions of error responses, each with an example.

    Every route may refuse bad input, and every route fails while the store is unavailable.
    """
    docs: dict[int | str, dict[str, Any]] = {}
    kinds: tuple[type[OnwardError], ...] = (*likely_errors, errors.BadInput, errors.StoreError)
    for error in kinds:
        example = {"code": error.code, "message": (error.__doc__ or "").split("\n")[0], "request_id": "9f6c2d1e8b7a4053"}
        body = json_content(ErrorEnvelope)
        body["application/json"]["example"] = {"success": False, "error": example}
        docs[status_of(error)] = {"description": example["message"], "content": body}
    return docs


def _json_response(content: object, status: int, headers: Mapping[str, str] | None = None) -> Response:
    return Response(dump_json(content), status, cast("Any", headers), "application/json")


def dump_json(content: object) -> bytes:
    """Return *content* as JSON: dataclasses by their fields, times in UTC."""
    return orjson.dumps(content, _json_default, orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS)


def _json_default(value: object) -> object:
    if isinstance(value, (frozenset, set)):
        return sorted(value)
    if isinstance(value, Message):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")
