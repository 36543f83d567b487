"""Handoffs: what a project's next session should know, now and in earlier versions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from onward.adapters import build_model_setup
from onward.backend.local.resource import LocalResource, UseCases, bind_store
from onward.core.handoff.writer_report import WriterOutcome, read_outcome
from onward.core.project import Project
from onward.core.spend import CostEstimate

if TYPE_CHECKING:
    from onward.app.handoffs import handoffs
else:
    handoffs = UseCases("onward.app.handoffs.handoffs")


class LocalHandoffs(LocalResource):
    """Handoffs: what a project's next session should know, now and in earlier versions."""

    current_handoff = bind_store(handoffs.current_handoff)
    list_versions = bind_store(handoffs.list_versions)
    require = bind_store(handoffs.require)
    restore = bind_store(handoffs.restore)
    diff = bind_store(handoffs.diff)
    redline = bind_store(handoffs.compare_versions)

    def refine(self, project: Project, on_progress: Callable[[int, int | None, str], None] | None = None) -> WriterOutcome:
        """Have a language model write the newest handoff, and wait for the result. A running worker does it, or one in this process."""
        # Imported here and below: the models take long to load.
        from onward.app.handoffs import writer
        from onward.backend.job_wait import run_job

        job = writer.request_writing(self._store, build_model_setup(self._settings), project, requested_by="cli")
        if job is None:
            raise writer.no_model_error()
        finished_job = run_job(self._store, self._settings, job.id, on_progress)
        if finished_job.is_open:
            error = finished_job.error or {}
            return WriterOutcome(
                job_id=finished_job.id, version=None, why=f"{error.get('message', '')} {error.get('hint', '')}".strip(), is_waiting=True
            )
        return read_outcome(finished_job.id, finished_job.result)

    def estimate(self, project: Project) -> CostEstimate:
        """Return what a written handoff costs at most. No model is asked."""
        from onward.app.handoffs import writer

        return writer.estimate(self._store, build_model_setup(self._settings), project)
