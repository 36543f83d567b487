"""Whether the measure printed under every handoff agrees with probes that others wrote: rank correlation, and where it flatters.

    python -m bench.agreement [--only NAMES] [--budgets 1000,2000,4000,8000]

Both look at the same documents: Onward's own handoff, and four plain ones (the beginning, the end, the person's words with the agent's last ones, the newest first, lines at random), each cut to the budget. The measure is the share of its
references kept, with Wilson's 95 % interval; the probe score is the share of probes answered, by the scorer's own rules. Kendall's τ-b says how often two documents are ranked alike. A document is *flattered* where the lower end
of the measure's interval lies above the probe score.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import mean

from bench.frozen import Frozen, ProbeSet, budgets, parser
from bench.intervals import bootstrap, kendall
from bench.made import Made, made_of
from bench.report import keep, table
from onward.core.handoff import render
from onward.core.intervals import wilson
from onward.core.preservation import Preservation, measure
from onward.tokens import count_tokens

HANDOFF = "Onward's handoff"
_DRAWS = 400
"""For a rank correlation over a hundred points, each draw costs as much as the figure itself."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One document by both judges: shares 0..1, and the ends of the measure's interval."""

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
        """Whether even the lower end of the measure lies above the probe score."""
        return self.low > self.answered_ratio

    @property
    def is_surely_flattered(self) -> bool:
        """Whether it lies above the probes' own interval, too: a few probes are few."""
        return self.low > wilson(self.answered, self.probes)[1]


def judged(frozen: Frozen, one: ProbeSet, at: Sequence[int]) -> Iterator[Judged]:
    """Yield both judgements of every document of one session."""
    made = made_of([one.file])
    for budget in at:
        master = made.master(budget)
        yield _judged(frozen, one, HANDOFF, render(master.handoff), budget, master.preservation)
        for name, text in plain_documents(made, budget, frozen.scorer.cut).items():
            preservation = measure(text, made.references, document_tokens=count_tokens(text), session_tokens=0, sessions=1)
            yield _judged(frozen, one, name, text, budget, preservation)


def _judged(frozen: Frozen, one: ProbeSet, name: str, text: str, budget: int, preservation: Preservation) -> Judged:
    kept, total = sum(g.kept for g in preservation.groups), sum(g.total for g in preservation.groups)
    low, high = wilson(kept, total)
    answered = frozen.answered(one.probes, text, budget, one.pairs)
    return Judged(one.transcript, name, budget, kept / max(1, total), low, high, sum(answered), len(answered))


