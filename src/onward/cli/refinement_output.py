"""How it is told what became of a model's part in a handoff, and what it would cost."""

from __future__ import annotations

from collections import Counter

from onward.cli.context import Backend
from onward.cli.presentation import ProgressBar, note, quantity, say, say_json
from onward.core.handoff.refinement import Refinement, RefinementOutcome
from onward.core.project import Project
from onward.core.spend import CostEstimate
from onward.errors import OnwardError

_REASON_TEXTS = {
    "value": "with an exact value that its facts lack",
    "stale": "saying what was given up",
    "order": "giving orders",
    "polarity": "losing or adding a not",
    "words": "mostly of words that its facts lack",
    "carries nothing": "that tell none of their facts whole",
    "twice": "told already",
    "too long": "too long",
    "empty": "empty",
    "excuse": "that say nothing",
    "no facts": "without facts of theirs",
    "no source": "whose turns are gone",
    "over budget": "for which there was no room",
    "lost": "that made the measure worse",
}


def try_refine(backend: Backend, project: Project) -> RefinementOutcome:
    """Return what refining a handoff that was made just now comes to; whatever goes wrong, that one stands, and it is told."""
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
    """Tell a person what a refinement came to."""
    if outcome.version is not None and outcome.report:
        say(f"Refined by {outcome.report.model}: handoff {outcome.version} of {project.name}.")
    elif outcome.is_waiting:
        say(f"The rules' handoff stands for now. {outcome.why}")
        note("It goes on while a worker is at work: onward serve, or onward worker.")
    else:
        say(f"The rules' handoff stands. {outcome.why}")
    if outcome.report:
        for line in _report_lines(outcome.report):
            say(f"  {line}")
    if outcome.version is not None and outcome.version > 1:
        note(f"Compare: onward handoff redline {outcome.version - 1} {outcome.version} --project {project.name}")


def _report_lines(report: Refinement) -> list[str]:
    lines = [
        f"{quantity(report.standing, 'line')} of {report.written} stand, {quantity(report.put_back, 'fact')} put back in the rules' words"
    ]
    rejections = Counter(line["reason"] for line in report.removed)
    lines += [f"turned away: {quantity(count, 'line')} {_REASON_TEXTS.get(reason, reason)}" for reason, count in rejections.most_common()]
    lines += [f"no answer for {title}: {why}" for title, why in report.unanswered.items()]
    improvements = [
        f"{kind} {counts[0]}/{counts[1]} (rules {report.before[kind][0]})"
        for kind, counts in report.after.items()
        if counts != report.before.get(kind)
    ]
    lines += [f"kept better: {' · '.join(improvements)}"] if improvements else []
    return [*lines, f"cost: {report.input_tokens:,} tokens in, {report.output_tokens:,} out{_cost_text(report.cost_usd)}"]


def say_estimate(estimate: CostEstimate, *, as_json: bool) -> None:
    """Tell what a refinement comes to at most."""
    if as_json:
        say_json(estimate._asdict())
        return
    tokens = f"about {estimate.input_tokens:,} tokens in, at most {estimate.output_tokens:,} out"
    say(f"{quantity(estimate.calls, 'request')}: {tokens}{_cost_text(estimate.cost_usd)}. Nothing was asked.")


def _cost_text(cost_usd: float | None) -> str:
    return ", at a price that is not known" if cost_usd is None else f", {cost_usd:.4f} USD"
