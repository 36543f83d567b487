"""The size limit of requests."""

from __future__ import annotations

from collections.abc import Collection

from fastapi import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.types import Message as ASGIMessage

from onward.api.answers.envelope import response_to_error
from onward.api.middleware.request_log import request_id
from onward.errors import SCOPE_KEY, TooLarge
from onward.message import Message

UPLOAD_FACTOR = 64


class BodyLimit:
    """Refuses bodies of more than *most_bytes*, by their declared and their actual length.

    Bodies sent to *uploads* are written to a file while they arrive, and may be `UPLOAD_FACTOR` times as long.
    """

    def __init__(self, app: ASGIApp, *, most_bytes: int, uploads: Collection[str] = ()) -> None:
        self._app = app
        self._most_bytes = most_bytes
        self._uploads = uploads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most_bytes = self._limit_for(scope)
        content_length = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        if content_length.isdigit() and int(content_length) > most_bytes:
            await self._refuse(most_bytes, scope, receive, send)
            return
        received_bytes = 0
        has_answered = False

        async def receive_counted() -> ASGIMessage:
            nonlocal received_bytes
            message = await receive()
            received_bytes += len(message.get("body", b""))
            if received_bytes > most_bytes:
                # FastAPI turns every other error that is raised while it reads a body into a 400.
                scope[SCOPE_KEY] = error = _too_large(most_bytes)
                raise HTTPException(413, str(error))
            return message

        async def send_tracked(message: ASGIMessage) -> None:
            nonlocal has_answered
            has_answered = True
            await send(message)

        try:
            await self._app(scope, receive_counted, send_tracked)
        except HTTPException:
            if has_answered:
                raise
            await self._refuse(most_bytes, scope, receive, send)

    def _limit_for(self, scope: Scope) -> int:
        # A request with an Idempotency-Key is read into memory before it is handled.
        is_upload = scope["path"] in self._uploads and not any(name == b"idempotency-key" for name, _ in scope["headers"])
        return self._most_bytes * (UPLOAD_FACTOR if is_upload else 1)

    async def _refuse(self, most_bytes: int, scope: Scope, receive: Receive, send: Send) -> None:
        await response_to_error(_too_large(most_bytes), request_id(), scope)(scope, receive, send)


def _too_large(most_bytes: int) -> TooLarge:
    return TooLarge(
        Message("A request may have at most {mebibytes} MiB.", mebibytes=most_bytes // 2**20),
        "Send less at once, raise ONWARD_BODY_LIMIT_MB, or use `onward import` for transcripts on this machine.",
    )
