"""The application: every route, and what stands around all of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException as AnyHTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware

from onward import __version__
from onward.api.access import Access, described
from onward.api.desk import Desk
from onward.api.document import describe_shapes
from onward.api.edge import Edge, request_id
from onward.api.envelope import CODES, refused, refused_by
from onward.api.gate import Gate
from onward.api.idempotency import Idempotency
from onward.api.limit import BodyLimit
from onward.api.metrics import Metrics
from onward.api.writing import Writer
from onward.errors import OnwardError
from onward.settings import Settings

if TYPE_CHECKING:
    from onward.store import Store

ROUTES = (
    "house",
    "metrics",
    "stats",
    "projects",
    "sessions",
    "relay",
    "conversations",
    "turns",
    "handoffs",
    "refining",
    "drafts",
    "facts",
    "imports",
    "accounts",
    "search",
    "files",
    "knowledge",
    "troubleshooting",
    "templates",
    "analytics",
    "archives",
    "jobs",
    "events",
    "access",
    "llm",
)
"""The nouns that have routes, each a module of `routes` with a `router`, in the order of the documentation."""

UPLOADS = frozenset({"/api/imports", "/api/projects/import"})
"""Paths to which whole files are sent."""

THREADS = 8
"""Requests that are worked on at once. More only wait for each other: for Python's lock, and for the store's one writer. With twice as many the slowest wait half as long again."""

ABOUT = """Turns the sessions of AI agents into one evolving handoff per project, and measures what it keeps.

Every answer is `{"success": true, "data": …}` or `{"success": false, "error": {"code", "message", "details"?}}`. Lists come in pages: pass `next_cursor` on as `cursor`.
Send an `Idempotency-Key` with a write, and sending it again does it once. Fields of requests may be written in snake_case or camelCase."""


class Application(FastAPI):
    """FastAPI, with a document that tells of access too."""

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document."""
        if not self.openapi_schema:
            document = described(super().openapi())
            describe_shapes(document)
            self.openapi_schema = document
        return self.openapi_schema


def build(store: Store, settings: Settings, *, beside: Sequence[Callable[[], AbstractAsyncContextManager[None]]] = ()) -> FastAPI:
    """Return the application over an open *store*, which whoever opened it closes. What runs *beside* it is entered when it starts, and left when it ends."""
    application = Application(
        title="Onward", version=__version__, description=ABOUT, lifespan=_lifespan(beside), docs_url=None, redoc_url=None,
        telemetry={"tracing": False, "metrics": False}, middleware=_around(settings), exception_handlers=_HANDLERS,
    )  # fmt: skip
    application.state.desk = Desk(store, settings, Writer(store))
    application.state.metrics = Metrics()
    for noun in ROUTES:
        application.router.routes.extend(import_module(f"onward.api.routes.{noun}").router.routes)
    return application


def _lifespan(beside: Sequence[Callable[[], AbstractAsyncContextManager[None]]]) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def living(_: FastAPI) -> AsyncIterator[None]:
        current_default_thread_limiter().total_tokens = THREADS
        async with AsyncExitStack() as running:
            for one in beside:
                await running.enter_async_context(one())
            yield

    return living


def _around(settings: Settings) -> Sequence[Middleware]:
    """Return what stands around the routes, the outermost first."""
    return (
        Middleware(Edge),
        Middleware(Gate, trusted_hosts=None if settings.is_open else settings.trusted_hosts, origins=settings.cors_origins),
        Middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=("GET", "POST", "PUT", "PATCH", "DELETE"),
            allow_headers=("Authorization", "Content-Type", "Idempotency-Key", "If-None-Match", "Last-Event-ID"),
            expose_headers=("ETag", "Retry-After", "X-Request-Id"),
        ),
        Middleware(Access, settings=settings),
        Middleware(GZipMiddleware, minimum_size=1024, compresslevel=5),
        Middleware(BodyLimit, most_bytes=settings.body_limit_mb * 2**20, uploads=UPLOADS),
        Middleware(Idempotency),
    )


async def _of_ours(_: Request, error: OnwardError) -> Response:
    return refused_by(error, request_id())


async def _of_validation(_: Request, error: RequestValidationError) -> Response:
    found = error.errors()
    if any(one["type"] == "json_invalid" for one in found):
        return refused(400, "bad_json", "The body is not JSON.", request_id())
    details = [{"field": ".".join(map(str, one["loc"][1:])) or str(one["loc"][0]), "problem": one["msg"]} for one in found]
    said = "; ".join(f"{one['field']}: {one['problem']}" for one in details[:5])
    return refused(422, "invalid", f"The request cannot be used. {said}.", request_id(), details=details)


async def _of_http(_: Request, error: AnyHTTPException) -> Response:
    message = {
        404: "There is no such route. They are listed at /openapi.json.",
        405: "This route has no such method. They are listed at /openapi.json.",
    }.get(error.status_code, str(error.detail))
    answer = refused(error.status_code, CODES.get(error.status_code, "refused"), message, request_id())
    answer.headers.update(error.headers or {})
    return answer


_HANDLERS: dict[int | type[Exception], Callable[[Request, Any], Coroutine[Any, Any, Response]]] = {
    OnwardError: _of_ours,
    RequestValidationError: _of_validation,
    AnyHTTPException: _of_http,
}
