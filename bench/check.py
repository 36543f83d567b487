"""Whether a watched figure grew since it was last accepted (`make bench-check`).

    python -m bench.check [GROUP …] [--accept] [--long]

`bench/budget.toml` has a row for each figure: its goal, and the value that was last accepted. A figure more than a tenth worse than that
fails the check; a missed goal is shown and does not. `--accept` writes the measured values down as accepted. `--long` imports and searches
a million turns and distills 50 MB as well (about an hour).
"""

from __future__ import annotations

import argparse
import sys
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from bench.budget_figures import GROUPS, Measurement, Options
from bench.report import keep, table

BUDGET = Path(__file__).with_name("budget.toml")
TOLERANCE = 0.1
LONG = Options(turns=1_000_000, sizes_kb=(100, 1_000, 10_000, 50_000))
HEAD = """\
# The figures that `make bench-check` watches. `most` or `least` is the goal; `accepted` was measured last and found acceptable: a figure more
# than a tenth worse fails the check, by its `instructions` if they were counted. `python -m bench.check --accept` writes what it measured.
"""


class Figure(NamedTuple):
    """A row of the budget."""

    name: str
    goal: float
    is_share: bool
    accepted: float | None
    instructions: float | None
    """The accepted ratio of instructions, where it was counted."""

    @property
    def shown_goal(self) -> str:
        return f"{'>=' if self.is_share else '<='} {self.goal:g}"

    def is_met(self, measured: float) -> bool:
        """Return whether the goal is met."""
        return measured >= self.goal if self.is_share else measured <= self.goal

    def growth(self, measured: Measurement) -> float | None:
        """Return by which part of the accepted value the figure is worse, negative if it is better; None if none was accepted."""
        if measured.instructions and self.instructions:
            return measured.instructions / self.instructions - 1
        if not self.accepted:
            return None
        return (self.accepted / measured.value if self.is_share else measured.value / self.accepted) - 1

    def accept(self, measured: Measurement) -> Figure:
        """Return the row with what was measured as accepted."""
        return self._replace(accepted=measured.value, instructions=measured.instructions)


def read_budget(text: str) -> dict[str, Figure]:
    """Return the rows of a budget by name."""
    rows: dict[str, dict[str, float]] = tomllib.loads(text)
    return {
        name: Figure(
            name=name,
            goal=row["least"] if "least" in row else row["most"],
            is_share="least" in row,
            accepted=row.get("accepted"),
            instructions=row.get("instructions"),
        )
        for name, row in rows.items()
    }


def write_budget(figures: Mapping[str, Figure]) -> str:
    """Return the budget as it is stored."""
    parts = [HEAD]
    for figure in figures.values():
        values = {"least" if figure.is_share else "most": figure.goal, "accepted": figure.accepted, "instructions": figure.instructions}
        lines = [f"{key} = {value:.4g}" for key, value in values.items() if value is not None]
        parts.append("\n".join([f'["{figure.name}"]', *lines, ""]))
    return "\n".join(parts)


def judge(figures: Mapping[str, Figure], measured: Sequence[Measurement]) -> tuple[list[tuple[object, ...]], list[str]]:
    """Return a row for each measured figure, and the names of those that grew too much. Raises `SystemExit` for one without a goal."""
    if unknown := [each.name for each in measured if each.name not in figures]:
        raise SystemExit(f"no goal for {', '.join(unknown)}: add a row to {BUDGET.name}")
    rows: list[tuple[object, ...]] = []
    grown: list[str] = []
    for each in measured:
        figure = figures[each.name]
        growth = figure.growth(each)
        has_grown = growth is not None and growth > TOLERANCE
        grown += [each.name] * has_grown
        shown_growth = "" if growth is None else f"{growth:+.0%}{' GREW' if has_grown else ''}"
        met = "met" if figure.is_met(each.value) else "missed"
        rows.append((each.name, each.value, figure.shown_goal, met, figure.accepted, each.instructions, figure.instructions, shown_growth))
    return rows, grown


def main(arguments: list[str] | None = None) -> int:
    """Measure, compare, and return 1 if a figure grew."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.check", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=f"one of {', '.join(GROUPS)} (default: all)")
    parser.add_argument("--accept", action="store_true", help="write the measured values down as accepted")
    parser.add_argument("--long", action="store_true", help="also import a million turns and distill 50 MB")
    parser.add_argument("--turns", type=int, help="import and search that many turns (100,000)")
    options = parser.parse_args(arguments)
    if unknown := [name for name in options.groups if name not in GROUPS]:
        parser.error(f"unknown group {', '.join(unknown)}: choose from {', '.join(GROUPS)}")
    size = LONG if options.long else Options()
    size = size._replace(turns=options.turns or size.turns)
    measured: list[Measurement] = []
    for name in options.groups or GROUPS:
        print(f"… {name}", file=sys.stderr, flush=True)
        measured += GROUPS[name](size)
    figures = read_budget(BUDGET.read_text(encoding="utf-8"))
    rows, grown = judge(figures, measured)
    print(table(("figure", "measured", "goal", "", "accepted", "instructions", "accepted", "worse by"), rows))
    keep("check", {"figures": {each.name: each.value for each in measured}, "grown": grown}, arguments)
    if options.accept:
        figures |= {each.name: figures[each.name].accept(each) for each in measured}
        BUDGET.write_text(write_budget(figures), encoding="utf-8")
    elif grown:
        print(f"\ngrew by more than {TOLERANCE:.0%}: {', '.join(grown)}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
