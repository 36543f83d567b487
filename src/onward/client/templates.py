"""Templates on a server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from onward.client.reading import read
from onward.client.rooms import Room
from onward.core.template import Template


class Templates(Room):
    """What sessions of a kind are for, by name."""

    def new(self, name: str, *, objectives: Sequence[str] = (), checklist: Sequence[str] = (), description: str = "") -> Template:
        """Make a template. Raises `Conflict` when the name is taken."""
        said = {"name": name, "objectives": list(objectives), "checklist": list(checklist), "description": description}
        return read(Template, self._wire.post("/templates", said)["data"])

    def listed(self) -> Iterator[Template]:
        """Yield the templates by name."""
        return (read(Template, one) for one in self._wire.pages("/templates"))

    def find(self, name: str) -> Template:
        """Return the template of that name or id. Raises `NotFound`."""
        return read(Template, self._wire.get("/templates/find", name=name)["data"])

    def delete(self, name: str) -> Template:
        """Delete a template and return it as it was; sessions that began with it keep their objectives."""
        return read(Template, self._wire.delete(f"/templates/{self.find(name).id}")["data"])
