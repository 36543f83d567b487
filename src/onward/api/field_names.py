"""The names of fields that clients send, and the error for an unknown one."""

from __future__ import annotations

from collections.abc import Collection

from fastapi.exceptions import RequestValidationError

from onward.core.text.known_names import find_name, snake_case

FIELD_NAME = "field_name"
"""The type of an error about the name of a field."""

OTHER_NAMES = {
    "messages": ("turns", "conversation_history"),
    "history": ("turns", "conversation_history"),
    "conversation": ("conversation_text", "turns"),
    "transcript": ("conversation_text",),
    "message": ("content", "error", "text"),
    "body": ("text",),
    "title": ("name",),
    "summary": ("accomplishments",),
    "completed": ("accomplishments",),
    "issues": ("blockers",),
    "credits": ("credits_used",),
    "token": ("hugging_face_token", "key"),
    "api_key": ("hugging_face_token", "key"),
    "goals": ("objectives",),
    "handoff": ("previous_handoff",),
    "project": ("project_id",),
    "session": ("session_id",),
    "account": ("account_id",),
}
"""What clients of other systems call a field, and what it is called here."""


def unknown_field(name: str, known_names: Collection[str]) -> str:
    """Return what is wrong with the field *name*: the nearest of *known_names*, or all of them if none is near."""
    others = [other for other in OTHER_NAMES.get(snake_case(name), ()) if other in known_names]
    nearest = others[0] if others else find_name(name, known_names)
    if nearest:
        return f"is not a field here. Did you mean {nearest}?"
    return f"is not a field here. The fields are: {', '.join(known_names) or 'none'}"


def field_error(place: str, name: str, problem: str) -> RequestValidationError:
    """Return the error that refuses a request because of the field *name* in its `query` or `body`."""
    return RequestValidationError([{"type": FIELD_NAME, "loc": (place,), "msg": problem, "ctx": {"field": name}}])
