"""Building blocks of request bodies. The shapes of answers are beside the routes."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any, TypeAlias

from fastapi import Path
from pydantic import AfterValidator, AliasChoices, AliasGenerator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from onward.api.field_names import FIELD_NAME, unknown_field

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
EditVersion: TypeAlias = Annotated[str, Field(max_length=200)]
"""The `version` of a thing that a client has read. A change with it is refused with 409 if another came between."""
Lines: TypeAlias = Annotated[
    list[Text],
    BeforeValidator(_split_lines, json_schema_input_type=list[str] | str),
    Field(max_length=MAX_LINES),
]
"""Several statements: a list, or a text with one on each line."""


def _aliases(name: str) -> AliasChoices:
    """Return the names of a field: snake_case, camelCase, and camelCase with a capital abbreviation (`useAI`, `projectID`)."""
    camel = to_camel(name)
    stem, ending = camel[:-2], camel[-2:]
    return AliasChoices(*dict.fromkeys((name, camel, stem + ending.upper() if ending in ("Ai", "Id") else camel)))


class Body(BaseModel):
    """A request body. Field names may be snake_case or camelCase. An unknown field, and a field under two names, is refused: nothing that a
    client sends is dropped.
    """

    model_config = ConfigDict(alias_generator=AliasGenerator(validation_alias=_aliases), populate_by_name=True, frozen=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _check_names(cls, sent: object) -> object:
        if isinstance(sent, dict):
            names = _fields_by_name(cls)
            used: dict[str, str] = {}
            for key in sent:
                field = names.get(key)
                if field is None and cls.model_config.get("extra") != "allow":
                    raise _refusal(key, unknown_field(key, tuple(cls.model_fields)))
                if field in used:
                    raise _refusal(key, f"is sent twice, as {used[field]} too. Send it once")
                if field is not None:
                    used[field] = key
        return sent

    def sent_fields(self) -> dict[str, Any]:
        """Return the fields that the request contains."""
        return {name: getattr(self, name) for name in sorted(self.model_fields_set)}


@cache
def _fields_by_name(body: type[BaseModel]) -> dict[str, str]:
    """Return the fields of a body by all names under which a client may send them."""
    names: dict[str, str] = {}
    for name, field in body.model_fields.items():
        alias = field.validation_alias
        choices = alias.choices if isinstance(alias, AliasChoices) else [alias or name]
        names |= {str(choice): name for choice in (name, *choices)}
    return names


def _refusal(field: str, problem: str) -> PydanticCustomError:
    """Return the error of one field; the handler of validation errors names the field from its context."""
    return PydanticCustomError(FIELD_NAME, "{problem}", {"field": field, "problem": problem})


class ChangeBody(Body):
    """A body that changes something: fields that are not sent stay unchanged, and at least one must be sent."""

    @model_validator(mode="after")
    def _require_change(self) -> ChangeBody:
        if not self.model_fields_set - {"version"}:
            raise ValueError(f"nothing to change: send one of {', '.join(name for name in type(self).model_fields if name != 'version')}")
        return self
