"""`Idempotency-Key`: a write that is sent again with the same key is answered again, not done again."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

from anyio.to_thread import run_sync
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from onward.api.desk import Desk
from onward.api.edge import request_id
from onward.api.envelope import refused_by
from onward.app import repeating
from onward.errors import BadInput, OnwardError

_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_KEY = re.compile(rb"[\x21-\x7e]{1,200}")


class Idempotency:
    """Keeps answers by the key of their request, for a day. Answers of 500 and above are not kept: such a request may be tried again."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or answer it again."""
        given = _header(scope, b"idempotency-key") if scope["type"] == "http" and scope["method"] in _METHODS else b""
        if not given:
            await self._app(scope, receive, send)
            return
        if not _KEY.fullmatch(given):
            error = BadInput("An Idempotency-Key is a word of at most 200 characters.", "Use a UUID.")
            await refused_by(error, request_id())(scope, receive, send)
            return
        desk: Desk = scope["app"].state.desk
        parts = [part async for part in _parts(receive)]
        asked = [scope["method"].encode(), scope["path"].encode(), scope["query_string"], *parts]
        key, digest = repeating.named(_header(scope, b"authorization"), given), repeating.named(*asked[:3], b"".join(parts))
        try:
            kept = await run_sync(repeating.begin, desk.store, key, digest)
        except OnwardError as error:
            await refused_by(error, request_id())(scope, receive, send)
            return
        if kept:
            headers = {"idempotent-replayed": "true"}
            await Response(kept.body, kept.status or 200, headers, "application/json")(scope, receive, send)
            return
        await self._first(scope, _again(parts, receive), send, key, desk)

    async def _first(self, scope: Scope, receive: Receive, send: Send, key: str, desk: Desk) -> None:
        """Answer a request that came for the first time, and keep the answer before it is sent."""
        start: Message = {"status": 500, "headers": []}
        body = b""

        async def sending(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                start = message
                return
            body += message.get("body", b"")
            if message.get("more_body"):
                return
            if start["status"] >= 500:
                await run_sync(repeating.forget, desk.store, key)
            else:
                shown_once = (b"cache-control", b"no-store") in start["headers"]
                await run_sync(repeating.finish, desk.store, key, start["status"], b"" if shown_once else body)
            await send(start)
            await send({"type": "http.response.body", "body": body})

        try:
            await self._app(scope, receive, sending)
        except BaseException:
            await run_sync(repeating.forget, desk.store, key)
            raise


def _header(scope: Scope, name: bytes) -> bytes:
    return next((value for key, value in scope["headers"] if key == name), b"")


async def _parts(receive: Receive) -> AsyncIterator[bytes]:
    """Yield a request's body; what is too long is refused while it is read."""
    while True:
        message = await receive()
        yield message.get("body", b"")
        if not message.get("more_body"):
            return


def _again(parts: list[bytes], receive: Receive) -> Receive:
    """Return what gives the body that was read already, then goes on with *receive*."""
    left: list[Message] = [{"type": "http.request", "body": b"".join(parts), "more_body": False}]

    async def receiving() -> Message:
        return left.pop() if left else await receive()

    return receiving
