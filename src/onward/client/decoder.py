"""Decodes JSON answers into dataclasses, by the types of their fields."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from datetime import datetime
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from onward.core.analytics.growth_report import GrowthPoint, RecurringFile
from onward.core.effort.touched_files import FileTouch
from onward.core.facts.fact import Handle, parse_handle
from onward.core.handoff import document
from onward.core.handoff.document import Handoff
from onward.core.handoff.writer_report import WriterReport
from onward.core.knowledge.entry import KnowledgeEntry, KnowledgeSource
from onward.core.preservation.scores import Preservation
from onward.core.project import MovedSession, ProjectTotals
from onward.core.session import Session
from onward.errors import ServerFailed
from onward.message import Message, from_data

T = TypeVar("T")
FieldReader = Callable[[Any], Any]

WIRE_NAMES: dict[type, dict[str, str]] = {
    ProjectTotals: {
        "sessions": "session_count",
        "completed": "completed_count",
        "turns": "turn_count",
        "last_at": "last_session_at",
    },
    Session: {"turns": "turn_count"},
    MovedSession: {"before": "old_number"},
    KnowledgeEntry: {"sources": "source_count"},
    KnowledgeSource: {"knowledge_id": "entry_id"},
    FileTouch: {"session": "session_number"},
    GrowthPoint: {"session": "session_number"},
    RecurringFile: {"last_session": "last_session_number"},
}
"""Fields whose name in answers differs from the dataclass."""

READERS: dict[Any, FieldReader] = {
    Any: lambda value: value,
    datetime: datetime.fromisoformat,
    float: float,
    Handle: parse_handle,
    Handoff: document.from_json,
    Message: from_data,
    Preservation: Preservation.from_json,
    WriterReport: WriterReport.from_json,
}
"""Readers of values that are no plain dataclasses."""


def read(kind: type[T], data: Mapping[str, Any], **extra_fields: object) -> T:
    """Return a value of type *kind* decoded from *data*. *extra_fields* are fields that the answer lacks; unknown fields of the answer are
    ignored. Raises `ServerFailed`.
    """
    plan = _plan(cast("Hashable", kind), frozenset(extra_fields))
    try:
        values = {name: reader(data[wire]) for name, wire, reader, is_needed in plan if is_needed or wire in data}
        return kind(**values, **extra_fields)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ServerFailed(
            Message(
                "The server's answer cannot be read by this version of Onward: {error} in {kind}: {detail}.",
                error=type(error).__name__,
                kind=kind.__name__,
                detail=error,
            ),
            "Use the same version on server and client: onward --version shows the client's.",
        ) from error


@cache
def _plan(cls: Any, extra_fields: frozenset[str]) -> list[tuple[str, str, FieldReader, bool]]:
    """Return for each field that is not in *extra_fields*: its name, its name in answers, its reader, and whether it is required."""
    hints, names = get_type_hints(cls), WIRE_NAMES.get(cls, {})
    if is_dataclass(cls):
        optional = {field.name for field in fields(cls) if field.default is not MISSING or field.default_factory is not MISSING}
        field_names = [field.name for field in fields(cls) if field.init]
    else:
        field_names, optional = list(cls._fields), set(cls._field_defaults)
    return [(name, names.get(name, name), _reader(hints[name]), name not in optional) for name in field_names if name not in extra_fields]


def _reader(cls: Any) -> FieldReader:
    """Return the reader of a type's values."""
    if cls in READERS:
        return READERS[cls]
    origin, inner = get_origin(cls), get_args(cls)
    if origin in (Union, UnionType):
        options = [option for option in inner if option is not NoneType]
        reader = _reader(options[0]) if len(options) == 1 else READERS[Any]
        return lambda value: None if value is None else reader(value)
    if origin is tuple and not (len(inner) == 2 and inner[1] is Ellipsis):
        item_readers = [_reader(item) for item in inner]
        return lambda items: tuple(item_reader(item) for item_reader, item in zip(item_readers, items, strict=True))
    if origin in (tuple, list, Sequence):
        item_reader = _reader(inner[0])
        sequence_type = list if origin is list else tuple
        return lambda items: sequence_type(map(item_reader, items))
    if origin is Literal or origin in (dict, Mapping) or cls in (str, int, bool, object):
        return READERS[Any]
    if is_dataclass(cls) or hasattr(cls, "_fields"):
        return lambda value: read(cls, value)
    raise TypeError(f"no reader for {cls}")
