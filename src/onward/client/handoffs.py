"""Handoffs on a server."""

from __future__ import annotations

from collections.abc import Iterator

from onward.client.decoder import read
from onward.client.jobs import OnProgress, RemoteJobs
from onward.client.resource import RemoteResource, read_handoff
from onward.core.handoff.changelog import Changelog
from onward.core.handoff.differences import HandoffDifference, LedgerDifference
from onward.core.handoff.redline import Redline
from onward.core.handoff.versions import CurrentHandoff, HandoffVersion, StoredHandoff
from onward.core.handoff.writer_report import WriterOutcome, read_outcome
from onward.core.project import Project
from onward.core.spend import CostEstimate


class RemoteHandoffs(RemoteResource):
    """Handoffs: what a project's next session should know, now and in earlier versions."""

    def current_handoff(
        self, project: Project, *, budget_tokens: int | None = None, session_number: int | None = None, by_rules: bool = False
    ) -> CurrentHandoff:
        """Return the master handoff, or the handoff of session *session_number*; with *by_rules* the one that no model wrote; with
        *budget_tokens*, composed for that size. Raises `NotFound`.
        """
        data = self._server.get(f"/projects/{project.id}/handoff", budget=budget_tokens, at_session=session_number, rules=by_rules or None)[
            "data"
        ]
        return read(CurrentHandoff, {**data, "handoff": data["document"]})

    def list_versions(self, project: Project) -> Iterator[HandoffVersion]:
        """Yield every version, the newest first, without its text."""
        return (read(HandoffVersion, version) for version in self._server.iter_rows(f"/projects/{project.id}/handoffs"))

    def require(self, project: Project, handoff_id: int) -> StoredHandoff:
        """Return the version with that id. Raises `NotFound`."""
        return read_handoff(self._server.get(f"/projects/{project.id}/handoffs/{handoff_id}")["data"])

    def restore(self, project: Project, handoff_id: int) -> StoredHandoff:
        """Make an earlier version the master handoff again, as a new version."""
        return read_handoff(self._server.post(f"/projects/{project.id}/handoffs/{handoff_id}/restore")["data"])

    def redline(self, project: Project, before: int, after: int) -> HandoffDifference:
        """Return how version *after* differs from version *before*."""
        data = self._server.get(f"/projects/{project.id}/handoffs/redline", **{"from": before, "to": after})["data"]
        return HandoffDifference(data["before"], data["after"], read(Redline, data))

    def refine(self, project: Project, on_progress: OnProgress | None = None) -> WriterOutcome:
        """Have the server's language model write the newest handoff, and wait for the result."""
        job_id = self._server.post(f"/projects/{project.id}/handoff/refine", {})["job_id"]
        for job in RemoteJobs(self._server).follow(job_id):
            if job.is_open and job.error:
                reason = f"{job.error['message']} {job.error['hint']}".strip()
                return WriterOutcome(job_id=job_id, version=None, why=reason, is_waiting=True)
            if job.is_open and on_progress:
                on_progress(job.done, job.total, job.step)
        return read_outcome(job_id, RemoteJobs(self._server).wait_for_result(job_id))

    def estimate(self, project: Project) -> CostEstimate:
        """Return what a written handoff costs at most. No model is asked."""
        return read(CostEstimate, self._server.post(f"/projects/{project.id}/handoff/refine", {"dry_run": True})["data"])

    def diff(self, project: Project, before: int, after: int) -> LedgerDifference:
        """Return what changed from the end of session *before* to the end of session *after*."""
        data = self._server.get(f"/projects/{project.id}/handoffs/diff", **{"from": before, "to": after})["data"]
        return LedgerDifference(data["before"], data["after"], read(Changelog, data))
