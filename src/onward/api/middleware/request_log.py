"""The outermost middleware: an id and a log line for each request, and an answer even to unexpected errors.

The log has method, route, status, time and the name of the access token; never a query, a body or a header, because those hold what people
wrote. The same is counted for `/metrics`.
"""

from __future__ import annotations

import re
import time
import traceback
from contextvars import ContextVar
from secrets import token_hex

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from onward.api.answers.envelope import error_response
from onward.app.admin.access import CALLER

_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_current_id: ContextVar[str] = ContextVar("request_id", default="")

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()


def request_id() -> str:
    """Return the id of the current request."""
    return _current_id.get()


class RequestLog:
    """Gives each request an id (the caller's own, if it is a plain word), and logs the request after the answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        sent_id = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
        current_id = sent_id.decode() if _ID.fullmatch(sent_id) else token_hex(8)
        _current_id.set(current_id)
        started_at, status = time.perf_counter(), 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", current_id.encode())]
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except Exception as error:  # noqa: BLE001 - whatever happens, the caller gets an answer and the log the place
            log.error(  # noqa: TRY400 - the frames are in `where`, without their text
                "failed", request_id=current_id, route=_route_pattern(scope), error=type(error).__name__, where=_innermost_frames(error)
            )
            if not status:
                await error_response(500, "defect", f"This is a bug in Onward. Report it with the request id {current_id}.", current_id)(
                    scope, receive, send_with_id
                )
        route, ms = _route_pattern(scope), _elapsed_ms(started_at)
        token_field = {"token": scope[CALLER].token} if CALLER in scope and scope[CALLER].token else {}
        log.info("answered", request_id=current_id, method=scope["method"], route=route, status=status, ms=ms, **token_field)
        scope["app"].state.metrics.count_request(scope["method"], route, status, ms)


def _route_pattern(scope: Scope) -> str:
    """Return the route's pattern. The path itself may hold a name."""
    path: str = getattr(scope.get("route") or scope.get("endpoint"), "path", "")
    return path


def _elapsed_ms(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 2)


def _innermost_frames(error: BaseException) -> list[str]:
    """Return the innermost frames of an error, without its message: that may repeat what a person wrote."""
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    return [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames]
