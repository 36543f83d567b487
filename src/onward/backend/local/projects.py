"""Projects: what a person works on over many sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onward.backend.local.resource import LocalResource, UseCases, bind_store

if TYPE_CHECKING:
    from onward.app.admin import ledger_rebuild
    from onward.app.projects import projects
    from onward.app.sessions import reassignment
else:
    ledger_rebuild = UseCases("onward.app.admin.ledger_rebuild")
    projects = UseCases("onward.app.projects.projects")
    reassignment = UseCases("onward.app.sessions.reassignment")


class LocalProjects(LocalResource):
    """Projects: what a person works on over many sessions."""

    create = bind_store(projects.create)
    list_projects = bind_store(projects.list_projects)
    resolve = bind_store(projects.resolve_origin)
    find_project = bind_store(projects.find_by_origin)
    show = bind_store(projects.show)
    rename = bind_store(projects.rename)
    archive = bind_store(projects.archive)
    restore = bind_store(projects.restore)
    delete = bind_store(projects.delete)
    rebuild = bind_store(ledger_rebuild.rebuild)
    remap_project = bind_store(reassignment.remap_project)
    remap_sessions = bind_store(reassignment.remap_sessions)
    remap_folder = bind_store(reassignment.remap_folder)
