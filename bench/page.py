"""Write the figures of the newest runs into docs/preservation.md.

    python -m bench.page [--check]

A section begins with `<!-- figures: NAME -->` and ends with `<!-- /figures -->`; its content is replaced by the tables of the newest
full run of that benchmark under bench/results, with its date and commit. The section of a benchmark without a run stays as it is and is
reported. `--check` writes nothing and exits with 1 when the page is out of date.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.agreement import HANDOFF
from bench.losses import STEPS, ProbeResult, counts
from bench.report import ROOT, newest
from onward.core.analytics.intervals import wilson_interval

PAGE = ROOT / "docs" / "preservation.md"
_PLACE = re.compile(r"(<!-- figures: ([\w-]+) -->\n).*?(<!-- /figures -->)", re.DOTALL)
_BASELINES = {
    "onward": "Onward's handoff",
    "onward or one search": "the handoff, or one search of at most 1,000 tokens",
    "carry: store": "facts of earlier sessions, from the master through the store",
    "user + last agent": "every person's turn and the agent's last ones",
    "random lines": "lines at random",
    "tail": "the end of the session",
    "head": "the beginning of the session",
    "control: word salad": "word salad (control)",
    "carry: user + last agent": "carried: every person's turn and the agent's last ones",
}

Figures = Mapping[str, Any]


def markdown(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a Markdown table."""
    lines = ["| " + " | ".join(str(cell) for cell in row) + " |" for row in (head, ["---"] * len(head), *rows)]
    return "\n".join(lines) + "\n"


def probes(figures: Figures) -> str:
    """Return the scorer's figures: answered by budget, baselines, the difference, and notes."""
    scores = figures["scores"]
    rows, table_rows = scores["rows"], []
    at = list(rows["onward"])
    for name, label in _BASELINES.items():
        if name in rows:
            n = rows[name][at[0]]["n"]
            cells = [_percent(figure["answered"], figure["n"], (figure["low"], figure["high"])) for figure in (rows[name][b] for b in at)]
            table_rows.append((f"{label} ({n})", *cells))
    if "difference" in rows:
        ends = [f"{100 * rows['difference'][b]['low']:+.0f} to {100 * rows['difference'][b]['high']:+.0f}" for b in at]
        table_rows.append(("Onward's handoff less the person's turns and the agent's last, paired", *ends))
    if "readable" in rows:
        table_rows.append(("windows of Onward's that read like something said", *(f"{100 * rows['readable'][b]:.0f}" for b in at)))
    beside = (
        f"\nDocuments over their budget: {scores['over']}. Windows that assert something superseded: {scores['stale']}, over all rows of "
        "Onward's and all budgets. "
        f"Failed runs: {len(scores['errors'])}. Probes dropped because their answer is not in their own transcript: "
        f"{len(scores['dropped'])}.\n"
    )
    return markdown(("answered, in per cent, at", *(f"{int(b):,}" for b in at)), table_rows) + beside


def kinds(figures: Figures) -> str:
    """Return the scorer's figures by kind of probe."""
    by_type = figures["scores"]["by_type"]
    at = list(next(iter(by_type.values())))
    rows = [(kind, *(f"{ok} of {n}" for ok, n in (cells[b] for b in at))) for kind, cells in by_type.items()]
    return markdown(("kind", *(f"{int(b):,}" for b in at)), rows)


def held_out(figures: Figures) -> str:
    """Return the probe results with the ranker as shipped and fitted without the project."""
    return markdown(("answered, in per cent, at", *(f"{budget:,}" for budget in figures["budgets"])), figures["rows"])


def fit_left_out(figures: Figures) -> str:
    """Return the scorers' figures with trees fitted without each project, and as shipped."""
    return markdown(figures["line_head"], figures["lines"]) + "\n" + markdown(figures["probe_head"], figures["probes"])


