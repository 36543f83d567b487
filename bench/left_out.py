"""The scorers' figures with trees that were fitted without the scored project, beside those of the shipped trees, all in process.

Each transcript is read once; only the trees are exchanged. The documents are those of `onward distill`; what they are worth is said by the
functions of the two frozen scorers of the shared folder, with the means that the scorers print.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from statistics import mean
from typing import Any, TypeVar

import onward.core.extract.worth as worth_module
from bench.line_scores import LabelledSession, LineScorer
from bench.probe_sets import Frozen, ProbeSet, SetName, pairs_of
from onward.app.handoffs.distillation import basis
from onward.app.turns.reader import TranscriptReader
from onward.core.handoff.document import render

Trees = tuple[Any, ...]
Place = TypeVar("Place", bound=Hashable)
Score = TypeVar("Score")

WORKERS = 2
MEASURES = ("junk", "useful", "filed", "dead", "stale", "kept3", "kept2")
LEFT_OUT, SHIPPED = "projects left out", "as shipped"
SINGLE, CARRIED = "single", "carried"

LineFigures = Mapping[str, float | None]
"""The scorer's figures of one document, 0..1."""


@dataclass(frozen=True, slots=True)
class Scores:
    """By name of the trees and budget: the figures of each labelled session, and, by row, (answered, asked) of each set of probes."""

    lines: Mapping[tuple[str, int], Sequence[LineFigures]]
    probes: Mapping[tuple[str, int, str], Sequence[tuple[int, int]]]

    def line_rows(self) -> list[tuple[object, ...]]:
        """Return a row for each budget and trees: the mean over sessions of each of `MEASURES`, in per cent."""
        rows: list[tuple[object, ...]] = []
        for (trees, budget), sessions in sorted(self.lines.items(), key=lambda item: (item[0][1], item[0][0] == SHIPPED)):
            figures = [[value for session in sessions if (value := session[measure]) is not None] for measure in MEASURES]
            rows.append((f"{budget:,}, {trees}", *(f"{100 * mean(values):.1f}" if values else "–" for values in figures)))
        return rows

    def probe_rows(self) -> list[tuple[object, ...]]:
        """Return a row for each kind of probes and trees: the share answered at each budget, in per cent, of how many."""
        budgets = sorted({budget for _, budget, _ in self.probes})
        rows: list[tuple[object, ...]] = []
        for row in (SINGLE, CARRIED):
            for trees in (LEFT_OUT, SHIPPED):
                counts = [self.probes.get((trees, budget, row), ()) for budget in budgets]
                sums = [(sum(answered for answered, _ in each), sum(total for _, total in each)) for each in counts]
                if sums and all(total for _, total in sums):
                    rows.append((f"{row}, {trees} ({sums[0][1]})", *(f"{100 * answered / total:.1f}" for answered, total in sums)))
        return rows


@contextmanager
def _judged_by(trees: Trees) -> Iterator[None]:
    """Judge the worth of sentences by *trees* instead of those in use."""
    in_use = worth_module.TREES
    worth_module.TREES = trees
    try:
        yield
    finally:
        worth_module.TREES = in_use


def score(shared: Path, trees_without: Mapping[str, Trees], budgets: Sequence[int], only: str = "") -> Scores:
    """Return the scores of all sessions of projects whose name contains *only*; *trees_without* are the trees by the project left out."""
    sessions = [session for session in LineScorer(shared).sessions() if only in session.project]
    probe_sets = [name for name in Frozen(shared).set_names() if only in name.project]
    with ProcessPoolExecutor(WORKERS) as pool:
        lines = pool.map(partial(_score_lines, shared, budgets), sessions, [_judges(trees_without, s.project) for s in sessions])
        probes = pool.map(partial(_score_probes, shared, budgets), probe_sets, [_judges(trees_without, s.project) for s in probe_sets])
        return Scores(_gather(lines), _gather(probes))


def _judges(trees_without: Mapping[str, Trees], project: str) -> dict[str, Trees]:
    """Return by name the trees that judge a session of *project*: where it has no labels, those of all labels have not seen it either."""
    return {LEFT_OUT: trees_without.get(project, worth_module.TREES), SHIPPED: worth_module.TREES}


def _gather(scored: Iterable[Mapping[Place, Score]]) -> dict[Place, list[Score]]:
    by_place: dict[Place, list[Score]] = {}
    for figures in scored:
        for place, figure in figures.items():
            by_place.setdefault(place, []).append(figure)
    return by_place


def _score_lines(
    shared: Path, budgets: Sequence[int], session: LabelledSession, judges: Mapping[str, Trees]
) -> dict[tuple[str, int], LineFigures]:
    scorer = LineScorer(shared)
    documents = _documents([session.file], judges, budgets)
    return {place: scorer.figures(document, session.rows) for place, document in documents.items()}


def _score_probes(
    shared: Path, budgets: Sequence[int], name: SetName, judges: Mapping[str, Trees]
) -> dict[tuple[str, int, str], tuple[int, int]]:
    frozen, sets = _frozen_sets(shared, name.project)
    probe_set = next(each for each in sets if each.transcript == name.transcript)
    chain = [each for each in sets if each.index <= probe_set.index]
    answers: dict[tuple[str, int, str], tuple[int, int]] = {}
    for row, probes, read_sets in ((SINGLE, probe_set.probes, [probe_set]), (CARRIED, probe_set.carried, chain)):
        if probes:
            pairs = pairs_of(read_sets)
            for (trees, budget), document in _documents([each.file for each in read_sets], judges, budgets).items():
                answers[trees, budget, row] = sum(frozen.answered(probes, document, budget, pairs)), len(probes)
    return answers


@cache
def _frozen_sets(shared: Path, project: str) -> tuple[Frozen, list[ProbeSet]]:
    """Return the scorer and the probes of a project in the order of its sessions."""
    frozen = Frozen(shared)
    return frozen, sorted((each for each in frozen.sets(project) if each.project == project), key=lambda each: each.index)


def _documents(files: Sequence[Path], judges: Mapping[str, Trees], budgets: Sequence[int]) -> dict[tuple[str, int], str]:
    """Return, by name of the trees and budget, what `onward distill` prints for *files*, which are read once."""
    reading = TranscriptReader()
    for file in files:
        reading.read(file)
    documents: dict[tuple[str, int], str] = {}
    for name, trees in judges.items():
        with _judged_by(trees):
            session_basis = basis(reading.paths)
        for budget in budgets:
            documents[name, budget] = render(session_basis.master(budget).handoff)
    return documents
