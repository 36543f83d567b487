"""`Idempotency-Key`: a write that is sent again with the same key is not done again, but gets the same answer."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import suppress

from anyio.to_thread import run_sync
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from onward.api.answers.envelope import response_to_error
from onward.api.context import ApiContext
from onward.api.middleware.request_log import request_id
from onward.app.admin import idempotency
from onward.errors import BadInput, OnwardError, StoreError

_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_KEY = re.compile(rb"[\x21-\x7e]{1,200}")


class Idempotency:
    """Stores answers by the key of their request for a day. Answers with status 500 and above are not stored: such a request may be tried
    again.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._undeleted_keys: set[str] = set()
        """Keys of requests that failed while the store could not be written, which would stay "being answered"."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request, or answer it from the store."""
        key_header = _header(scope, b"idempotency-key") if scope["type"] == "http" and scope["method"] in _METHODS else b""
        if not key_header:
            await self._app(scope, receive, send)
            return
        if not _KEY.fullmatch(key_header):
            error = BadInput("An Idempotency-Key must be one word of at most 200 characters.", "Use a UUID.")
            await response_to_error(error, request_id(), scope)(scope, receive, send)
            return
        context: ApiContext = scope["app"].state.context
        chunks = [chunk async for chunk in _read_chunks(receive)]
        signature = [scope["method"].encode(), scope["path"].encode(), scope["query_string"], *chunks]
        key, digest = (
            idempotency.digest_parts(_header(scope, b"authorization"), key_header),
            idempotency.digest_parts(*signature[:3], b"".join(chunks)),
        )
        try:
            if key in self._undeleted_keys:
                await run_sync(idempotency.delete, context.store, key)
                self._undeleted_keys.discard(key)
            stored_answer = await run_sync(idempotency.start, context.store, key, digest)
        except OnwardError as error:
            await response_to_error(error, request_id(), scope)(scope, receive, send)
            return
        if stored_answer:
            headers = {"idempotent-replayed": "true"}
            await Response(stored_answer.body, stored_answer.status or 200, headers, "application/json")(scope, receive, send)
            return
        await self._answer_first(scope, _replay_body(chunks, receive), send, key, context)

    async def _answer_first(self, scope: Scope, receive: Receive, send: Send, key: str, context: ApiContext) -> None:
        """Handle a request that came for the first time, and store the answer before it is sent."""
        start: Message = {"status": 500, "headers": []}
        body = b""

        async def hold_answer(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                start = message
                return
            body += message.get("body", b"")
            if message.get("more_body"):
                return
            if start["status"] >= 500:
                await self._forget(context, key)
            else:
                is_secret = (b"cache-control", b"no-store") in start["headers"]
                # What was done is answered, even where the answer cannot be stored.
                with suppress(StoreError):
                    await run_sync(idempotency.finish, context.store, key, start["status"], b"" if is_secret else body)
            await send(start)
            await send({"type": "http.response.body", "body": body})

        try:
            await self._app(scope, receive, hold_answer)
        except BaseException:
            await self._forget(context, key)
            raise

    async def _forget(self, context: ApiContext, key: str) -> None:
        try:
            await run_sync(idempotency.delete, context.store, key)
        except StoreError:
            self._undeleted_keys.add(key)


def _header(scope: Scope, name: bytes) -> bytes:
    return next((value for key, value in scope["headers"] if key == name), b"")


async def _read_chunks(receive: Receive) -> AsyncIterator[bytes]:
    """Yield the chunks of a request's body. The body limit applies while it is read."""
    while True:
        message = await receive()
        yield message.get("body", b"")
        if not message.get("more_body"):
            return


def _replay_body(chunks: list[bytes], receive: Receive) -> Receive:
    """Return a `receive` that gives the body that was already read, then continues with *receive*."""
    messages: list[Message] = [{"type": "http.request", "body": b"".join(chunks), "more_body": False}]

    async def receive_again() -> Message:
        return messages.pop() if messages else await receive()

    return receive_again