def losses(figures: Figures) -> str:
    """Return the losses by kind and step, single and carried, and every lost rule."""
    results = [ProbeResult(**result) for result in figures["asked"]]
    at = sorted({result.budget_tokens for result in results})
    parts = []
    for is_carried in (False, True):
        rows = []
        for budget in at:
            for kind, n, lost, steps in counts(results, budget, is_carried=is_carried):
                if lost and kind != "rules":
                    step_counts = ", ".join(f"{s} {steps[s]}" for s in STEPS if steps.get(s))
                    rows.append((f"{budget:,}", f"**{kind}**" if kind == "all" else kind, f"{lost} of {n}", step_counts))
        which = "Facts of earlier sessions, asked of the handoff over all of them:" if is_carried else "Asked of the session's own handoff:"
        parts.append(f"{which}\n\n{markdown(('tokens', 'kind', 'lost', 'at which step'), rows)}")
    rules = [result for result in results if result.is_rule and result.lost_at]
    listed = "\n".join(
        f"- {rule.budget_tokens:,} tokens{', carried' if rule.is_carried else ''}: {rule.question} ({rule.lost_at})" for rule in rules
    )
    return "\n".join([*parts, f"Rules and requirements in the person's own words that were lost:\n\n{listed or '- none'}\n"])


def agreement(figures: Figures) -> str:
    """Return the rank correlations, the means of both judges, and how often the measure is too high."""
    tau = [
        (name, f"{interval['tau']:.2f}", f"{interval['low']:.2f} to {interval['high']:.2f}") for name, interval in figures["tau"].items()
    ]
    means = {(row["document"], row["budget"]): row for row in figures["means"]}
    at = sorted({budget for _, budget in means})
    rows = [
        (name, *(f"{100 * means[name, b]['measured']:.0f} / {100 * means[name, b]['answered']:.0f}" for b in at))
        for name in dict.fromkeys(name for name, _ in means)
    ]
    handoffs = [row for row in figures["flattered"] if row["document"] == HANDOFF]
    surely = sum(row["surely"] for row in handoffs)
    return (
        markdown(("ranked", "τ-b", "95 % interval"), tau)
        + "\n"
        + markdown(("measured / probes answered, in per cent, at", *(f"{b:,}" for b in at)), rows)
        + (
            f"\nOf {figures['handoffs']} handoffs ({figures['sessions']} sessions, {len(at)} budgets), the lower end of the measure lies "
            f"above the share of probes answered in {len(handoffs)}; above the probes' own interval in {surely}.\n"
        )
    )


def gold(figures: Figures) -> str:
    """Return recall and precision against annotated facts, and retirement."""
    at = list(figures["recall"][0]["at"])
    rows = []
    for figure in figures["recall"]:
        cells = [_ends(figure["pool"], figure["pool_interval"]), *(_ends(figure["at"][b], figure["at_interval"][b]) for b in at)]
        rows.append(
            (
                figure["of"].removeprefix("= "),
                f"{figure['n']:,}",
                *cells,
                f"{100 * figure['kind_right']:.0f}",
                f"{100 * figure['group_right']:.0f}",
            )
        )
    head = ("annotated kind", "facts", "in the ledger", *(f"shown at {int(b):,}" for b in at), "kind right", "group right")
    places = list(dict.fromkeys(row["in"] for row in figures["precision"]))
    by_kind: dict[str, list[str]] = {}
    for figure in figures["precision"]:
        by_kind.setdefault(figure["of"].removeprefix("= "), []).append(
            f"{_ends(figure['right'], figure['right_interval'])} ({figure['marked']})" if figure["marked"] else "–"
        )
    names = ["the ledger" if place == "the pool" else f"shown at {int(place):,}" for place in places]
    retired, links = figures["retirement"], figures["across_sessions"]
    state_lines = [
        (
            f"annotated as {state}: {row.get('found', 0)} of {row['gold']} found; ours retired {row.get('retired', 0)}, marked as in part "
            f"replaced {row.get('contradicted', 0)}, live {row.get('live', 0)}"
        )
        for state, row in retired.items()
    ]
    return (
        markdown(head, rows)
        + "\n"
        + markdown(("our kind: right, of those that match an annotation", *names), [(kind, *cells) for kind, cells in by_kind.items()])
        + "\nHow they stand at their session's end (resolved: open items and requests only):\n\n"
        + "".join(f"- {line};\n" for line in state_lines)
        + (
            f"- superseded by a later session: {links.get('links', 0)} links, {links.get('both found', 0)} with both ends found; of these "
            f"retired {links.get('retired', 0)}, marked {links.get('contradicted', 0)}, live {links.get('live', 0)}.\n"
        )
    )


