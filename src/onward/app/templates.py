"""Templates: sessions of a kind begin with the same objectives, and end with the same checklist."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from onward.core.template import Template
from onward.errors import BadInput, NotFound
from onward.redact import DISTILL_KEY, Redactor
from onward.store import Store, templates

__all__ = ["Template", "delete", "find", "listed", "new"]

MOST_NAME_CHARS = 100


def new(store: Store, name: str, *, objectives: Sequence[str] = (), checklist: Sequence[str] = (), description: str = "") -> Template:
    """Store a new template. Raises `Conflict` when the name is taken."""
    name = " ".join(name.split())
    if not name or len(name) > MOST_NAME_CHARS or name.isdecimal():
        raise BadInput(f"{name!r} cannot name a template.", f"Use 1 to {MOST_NAME_CHARS} characters, not digits alone.")
    if not objectives and not checklist:
        raise BadInput("A template says what a session is for.", "Give an objective, or something for the checklist.")
    redact = Redactor(DISTILL_KEY).text
    with store.write() as connection:
        return templates.add(connection, name, redact(description.strip()), _lines(map(redact, objectives)), _lines(map(redact, checklist)))


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
        raise NotFound(f"There is no template {name!r}.", "List what there is: onward template list")
    return found


def delete(store: Store, name: str) -> Template:
    """Delete a template and return it as it was; sessions that began with it keep their objectives."""
    found = find(store, name)
    with store.write() as connection:
        templates.remove(connection, found.id)
    return found


def _lines(said: Iterable[str]) -> list[str]:
    return [line for one in said if (line := " ".join(one.split()))]
