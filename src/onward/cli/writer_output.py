"""Prints the result and the estimated cost of a handoff that a model writes."""

from __future__ import annotations

from collections import Counter

from onward.cli.context import Backend
from onward.cli.presentation import ProgressBar, note, quantity, say, say_json
from onward.core.handoff.writer_report import WriterOutcome, WriterReport
from onward.core.project import Project
from onward.core.spend import CostEstimate
from onward.errors import OnwardError

_REASON_TEXTS = {
    "no handle": "cites nothing",
    "unknown handle": "cites a turn that it was not given",
    "value": "unsupported exact value",
    "swapped": "another value belongs there",
    "polarity": "negation lost or added",
    "state": "git, a tool or the evidence says otherwise",
    "words": "mostly unsupported words",
    "not a quotation": "a rule not in the person's words",
    "order": "instruction to the reader",
    "excuse": "no content",
    "too long": "too long",
    "empty": "empty",
}


def try_write(backend: Backend, project: Project) -> WriterOutcome:
    """Have the new handoff written and return the outcome. An error becomes the reason of the outcome; the handoff stays as it is."""
    try:
        with ProgressBar("writing") as progress:
            return backend.handoffs.refine(project, progress.update)
    except OnwardError as error:
        return WriterOutcome(job_id=0, version=None, why=str(error))


def outcome_data(outcome: WriterOutcome) -> dict[str, object]:
    """Return an outcome as plain data."""
    report = outcome.report.to_json() if outcome.report else None
    return {
        "handoff_version": outcome.version,
        "is_stored": outcome.version is not None,
        "reason": outcome.why,
        "is_waiting": outcome.is_waiting,
        "refinement": report,
    }


def say_outcome(outcome: WriterOutcome, project: Project) -> None:
    """Print what the model wrote, or why nothing is stored."""
    if outcome.version is not None and outcome.report:
        say(f"Written by {outcome.report.model}: handoff {outcome.version} of {project.name}.")
    elif outcome.is_waiting:
        say(f"Not written yet. {outcome.why}")
        note("The job continues when a worker runs: onward serve, or onward worker.")
    else:
        say(f"Not written: the handoff by rules stays. {outcome.why}")
    if outcome.report:
        for line in _report_lines(outcome.report):
            say(f"  {line}")
    if outcome.version is not None and outcome.version > 1:
        note(f"Compare: onward handoff redline {outcome.version - 1} {outcome.version} --project {project.name}")


def authorship_text(report: WriterReport) -> str:
    """Return how many lines of a written handoff passed the checks: "41 lines checked, 3 refused, 2 restored"."""
    return f"{quantity(report.written, 'line')} checked, {report.written - report.standing} refused, {report.put_back} restored"


def _report_lines(report: WriterReport) -> list[str]:
    lines = [authorship_text(report)]
    rejections = Counter(line["reason"] for line in report.removed)
    lines += [f"refused: {quantity(count, 'line')} ({_REASON_TEXTS.get(reason, reason)})" for reason, count in rejections.most_common()]
    lines += [f"no answer for {title}: {why}" for title, why in report.unanswered.items()]
    return [*lines, f"cost: {report.input_tokens:,} tokens in, {report.output_tokens:,} out{_cost_text(report.cost_usd)}"]


def say_estimate(estimate: CostEstimate, *, as_json: bool) -> None:
    """Print the maximum cost of a written handoff."""
    if as_json:
        say_json(estimate._asdict())
        return
    tokens = f"about {estimate.input_tokens:,} tokens in, at most {estimate.output_tokens:,} out"
    say(f"{quantity(estimate.calls, 'request')}: {tokens}{_cost_text(estimate.cost_usd)}. No request was sent.")


def _cost_text(cost_usd: float | None) -> str:
    return ", price unknown" if cost_usd is None else f", {cost_usd:.4f} USD"
