"""How much one request may hold."""

from __future__ import annotations

from fastapi import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from onward.api.edge import request_id
from onward.api.envelope import refused_by
from onward.errors import TooLarge


class BodyLimit:
    """Refuses bodies of more than *most_bytes*: by what they say of themselves, and by what really comes."""

    def __init__(self, app: ASGIApp, *, most_bytes: int) -> None:
        self._app = app
        self._most_bytes = most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        told = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        if told.isdigit() and int(told) > self._most_bytes:
            await self._refuse(scope, receive, send)
            return
        came = 0
        has_answered = False

        async def receiving() -> Message:
            nonlocal came
            message = await receive()
            came += len(message.get("body", b""))
            if came > self._most_bytes:
                # The one kind of error that whoever reads a body lets through.
                raise HTTPException(413, str(self._error()))
            return message

        async def sending(message: Message) -> None:
            nonlocal has_answered
            has_answered = True
            await send(message)

        try:
            await self._app(scope, receiving, sending)
        except HTTPException:
            if has_answered:
                raise
            await self._refuse(scope, receive, send)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        await refused_by(self._error(), request_id())(scope, receive, send)

    def _error(self) -> TooLarge:
        return TooLarge(
            f"A request may hold {self._most_bytes // 2**20} MiB.",
            "Send less at once, raise ONWARD_BODY_LIMIT_MB, or use `onward import` for transcripts on this machine.",
        )
