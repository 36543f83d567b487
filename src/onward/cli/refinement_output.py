"""Prints the result and the estimated cost of a refinement."""

from __future__ import annotations

from collections import Counter

from onward.cli.context import Backend
from onward.cli.presentation import ProgressBar, note, quantity, say, say_json
from onward.core.handoff.refinement import Refinement, RefinementOutcome
from onward.core.project import Project
from onward.core.spend import CostEstimate
from onward.errors import OnwardError

_REASON_TEXTS = {
    "value": "unsupported exact value",
    "stale": "outdated",
    "order": "instruction to the reader",
    "polarity": "negation lost or added",
    "words": "mostly unsupported words",
    "carries nothing": "no complete fact",
    "twice": "duplicate",
    "too long": "too long",
    "empty": "empty",
    "excuse": "no content",
    "no facts": "no valid fact cited",
    "no source": "source turns missing",
    "over budget": "over budget",
    "lost": "lower preservation",
}


def try_refine(backend: Backend, project: Project) -> RefinementOutcome:
    """Refine the new handoff and return the outcome. An error becomes the reason of the outcome; the handoff stays as it is."""
    try:
        with ProgressBar("refining") as progress:
            return backend.handoffs.refine(project, progress.update)
    except OnwardError as error:
        return RefinementOutcome(job_id=0, version=None, why=str(error))


def outcome_data(outcome: RefinementOutcome) -> dict[str, object]:
    """Return an outcome as plain data."""
    report = outcome.report.to_json() if outcome.report else None
    return {
        "handoff_version": outcome.version,
        "kept": outcome.version is not None,
        "why": outcome.why,
        "is_waiting": outcome.is_waiting,
        "refinement": report,
    }


def say_outcome(outcome: RefinementOutcome, project: Project) -> None:
    """Print the outcome of a refinement."""
    if outcome.version is not None and outcome.report:
        say(f"Refined by {outcome.report.model}: handoff {outcome.version} of {project.name}.")
    elif outcome.is_waiting:
        say(f"Not refined yet. {outcome.why}")
        note("The refinement continues when a worker runs: onward serve, or onward worker.")
    else:
        say(f"Not refined: the handoff stays as it is. {outcome.why}")
    if outcome.report:
        for line in _report_lines(outcome.report):
            say(f"  {line}")
    if outcome.version is not None and outcome.version > 1:
        note(f"Compare: onward handoff redline {outcome.version - 1} {outcome.version} --project {project.name}")


def _report_lines(report: Refinement) -> list[str]:
    lines = [f"accepted: {report.standing} of {quantity(report.written, 'line')}; restored: {quantity(report.put_back, 'fact')}"]
    rejections = Counter(line["reason"] for line in report.removed)
    lines += [f"rejected: {quantity(count, 'line')} ({_REASON_TEXTS.get(reason, reason)})" for reason, count in rejections.most_common()]
    lines += [f"no answer for {title}: {why}" for title, why in report.unanswered.items()]
    improvements = [
        f"{kind} {counts[0]}/{counts[1]} (before {report.before[kind][0]})"
        for kind, counts in report.after.items()
        if counts != report.before.get(kind)
    ]
    lines += [f"better preserved: {' · '.join(improvements)}"] if improvements else []
    return [*lines, f"cost: {report.input_tokens:,} tokens in, {report.output_tokens:,} out{_cost_text(report.cost_usd)}"]


def say_estimate(estimate: CostEstimate, *, as_json: bool) -> None:
    """Print the maximum cost of a refinement."""
    if as_json:
        say_json(estimate._asdict())
        return
    tokens = f"about {estimate.input_tokens:,} tokens in, at most {estimate.output_tokens:,} out"
    say(f"{quantity(estimate.calls, 'request')}: {tokens}{_cost_text(estimate.cost_usd)}. No request was sent.")


def _cost_text(cost_usd: float | None) -> str:
    return ", price unknown" if cost_usd is None else f", {cost_usd:.4f} USD"
