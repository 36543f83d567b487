"""Templates: what a kind of session is for, by name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Query, Response
from pydantic import Field

from onward.api.desk import At
from onward.api.envelope import answers, ok, pages
from onward.api.paging import Paging
from onward.api.parsing import routes
from onward.api.shapes import Body, Id, Lines, Text
from onward.app import templates
from onward.app.templates import Template
from onward.errors import Conflict, NotFound

router = routes("templates")


class NewTemplate(Body):
    """A template to make. It names an objective, or something for the checklist."""

    name: Text = Field(min_length=1, max_length=200, examples=["bugfix"])
    description: Text = Field("", max_length=2000, examples=["When something is broken in production"])
    objectives: Lines = Field(default_factory=list, examples=[["Find the cause before mending"]])
    checklist: Lines = Field(default_factory=list, examples=[["A test fails without the fix"]])


class TemplateChange(Body):
    """What to change of a template; what is not given stays as it is."""

    name: Text | None = Field(None, min_length=1, max_length=200, examples=["bugfix"])
    description: Text | None = Field(None, max_length=2000, examples=["When something is broken in production"])
    objectives: Lines | None = Field(None, examples=[["Find the cause before mending"]])
    checklist: Lines | None = Field(None, examples=[["A test fails without the fix"]])


@dataclass(frozen=True, slots=True)
class TemplateShape:
    """A kind of session: its objectives, and what it should not forget."""

    id: int
    name: str
    description: str
    objectives: list[str]
    checklist: list[str]
    created_at: datetime
    updated_at: datetime


def template_shape(one: Template) -> TemplateShape:
    """Return a template as it is answered."""
    return TemplateShape(
        one.id, one.name, one.description, list(one.objectives), list(one.checklist), one.created_at, one.updated_at
    )  # fmt: skip


@router.get("/templates", summary="List the templates", **pages(TemplateShape))
def listed(at: At, page: Paging) -> Response:
    """Answer the templates by name."""
    found = templates.listed(at.store, after=page.last(str), limit=page.limit + 1)
    return page.answer(found, shape=template_shape, last=lambda one: (one.name,))


@router.post("/templates", summary="Make a template", **answers(TemplateShape, Conflict))
def new(at: At, body: NewTemplate) -> Response:
    """Make a template; `POST /sessions` begins a session with it by `template`."""
    made = templates.new(at.store, body.name, objectives=body.objectives, checklist=body.checklist, description=body.description)
    return ok(template_shape(made))


@router.get("/templates/find", summary="Find a template by its name", **answers(TemplateShape, NotFound))
def find(at: At, name: Annotated[Text, Query(min_length=1, max_length=200, description="Its name, or its id.")]) -> Response:
    """Answer the template of that name."""
    return ok(template_shape(templates.find(at.store, name)))


@router.get("/templates/{template_id}", summary="Show a template", **answers(TemplateShape, NotFound))
def show(at: At, template_id: Id) -> Response:
    """Answer a template."""
    return ok(template_shape(templates.find(at.store, str(template_id))))


@router.patch("/templates/{template_id}", summary="Change a template", **answers(TemplateShape, NotFound, Conflict))
def change(at: At, template_id: Id, body: TemplateChange) -> Response:
    """Change what is given of a template. Sessions that began with it keep their objectives."""
    found = templates.find(at.store, str(template_id))
    changed = templates.change(
        at.store, found, name=body.name, objectives=body.objectives, checklist=body.checklist, description=body.description
    )
    return ok(template_shape(changed))


@router.delete("/templates/{template_id}", summary="Delete a template", **answers(TemplateShape, NotFound))
def delete(at: At, template_id: Id) -> Response:
    """Delete a template and answer it as it was. Sessions that began with it keep their objectives."""
    return ok(template_shape(templates.delete(at.store, str(template_id))))