def plain_documents(made: Made, budget_tokens: int, cut: Callable[..., tuple[str, int]]) -> dict[str, str]:
    """Return documents that anyone could make without understanding a session, each of at most *budget_tokens*."""
    said = [turn for path in made.paths for _, turn in path.turns if turn.text and turn.mark in ("said", "queued") and not turn.sidechain]
    prose = "\n\n".join(turn.text for turn in said)
    lines = [line for line in prose.split("\n") if len(line.split()) > 3]
    random.Random(7).shuffle(lines)
    words, answers = ("\n\n".join(turn.text for turn in reversed(said) if turn.role == role) for role in ("user", "assistant"))
    words, used = cut(words, budget_tokens // 2)
    answers, _ = cut(answers, budget_tokens - min(used, budget_tokens // 2))
    return {
        "beginning": cut(prose, budget_tokens)[0],
        "end": cut(prose, budget_tokens, tail=True)[0],
        "person and agent's last": f"{words}\n\n{answers}",
        "random lines": cut("\n".join(lines), budget_tokens)[0],
    }


def tau(points: Sequence[Judged]) -> float:
    """Return how alike both judges rank *points* (−1..1); 0 where one of them tells nothing apart."""
    return kendall([one.measured for one in points], [one.answered_ratio for one in points]) or 0.0


def correlations(points: Sequence[Judged], at: Sequence[int]) -> dict[str, tuple[float, float, float]]:
    """Return the rank correlations with their 95 % intervals over sessions, by what is ranked."""
    by_session: dict[str, list[Judged]] = {}
    for one in points:
        by_session.setdefault(one.transcript, []).append(one)
    sessions = list(by_session.values())
    own = [[one for one in several if one.document == HANDOFF] for several in sessions]

    def over(groups: Sequence[Sequence[Judged]], keep_: Callable[[Judged], bool] = lambda _: True) -> tuple[float, float, float]:
        def figure(drawn: Sequence[Sequence[Judged]]) -> float:
            return tau([one for several in drawn for one in several if keep_(one)])

        return figure(groups), *bootstrap(groups, figure, draws=_DRAWS)

    found = {"handoffs, all sessions and budgets": over(own)}
    for budget in at:
        found[f"handoffs at {budget:,}, between sessions"] = over(own, lambda one, budget=budget: one.budget_tokens == budget)  # type: ignore[misc]
    each = [tau(several) for several in sessions]
    found["all documents of one session, mean"] = (mean(each), *bootstrap(each, mean))
    means = _means(points)
    found["all documents, means over sessions"] = (
        kendall([m for m, _ in means.values()], [a for _, a in means.values()]) or 0.0,
        *bootstrap(sessions, lambda drawn: _tau_of_means([one for several in drawn for one in several]), draws=_DRAWS),
    )
    return found


def _means(points: Sequence[Judged]) -> dict[tuple[str, int], tuple[float, float]]:
    groups: dict[tuple[str, int], list[Judged]] = {}
    for one in points:
        groups.setdefault((one.document, one.budget_tokens), []).append(one)
    return {
        key: (mean(one.measured for one in several), sum(one.answered for one in several) / sum(one.probes for one in several))
        for key, several in groups.items()
    }


def _tau_of_means(points: Sequence[Judged]) -> float:
    means = _means(points)
    return kendall([m for m, _ in means.values()], [a for _, a in means.values()]) or 0.0


def main(arguments: list[str] | None = None) -> None:
    """Judge, print the tables, and write the JSON."""
    asked = parser(__doc__)
    budgets(asked)
    given = asked.parse_args(arguments)
    frozen = Frozen(given.shared)
    points = [one for s in frozen.sets(given.only) for one in judged(frozen, s, given.budgets)]
    found = correlations(points, given.budgets)
    print("Kendall's τ-b between the measure and the share of probes answered\n")
    print(table(("ranked", "τ", "95 % interval"), [(name, t, f"[{low:.2f}–{high:.2f}]") for name, (t, low, high) in found.items()]))
    means = _means(points)
    names = list(dict.fromkeys(name for name, _ in means))
    print("\nper cent kept by the measure / per cent of probes answered\n")
    cells = [(name, *(f"{100 * means[name, b][0]:.0f} / {100 * means[name, b][1]:.0f}" for b in given.budgets)) for name in names]
    print(table(("document", *map("{:,}".format, given.budgets)), cells))
    flattered = [one for one in points if one.is_flattered]
    _print_flattered(points, flattered)
    keep(
        "agreement",
        {
            "sessions": len({one.transcript for one in points}),
            "tau": {name: {"tau": t, "low": low, "high": high} for name, (t, low, high) in found.items()},
            "means": [{"document": d, "budget": b, "measured": m, "answered": a} for (d, b), (m, a) in means.items()],
            "handoffs": sum(one.document == HANDOFF for one in points),
            "flattered": [_plain(one) for one in flattered],
            "points": [asdict(one) for one in points],
        },
        arguments,
    )


def _plain(one: Judged) -> Mapping[str, object]:
    return {**asdict(one), "surely": one.is_surely_flattered}


def _print_flattered(points: Sequence[Judged], flattered: Sequence[Judged]) -> None:
    own = [one for one in flattered if one.document == HANDOFF]
    rest = len(flattered) - len(own)
    count = sum(one.document == HANDOFF for one in points)
    print(
        f"\nThe measure's lower end lies above the probe score for {len(own)} of {count} handoffs, and for {rest} of {len(points) - count} plain documents; "
        f"above the probes' own interval for {sum(one.is_surely_flattered for one in own)} and {sum(one.is_surely_flattered for one in flattered) - sum(one.is_surely_flattered for one in own)}."
    )
    if own:
        rows = [
            (
                one.transcript,
                one.budget_tokens,
                f"{100 * one.measured:.0f} [{100 * one.low:.0f}–{100 * one.high:.0f}]",
                f"{one.answered}/{one.probes}",
            )
            for one in own
        ]
        print("\n" + table(("flattered handoff", "budget", "measured", "probes"), rows))


if __name__ == "__main__":
    main()
