"""How long a project remembers: the probes of each session, looked up in the master handoffs of later sessions.

    python -m bench.retention [--only NAMES] [--budgets 2000,4000,8000] [--draw FILE]

The probe sessions of a project are imported and completed one after the other, as the scorer's `--carry --store` does. After each, the
probes of every session up to it are looked up in the master: `after 0` is the session's own handoff, `after j` the master j sessions
later. Every probe counts at every distance, including steps that were done meanwhile and may be dropped; a second figure leaves open
items out. For comparison: the user's messages of all sessions with the agent's last ones, newest first, cut to the same budget.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.agreement import plain_documents
from bench.distillation import complete, distil_sessions, store_with
from bench.intervals import format_share, share, share_interval
from bench.line_chart import Curve, chart
from bench.probe_sets import Frozen, ProbeSet, add_budgets, create_parser, pairs_of, sets_by_project
from bench.report import ROOT, keep, table
from onward.app.handoffs import handoffs

FEWEST_SESSIONS = 4
DRAWING = ROOT / "docs" / "img" / "retention.svg"
HANDOFF, PLAIN = "master handoff", "person and agent's last"


@dataclass(frozen=True, slots=True)
class RetentionResult:
    """How many probes of one session a document answers *after* so many later sessions; `lasting` counts all but open items."""

    project: str
    transcript: str
    document: str
    after: int
    budget_tokens: int
    answered: int
    probes: int
    lasting_answered: int
    lasting: int


def measure_retention(frozen: Frozen, name: str, sets: Sequence[ProbeSet], at: Sequence[int]) -> Iterator[RetentionResult]:
    """Yield what the master of one project still answers of each session after each later one."""
    with store_with("retention") as (store, [project]):
        for number, newest in enumerate(sets):
            complete(store, project, newest.file)
            distillation = distil_sessions([probe_set.file for probe_set in sets[: number + 1]])
            pairs = pairs_of(sets[: number + 1])
            for budget in at:
                texts = {
                    HANDOFF: handoffs.current_handoff(store, project, budget_tokens=budget).markdown,
                    PLAIN: plain_documents(distillation, budget, frozen.scorer.cut)[PLAIN],
                }
                for document, text in texts.items():
                    for place, probe_set in enumerate(sets[: number + 1]):
                        got = frozen.answered(probe_set.probes, text, budget, pairs)
                        lasting = [ok for ok, probe in zip(got, probe_set.probes, strict=True) if probe["type"] != "open"]
                        yield RetentionResult(
                            project=name,
                            transcript=probe_set.transcript,
                            document=document,
                            after=number - place,
                            budget_tokens=budget,
                            answered=sum(got),
                            probes=len(got),
                            lasting_answered=sum(lasting),
                            lasting=len(lasting),
                        )


def curves(points: Sequence[RetentionResult], at: Sequence[int]) -> list[Curve]:
    """Return a curve for each budget, and one for the plain documents at the middle budget."""
    middle = at[len(at) // 2]
    wanted = [(HANDOFF, budget, f"{budget:,} tokens") for budget in reversed(at)] + [(PLAIN, middle, f"plain, {middle:,}")]
    return [
        Curve(name, [(after, *_figure(_counts(points, document, budget, after))) for after in _distances(points)], budget == middle)
        for document, budget, name in wanted
    ]


def _distances(points: Sequence[RetentionResult]) -> list[int]:
    return sorted({point.after for point in points})


def _counts(points: Sequence[RetentionResult], document: str, budget: int, after: int, *, lasting: bool = False) -> list[tuple[int, int]]:
    here = [point for point in points if (point.document, point.budget_tokens, point.after) == (document, budget, after)]
    return [(point.lasting_answered, point.lasting) if lasting else (point.answered, point.probes) for point in here]


def _figure(counts: Sequence[tuple[int, int]]) -> tuple[float, float, float]:
    return share(counts), *share_interval(counts)


def main(arguments: list[str] | None = None) -> None:
    """Complete, look up, print the table, draw, and write the JSON."""
    argument_parser = create_parser(__doc__)
    add_budgets(argument_parser, (2_000, 4_000, 8_000))
    argument_parser.add_argument("--draw", type=Path, default=DRAWING, help="path of the drawing (%(default)s)")
    argument_parser.add_argument(
        "--fewest", type=int, default=FEWEST_SESSIONS, help="minimum number of sessions of a project (%(default)s)"
    )
    options = argument_parser.parse_args(arguments)
    frozen = Frozen(options.shared)
    long = {name: sets for name, sets in sets_by_project(frozen.sets(options.only)).items() if len(sets) >= options.fewest}
    if not long:
        raise SystemExit(f"no project has {options.fewest} sessions with probes: try --fewest 2")
    points = [point for name, sets in long.items() for point in measure_retention(frozen, name, sets, options.budgets)]
    rows = []
    for budget in options.budgets:
        for title, document, lasting in (("", HANDOFF, False), (", no open items", HANDOFF, True), (", plain document", PLAIN, False)):
            figures = [_figure(_counts(points, document, budget, after, lasting=lasting)) for after in _distances(points)]
            rows.append((f"{budget:,}{title}", *(format_share(figure, (low, high)) for figure, low, high in figures)))
    asked_of = [sum(n for _, n in _counts(points, HANDOFF, options.budgets[0], after)) for after in _distances(points)]
    print(
        f"probes answered, in per cent, by the number of later sessions; {len(long)} projects of {', '.join(str(len(s)) for s in long.values())} "
        "sessions\n"
    )
    print(table(("budget", *(f"after {after}" for after in _distances(points))), [*rows, ("probes asked", *asked_of)]))
    options.draw.parent.mkdir(parents=True, exist_ok=True)
    options.draw.write_text(chart("Probes of a session answered by later masters", "sessions later", curves(points, options.budgets)))
    keep(
        "retention",
        {
            "projects": {name: len(sets) for name, sets in long.items()},
            "rows": [[str(cell) for cell in row] for row in [*rows, ("probes asked", *asked_of)]],
            "remembered": [asdict(point) for point in points],
        },
        arguments,
    )


if __name__ == "__main__":
    main()
