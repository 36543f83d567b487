"""Requests to a server, and their answers.

Requests that fail on the way are sent again: reading changes nothing, and a write carries an `Idempotency-Key`, so the server does it once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from typing import Any, TypeVar

import httpx2
import orjson

from onward.app.admin import local_token
from onward.client.errors import not_onward_error, read_refusal, unreachable_error
from onward.errors import BadSetting, OnwardError, RequestInProgress
from onward.message import Message
from onward.settings import is_loopback

T = TypeVar("T")

TIMEOUT_SECONDS = 120.0
CONNECT_SECONDS = 5.0
ATTEMPTS = 4
FIRST_WAIT_SECONDS = 0.1
MAX_WAIT_SECONDS = 5.0
PAGE_ROWS = 200
CHUNK_BYTES = 2**20

_RETRY_STATUSES = frozenset({502, 503, 504})
_CONNECTION_ERRORS = (httpx2.NetworkError, httpx2.RemoteProtocolError, httpx2.ConnectTimeout)
"""Connection failures, after which a request is sent again. A slow answer is none of them: the next one would take as long."""


class ServerConnection:
    """A connection to one server, safe for use by several threads. Without a token, a server on this machine gets the one in *home*."""

    def __init__(self, url: str, token: str = "", timeout_seconds: float = TIMEOUT_SECONDS, *, home: Path | None = None) -> None:
        self.url = _server_url(url)
        is_https = self.url.startswith("https:")
        headers = {"user-agent": "onward", "accept": "application/json"}
        is_on_this_machine = is_loopback(httpx2.URL(self.url).host)
        if not token and home and is_on_this_machine:
            token = local_token.find(home)
        if token:
            headers["authorization"] = f"Bearer {token}"
        # Loopback needs no proxy, and plain HTTP no certificates (SSL_CERT_FILE still counts for https).
        self.http = httpx2.Client(
            base_url=self.url,
            headers=headers,
            timeout=httpx2.Timeout(timeout_seconds, connect=CONNECT_SECONDS),
            trust_env=is_https or not is_on_this_machine,
            verify=is_https,
        )

    def close(self) -> None:
        """Close the connections."""
        self.http.close()

    def get(self, path: str, /, **query: Any) -> dict[str, Any]:
        """Return the answer to a GET request."""
        return self._request("GET", path, query, None, {})

    def post(self, path: str, body: Mapping[str, Any] | None = None, **query: Any) -> dict[str, Any]:
        """Return the answer to a POST request."""
        return self._write("POST", path, body, query)

    def patch(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return the answer to a PATCH request."""
        return self._write("PATCH", path, body, {})

    def put(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return the answer to a PUT request."""
        return self._write("PUT", path, body, {})

    def delete(self, path: str, /, **query: Any) -> dict[str, Any]:
        """Return the answer to a DELETE request."""
        return self._write("DELETE", path, None, query)

    def iter_rows(self, path: str, /, **query: Any) -> Iterator[dict[str, Any]]:
        """Yield the rows of a list, one page after the other."""
        cursor: str | None = ""
        while cursor is not None:
            page = self.get(path, **query, limit=PAGE_ROWS, cursor=cursor or None)
            yield from page["data"]
            cursor = page["next_cursor"]

    def upload(self, path: str, content: Callable[[], Mapping[str, Any]], **query: Any) -> dict[str, Any]:
        """Return the answer to files that are read while they are sent; *content* opens them again for each attempt. Only for requests that
        may be sent twice.
        """
        return _parse_answer(self._with_retries(lambda: self.http.post(_api_path(path), params=_query_params(query), **content())))

    def download(self, method: str, path: str, target: Path, body: Mapping[str, Any] | None = None) -> None:
        """Write the file that a route answers to *target*. Only for requests that may be sent twice."""

        def download_once() -> httpx2.Response:
            with self.http.stream(method, _api_path(path), **_json_body(body)) as response:
                if response.is_success and response.headers.get("content-type") != "application/json":
                    with target.open("wb") as file:
                        for chunk in response.iter_bytes(CHUNK_BYTES):
                            file.write(chunk)
                else:
                    response.read()
            return response

        response = self._with_retries(download_once)
        if not response.is_success:
            _parse_answer(response)

    @contextmanager
    def open_events(self, path: str, last_id: str, **query: Any) -> Iterator[Iterator[Any]]:
        """Open a stream of server-sent events after the event *last_id*. Raises `httpx2.TransportError` if it breaks."""
        headers = {"last-event-id": last_id} if last_id else {}
        with self.http.sse(_api_path(path), params=_query_params(query), headers=headers) as stream:
            if not stream.response.is_success:
                stream.response.read()
                _parse_answer(stream.response)
            yield iter(stream)

    def _write(self, method: str, path: str, body: Mapping[str, Any] | None, query: Mapping[str, Any]) -> dict[str, Any]:
        return self._request(method, path, query, body, {"idempotency-key": token_hex(16)})

    def _request(
        self, method: str, path: str, query: Mapping[str, Any], body: Mapping[str, Any] | None, headers: Mapping[str, str]
    ) -> dict[str, Any]:
        content = _json_body(body)
        content["headers"] = {**content.get("headers", {}), **headers}
        return _parse_answer(self._with_retries(lambda: self.http.request(method, _api_path(path), params=_query_params(query), **content)))

    def _with_retries(self, send_request: Callable[[], httpx2.Response]) -> httpx2.Response:
        """Return the response, retrying a few times after connection failures and temporary server errors."""
        wait = FIRST_WAIT_SECONDS
        for attempt in range(ATTEMPTS):
            is_last = attempt == ATTEMPTS - 1
            try:
                response = send_request()
            except _CONNECTION_ERRORS as error:
                if is_last or isinstance(error, httpx2.ConnectTimeout) or "CERTIFICATE" in str(error):
                    raise unreachable_error(error, self.url) from error
            except httpx2.HTTPError as error:
                raise unreachable_error(error, self.url) from error
            else:
                delay = _retry_delay(response, wait)
                if is_last or delay is None:
                    return response
                wait = delay
            time.sleep(wait)
            wait *= 3
        raise AssertionError


def _retry_delay(response: httpx2.Response, wait: float) -> float | None:
    """Return the seconds to wait before a retry; None if the response is final."""
    if response.status_code in _RETRY_STATUSES:
        return wait
    if response.status_code == 429:
        retry_after = response.headers.get("retry-after", "")
        return float(retry_after) if retry_after.isdigit() and float(retry_after) <= MAX_WAIT_SECONDS else None
    # The first of two equal requests is still running: its answer will be this one's.
    return max(wait, 1.0) if response.status_code == 409 and _error_code(response) == RequestInProgress.code else None


def _error_code(response: httpx2.Response) -> str:
    """Return the code of the error that a response holds, empty if it holds none."""
    try:
        return str(orjson.loads(response.content)["error"]["code"])
    except (ValueError, TypeError, KeyError):
        return ""


def _parse_answer(response: httpx2.Response) -> dict[str, Any]:
    """Return the data of an answer. Raises the error that it holds."""
    try:
        answer_body = orjson.loads(response.content)
        success = answer_body["success"]
    except (ValueError, TypeError, KeyError):
        raise not_onward_error(response) from None
    if success is True:
        return dict(answer_body)
    raise read_refusal(answer_body.get("error"), response)


def _api_path(path: str) -> str:
    return f"/api{path}"


def _query_params(query: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in query.items() if value not in (None, "", ())}


def _json_body(body: Mapping[str, Any] | None) -> dict[str, Any]:
    return {} if body is None else {"content": orjson.dumps(body), "headers": {"content-type": "application/json"}}


def _server_url(url: str) -> str:
    """Return the server's address without query, fragment and `/api`. Raises `BadSetting`."""
    try:
        parsed = httpx2.URL(url.strip())
    except httpx2.InvalidURL as error:
        raise _bad_address(url) from error
    if parsed.scheme not in ("http", "https") or not parsed.host or parsed.userinfo:
        raise _bad_address(url)
    return str(parsed.copy_with(query=None, fragment=None)).rstrip("/").removesuffix("/api")


def _bad_address(url: str) -> OnwardError:
    safe_url = url.rpartition("@")[2]
    return BadSetting(
        Message("{url} is not a server address.", url=repr(safe_url)),
        "Use an address like http://127.0.0.1:3000 or https://onward.example.",
    )
