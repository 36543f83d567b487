"""Reading JSON bodies: what is not JSON, and what no database could keep, is refused before any route sees it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import orjson
from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute


class JsonRequest(Request):
    """A request whose JSON is read by orjson: several times faster than the usual reader, and it takes no lone surrogates and no NaN."""

    async def json(self) -> Any:
        """Return the body."""
        return orjson.loads(await self.body())


class JsonRoute(APIRoute):
    """A route that reads its body so."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what answers a request."""
        handle = super().get_route_handler()

        async def handler(request: Request) -> Response:
            return await handle(JsonRequest(request.scope, request.receive))

        return handler


def create_router(noun: str, *, prefix: str = "/api") -> APIRouter:
    """Return a router for the routes of one noun. The application takes its routes as they are: including it would make each of them once more."""
    return APIRouter(prefix=prefix, tags=[noun], route_class=JsonRoute)
