"""Fit the statement ranker on annotated sessions, and write its weights to `src/onward/core/extract/weights.py`.

    python -m bench.fit_ranker [--gold ../shared/gold] [--data ../shared/data] [--check]

Two linear models over `features.FEATURE_NAMES`: how much a clause matters (logistic; a gold fact counts by its importance, an annotated
negative fully, an unmarked clause little, since unmarked is not negative) and which kind it is (softmax over the gold facts). `--check`
leaves out one project at a time and prints how well it is ranked.
"""

from __future__ import annotations

import argparse
import json
import textwrap
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from onward.core.extract.features import FEATURE_COUNT, FEATURE_NAMES, Candidate, features, list_candidates, regime, session_context
from onward.core.extract.trace import observe
from onward.core.facts.fact import FACT_KINDS
from onward.core.text.prose import content_words
from onward.core.transcript.transcript import ImportReport, Turn
from onward.formats import open_source, read

OUT = Path(__file__).resolve().parents[1] / "src/onward/core/extract/weights.py"
UNMARKED, IMPORTANCE = 0.4, {1: 0.5, 2: 1.0, 3: 2.0}


def turns_of(path: Path) -> list[tuple[int, Turn]]:
    """Return the turns of a transcript with their ordinals."""
    turns = [item for item in read(open_source(path), ImportReport()) if isinstance(item, Turn)]
    return list(enumerate(turns, start=1))


def transcript_of(gold: Path, data: Path) -> Path:
    """Return the transcript that a gold file annotates: same project folder, same stem, or a folder of that name."""
    paths = sorted(
        p for p in (data / gold.parent.name).rglob("*") if p.is_file() and "meta" not in p.parts and gold.stem in (p.stem, p.parent.name)
    )
    return next((p for p in paths if p.name.startswith("api_")), paths[0])


def examples(gold: Path, data: Path) -> list[tuple[list[float], float, float, str]]:
    """Return (features, label, example weight, kind) of every clause of one annotated session."""
    facts = [json.loads(line) for line in gold.read_text().splitlines()]
    pairs = turns_of(transcript_of(gold, data))
    observations = observe(pairs)
    clauses = list_candidates(observations)
    around = session_context(observations, clauses)
    lines = {ordinal: turn.line for ordinal, turn in pairs}
    by_line: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for fact in facts:
        by_line[fact["line"]].append(fact)
    starts = sorted(by_line)
    out = []
    for clause in clauses:
        mark = _mark(clause, lines[clause.statement.turn], by_line, starts)
        label, weight, kind = (0.0, UNMARKED, "") if mark is None else _label(mark)
        out.append((dense(features(clause, around), regime(clause.statement)), label, weight, kind))
    return out


def dense(told_of: list[tuple[int, float]], regime_index: int) -> list[float]:
    """Return the full feature vector: the values, repeated in the columns of their regime."""
    row = [0.0] * len(FEATURE_NAMES)
    for place, value in told_of:
        row[place] = row[FEATURE_COUNT * (1 + regime_index) + place] = value
    return row


def _label(mark: dict[str, Any]) -> tuple[float, float, str]:
    if mark["kind"] == "none":
        return 0.0, 1.0, ""
    return 1.0, IMPORTANCE[mark["importance"]], mark["kind"]


def _mark(clause: Candidate, line: int, by_line: dict[int, list[dict[str, Any]]], starts: list[int]) -> dict[str, Any] | None:
    """Return the annotation whose quote shares most words with the clause, at the clause's place or anywhere if the words are the same."""
    best, share = None, 0.5
    for start in starts:
        for fact in by_line[start]:
            quoted = set(content_words(fact["quote"]))
            if not quoted or not clause.stems:
                continue
            common = len(quoted & clause.stems)
            got = max(common / len(clause.stems), common / len(quoted)) if start >= line - 1 and common > 1 else 0.0
            both = common / len(clause.stems | quoted)
            if (got > 0.6 and both > share * 0.6 and abs(start - line) < 60) or both > 0.8:
                best, share = fact, max(both, share)
    return best


def fit_worth(x: np.ndarray, y: np.ndarray, w: np.ndarray, ridge: float = 10.0) -> np.ndarray:
    """Return logistic weights by Newton's method with a ridge on everything but the bias."""
    beta = np.zeros(x.shape[1])
    penalty = np.full(x.shape[1], ridge)
    penalty[0] = 1e-3
    for _ in range(30):
        p = 1 / (1 + np.exp(-x @ beta))
        gradient = x.T @ (w * (p - y)) + penalty * beta
        hessian = (x * (w * p * (1 - p))[:, None]).T @ x + np.diag(penalty)
        step = np.linalg.solve(hessian, gradient)
        beta -= step
        if np.abs(step).max() < 1e-6:
            break
    return beta


