"""Events: one stream of what happens, for imports, completions and jobs."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from functools import partial
from typing import Annotated, Any

from anyio import sleep
from anyio.to_thread import run_sync
from fastapi import Header, Query, Request
from fastapi.responses import StreamingResponse

from onward.api.desk import At
from onward.api.envelope import refusals, written
from onward.api.parsing import routes
from onward.api.shapes import MOST_ID
from onward.app import events
from onward.app.events import Event

router = routes("events")

LOOK_SECONDS = 0.4
BEAT_SECONDS = 15.0
RETRY_MS = 2000
_MOST_EVENT_ID = 2**63 - 1

_EXAMPLE = (
    'id: 7\nevent: job\ndata: {"id": 7, "kind": "job", "project_id": 1, "job_id": 3, "at": "2026-11-24T18:26:29Z", '
    '"job_kind": "import", "state": "running", "done": 50, "total": 120}\n\n'
)
_EVENT_SCHEMA = {"type": "object", "properties": {name: {"type": "string"} for name in ("id", "event", "data")}}
_TOLD: dict[int | str, dict[str, Any]] = {
    200: {"description": "Events as they come.", "content": {"text/event-stream": {"schema": _EVENT_SCHEMA, "example": _EXAMPLE}}}
}


@router.get("/events", summary="Follow what happens", response_class=StreamingResponse, responses={**refusals(), **_TOLD})
async def follow(
    at: At,
    request: Request,
    job: Annotated[int | None, Query(ge=1, le=MOST_ID, description="Only what concerns this job.")] = None,
    project: Annotated[int | None, Query(ge=1, le=MOST_ID, description="Only what concerns this project.")] = None,
    last_event_id: Annotated[
        int | None, Header(ge=0, le=_MOST_EVENT_ID, description="The event seen last; without it, what is to come.")
    ] = None,
) -> StreamingResponse:
    """Stream what happens as server-sent events, from the store, whichever process did it: `job`, `import`, `completed`.

    Reconnect with `Last-Event-ID` and nothing is lost; where some are not kept any more, an event `missed` says so: read anew what you show.
    A comment comes every 15 seconds while nothing happens. Each event says what to look at; none holds content.
    """
    look = partial(events.since, at.store, project_id=project, job_id=job)
    is_ending = getattr(request.app.state, "is_ending", bool)
    begun = await run_sync(events.beginning, at.store, last_event_id)

    async def told() -> AsyncIterator[bytes]:
        last_id, said_at = begun.last_id, time.monotonic()
        yield f"retry: {RETRY_MS}\n\n".encode()
        if begun.has_missed:
            yield b"event: missed\ndata: {}\n\n"
        while not (is_ending() or await request.is_disconnected()):
            found = await run_sync(look, last_id)
            for event in found:
                yield _written(event)
                last_id = event.id
            now = time.monotonic()
            if found:
                said_at = now
                continue
            if now - said_at >= BEAT_SECONDS:
                said_at = now
                yield b": nothing new\n\n"
            await sleep(LOOK_SECONDS)

    return StreamingResponse(told(), media_type="text/event-stream", headers={"cache-control": "no-store", "x-accel-buffering": "no"})


def _written(event: Event) -> bytes:
    told = {
        "id": event.id,
        "kind": event.kind,
        "project_id": event.project_id,
        "job_id": event.job_id,
        "at": event.created_at,
        **event.data,
    }
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (event.id, event.kind.encode(), written(told))
