"""Session templates: objectives and a completion checklist."""

from __future__ import annotations

from typing import Annotated

from fastapi import Form, Response

from onward.app.sessions import templates
from onward.app.sessions.templates import Template
from onward.errors import BadInput, Conflict
from onward.web.language import _
from onward.web.messages import translate_error
from onward.web.page_request import CurrentPageRequest, PageRequest, Toast, page_router
from onward.web.render import page, partial, redirect

router = page_router()

TEMPLATES_PATH = "/sessions/templates"
Text = Annotated[str, Form(max_length=20_000)]


@router.get(TEMPLATES_PATH)
def list_templates(request: CurrentPageRequest) -> Response:
    """Show the templates by name."""
    return page(request, "pages/templates.html", templates=templates.list_templates(request.store))


@router.get("/parts/templates/form")
def template_form(request: CurrentPageRequest, template: int | None = None) -> Response:
    """Return the dialog that creates or edits a template."""
    edited_template = templates.require(request.store, str(template)) if template else None
    return partial(request, "partials/_template_dialog.html", changing=edited_template, values=_form_values(edited_template), errors={})


def _form_values(edited_template: Template | None) -> dict[str, str]:
    if edited_template is None:
        return {"name": "", "description": "", "objectives": "", "checklist": ""}
    lines = {"objectives": "\n".join(edited_template.objectives), "checklist": "\n".join(edited_template.checklist)}
    return {"name": edited_template.name, "description": edited_template.description, **lines}


@router.post("/parts/templates/form")
def save_template(
    request: CurrentPageRequest,
    template: Annotated[int, Form()] = 0,
    name: Text = "",
    description: Text = "",
    objectives: Text = "",
    checklist: Text = "",
    version: Text = "",
) -> Response:
    """Create or edit a template."""
    edited_template = templates.require(request.store, str(template)) if template else None
    lists = {"objectives": objectives.splitlines(), "checklist": checklist.splitlines()}
    try:
        if edited_template:
            templates.update(
                request.store,
                edited_template,
                name=name,
                description=description,
                objectives=lists["objectives"],
                checklist=lists["checklist"],
                version=version,
            )
        else:
            templates.create(request.store, name, description=description, **lists)
    except (BadInput, Conflict) as error:
        field = "objectives" if not objectives.strip() and not checklist.strip() and name.strip() else "name"
        values = {"name": name, "description": description, "objectives": objectives, "checklist": checklist}
        return partial(
            request,
            "partials/_template_form.html",
            status_code=422,
            changing=edited_template,
            values=values,
            errors={field: translate_error(error)},
        )
    return redirect(request, TEMPLATES_PATH, toast=Toast(_("Stored")))


@router.post("/parts/templates/{template_id}/delete")
def delete_template(request: CurrentPageRequest, template_id: int) -> Response:
    """Delete a template. The toast offers to undo this."""
    deleted_template = templates.delete(request.store, str(template_id))
    return _offer_undo(request, deleted_template)


def _offer_undo(request: PageRequest, deleted_template: Template) -> Response:
    from urllib.parse import urlencode

    fields = {
        "name": deleted_template.name,
        "description": deleted_template.description,
        "objectives": "\n".join(deleted_template.objectives),
        "checklist": "\n".join(deleted_template.checklist),
    }
    return redirect(
        request,
        TEMPLATES_PATH,
        toast=Toast(_("%(name)s deleted", name=deleted_template.name), undo=f"/parts/templates/undo?{urlencode(fields)}"),
    )


@router.post("/parts/templates/undo")
def restore_template(request: CurrentPageRequest, name: str, description: str = "", objectives: str = "", checklist: str = "") -> Response:
    """Restore a deleted template."""
    templates.create(request.store, name, description=description, objectives=objectives.splitlines(), checklist=checklist.splitlines())
    return redirect(request, TEMPLATES_PATH, toast=Toast(_("%(name)s restored", name=name)))
