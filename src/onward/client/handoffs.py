"""Handoffs on a server."""

from __future__ import annotations

from collections.abc import Iterator

from onward.client.jobs import Jobs, Tell
from onward.client.reading import read
from onward.client.rooms import Room, handoff_of
from onward.core.changelog import Changelog
from onward.core.project import Project
from onward.core.redline import Redline
from onward.core.refinement import Outcome, outcome
from onward.core.spend import Estimate
from onward.core.stored_handoff import Current, Difference, HandoffVersion, Redlined, StoredHandoff


class Handoffs(Room):
    """What a project's next session should know, now and as it was."""

    def current(self, project: Project, *, budget_tokens: int | None = None, session_number: int | None = None) -> Current:
        """Return the master handoff; with *session_number*, the one that completing that session made; with *budget_tokens*, composed anew for that size. Raises `NotFound` when there is none."""
        told = self._wire.get(f"/projects/{project.id}/handoff", budget=budget_tokens, at_session=session_number)["data"]
        return read(Current, {**told, "handoff": told["document"]})

    def versions(self, project: Project) -> Iterator[HandoffVersion]:
        """Yield every version, the newest first, without its text."""
        return (read(HandoffVersion, one) for one in self._wire.pages(f"/projects/{project.id}/handoffs"))

    def of_id(self, project: Project, handoff_id: int) -> StoredHandoff:
        """Return the version of that id. Raises `NotFound`."""
        return handoff_of(self._wire.get(f"/projects/{project.id}/handoffs/{handoff_id}")["data"])

    def restore(self, project: Project, handoff_id: int) -> StoredHandoff:
        """Make an earlier version the master handoff again, as a new version."""
        return handoff_of(self._wire.post(f"/projects/{project.id}/handoffs/{handoff_id}/restore")["data"])

    def redlined(self, project: Project, before: int, after: int) -> Redlined:
        """Return what version *after* says differently from version *before*."""
        told = self._wire.get(f"/projects/{project.id}/handoffs/redline", **{"from": before, "to": after})["data"]
        return Redlined(told["before"], told["after"], read(Redline, told))

    def refine(self, project: Project, on_progress: Tell | None = None) -> Outcome:
        """Have the server's language model refine the newest handoff, and wait for what comes of it."""
        job_id = self._wire.post(f"/projects/{project.id}/handoff/refine", {})["job_id"]
        for job in Jobs(self._wire).follow(job_id):
            if job.is_open and job.error:
                why = f"{job.error['message']} {job.error['hint']}".strip()
                return Outcome(job_id, None, why, is_waiting=True)
            if job.is_open and on_progress:
                on_progress(job.done, job.total, job.step)
        return outcome(job_id, Jobs(self._wire).result(job_id))

    def estimate(self, project: Project) -> Estimate:
        """Return what refining the newest handoff comes to at most. Nothing is asked."""
        return read(Estimate, self._wire.post(f"/projects/{project.id}/handoff/refine", {"dry_run": True})["data"])

    def diff(self, project: Project, before: int, after: int) -> Difference:
        """Return what changed from the end of session *before* to the end of session *after*."""
        told = self._wire.get(f"/projects/{project.id}/handoffs/diff", **{"from": before, "to": after})["data"]
        return Difference(told["before"], told["after"], read(Changelog, told))
