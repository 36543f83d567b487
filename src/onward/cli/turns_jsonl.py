"""Turns as JSON Lines."""

from __future__ import annotations

from onward.cli.presentation import as_json_text
from onward.core.transcript.transcript import Rewind, SessionHead, TranscriptItem, Turn


def json_line(item: TranscriptItem, ordinal: int) -> str:
    """Return *item* as one line of JSON, without empty fields.

    A turn has `turn` and `role`; a session head is under `session`, a rewind under `rewind`.
    """
    if isinstance(item, SessionHead):
        return as_json_text({"session": _filled_fields(item)})
    if isinstance(item, Rewind):
        return as_json_text({"rewind": {"to": item.to}})
    return as_json_text({"turn": ordinal, **_filled_fields(item)})


def _filled_fields(item: SessionHead | Turn) -> dict[str, object]:
    values = {name: getattr(item, name) for name in item.__dataclass_fields__}
    return {name: value for name, value in values.items() if value not in ("", None, ())}
