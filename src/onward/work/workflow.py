"""The workflow of a job: one step after the other, each recorded when it is done. DBOS runs it, and continues it after a crash.

After an upgrade, DBOS finds what is registered here by name, so names, arguments and results must not change, and must be plain numbers
and texts.
"""

from __future__ import annotations

from collections.abc import Callable

from dbos import DBOS

QUEUE, URGENT_QUEUE, WORKFLOW = "onward-jobs", "onward-soon", "onward-job"
"""Jobs that a user waits for have their own queue, so that they do not wait behind a large import."""

_STEP_ATTEMPTS = 10
"""Attempts of a step whose result could not be stored, some minutes in all; after that the sweep starts a new run of the job."""

_step_runner: Callable[[str], bool] | None = None


def set_step_runner(step_runner: Callable[[str], bool] | None) -> None:
    """Set the function that runs a step in this process; None if no worker is active."""
    global _step_runner  # noqa: PLW0603 - workflows are found by name, and know nothing but their arguments
    _step_runner = step_runner


@DBOS.step(name="onward-step", retries_allowed=True, interval_seconds=0.5, backoff_rate=2.0, max_attempts=_STEP_ATTEMPTS)
def take_step(run: str) -> bool:
    """Run the next step of a run; return whether more steps follow."""
    if _step_runner is None:
        raise RuntimeError("no worker is at work in this process")
    return _step_runner(run)


@DBOS.workflow(name=WORKFLOW, max_recovery_attempts=None)
def carry_out(run: str) -> None:
    """Run all steps of a run."""
    while take_step(run):
        pass
