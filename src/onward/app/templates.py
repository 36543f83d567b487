"""Templates: sessions of a kind begin with the same objectives, and end with the same checklist."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from onward.core.template import Template
from onward.errors import BadInput, NotFound
from onward.redact import DISTILL_KEY, Redactor
from onward.store import Store, templates

__all__ = ["Template", "change", "delete", "find", "listed", "new"]

MOST_NAME_CHARS = 100


def new(store: Store, name: str, *, objectives: Sequence[str] = (), checklist: Sequence[str] = (), description: str = "") -> Template:
    """Store a new template. Raises `Conflict` when the name is taken."""
    wanted = _wanted(name, description, objectives, checklist)
    with store.write() as connection:
        return templates.add(connection, *wanted)


def change(
    store: Store,
    template: Template,
    *,
    name: str | None = None,
    objectives: Sequence[str] | None = None,
    checklist: Sequence[str] | None = None,
    description: str | None = None,
) -> Template:
    """Change what is given of a template and return it as it is now. Sessions that began with it keep their objectives and their checklist. Raises `Conflict` when the name is taken, `NotFound`."""
    wanted = _wanted(
        template.name if name is None else name,
        template.description if description is None else description,
        template.objectives if objectives is None else objectives,
        template.checklist if checklist is None else checklist,
    )
    with store.write() as connection:
        changed = templates.change(connection, template.id, *wanted)
    if changed is None:
        raise _none(template.name)
    return changed


def _wanted(name: str, description: str, objectives: Sequence[str], checklist: Sequence[str]) -> tuple[str, str, list[str], list[str]]:
    """Return what is to be kept of a template, redacted. Raises `BadInput`."""
    name = " ".join(name.split())
    if not name or len(name) > MOST_NAME_CHARS or name.isdecimal():
        raise BadInput(f"{name!r} cannot name a template.", f"Use 1 to {MOST_NAME_CHARS} characters, not digits alone.")
    redact = Redactor(DISTILL_KEY).text
    for_beginning, for_end = _lines(map(redact, objectives)), _lines(map(redact, checklist))
    if not for_beginning and not for_end:
        raise BadInput("A template says what a session is for.", "Give an objective, or something for the checklist.")
    return name, redact(description.strip()), for_beginning, for_end


def listed(store: Store, *, after: str | None = None, limit: int | None = None) -> list[Template]:
    """Return the templates by name, from *after* one name on."""
    with store.read() as connection:
        return templates.listed(connection, after=after, limit=limit)


def find(store: Store, name: str) -> Template:
    """Return the template of that name or id. Raises `NotFound`."""
    with store.read() as connection:
        found = templates.by_name(connection, " ".join(name.split()))
        if found is None and name.isdecimal() and len(name) < 10:
            found = templates.by_id(connection, int(name))
    if found is None:
        raise _none(name)
    return found


def delete(store: Store, name: str) -> Template:
    """Delete a template and return it as it was; sessions that began with it keep their objectives and their checklist."""
    found = find(store, name)
    with store.write() as connection:
        templates.remove(connection, found.id)
    return found


def _none(name: str) -> NotFound:
    return NotFound(f"There is no template {name!r}.", "List what there is: onward template list")


def _lines(said: Iterable[str]) -> list[str]:
    return [line for one in said if (line := " ".join(one.split()))]
