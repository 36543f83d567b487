"""Templates on a server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from onward.client.decoder import read
from onward.client.resource import RemoteResource
from onward.core.template import Template


class RemoteTemplates(RemoteResource):
    """Templates: objectives and checklists for kinds of sessions, by name."""

    def create(self, name: str, *, objectives: Sequence[str] = (), checklist: Sequence[str] = (), description: str = "") -> Template:
        """Create a template. Raises `Conflict` if the name is taken."""
        body = {"name": name, "objectives": list(objectives), "checklist": list(checklist), "description": description}
        return read(Template, self._server.post("/templates", body)["data"])

    def list_templates(self) -> Iterator[Template]:
        """Yield the templates by name."""
        return (read(Template, row) for row in self._server.iter_rows("/templates"))

    def require(self, name: str) -> Template:
        """Return the template of that name or id. Raises `NotFound`."""
        return read(Template, self._server.get("/templates/find", name=name)["data"])

    def delete(self, name: str) -> Template:
        """Delete a template and return it; sessions that started with it keep their objectives."""
        return read(Template, self._server.delete(f"/templates/{self.require(name).id}")["data"])
