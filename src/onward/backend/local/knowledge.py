"""The knowledge base: reusable lessons of all projects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onward.adapters import build_model_setup
from onward.backend.local.resource import LocalResource, UseCases, bind_store
from onward.core.knowledge.diagnosis import Troubleshooting
from onward.core.project import Project

if TYPE_CHECKING:
    from onward.app.knowledge import knowledge, troubleshooter
    from onward.app.models import gateway
else:
    knowledge = UseCases("onward.app.knowledge.knowledge")
    troubleshooter = UseCases("onward.app.knowledge.troubleshooter")
    gateway = UseCases("onward.app.models.gateway")


class LocalKnowledge(LocalResource):
    """The knowledge base: reusable lessons of all projects."""

    list_entries = bind_store(knowledge.list_entries)
    search = bind_store(knowledge.search)
    match_error = bind_store(knowledge.match_error)
    show = bind_store(knowledge.show)
    add = bind_store(knowledge.add)
    edit = bind_store(knowledge.edit)
    note_used = bind_store(knowledge.record_used)
    delete = bind_store(knowledge.delete)

    def troubleshoot(self, error: str, *, project: Project | None = None, context: str = "", use_ai: bool | None = None) -> Troubleshooting:
        """Return what is known of *error*. A model is asked if one is set up and the project has not solved the error before; *use_ai* is
        True to ask it in any case, False to ask none.
        """
        model_call = (
            None if use_ai is False else gateway.find_model_context(self._store, build_model_setup(self._settings), project=project)
        )
        return troubleshooter.troubleshoot(
            self._store, error, project=project, context=context, model_context=model_call, always=bool(use_ai)
        )