def fit_kinds(x: np.ndarray, kinds: list[str], ridge: float = 10.0) -> np.ndarray:
    """Return one row of weights per kind: one-against-rest logistic models."""
    named = np.array(kinds)
    x = x[:, :FEATURE_COUNT]
    return np.stack([fit_worth(x, (named == k).astype(float), np.ones(len(kinds)), ridge) for k in FACT_KINDS])


def average_precision(score: np.ndarray, y: np.ndarray, w: np.ndarray) -> float:
    """Return the average precision of a ranking against weighted labels."""
    ranked = np.argsort(-score)
    hit = y[ranked] * w[ranked]
    cumulative_weight = np.cumsum(w[ranked])
    return float((np.cumsum(hit) / cumulative_weight * hit).sum() / max(hit.sum(), 1e-9))


def main() -> None:
    """Fit on all projects, or check with one project left out at a time."""
    parser = argparse.ArgumentParser(description=__doc__)
    shared = Path(__file__).resolve().parents[2] / "shared"
    parser.add_argument("--gold", type=Path, default=shared / "gold")
    parser.add_argument("--data", type=Path, default=shared / "data")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    rows: list[tuple[list[float], float, float, str]] = []
    projects: list[str] = []
    for gold in sorted(options.gold.glob("*/*.jsonl")):
        samples = examples(gold, options.data)
        rows += samples
        projects += [gold.parent.name] * len(samples)
    x = np.array([r[0] for r in rows])
    y, w = np.array([r[1] for r in rows]), np.array([r[2] for r in rows])
    kinds = [r[3] for r in rows]
    where = np.array(projects)
    print(f"{len(rows)} clauses, {int(y.sum())} facts, {int(((y == 0) & (w == 1)).sum())} negatives")
    if options.check:
        check(x, y, w, kinds, where)
        return
    marked = y == 1
    OUT.write_text(render_module(fit_worth(x, y, w), fit_kinds(x[marked], [k for k in kinds if k])))
    print(f"wrote {OUT.name}")


def check(x: np.ndarray, y: np.ndarray, w: np.ndarray, kinds: list[str], where: np.ndarray) -> None:
    """Print the average precision and the share of correct kinds for each left-out project."""
    named = np.array(kinds)
    for project in sorted(set(where)):
        out = where == project
        worth = fit_worth(x[~out], y[~out], w[~out])
        table = fit_kinds(x[~out & (y == 1)], list(named[~out & (y == 1)]))
        right = np.array(FACT_KINDS)[np.argmax(x[out & (y == 1)][:, :FEATURE_COUNT] @ table.T, axis=1)] == named[out & (y == 1)]
        ap = average_precision(x[out] @ worth, y[out], w[out])
        print(
            f"{project:24} average precision {ap:.3f} (by chance {(y[out] * w[out]).sum() / w[out].sum():.3f})  kinds right "
            f"{right.mean():.2f} of {right.size}"
        )


def render_module(worth: np.ndarray, kinds: np.ndarray) -> str:
    """Return the source of the weights module."""

    def row(values: np.ndarray) -> str:
        return textwrap.fill(
            ", ".join(f"{round(float(v), 2) + 0.0:g}" for v in values), 120, initial_indent="        ", subsequent_indent="        "
        )

    table = "\n".join(f'    "{kind}": (\n{row(values)},\n    ),' for kind, values in zip(FACT_KINDS, kinds, strict=True))
    return (
        '"""The ranker\'s numbers, one for each of `features.FEATURE_NAMES` in turn. Made by `python -m bench.fit_ranker`; not edited by '
        'hand."""\n\n'
        "from onward.core.facts.fact import FactKind\n\n# fmt: off\n"
        f"WORTH_WEIGHTS: tuple[float, ...] = (\n{row(worth)},\n)\n"
        f'"""How much a clause matters: logistic, over all features."""\n\n'
        f"KIND_WEIGHTS: dict[FactKind, tuple[float, ...]] = {{\n{table}\n}}\n"
        f'"""Which kind it is: one against the rest, over the features that all regimes share."""\n# fmt: on\n'
    )


if __name__ == "__main__":
    main()
