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


def _subclasses(kind: type[OnwardError]) -> Iterator[type[OnwardError]]:
    yield kind
    for subclass in kind.__subclasses__():
        yield from _subclasses(subclass)


ERRORS_BY_CODE = {kind.code: kind for kind in _subclasses(OnwardError) if kind is not BadRequest}


def read_refusal(error: Any, response: httpx2.Response) -> OnwardError:
    """Return the error that a server *told* of."""
    if not isinstance(error, dict) or not isinstance(error.get("message"), str):
        return not_onward_error(response)
    code, hint = str(error.get("code")), str(error.get("hint") or "")
    message = error["message"].removesuffix(hint).rstrip()
    if code == "not_found" and "no such route" in message:
        return ServerFailed(
            f"{_origin(response)} does not know {response.request.method} {response.request.url.path}.",
            "It is an older version of Onward: bring server and client to the same one.",
        )
    if code in _BAD_REQUESTS:
        return BadRequest(message, hint, error.get("details") or ())
    return read_error({"code": code, "message": message, "hint": hint})


def read_error(fields: Mapping[str, str]) -> OnwardError:
    """Return the error that `code`, `message` and `hint` tell of."""
    kind, message, hint = ERRORS_BY_CODE.get(fields.get("code", ""), ServerFailed), fields.get("message", ""), fields.get("hint") or ""
    return ProviderFailed("server error", message, hint) if kind is ProviderFailed else kind(message, hint)


def not_onward_error(response: httpx2.Response) -> OnwardError:
    """Return the error for an answer that no Onward server gives."""
    if response.is_redirect:
        return ServerFailed(
            f"{_origin(response)} leads on to {response.headers.get('location', 'another address')}.",
            "Name that address itself in ONWARD_SERVER: an access token is sent nowhere else.",
        )
    content_type = response.headers.get("content-type", "nothing").partition(";")[0]
    return ServerFailed(
        f"What answers at {_origin(response)} is no Onward server, or something stands between: it answered {response.status_code} and {content_type}.",
        "Check ONWARD_SERVER, and that its proxy passes /api on.",
    )


def unreachable_error(error: httpx2.HTTPError, url: str) -> OnwardError:
    """Return the error for a request that was not answered."""
    message = str(error)
    if "CERTIFICATE" in message or "SSL" in message or "TLS" in message:
        return ServerUnreachable(
            f"The certificate of {url} is not trusted: {message}.",
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
        f"The connection to {url} broke: {message or type(error).__name__}.",
        "Run the same command again: what was done already is not done twice.",
    )


def _origin(response: httpx2.Response) -> str:
    url = response.request.url
    return f"{url.scheme}://{url.netloc.decode()}"