def quotes(figures: Figures) -> str:
    """Return how many exact values occur in the turns they cite."""
    rows = [
        (row[0], f"{row[1]:,}", f"{row[2]:,}", *row[3:6], _percent(row[2], row[1], wilson_interval(row[2], row[1]), digits=1))
        for row in figures["rows"]
    ]
    return markdown(
        (
            "tokens",
            "values shown",
            "in the cited turns",
            "there, but tidied",
            "elsewhere in the sessions",
            "nowhere",
            "supported, in per cent",
        ),
        rows,
    )


def canaries(figures: Figures) -> str:
    """Return the canaries kept, by budget and session, and by kind after the last."""
    rounds = sorted({total["round"] for total in figures["totals"]})
    rows = []
    for budget in dict.fromkeys(total["budget"] for total in figures["totals"]):
        here = {total["round"]: total for total in figures["totals"] if total["budget"] == budget}
        for label, what, of in (
            ("kept", "kept", "n"),
            ("kept, or found by one search", "reached", "n"),
            ("stale, of the changed", "stale", "changed"),
        ):
            cells = [_percent(here[r][what], here[r][of], wilson_interval(here[r][what], here[r][of])) for r in rounds]
            rows.append((f"{budget:,} tokens: {label}", *cells))
    last = [result for result in figures["asked"] if result["round"] == rounds[-1]]
    at = sorted({result["budget_tokens"] for result in last})
    by_kind = []
    for kind in dict.fromkeys(result["kind"] for result in last):
        outcomes = [[result["is_kept"] for result in last if (result["kind"], result["budget_tokens"]) == (kind, b)] for b in at]
        by_kind.append((kind, *(f"{sum(outcome)} of {len(outcome)}" for outcome in outcomes)))
    return (
        markdown(("in per cent, after so many sessions", *map(str, rounds)), rows)
        + "\n"
        + markdown((f"kept after {rounds[-1]} sessions, at", *(f"{b:,}" for b in at)), by_kind)
    )


def retention(figures: Figures) -> str:
    """Return the table behind the drawing."""
    head = ("answered, in per cent, so many sessions later", *map(str, range(len(figures["rows"][0]) - 1)))
    return markdown(head, figures["rows"])


def recall(figures: Figures) -> str:
    """Return the search results on the probes' evidence."""
    names = [(f"a turn with the evidence among the first {k} excerpts", f"found_at_{k}") for k in (1, 3, 5)] + [
        ("answered within the budget", "answered")
    ]
    rows = [(label, _ends(figures[name][0], figures[name][1:])) for label, name in names]
    took = sorted(figures["command_ms"])
    times = (
        f"Median {figures['median_ms']:.0f} ms in process (of a processor {figures['median_cpu_ms']:.0f} ms), p95 "
        f"{figures['p95_ms']:.0f} ms"
    )
    if took:
        times += f"; as a command {took[len(took) // 2]:.0f} ms and {took[min(len(took) - 1, int(0.95 * len(took)))]:.0f} ms"
    closing = f"\n{figures['questions']} questions; answers over their {figures['budget']:,} tokens: {figures['over_budget']}. {times}.\n"
    return markdown(("search", "per cent"), rows) + closing


