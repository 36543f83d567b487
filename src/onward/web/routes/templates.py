"""Templates: what a kind of session is for, and what it should not forget at its end."""

from __future__ import annotations

from typing import Annotated

from fastapi import Form, Response

from onward.app import templates
from onward.app.templates import Template
from onward.errors import BadInput, Conflict
from onward.web.language import _
from onward.web.rendering import go, page, partial
from onward.web.visit import At, Toast, Visit, routes

router = routes()

HERE = "/sessions/templates"
Text = Annotated[str, Form(max_length=20_000)]


@router.get(HERE)
def listed(at: At) -> Response:
    """Show the templates by name."""
    return page(at, "pages/templates.html", templates=templates.listed(at.store))


@router.get("/parts/templates/form")
def form(at: At, template: int | None = None) -> Response:
    """Answer the dialog to make a template, or to change one."""
    found = templates.find(at.store, str(template)) if template else None
    return partial(at, "partials/_template_dialog.html", changing=found, values=_values(found), errors={})


def _values(found: Template | None) -> dict[str, str]:
    if found is None:
        return {"name": "", "description": "", "objectives": "", "checklist": ""}
    lines = {"objectives": "\n".join(found.objectives), "checklist": "\n".join(found.checklist)}
    return {"name": found.name, "description": found.description, **lines}


@router.post("/parts/templates/form")
def keep(
    at: At, template: Annotated[int, Form()] = 0, name: Text = "", description: Text = "", objectives: Text = "", checklist: Text = ""
) -> Response:
    """Keep a template, or what changed of one."""
    found = templates.find(at.store, str(template)) if template else None
    said = {"objectives": objectives.splitlines(), "checklist": checklist.splitlines()}
    try:
        if found:
            templates.change(at.store, found, name=name, description=description, **said)
        else:
            templates.new(at.store, name, description=description, **said)
    except (BadInput, Conflict) as error:
        field = "objectives" if not objectives.strip() and not checklist.strip() and name.strip() else "name"
        values = {"name": name, "description": description, "objectives": objectives, "checklist": checklist}
        return partial(at, "partials/_template_form.html", status_code=422, changing=found, values=values, errors={field: str(error)})
    return go(at, HERE, toast=Toast(_("Kept")))


@router.post("/parts/templates/{template_id}/delete")
def delete(at: At, template_id: int) -> Response:
    """Delete a template; it can be had back at once."""
    gone = templates.delete(at.store, str(template_id))
    return _offering_back(at, gone)


def _offering_back(at: Visit, gone: Template) -> Response:
    from urllib.parse import urlencode

    said = {
        "name": gone.name,
        "description": gone.description,
        "objectives": "\n".join(gone.objectives),
        "checklist": "\n".join(gone.checklist),
    }
    return go(at, HERE, toast=Toast(_("%(name)s is deleted", name=gone.name), undo=f"/parts/templates/undo?{urlencode(said)}"))


@router.post("/parts/templates/undo")
def undo(at: At, name: str, description: str = "", objectives: str = "", checklist: str = "") -> Response:
    """Have a template back that was deleted."""
    templates.new(at.store, name, description=description, objectives=objectives.splitlines(), checklist=checklist.splitlines())
    return go(at, HERE, toast=Toast(_("%(name)s is back", name=name)))
