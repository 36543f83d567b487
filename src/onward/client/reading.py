"""Values out of answers: dataclasses made of JSON by the types of their fields."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from datetime import datetime
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from onward.core import handoff
from onward.core.entry import Entry, Source
from onward.core.facts import Handle, parse_handle
from onward.core.growth_report import GrowthPoint, OftenTouched
from onward.core.handoff import Handoff
from onward.core.preservation import Preservation
from onward.core.project import ProjectTotals
from onward.core.refinement import Refinement
from onward.core.session import Session
from onward.core.touched import FileTouch
from onward.errors import ServerFailed

T = TypeVar("T")
Read = Callable[[Any], Any]

NAMES: dict[type, dict[str, str]] = {
    ProjectTotals: {
        "sessions": "session_count",
        "completed": "completed_count",
        "turns": "turn_count",
        "last_at": "last_session_at",
    },
    Session: {"turns": "turn_count"},
    Entry: {"sources": "source_count"},
    Source: {"knowledge_id": "entry_id"},
    FileTouch: {"session": "session_number"},
    GrowthPoint: {"session": "session_number"},
    OftenTouched: {"last_session": "last_session_number"},
}
"""What an answer calls a field that a value calls otherwise."""

READERS: dict[Any, Read] = {
    Any: lambda told: told,
    datetime: datetime.fromisoformat,
    float: float,
    Handle: parse_handle,
    Handoff: handoff.from_json,
    Preservation: Preservation.from_json,
    Refinement: Refinement.from_json,
}
"""How what is no plain dataclass is read."""


def read(kind: type[T], told: Mapping[str, Any], **known: object) -> T:
    """Return the *kind* of value that an answer *told*; *known* are fields that the answer does not hold. What an answer holds beside is left. Raises `ServerFailed`."""
    plan = _plan(cast("Hashable", kind), frozenset(known))
    try:
        values = {name: reader(told[wire]) for name, wire, reader, is_needed in plan if is_needed or wire in told}
        return kind(**values, **known)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ServerFailed(
            f"The server's answer is none that this version of Onward reads: {type(error).__name__} in {kind.__name__}: {error}.",
            "Bring server and client to the same version: onward --version says the client's.",
        ) from error


@cache
def _plan(kind: Any, known: frozenset[str]) -> list[tuple[str, str, Read, bool]]:
    """Return for each field but those that are *known* its name, what answers call it, how it is read, and whether it has to be there."""
    hints, names = get_type_hints(kind), NAMES.get(kind, {})
    if is_dataclass(kind):
        optional = {one.name for one in fields(kind) if one.default is not MISSING or one.default_factory is not MISSING}
        own = [one.name for one in fields(kind) if one.init]
    else:
        own, optional = list(kind._fields), set(kind._field_defaults)
    return [(name, names.get(name, name), _reader(hints[name]), name not in optional) for name in own if name not in known]


def _reader(kind: Any) -> Read:
    """Return what reads a value of that type."""
    if kind in READERS:
        return READERS[kind]
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        some = [one for one in inner if one is not NoneType]
        reader = _reader(some[0]) if len(some) == 1 else READERS[Any]
        return lambda told: None if told is None else reader(told)
    if origin is tuple and not (len(inner) == 2 and inner[1] is Ellipsis):
        parts = [_reader(one) for one in inner]
        return lambda told: tuple(part(value) for part, value in zip(parts, told, strict=True))
    if origin in (tuple, list, Sequence):
        one = _reader(inner[0])
        make = list if origin is list else tuple
        return lambda told: make(map(one, told))
    if origin is Literal or origin in (dict, Mapping) or kind in (str, int, bool, object):
        return READERS[Any]
    if is_dataclass(kind) or hasattr(kind, "_fields"):
        return lambda told: read(kind, told)
    raise TypeError(f"nothing reads {kind}")
