"""Compare the measure printed under every handoff with independent probes: rank correlation, and where the measure is too high.

    python -m bench.agreement [--only NAMES] [--budgets 1000,2000,4000,8000]

Both rate the same documents: Onward's handoff and four plain ones (the beginning, the end, the user's messages with the agent's last
ones, newest first, and random lines), each cut to the budget. The measure is the share of its references kept, with Wilson's 95 %
interval; the probe score is the share of probes answered by the scorer's rules. Kendall's τ-b tells how often two documents are ranked
alike. The same is done with the labelled sentences: the share of the live ones worth keeping that a document has, by the frozen scorer
of lines. The sizes of the measure's samples were chosen on every other project, so each figure is also given for the projects left out.
A document is *flattered* when the lower end of the measure's interval lies above the probe score.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import mean

from bench.distillation import Distillation, distil_sessions
from bench.intervals import bootstrap, kendall
from bench.line_scores import LabelledSession, LineScorer, as_list
from bench.probe_sets import Frozen, ProbeSet, add_budgets, create_parser
from bench.report import keep, table
from onward.core.analytics.intervals import wilson_interval
from onward.core.handoff.document import render
from onward.core.preservation.measure import measure
from onward.core.preservation.scores import Preservation
from onward.tokens import count_tokens

HANDOFF = "Onward's handoff"
_DRAWS = 400
"""A rank correlation over a hundred points makes every draw as expensive as the figure itself."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """One document rated by both judges: shares 0..1, and the ends of the measure's interval."""

    transcript: str
    document: str
    budget_tokens: int
    measured: float
    low: float
    high: float
    answered: int
    probes: int

    @property
    def answered_ratio(self) -> float:
        """The share of probes answered."""
        return self.answered / self.probes

    @property
    def is_flattered(self) -> bool:
        """Whether the lower end of the measure's interval lies above the probe score."""
        return self.low > self.answered_ratio

    @property
    def is_surely_flattered(self) -> bool:
        """Whether that lower end also lies above the interval of the probe score, which is wide for few probes."""
        return self.low > wilson_interval(self.answered, self.probes)[1]


def judge(frozen: Frozen, probe_set: ProbeSet, at: Sequence[int]) -> Iterator[Judgement]:
    """Yield both ratings of every document of one session."""
    distillation = distil_sessions([probe_set.file])
    for budget in at:
        master = distillation.master(budget)
        yield _judge(frozen, probe_set, HANDOFF, render(master.handoff), budget, master.preservation)
        for name, text in plain_documents(distillation, budget, frozen.scorer.cut).items():
            preservation = measure(text, distillation.references, document_tokens=count_tokens(text), session_tokens=0, sessions=1)
            yield _judge(frozen, probe_set, name, text, budget, preservation)


def _judge(frozen: Frozen, probe_set: ProbeSet, name: str, text: str, budget: int, preservation: Preservation) -> Judgement:
    kept_count, total = sum(g.kept_count for g in preservation.groups), sum(g.total for g in preservation.groups)
    low, high = wilson_interval(kept_count, total)
    answered = frozen.answered(probe_set.probes, text, budget, probe_set.pairs)
    return Judgement(
        transcript=probe_set.transcript,
        document=name,
        budget_tokens=budget,
        measured=kept_count / max(1, total),
        low=low,
        high=high,
        answered=sum(answered),
        probes=len(answered),
    )


def judge_by_labels(
    scorer: LineScorer, session: LabelledSession, at: Sequence[int], cut: Callable[..., tuple[str, int]]
) -> Iterator[Judgement]:
    """Yield the rating of every document of one session by the measure, and by its labelled sentences."""
    distillation = distil_sessions([session.file])
    for budget in at:
        documents = {HANDOFF: render(distillation.master(budget).handoff)}
        plain = plain_documents(distillation, budget, cut)
        for name, text in {**documents, **plain}.items():
            preservation = measure(text, distillation.references, document_tokens=count_tokens(text), session_tokens=0, sessions=1)
            total = sum(group.total for group in preservation.groups)
            kept_count = sum(group.kept_count for group in preservation.groups)
            low, high = wilson_interval(kept_count, total)
            answered, total_labels = scorer.count_kept(text if name == HANDOFF else as_list(text), session.rows)
            yield Judgement(
                transcript=f"{session.project}/{session.file.stem}",
                document=name,
                budget_tokens=budget,
                measured=kept_count / max(1, total),
                low=low,
                high=high,
                answered=answered,
                probes=total_labels,
            )