def scale(figures: Figures) -> str:
    """Return the cost of completing a session as a project grows."""
    sessions = figures["sessions"]
    rows = [
        (
            f"{session['number']:,}",
            f"{session['turns']:,}",
            f"{session['middle_ms']:.0f}",
            f"{session['times']:.2f}",
            f"{session['store_mb']:.0f}",
            " and ".join(f"{tokens:,} of {int(budget):,}" for budget, tokens in session["master_tokens"].items()),
            f"{session['search_median_ms']:.0f}",
            f"{session['search_p95_ms']:.0f}",
        )
        for session in sessions
    ]
    head = (
        "session",
        "turns in the project",
        "user CPU ms to complete it",
        "times the first",
        "store MB",
        "master's tokens",
        "search ms",
        "p95 ms",
    )
    many = figures.get("many_turns")
    closing = (
        (
            f"\nIn a store of {many['turns']:,.0f} turns ({many['store_mb']:,.0f} MB): search {many['median_ms']:.0f} ms, p95 "
            f"{many['p95_ms']:.0f} ms.\n"
        )
        if many
        else ""
    )
    return markdown(head, rows) + closing


_COMMANDS = {"fit_left_out": "fit --left-out"}
"""How a benchmark is run whose result has another name."""
PLACES: Mapping[str, tuple[str, Callable[[Figures], str]]] = {
    "probes": ("preservation", probes),
    "kinds": ("preservation", kinds),
    "held-out": ("held_out", held_out),
    "fit-left-out": ("fit_left_out", fit_left_out),
    "losses": ("losses", losses),
    "agreement": ("agreement", agreement),
    "gold": ("gold", gold),
    "quotes": ("quotes", quotes),
    "canaries": ("canaries", canaries),
    "retention": ("retention", retention),
    "recall": ("recall", recall),
    "scale": ("scale", scale),
}
"""The sections of the page: which benchmark fills each, and the function that renders it."""


def fill_page(text: str) -> tuple[str, list[str]]:
    """Return *text* with the newest figures in its sections, and the benchmarks without a run. Raises KeyError on an unknown section."""
    missing: list[str] = []

    def fill(place: re.Match[str]) -> str:
        bench, written = PLACES[place[2]]
        figures = newest(bench)
        if figures is None:
            missing.append(bench)
            return place[0]
        source_line = f"*`python -m bench {_COMMANDS.get(bench, bench)}`, {figures['at'][:10]}, commit {figures['measured_on']['commit']}.*"
        return f"{place[1]}\n{written(figures)}\n{source_line}\n\n{place[3]}"

    return _PLACE.sub(fill, text), list(dict.fromkeys(missing))


def _percent(count: int, total: int, interval: Sequence[float], digits: int = 0) -> str:
    return f"{100 * count / max(1, total):.{digits}f} [{100 * interval[0]:.{digits}f}–{100 * interval[1]:.{digits}f}]" if total else "–"


def _ends(figure: float, interval: Sequence[float]) -> str:
    return f"{100 * figure:.0f} [{100 * interval[0]:.0f}–{100 * interval[1]:.0f}]"


def main(arguments: list[str] | None = None) -> None:
    """Fill the page, or check whether it is up to date."""
    argument_parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    argument_parser.add_argument("--page", type=Path, default=PAGE, help="the page (%(default)s)")
    argument_parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 when the page is out of date")
    options = argument_parser.parse_args(arguments)
    before = options.page.read_text(encoding="utf-8")
    after, missing = fill_page(before)
    if missing:
        print(f"no full run yet: {', '.join(missing)} (python -m bench {' '.join(missing)})", file=sys.stderr)
    if options.check and after != before:
        raise SystemExit(f"{options.page.name} is out of date: run python -m bench page")
    if not options.check:
        options.page.write_text(after, encoding="utf-8")
        print(f"{options.page.name}: {len(PLACES)} sections, {'unchanged' if after == before else 'written'}")


if __name__ == "__main__":
    main()
