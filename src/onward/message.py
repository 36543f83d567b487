"""Sentences for people: written in English where they arise, shown in the reader's language."""

from __future__ import annotations

# Importing `typing` takes too long for code that must start at once.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any


class Message:
    """A sentence as a template with named values: `Message("There is no project {name}.", name="shop")`.

    `str(message)` is the English sentence, for programs, logs and the command line. The dashboard looks up `template` in the reader's
    language and fills in the same `values`, which may be messages themselves. The template is a constant: it is the key of the
    translations.
    """

    __slots__ = ("template", "values")

    def __init__(self, template: str, /, **values: object) -> None:
        self.template = template
        self.values = values

    def __str__(self) -> str:
        return self.template.format(**self.values)

    def __repr__(self) -> str:
        return f"Message({self.template!r}, **{self.values!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Message) and (self.template, self.values) == (other.template, other.values)

    def __hash__(self) -> int:
        return hash((self.template, str(self)))


def as_message(text: str | Message) -> Message:
    """Return *text* as a message, so that it is translated as a value of another message."""
    return text if isinstance(text, Message) else Message(text.replace("{", "{{").replace("}", "}}"))


def to_data(value: object) -> object:
    """Return *value* as plain JSON data for `from_data`; messages, also within mappings and lists, become their template and values."""
    if isinstance(value, Message):
        return {"template": value.template, "values": {name: to_data(inner) for name, inner in value.values.items()}}
    if hasattr(value, "isoformat"):
        return {"datetime": value.isoformat()}
    if isinstance(value, dict):
        return {str(name): to_data(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [to_data(inner) for inner in value]
    return value if value is None or isinstance(value, str | int | float) else str(value)


def from_data(data: object) -> object:
    """Return the value that `to_data` was given."""
    if isinstance(data, list):
        return [from_data(inner) for inner in data]
    if not isinstance(data, dict):
        return data
    if data.keys() == {"template", "values"}:
        return Message(data["template"], **{name: from_data(inner) for name, inner in data["values"].items()})
    if data.keys() == {"datetime"}:
        from datetime import datetime

        return datetime.fromisoformat(data["datetime"])
    return {name: from_data(inner) for name, inner in data.items()}


def in_english(value: Any) -> Any:
    """Return *value* with every message in it, also within mappings and lists, replaced by its English sentence."""
    if isinstance(value, Message):
        return str(value)
    if isinstance(value, dict):
        return {name: in_english(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [in_english(inner) for inner in value]
    return value


def join_messages(messages: Sequence[Message | str]) -> Message | str:
    """Return *messages* as one, separated by semicolons; empty for none."""
    if not messages:
        return ""
    *earlier, joined = messages
    for message in reversed(earlier):
        joined = Message("{message}; {following}", message=message, following=joined)
    return joined
