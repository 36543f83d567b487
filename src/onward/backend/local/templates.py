"""Templates: objectives and checklists for kinds of sessions, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onward.backend.local.resource import LocalResource, UseCases, bind_store

if TYPE_CHECKING:
    from onward.app.sessions import templates
else:
    templates = UseCases("onward.app.sessions.templates")


class LocalTemplates(LocalResource):
    """Templates: objectives and checklists for kinds of sessions, by name."""

    create = bind_store(templates.create)
    list_templates = bind_store(templates.list_templates)
    require = bind_store(templates.require)
    delete = bind_store(templates.delete)
