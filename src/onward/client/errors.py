"""Failures as the errors that the same call raises without a server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import httpx2

from onward.errors import BadInput, OnwardError, ProviderFailed, ServerFailed, ServerUnreachable
from onward.message import Message

_BAD_REQUESTS = frozenset({"invalid", "bad_json", "bad_request", "bad_rows", "unsupported_media_type"})


class BadRequest(BadInput):
    """The request cannot be used. `details` say what is wrong with its fields or rows."""

    def __init__(self, message: str, hint: str = "", details: Sequence[Mapping[str, Any]] = ()) -> None:
        super().__init__(message, hint)
        self.details = details


def _subclasses(kind: type[OnwardError]) -> Iterator[type[OnwardError]]:
    yield kind
    for subclass in kind.__subclasses__():
        yield from _subclasses(subclass)


ERRORS_BY_CODE = {kind.code: kind for kind in _subclasses(OnwardError) if kind is not BadRequest}


def read_refusal(error: Any, response: httpx2.Response) -> OnwardError:
    """Return the error that a server answered with."""
    if not isinstance(error, dict) or not isinstance(error.get("message"), str):
        return not_onward_error(response)
    code, hint = str(error.get("code")), str(error.get("hint") or "")
    message = error["message"].removesuffix(hint).rstrip()
    if code == "unknown_route":
        return ServerFailed(
            Message(
                "{server} does not know {method} {path}.",
                server=_origin(response),
                method=response.request.method,
                path=response.request.url.path,
            ),
            "The server runs an older version of Onward: use the same version on both.",
        )
    if code in _BAD_REQUESTS:
        return BadRequest(message, hint, error.get("details") or ())
    return read_error({"code": code, "message": message, "hint": hint})


def read_error(fields: Mapping[str, str]) -> OnwardError:
    """Return the error with that `code`, `message` and `hint`."""
    kind, message, hint = ERRORS_BY_CODE.get(fields.get("code", ""), ServerFailed), fields.get("message", ""), fields.get("hint") or ""
    return ProviderFailed("server error", message, hint) if kind is ProviderFailed else kind(message, hint)


def not_onward_error(response: httpx2.Response) -> OnwardError:
    """Return the error for an answer that is not from an Onward server."""
    if response.is_redirect:
        return ServerFailed(
            Message(
                "{server} redirects to {address}.", server=_origin(response), address=response.headers.get("location", "another address")
            ),
            "Set ONWARD_SERVER to that address: an access token is never sent to another one.",
        )
    content_type = response.headers.get("content-type", "nothing").partition(";")[0]
    return ServerFailed(
        Message(
            "No Onward server answers at {server}, or a proxy is in between: the answer was {status} with {content_type}.",
            server=_origin(response),
            status=response.status_code,
            content_type=content_type,
        ),
        "Check ONWARD_SERVER, and that the proxy passes /api on.",
    )


def unreachable_error(error: httpx2.HTTPError, url: str) -> OnwardError:
    """Return the error for a request without an answer."""
    message = str(error)
    if "CERTIFICATE" in message or "SSL" in message or "TLS" in message:
        return ServerUnreachable(
            Message("The certificate of {url} is not trusted: {problem}.", url=url, problem=message),
            "Check the address. If the certificate is your own, name its bundle in SSL_CERT_FILE.",
        )
    if isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout):
        return ServerUnreachable(
            Message("No server answers at {url}.", url=url),
            "Check ONWARD_SERVER, and that `onward serve` runs there. ONWARD_SERVER= (empty) uses this machine's own store.",
        )
    if isinstance(error, httpx2.TimeoutException):
        return ServerUnreachable(Message("{url} took too long to answer.", url=url), "Run the command again: nothing is done twice.")
    return ServerUnreachable(
        Message("The connection to {url} broke: {problem}.", url=url, problem=message or type(error).__name__),
        "Run the command again: nothing is done twice.",
    )


def _origin(response: httpx2.Response) -> str:
    url = response.request.url
    return f"{url.scheme}://{url.netloc.decode()}"
