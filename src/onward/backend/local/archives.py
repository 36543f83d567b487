"""Whole projects as files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onward.backend.local.resource import LocalResource, UseCases, bind_store

if TYPE_CHECKING:
    from onward.app.archives import archives
else:
    archives = UseCases("onward.app.archives.archives")


class LocalArchives(LocalResource):
    """Whole projects as files."""

    export = bind_store(archives.export_project)
    import_archive = bind_store(archives.import_archive)
