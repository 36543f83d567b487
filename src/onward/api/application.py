"""The HTTP application: all routes, and the middleware around them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
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
from onward.api.answers.envelope import CODE_BY_STATUS, error_response, response_to_error
from onward.api.answers.openapi import describe_shapes
from onward.api.context import ApiContext
from onward.api.field_names import FIELD_NAME
from onward.api.middleware.access import AccessControl, describe_access
from onward.api.middleware.body_limit import BodyLimit
from onward.api.middleware.host_guard import HostGuard
from onward.api.middleware.idempotency import Idempotency
from onward.api.middleware.metrics import Metrics
from onward.api.middleware.request_log import RequestLog, request_id
from onward.api.write_batch import Writer
from onward.errors import OnwardError
from onward.settings import Settings

if TYPE_CHECKING:
    from onward.store import Store

ROUTES = (
    "health",
    "metrics",
    "stats",
    "projects",
    "sessions",
    "session_changes",
    "relay",
    "conversations",
    "turns",
    "handoffs",
    "refinement",
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
"""The modules of `routes`, each with a `router`, in the order of the documentation."""

UPLOADS = frozenset({"/api/imports", "/api/projects/import"})
"""Paths that accept whole files."""

THREADS = 8
"""Requests handled at once. More would only wait for Python's lock and the store's one writer: with twice as many, the slowest take half as
long again.
"""

DESCRIPTION = """Turns the sessions of AI agents into one evolving handoff per project, and measures what it preserves.

Every answer is `{"success": true, "data": …}` or `{"success": false, "error": {"code", "message", "details"?}}`.
Lists come in pages: pass `next_cursor` as `cursor`.
A write with an `Idempotency-Key` can be sent again and is done once. Fields of requests may be snake_case or camelCase, also `useAI` and
`projectID`. A field or a query parameter of a write that is not listed is refused with 422, which names it and the nearest known one; so
nothing that is sent is dropped. Turns take the names of the common chat formats: `content` or `text`, `role` or `sender`, `at` or
`timestamp`."""


class Application(FastAPI):
    """FastAPI, with access and shapes described in the OpenAPI document."""

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document."""
        if not self.openapi_schema:
            document = describe_access(super().openapi())
            describe_shapes(document)
            self.openapi_schema = document
        return self.openapi_schema


def build(store: Store, settings: Settings, *, services: Sequence[Callable[[], AbstractAsyncContextManager[None]]] = ()) -> FastAPI:
    """Return the application over an open *store*, which the caller closes. *services* are entered when the application starts and left
    when it stops.
    """
    application = Application(
        title="Onward",
        version=__version__,
        description=DESCRIPTION,
        lifespan=_lifespan(services),
        docs_url=None,
        redoc_url=None,
        telemetry={"tracing": False, "metrics": False},
        middleware=_middleware(settings),
        exception_handlers=_HANDLERS,
    )
    application.state.context = ApiContext(store, settings, Writer(store))
    application.state.metrics = Metrics()
    for noun in ROUTES:
        application.router.routes.extend(import_module(f"onward.api.routes.{noun}").router.routes)
    return application


def _lifespan(
    services: Sequence[Callable[[], AbstractAsyncContextManager[None]]],
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        current_default_thread_limiter().total_tokens = THREADS
        async with AsyncExitStack() as stack:
            for start_service in services:
                await stack.enter_async_context(start_service())
            yield

    return lifespan


def _middleware(settings: Settings) -> Sequence[Middleware]:
    """Return the middleware around the routes, the outermost first."""
    return (
        Middleware(RequestLog),
        Middleware(HostGuard, trusted_hosts=None if settings.is_exposed else settings.trusted_hosts, origins=settings.cors_origins),
        Middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=("GET", "POST", "PUT", "PATCH", "DELETE"),
            allow_headers=("Authorization", "Content-Type", "Idempotency-Key", "If-None-Match", "Last-Event-ID"),
            expose_headers=("ETag", "Retry-After", "X-Request-Id"),
        ),
        Middleware(AccessControl, settings=settings),
        Middleware(GZipMiddleware, minimum_size=1024, compresslevel=5),
        Middleware(BodyLimit, most_bytes=settings.body_limit_mb * 2**20, uploads=UPLOADS),
        Middleware(Idempotency),
    )


async def _handle_onward_error(request: Request, error: OnwardError) -> Response:
    return response_to_error(error, request_id(), request.scope)


async def _handle_validation_error(_: Request, error: RequestValidationError) -> Response:
    problems = error.errors()
    if any(problem["type"] == "json_invalid" for problem in problems):
        return error_response(400, "bad_json", "The body is not JSON.", request_id())
    details = [{"field": _field_of(problem), "problem": str(problem["msg"])} for problem in problems]
    summary = "; ".join(f"{detail['field']}: {detail['problem']}".rstrip(".") for detail in details[:5])
    end = "" if summary.endswith("?") else "."
    return error_response(422, "invalid", f"The request cannot be used. {summary}{end}", request_id(), details=details)


def _field_of(problem: Mapping[str, Any]) -> str:
    """Return the name of the field that a validation error is about."""
    own_name = [problem["ctx"]["field"]] if problem["type"] == FIELD_NAME else []
    return ".".join(map(str, (*problem["loc"][1:], *own_name))) or str(problem["loc"][0])


async def _handle_http_error(_: Request, error: AnyHTTPException) -> Response:
    message = {
        404: "There is no such route. All routes are listed at /openapi.json.",
        405: "This route has no such method. All methods are listed at /openapi.json.",
    }.get(error.status_code, str(error.detail))
    answer = error_response(error.status_code, CODE_BY_STATUS.get(error.status_code, "refused"), message, request_id())
    answer.headers.update(error.headers or {})
    return answer


_HANDLERS: dict[int | type[Exception], Callable[[Request, Any], Coroutine[Any, Any, Response]]] = {
    OnwardError: _handle_onward_error,
    RequestValidationError: _handle_validation_error,
    AnyHTTPException: _handle_http_error,
}
