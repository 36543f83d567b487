"""What a client asks of a model and gets back, in a form that is the same for every wire protocol."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True)
class Entry:
    """A message, a call or a call's result, in the order of the request. `text` is empty for a call."""

    kind: Literal["user", "assistant", "system", "call", "result"]
    text: str = ""


@dataclass(frozen=True)
class Tool:
    """A tool that the client offers. `schema` has the properties of its arguments; a script tool takes JavaScript instead of arguments.
    `namespace` is the group that the Responses protocol lists it in.
    """

    name: str
    schema: dict[str, Any] = field(default_factory=dict)
    is_script: bool = False
    namespace: str = ""


@dataclass(frozen=True)
class Request:
    """One request to the model. `body` is what the client sent."""

    protocol: str
    entries: list[Entry]
    tools: dict[str, Tool]
    body: dict[str, Any]


@dataclass(frozen=True)
class Call:
    """A call of a tool; `arguments` are a script for a script tool."""

    tool: Tool
    arguments: dict[str, Any] | str


@dataclass(frozen=True)
class Reply:
    """The model's answer. `input_tokens` is what it reports as the size of the request."""

    text: str = ""
    calls: tuple[Call, ...] = ()
    input_tokens: int = 1_000
