"""How it is told what became of a model's part in a handoff, and what it would cost."""

from __future__ import annotations

from collections import Counter

from onward.cli.desk import Desk
from onward.cli.present import Progress, counted, note, say, say_json
from onward.core.project import Project
from onward.core.refinement import Outcome, Refinement
from onward.core.spend import Estimate
from onward.errors import OnwardError

_WHY = {
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


def refined_beside(at: Desk, project: Project) -> Outcome:
    """Return what refining a handoff that was made just now comes to; whatever goes wrong, that one stands, and it is told."""
    try:
        with Progress("refining") as progress:
            return at.handoffs.refine(project, progress.at)
    except OnwardError as error:
        return Outcome(0, None, str(error))


def outcome_data(done: Outcome) -> dict[str, object]:
    """Return an outcome as plain data."""
    report = done.report.to_json() if done.report else None
    return {
        "handoff_version": done.version,
        "kept": done.version is not None,
        "why": done.why,
        "is_waiting": done.is_waiting,
        "refinement": report,
    }


def say_outcome(done: Outcome, project: Project) -> None:
    """Tell a person what a refinement came to."""
    if done.version is not None and done.report:
        say(f"Refined by {done.report.model}: handoff {done.version} of {project.name}.")
    elif done.is_waiting:
        say(f"The rules' handoff stands for now. {done.why}")
        note("It goes on while a worker is at work: onward serve, or onward worker.")
    else:
        say(f"The rules' handoff stands. {done.why}")
    if done.report:
        for line in _told(done.report):
            say(f"  {line}")
    if done.version is not None and done.version > 1:
        note(f"Compare: onward handoff redline {done.version - 1} {done.version} --project {project.name}")


def _told(report: Refinement) -> list[str]:
    told = [
        f"{counted(report.standing, 'line')} of {report.written} stand, {counted(report.put_back, 'fact')} put back in the rules' words"
    ]
    turned_away = Counter(one["reason"] for one in report.removed)
    told += [f"turned away: {counted(count, 'line')} {_WHY.get(reason, reason)}" for reason, count in turned_away.most_common()]
    told += [f"no answer for {title}: {why}" for title, why in report.unanswered.items()]
    better = [
        f"{kind} {now[0]}/{now[1]} (rules {report.before[kind][0]})" for kind, now in report.after.items() if now != report.before.get(kind)
    ]
    told += [f"kept better: {' · '.join(better)}"] if better else []
    return [*told, f"cost: {report.input_tokens:,} tokens in, {report.output_tokens:,} out{_usd(report.cost_usd)}"]


def say_estimate(found: Estimate, *, as_json: bool) -> None:
    """Tell what a refinement comes to at most."""
    if as_json:
        say_json(found._asdict())
        return
    tokens = f"about {found.input_tokens:,} tokens in, at most {found.output_tokens:,} out"
    say(f"{counted(found.calls, 'request')}: {tokens}{_usd(found.cost_usd)}. Nothing was asked.")


def _usd(cost_usd: float | None) -> str:
    return ", at a price that is not known" if cost_usd is None else f", {cost_usd:.4f} USD"
