"""Templates: sessions of one kind start with the same objectives and end with the same checklist."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from onward.app.edits import check_edit, lock_edits
from onward.core.edit_version import edit_version
from onward.core.template import Template
from onward.errors import BadInput, NotFound
from onward.message import Message
from onward.redact import DISTILL_KEY, Redactor
from onward.store import Store, templates

__all__ = ["Template", "create", "delete", "list_templates", "require", "update"]

MAX_NAME_CHARS = 100


def create(store: Store, name: str, *, objectives: Sequence[str] = (), checklist: Sequence[str] = (), description: str = "") -> Template:
    """Create a template. Raises `Conflict` if the name is taken."""
    fields = _clean_fields(name, description, objectives, checklist)
    with store.write() as connection:
        return templates.create(connection, *fields)


def update(
    store: Store,
    template: Template,
    *,
    name: str | None = None,
    objectives: Sequence[str] | None = None,
    checklist: Sequence[str] | None = None,
    description: str | None = None,
    version: str = "",
) -> Template:
    """Change the given fields of a template and return it. Sessions that started with it keep their objectives and checklist. Raises
    `Conflict` if the name is taken, `EditConflict` if a field changed since *version* (by default that of *template*), and `NotFound`.
    """
    sent = {"name": name, "objectives": objectives, "checklist": checklist, "description": description}
    fields = _clean_fields(
        template.name if name is None else name,
        template.description if description is None else description,
        template.objectives if objectives is None else objectives,
        template.checklist if checklist is None else checklist,
    )
    with store.write() as connection:
        lock_edits(connection)
        stored = templates.find(connection, template.id)
        if stored is None:
            raise _not_found(template.name)
        check_edit(version or edit_version(template), stored, sent)
        updated = templates.update_template(connection, template.id, *fields)
    if updated is None:
        raise _not_found(template.name)
    return updated


def _clean_fields(
    name: str, description: str, objectives: Sequence[str], checklist: Sequence[str]
) -> tuple[str, str, list[str], list[str]]:
    """Return the fields of a template in their stored form, redacted. Raises `BadInput`."""
    redact = Redactor(DISTILL_KEY).text
    name = redact(" ".join(name.split()))
    if not name or len(name) > MAX_NAME_CHARS or name.isdecimal():
        raise BadInput(
            Message("{name!r} is not a valid template name.", name=name),
            Message("Use 1 to {limit} characters, not only digits.", limit=MAX_NAME_CHARS),
        )
    clean_objectives, clean_checklist = _clean_lines(map(redact, objectives)), _clean_lines(map(redact, checklist))
    if not clean_objectives and not clean_checklist:
        raise BadInput("A template needs an objective or a checklist item.", "Add an objective or a checklist item.")
    return name, redact(description.strip()), clean_objectives, clean_checklist


def list_templates(store: Store, *, after: str | None = None, limit: int | None = None) -> list[Template]:
    """Return the templates by name, *after* the given name."""
    with store.read() as connection:
        return templates.list_templates(connection, after=after, limit=limit)


def require(store: Store, name: str) -> Template:
    """Return the template with this name or id. Raises `NotFound`."""
    with store.read() as connection:
        template = templates.find_by_name(connection, " ".join(name.split()))
        if template is None and name.isdecimal() and len(name) < 10:
            template = templates.find(connection, int(name))
    if template is None:
        raise _not_found(name)
    return template


def delete(store: Store, name: str) -> Template:
    """Delete a template and return its last state. Sessions that started with it keep their objectives and checklist."""
    template = require(store, name)
    with store.write() as connection:
        templates.delete_template(connection, template.id)
    return template


def _not_found(name: str) -> NotFound:
    return NotFound(Message("There is no template {name!r}.", name=name), "List templates: onward template list")


def _clean_lines(texts: Iterable[str]) -> list[str]:
    return [line for text in texts if (line := " ".join(text.split()))]
