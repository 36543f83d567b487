"""Events: one stream for imports, completions and jobs."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from functools import partial
from typing import Annotated, Any

from anyio import sleep
from anyio.to_thread import run_sync
from fastapi import Header, Query, Request
from fastapi.responses import StreamingResponse

from onward.api.answers.envelope import dump_json, error_docs
from onward.api.bodies import MAX_ID
from onward.api.context import Context
from onward.api.parsing import create_router
from onward.app.jobs import events
from onward.app.jobs.events import Event

router = create_router("events")

POLL_SECONDS = 0.4
HEARTBEAT_SECONDS = 15.0
RETRY_MS = 2000
_MAX_EVENT_ID = 2**63 - 1

_EXAMPLE = (
    'id: 7\nevent: job\ndata: {"id": 7, "kind": "job", "project_id": 1, "job_id": 3, "at": "2026-11-24T18:26:29Z", '
    '"job_kind": "import", "state": "running", "done": 50, "total": 120}\n\n'
)
_EVENT_SCHEMA = {"type": "object", "properties": {name: {"type": "string"} for name in ("id", "event", "data")}}
_STREAM_DOCS: dict[int | str, dict[str, Any]] = {
    200: {"description": "Events as they happen.", "content": {"text/event-stream": {"schema": _EVENT_SCHEMA, "example": _EXAMPLE}}}
}


@router.get("/events", summary="Follow events", response_class=StreamingResponse, responses={**error_docs(), **_STREAM_DOCS})
async def follow_events(
    context: Context,
    request: Request,
    job: Annotated[int | None, Query(ge=1, le=MAX_ID, description="Only events of this job.")] = None,
    project: Annotated[int | None, Query(ge=1, le=MAX_ID, description="Only events of this project.")] = None,
    last_event_id: Annotated[
        int | None, Header(ge=0, le=_MAX_EVENT_ID, description="The last event you have. Default: only future events.")
    ] = None,
    after: Annotated[int | None, Query(ge=0, le=_MAX_EVENT_ID, description="The same, for clients that cannot set a header.")] = None,
) -> StreamingResponse:
    """Stream events of all processes from the store as server-sent events: `job`, `import`, `completed`, `refined`, `deleted`,
    `restored`; `changed` for any other change of a project, a session, its turns, its facts or an account.

    Reconnect with `Last-Event-ID` to lose nothing; an event `missed` says that some events are no longer stored: then reload what you show.
    A comment comes every 15 seconds while nothing happens. Events hold ids, and no content.
    """
    read_events = partial(events.list_events, context.store, project_id=project, job_id=job)
    is_ending = getattr(request.app.state, "is_ending", bool)
    start = await run_sync(events.find_start, context.store, after if last_event_id is None else last_event_id)

    async def stream() -> AsyncIterator[bytes]:
        last_id, sent_at = start.last_id, time.monotonic()
        yield f"retry: {RETRY_MS}\n\n".encode()
        if start.has_missed:
            yield b"event: missed\ndata: {}\n\n"
        while not (is_ending() or await request.is_disconnected()):
            new_events = await run_sync(read_events, last_id)
            for event in new_events:
                yield _encode(event)
                last_id = event.id
            now = time.monotonic()
            if new_events:
                sent_at = now
                continue
            if now - sent_at >= HEARTBEAT_SECONDS:
                sent_at = now
                yield b": nothing new\n\n"
            await sleep(POLL_SECONDS)

    return StreamingResponse(stream(), media_type="text/event-stream", headers={"cache-control": "no-store", "x-accel-buffering": "no"})


def _encode(event: Event) -> bytes:
    payload = {
        "id": event.id,
        "kind": event.kind,
        "project_id": event.project_id,
        "job_id": event.job_id,
        "at": event.created_at,
        **event.data,
    }
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (event.id, event.kind.encode(), dump_json(payload))
