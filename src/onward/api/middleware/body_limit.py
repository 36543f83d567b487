"""How much one request may hold."""

from __future__ import annotations

from collections.abc import Collection

from fastapi import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from onward.api.answers.envelope import response_to_error
from onward.api.middleware.request_log import request_id
from onward.errors import SCOPE_KEY, TooLarge

UPLOAD_FACTOR = 64


class BodyLimit:
    """Refuses bodies of more than *most_bytes*: by what they say of themselves, and by what really comes.

    *uploads* are paths whose bodies are written to a file as they come, and may be `UPLOAD_TIMES` as long.
    """

    def __init__(self, app: ASGIApp, *, most_bytes: int, uploads: Collection[str] = ()) -> None:
        self._app = app
        self._most_bytes = most_bytes
        self._uploads = uploads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or refuse it."""
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

        async def receive_counted() -> Message:
            nonlocal received_bytes
            message = await receive()
            received_bytes += len(message.get("body", b""))
            if received_bytes > most_bytes:
                # The one kind of error that whoever reads a body lets through.
                scope[SCOPE_KEY] = error = _too_large(most_bytes)
                raise HTTPException(413, str(error))
            return message

        async def send_tracked(message: Message) -> None:
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
        # A request with an Idempotency-Key is read whole before it is answered.
        is_upload = scope["path"] in self._uploads and not any(name == b"idempotency-key" for name, _ in scope["headers"])
        return self._most_bytes * (UPLOAD_FACTOR if is_upload else 1)

    async def _refuse(self, most_bytes: int, scope: Scope, receive: Receive, send: Send) -> None:
        await response_to_error(_too_large(most_bytes), request_id(), scope)(scope, receive, send)


def _too_large(most_bytes: int) -> TooLarge:
    return TooLarge(
        f"A request may hold {most_bytes // 2**20} MiB.",
        "Send less at once, raise ONWARD_BODY_LIMIT_MB, or use `onward import` for transcripts on this machine.",
    )
