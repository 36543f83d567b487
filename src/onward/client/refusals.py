"""What did not go well, as the errors that the same call would raise without a server between."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import httpx2

from onward.errors import BadInput, OnwardError, ProviderFailed, ServerFailed, ServerUnreachable

_BAD_REQUESTS = frozenset({"invalid", "bad_json", "bad_request", "bad_rows", "unsupported_media_type"})


class BadRequest(BadInput):
    """A request that cannot be used. `details` say what is wrong with its fields, or its rows."""

    def __init__(self, message: str, hint: str = "", details: Sequence[Mapping[str, Any]] = ()) -> None:
        super().__init__(message, hint)
        self.details = details


def _kinds(kind: type[OnwardError]) -> Iterator[type[OnwardError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from _kinds(below)


BY_CODE = {kind.code: kind for kind in _kinds(OnwardError) if kind is not BadRequest}


def refusal(told: Any, answer: httpx2.Response) -> OnwardError:
    """Return the error that a server *told* of."""
    if not isinstance(told, dict) or not isinstance(told.get("message"), str):
        return not_onward(answer)
    code, hint = str(told.get("code")), str(told.get("hint") or "")
    message = told["message"].removesuffix(hint).rstrip()
    if code == "not_found" and "no such route" in message:
        return ServerFailed(
            f"{_origin(answer)} does not know {answer.request.method} {answer.request.url.path}.",
            "It is an older version of Onward: bring server and client to the same one.",
        )
    if code in _BAD_REQUESTS:
        return BadRequest(message, hint, told.get("details") or ())
    return error_of({"code": code, "message": message, "hint": hint})


def error_of(told: Mapping[str, str]) -> OnwardError:
    """Return the error that `code`, `message` and `hint` tell of."""
    kind, message, hint = BY_CODE.get(told.get("code", ""), ServerFailed), told.get("message", ""), told.get("hint") or ""
    return ProviderFailed("server error", message, hint) if kind is ProviderFailed else kind(message, hint)


def not_onward(answer: httpx2.Response) -> OnwardError:
    """Return the error for an answer that no Onward server gives."""
    if answer.is_redirect:
        return ServerFailed(
            f"{_origin(answer)} leads on to {answer.headers.get('location', 'another address')}.",
            "Name that address itself in ONWARD_SERVER: an access token is sent nowhere else.",
        )
    what = answer.headers.get("content-type", "nothing").partition(";")[0]
    return ServerFailed(
        f"What answers at {_origin(answer)} is no Onward server, or something stands between: it answered {answer.status_code} and {what}.",
        "Check ONWARD_SERVER, and that its proxy passes /api on.",
    )


def unreachable(error: httpx2.HTTPError, url: str) -> OnwardError:
    """Return the error for a request that was not answered."""
    said = str(error)
    if "CERTIFICATE" in said or "SSL" in said or "TLS" in said:
        return ServerUnreachable(
            f"The certificate of {url} is not trusted: {said}.",
            "Check the address. Where the certificate is your own, name its bundle in SSL_CERT_FILE.",
        )
    if isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout):
        return ServerUnreachable(
            f"Nobody answers at {url}.",
            "Check ONWARD_SERVER, and that `onward serve` runs there. ONWARD_SERVER= (empty) works on this machine's own store.",
        )
    if isinstance(error, httpx2.TimeoutException):
        return ServerUnreachable(f"{url} took too long to answer.", "Run the same command again: what was done already is not done twice.")
    return ServerUnreachable(
        f"The connection to {url} broke: {said or type(error).__name__}.",
        "Run the same command again: what was done already is not done twice.",
    )


def _origin(answer: httpx2.Response) -> str:
    url = answer.request.url
    return f"{url.scheme}://{url.netloc.decode()}"
