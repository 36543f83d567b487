"""Imports of transcripts of any format."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onward.backend.local.resource import LocalResource, UseCases, bind_store

if TYPE_CHECKING:
    from onward.app.transcripts import imports
else:
    imports = UseCases("onward.app.transcripts.imports")


class LocalImports(LocalResource):
    """Imports of transcripts of any format."""

    import_paths = bind_store(imports.import_paths)
    known_imports = bind_store(imports.known_imports)
