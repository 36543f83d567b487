"""The workflow of a job: one step after the other, each remembered once it is done. DBOS runs it, and finds it again after a crash.

What is registered here is found by its name after an upgrade, so names, arguments and results stay as they are: plain numbers and texts.
"""

from __future__ import annotations

from collections.abc import Callable

from dbos import DBOS

QUEUE, URGENT_QUEUE, WORKFLOW = "onward-jobs", "onward-soon", "onward-job"
"""What somebody waits for has a queue of its own: it does not stand behind an import of a thousand files."""

_STEP_ATTEMPTS = 10
"""Of one step that could not even be written down, some minutes in all; then the sweep gives the job another run."""

_step_runner: Callable[[str], bool] | None = None


def set_step_runner(step_runner: Callable[[str], bool] | None) -> None:
    """Settle what takes a step in this process: one worker, or none."""
    global _step_runner  # noqa: PLW0603 - workflows are found by name, and know nothing but their arguments
    _step_runner = step_runner


@DBOS.step(name="onward-step", retries_allowed=True, interval_seconds=0.5, backoff_rate=2.0, max_attempts=_STEP_ATTEMPTS)
def take_step(run: str) -> bool:
    """Do the next piece of a run; return whether there is more."""
    if _step_runner is None:
        raise RuntimeError("no worker is at work in this process")
    return _step_runner(run)


@DBOS.workflow(name=WORKFLOW, max_recovery_attempts=None)
def carry_out(run: str) -> None:
    """Carry a run out to its end."""
    while take_step(run):
        pass
