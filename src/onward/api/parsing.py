"""Parsing of JSON bodies: invalid JSON, and text that no database can store, is refused before a route runs."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import orjson
from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute


class JsonRequest(Request):
    """A request whose JSON is parsed by orjson: several times faster than `json`, and it refuses lone surrogates and NaN."""

    async def json(self) -> Any:
        """Return the parsed body."""
        return orjson.loads(await self.body())


class JsonRoute(APIRoute):
    """A route that parses its body with orjson."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler of a request."""
        handle = super().get_route_handler()

        async def handler(request: Request) -> Response:
            return await handle(JsonRequest(request.scope, request.receive))

        return handler


def create_router(noun: str, *, prefix: str = "/api") -> APIRouter:
    """Return a router for the routes of one noun. The application adopts the router's routes; including the router would build each of them
    again.
    """
    return APIRouter(prefix=prefix, tags=[noun], route_class=JsonRoute)
