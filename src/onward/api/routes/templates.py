"""Templates: objectives and checklists for kinds of sessions, by name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Query, Response
from pydantic import Field

from onward.api.answers.envelope import answers, ok, pages
from onward.api.answers.paging import Paging
from onward.api.bodies import Body, EditVersion, Id, Lines, Text
from onward.api.context import Context
from onward.api.parsing import create_router
from onward.app.sessions import templates
from onward.app.sessions.templates import Template
from onward.core.edit_version import edit_version
from onward.errors import Conflict, NotFound

router = create_router("templates")


class NewTemplateBody(Body):
    """A template to create. It has at least an objective or a checklist item."""

    name: Text = Field(min_length=1, max_length=200, examples=["bugfix"])
    description: Text = Field("", max_length=2000, examples=["When something is broken in production"])
    objectives: Lines = Field(default_factory=list, examples=[["Find the cause before fixing"]])
    checklist: Lines = Field(default_factory=list, examples=[["A test fails without the fix"]])


class TemplateChangeBody(Body):
    """The fields of a template to change; the others stay unchanged."""

    name: Text | None = Field(None, min_length=1, max_length=200, examples=["bugfix"])
    description: Text | None = Field(None, max_length=2000, examples=["When something is broken in production"])
    objectives: Lines | None = Field(None, examples=[["Find the cause before fixing"]])
    checklist: Lines | None = Field(None, examples=[["A test fails without the fix"]])
    version: EditVersion = Field("", description="The version that was read; 409 if it changed since.", examples=[""])


@dataclass(frozen=True, slots=True)
class TemplateShape:
    """A template: objectives and a checklist for a kind of session."""

    id: int
    name: str
    description: str
    objectives: list[str]
    checklist: list[str]
    created_at: datetime
    updated_at: datetime
    version: str


def template_shape(template: Template) -> TemplateShape:
    """Return the shape of a template."""
    return TemplateShape(
        id=template.id,
        name=template.name,
        description=template.description,
        objectives=list(template.objectives),
        checklist=list(template.checklist),
        created_at=template.created_at,
        updated_at=template.updated_at,
        version=edit_version(template),
    )


@router.get("/templates", summary="List the templates", **pages(TemplateShape))
def list_templates(context: Context, page: Paging) -> Response:
    """List the templates by name."""
    all_templates = templates.list_templates(context.store, after=page.last_key(str), limit=page.limit + 1)
    return page.answer(all_templates, shape=template_shape, key_of=lambda template: (template.name,))


@router.post("/templates", summary="Create a template", **answers(TemplateShape, Conflict))
def create_template(context: Context, body: NewTemplateBody) -> Response:
    """Create a template. `POST /sessions` starts a session from it by its name."""
    template = templates.create(
        context.store, body.name, objectives=body.objectives, checklist=body.checklist, description=body.description
    )
    return ok(template_shape(template))


@router.get("/templates/find", summary="Find a template by name", **answers(TemplateShape, NotFound))
def find_template(
    context: Context, name: Annotated[Text, Query(min_length=1, max_length=200, description="The template's name or id.")]
) -> Response:
    """Return the template of that name or id."""
    return ok(template_shape(templates.require(context.store, name)))


@router.get("/templates/{template_id}", summary="Show a template", **answers(TemplateShape, NotFound))
def show_template(context: Context, template_id: Id) -> Response:
    """Return a template."""
    return ok(template_shape(templates.require(context.store, str(template_id))))


@router.patch("/templates/{template_id}", summary="Change a template", **answers(TemplateShape, NotFound, Conflict))
def change_template(context: Context, template_id: Id, body: TemplateChangeBody) -> Response:
    """Change a template. Sessions that started from it keep their objectives."""
    template = templates.require(context.store, str(template_id))
    changed = templates.update(
        context.store,
        template,
        name=body.name,
        objectives=body.objectives,
        checklist=body.checklist,
        description=body.description,
        version=body.version,
    )
    return ok(template_shape(changed))


@router.delete("/templates/{template_id}", summary="Delete a template", **answers(TemplateShape, NotFound))
def delete_template(context: Context, template_id: Id) -> Response:
    """Delete a template and return it. Sessions that started from it keep their objectives."""
    return ok(template_shape(templates.delete(context.store, str(template_id))))
