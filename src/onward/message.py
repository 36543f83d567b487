"""Sentences for people: worded in English where they arise, shown in the reader's language at the edge."""

from __future__ import annotations


class Message:
    """A sentence as a template with named values: `Message("There is no project {name}.", name="shop")`.

    `str(message)` is the English sentence, for programs, logs and the command line. The dashboard looks `template` up in the reader's language and fills
    in the same `values`, which may be messages themselves. The template is a constant: it is the key of the translations.
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