def within_budgets(
    points: Sequence[Judgement], at: Sequence[int], project_of: Callable[[Judgement], str]
) -> list[tuple[int, int, float, float]]:
    """Return (budget, documents, τ of all, τ of the projects left out) for each budget: every document of every session together."""
    left_out = set(sorted({project_of(point) for point in points})[1::2])
    rows: list[tuple[int, int, float, float]] = []
    for budget in at:
        of_budget = [point for point in points if point.budget_tokens == budget]
        rows.append((budget, len(of_budget), tau(of_budget), tau([point for point in of_budget if project_of(point) in left_out])))
    return rows


def plain_documents(distillation: Distillation, budget_tokens: int, cut: Callable[..., tuple[str, int]]) -> dict[str, str]:
    """Return plain documents that need no understanding of a session, each of at most *budget_tokens*."""
    messages = [
        turn
        for path in distillation.paths
        for _, turn in path.turns
        if turn.text and turn.mark in ("said", "queued") and not turn.sidechain
    ]
    prose = "\n\n".join(turn.text for turn in messages)
    lines = [line for line in prose.split("\n") if len(line.split()) > 3]
    random.Random(7).shuffle(lines)
    words, answers = ("\n\n".join(turn.text for turn in reversed(messages) if turn.role == role) for role in ("user", "assistant"))
    words, used = cut(words, budget_tokens // 2)
    answers, _ = cut(answers, budget_tokens - min(used, budget_tokens // 2))
    return {
        "beginning": cut(prose, budget_tokens)[0],
        "end": cut(prose, budget_tokens, tail=True)[0],
        "person and agent's last": f"{words}\n\n{answers}",
        "random lines": cut("\n".join(lines), budget_tokens)[0],
    }


def tau(points: Sequence[Judgement]) -> float:
    """Return how alike both judges rank *points* (−1..1); 0 where one of them ranks all points equal."""
    return kendall([point.measured for point in points], [point.answered_ratio for point in points]) or 0.0


def correlations(points: Sequence[Judgement], at: Sequence[int]) -> dict[str, tuple[float, float, float]]:
    """Return the rank correlations with their 95 % intervals over sessions, by what is ranked."""
    by_session: dict[str, list[Judgement]] = {}
    for point in points:
        by_session.setdefault(point.transcript, []).append(point)
    sessions = list(by_session.values())
    handoff_points = [[point for point in several if point.document == HANDOFF] for several in sessions]

    def with_interval(
        groups: Sequence[Sequence[Judgement]], keep_: Callable[[Judgement], bool] = lambda _: True
    ) -> tuple[float, float, float]:
        def figure(drawn: Sequence[Sequence[Judgement]]) -> float:
            return tau([point for several in drawn for point in several if keep_(point)])

        return figure(groups), *bootstrap(groups, figure, draws=_DRAWS)

    results = {"handoffs, all sessions and budgets": with_interval(handoff_points)}
    for budget in at:
        results[f"handoffs at {budget:,}, between sessions"] = with_interval(
            handoff_points, lambda point, budget=budget: point.budget_tokens == budget
        )  # type: ignore[misc]
    each = [tau(several) for several in sessions]
    results["all documents of one session, mean"] = (mean(each), *bootstrap(each, mean))
    means = _means(points)
    results["all documents, means over sessions"] = (
        kendall([m for m, _ in means.values()], [a for _, a in means.values()]) or 0.0,
        *bootstrap(sessions, lambda drawn: _tau_of_means([point for several in drawn for point in several]), draws=_DRAWS),
    )
    return results


def _means(points: Sequence[Judgement]) -> dict[tuple[str, int], tuple[float, float]]:
    groups: dict[tuple[str, int], list[Judgement]] = {}
    for point in points:
        groups.setdefault((point.document, point.budget_tokens), []).append(point)
    return {
        key: (mean(point.measured for point in several), sum(point.answered for point in several) / sum(point.probes for point in several))
        for key, several in groups.items()
    }


def _tau_of_means(points: Sequence[Judgement]) -> float:
    means = _means(points)
    return kendall([m for m, _ in means.values()], [a for _, a in means.values()]) or 0.0


def main(arguments: list[str] | None = None) -> None:
    """Rate, print the tables, and write the JSON."""
    argument_parser = create_parser(__doc__)
    add_budgets(argument_parser)
    options = argument_parser.parse_args(arguments)
    frozen = Frozen(options.shared)
    points = [point for s in frozen.sets(options.only) for point in judge(frozen, s, options.budgets)]
    results = correlations(points, options.budgets)
    print("Kendall's τ-b between the measure and the share of probes answered\n")
    print(table(("ranked", "τ", "95 % interval"), [(name, t, f"[{low:.2f}–{high:.2f}]") for name, (t, low, high) in results.items()]))
    means = _means(points)
    names = list(dict.fromkeys(name for name, _ in means))
    print("\nper cent kept by the measure / per cent of probes answered\n")
    cells = [(name, *(f"{100 * means[name, b][0]:.0f} / {100 * means[name, b][1]:.0f}" for b in options.budgets)) for name in names]
    print(table(("document", *map("{:,}".format, options.budgets)), cells))
    flattered = [point for point in points if point.is_flattered]
    _print_flattered(points, flattered)
    project_by_transcript = {probe_set.transcript: probe_set.project for probe_set in frozen.sets(options.only)}
    by_probes = within_budgets(points, options.budgets, lambda point: project_by_transcript[point.transcript])
    scorer = LineScorer(options.shared)
    words = [word for word in options.only.split(",") if word]
    labelled = [s for s in scorer.sessions() if not words or any(word in s.project for word in words)]
    label_points = [point for s in labelled for point in judge_by_labels(scorer, s, options.budgets, frozen.scorer.cut)]
    by_labels = within_budgets(label_points, options.budgets, lambda point: point.transcript.partition("/")[0])
    for name, rows in (("probes", by_probes), ("labelled sentences", by_labels)):
        print(f"\nτ-b within budgets between the measure and {name}, all documents\n")
        print(table(("budget", "documents", "τ", "projects left out"), rows))
    keep(
        "agreement",
        {
            "sessions": len({point.transcript for point in points}),
            "tau": {name: {"tau": t, "low": low, "high": high} for name, (t, low, high) in results.items()},
            "means": [{"document": d, "budget": b, "measured": m, "answered": a} for (d, b), (m, a) in means.items()],
            "handoffs": sum(point.document == HANDOFF for point in points),
            "within_budgets": {"probes": by_probes, "labels": by_labels},
            "flattered": [_plain(point) for point in flattered],
            "points": [asdict(point) for point in points],
        },
        arguments,
    )


def _plain(point: Judgement) -> Mapping[str, object]:
    return {**asdict(point), "surely": point.is_surely_flattered}


def _print_flattered(points: Sequence[Judgement], flattered: Sequence[Judgement]) -> None:
    flattered_handoffs = [point for point in flattered if point.document == HANDOFF]
    rest = len(flattered) - len(flattered_handoffs)
    count = sum(point.document == HANDOFF for point in points)
    print(
        f"\nThe measure's lower end lies above the probe score for {len(flattered_handoffs)} of {count} handoffs, and for {rest} of "
        f"{len(points) - count} plain documents; "
        f"above the probes' own interval for {sum(point.is_surely_flattered for point in flattered_handoffs)} and "
        f"{sum(point.is_surely_flattered for point in flattered) - sum(point.is_surely_flattered for point in flattered_handoffs)}."
    )
    if flattered_handoffs:
        rows = [
            (
                point.transcript,
                point.budget_tokens,
                f"{100 * point.measured:.0f} [{100 * point.low:.0f}–{100 * point.high:.0f}]",
                f"{point.answered}/{point.probes}",
            )
            for point in flattered_handoffs
        ]
        print("\n" + table(("flattered handoff", "budget", "measured", "probes"), rows))


if __name__ == "__main__":
    main()
