"""Building blocks of request bodies. The shapes of answers are beside the routes."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

from fastapi import Path
from pydantic import AfterValidator, AliasChoices, AliasGenerator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

MAX_ID = 2**31 - 1
MAX_LINES = 200
"""The most lines in a list of statements: accomplishments, blockers, objectives."""


def _without_nul(text: str) -> str:
    """Return *text* without NUL characters, which PostgreSQL cannot store."""
    return text.replace("\0", "")


def _split_lines(value: object) -> object:
    """Return the lines of a text without their bullets; a list is returned unchanged."""
    if isinstance(value, str):
        return [line for line in (part.strip().lstrip("-*•").strip() for part in value.splitlines()) if line]
    return value


Id: TypeAlias = Annotated[int, Path(ge=1, le=MAX_ID)]
"""An id in a path."""
IdField: TypeAlias = Annotated[int, Field(ge=1, le=MAX_ID)]
"""An id in a body or a query."""
Text: TypeAlias = Annotated[str, AfterValidator(_without_nul)]
Lines: TypeAlias = Annotated[
    list[Text],
    BeforeValidator(_split_lines, json_schema_input_type=list[str] | str),
    Field(max_length=MAX_LINES),
]
"""Several statements: a list, or a text with one on each line."""


def _aliases(name: str) -> AliasChoices:
    return AliasChoices(name, to_camel(name))


class Body(BaseModel):
    """A request body. Field names may be snake_case or camelCase. Unknown fields are ignored, because clients of other servers send more
    than Onward reads.
    """

    model_config = ConfigDict(alias_generator=AliasGenerator(validation_alias=_aliases), populate_by_name=True, frozen=True)

    def sent_fields(self) -> dict[str, Any]:
        """Return the fields that the request contains."""
        return {name: getattr(self, name) for name in sorted(self.model_fields_set)}


class ChangeBody(Body):
    """A body that changes something: fields that are not sent stay unchanged, and at least one must be sent."""

    @model_validator(mode="after")
    def _require_change(self) -> ChangeBody:
        if not self.model_fields_set:
            raise ValueError(f"nothing to change: send one of {', '.join(type(self).model_fields)}")
        return self
