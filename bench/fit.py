"""Fit the trees that judge what a sentence is worth on labelled sentences, and write `src/onward/core/extract/worth_trees.py`.

    python -m bench.fit [--shared ../shared] [--write]
    python -m bench.fit --left-out [--only PROJECT] [--budgets 1000,2000,4000]

The first form prints the average precision of the fit, in-sample and on projects left out, and with `--write` replaces the module. The
second gives the documents of each session to the two scorers of the shared folder (`bench.left_out`): with trees that were fitted without
its project, and with the shipped trees, which have seen all of them.
"""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from bench import left_out
from bench.report import ROOT, keep, table
from onward.app.turns.reader import TranscriptReader
from onward.core.extract.rounds import rounds_of
from onward.core.extract.trace import observe
from onward.core.extract.units import FEATURES, feature_vectors, units_of
from onward.core.text.languages import languages_of
from onward.core.text.prose import content_words

OUT = ROOT / "src/onward/core/extract/worth_trees.py"
TREES, LEAVES, LEARNING_RATE, MIN_LEAF = 60, 6, 0.15, 40
VALUES = (0.0, 0.35, 0.8, 1.0)
"""What a label of worth 0 to 3 counts as."""
_MIN_JACCARD, _MIN_CONTAINED, _MIN_SHARED = 0.55, 0.85, 4

Tree = Any


class Example(NamedTuple):
    """A labelled sentence: its project, its features (`units.FEATURES`), its worth 0 to 3 and the weight of its session."""

    project: str
    vector: list[float]
    worth: int
    weight: float


def load_examples(shared: Path) -> list[Example]:
    """Return the labelled sentences of *shared*/labels that are found again in *shared*/data. Raises SystemExit where there are none."""
    paths = sorted((shared / "labels").glob("*.tsv"))
    with ProcessPoolExecutor(left_out.WORKERS) as pool:
        examples = [example for session in pool.map(partial(_session_examples, shared / "data"), paths) for example in session]
    if not examples:
        raise SystemExit(f"No labelled sentences in {shared / 'labels'}: name the folder that holds labels/ and data/ with --shared.")
    return examples


def _session_examples(data: Path, path: Path) -> list[Example]:
    source, rows = _read_labels(path)
    reader = TranscriptReader()
    reader.read(data / source)
    texts: list[str] = []
    vectors: list[list[float]] = []
    for session in reader.paths:
        trace = observe(session.turns)
        languages = languages_of(statement.text for statement in trace.statements)
        rounds = rounds_of(trace, languages)
        units = units_of(trace, languages)
        texts += [unit.text for unit in units]
        vectors += feature_vectors(units, trace, rounds)
    matches = _align([text for _, text in rows], texts)
    weight = min(2.0, max(0.5, (200 / max(1, len(matches))) ** 0.5))
    return [Example(path.name.split("__")[0], vectors[index], worth=int(rows[row][0][0]), weight=weight) for row, index in matches.items()]


def _read_labels(path: Path) -> tuple[str, list[tuple[str, str]]]:
    """Return the transcript's path and its (code, text) rows."""
    source, rows = "", []
    for line in path.read_text("utf-8").splitlines():
        cells = line.split("\t")
        if cells[0] == "# source":
            source = cells[1]
        elif not line.startswith("#") and len(cells) >= 6:
            rows.append((cells[3], cells[5]))
    return source, rows


def _align(labels: Sequence[str], texts: Sequence[str]) -> dict[int, int]:
    """Return, by row of *labels*, the index of the same sentence in *texts*: the same letters, else the one that shares most words."""
    by_letters: dict[str, list[int]] = {}
    stems = [frozenset(content_words(text)) for text in texts]
    holders: dict[str, list[int]] = {}
    for index, text in enumerate(texts):
        by_letters.setdefault(_letters(text), []).append(index)
        for word in stems[index]:
            holders.setdefault(word, []).append(index)
    taken: set[int] = set()
    matches: dict[int, int] = {}
    for row, text in enumerate(labels):
        index = next((i for i in by_letters.get(_letters(text), ()) if i not in taken), None)
        if index is None:
            index = _most_alike(frozenset(content_words(text)), stems, holders, taken)
        if index is not None:
            taken.add(index)
            matches[row] = index
    return matches


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", " ", text.lower()).strip()


def _most_alike(words: frozenset[str], stems: Sequence[frozenset[str]], holders: dict[str, list[int]], taken: set[int]) -> int | None:
    counts: dict[int, int] = {}
    for word in words:
        if len(holders.get(word, ())) < 300:
            for index in holders.get(word, ()):
                counts[index] = counts.get(index, 0) + 1
    best: tuple[float, int] | None = None
    for index, common in counts.items():
        jaccard = common / max(1, len(words | stems[index]))
        is_contained = common >= _MIN_SHARED and common > _MIN_CONTAINED * min(len(words), len(stems[index]))
        if index not in taken and (jaccard > _MIN_JACCARD or is_contained) and (best is None or jaccard > best[0]):
            best = (jaccard, index)
    return best[1] if best else None


def fit_trees(examples: Sequence[Example]) -> tuple[Tree, ...]:
    """Return boosted trees fitted to *examples*, each as nested (feature, threshold, left, right) with leaves in log odds."""
    import lightgbm

    parameters = {
        "objective": "cross_entropy", "learning_rate": LEARNING_RATE, "num_leaves": LEAVES, "min_data_in_leaf": MIN_LEAF,
        "feature_fraction": 0.5, "bagging_fraction": 0.7, "bagging_freq": 1, "lambda_l2": 5, "verbose": -1, "num_threads": 1,
        "seed": 1, "deterministic": True,
    }  # fmt: skip
    data = lightgbm.Dataset(
        np.array([example.vector for example in examples], np.float32),
        np.array([VALUES[example.worth] for example in examples]),
        weight=np.array([example.weight for example in examples]),
    )
    model = lightgbm.train(parameters, data, TREES).dump_model()
    return tuple(_nested(tree["tree_structure"]) for tree in model["tree_info"])


def _nested(node: dict[str, Any]) -> Tree:
    if "leaf_value" in node:
        return round(float(node["leaf_value"]), 4)
    return (node["split_feature"], round(float(node["threshold"]), 4), _nested(node["left_child"]), _nested(node["right_child"]))


def predict(trees: Iterable[Tree], vector: Sequence[float]) -> float:
    """Return the log odds that *trees* give to a vector."""
    total = 0.0
    for tree in trees:
        node = tree
        while not isinstance(node, float):
            node = node[2] if vector[node[0]] <= node[1] else node[3]
        total += node
    return total


def average_precision(scores: Sequence[float], hits: Sequence[bool]) -> float:
    """Return the mean precision at each hit when sorted by score, 0..1."""
    hit_count, total = 0, 0.0
    for rank, (_, hit) in enumerate(sorted(zip(scores, hits, strict=True), key=lambda pair: -pair[0]), start=1):
        if hit:
            hit_count += 1
            total += hit_count / rank
    return total / max(1, hit_count)


def render_module(trees: Sequence[Tree], note: str) -> str:
    """Return the source of `worth_trees.py`."""
    body = "".join(f"    {tree!r},\n" for tree in trees)
    return (
        '"""The trees of `worth`: (feature, threshold, where at most, where more), leaves in log odds.\n\n'
        f'{note}\n"""\n\nfrom __future__ import annotations\n\nfrom typing import TypeAlias\n\n'
        'Tree: TypeAlias = "tuple[int, float, Tree | float, Tree | float]"\n\n'
        f"TREES: tuple[Tree, ...] = (\n{body})  # fmt: skip\n"
    )


def trees_without(examples: Sequence[Example], project: str) -> tuple[Tree, ...]:
    """Return trees fitted on all projects but one."""
    return fit_trees([example for example in examples if example.project != project])


def _precisions(examples: Sequence[Example], scores: Sequence[float]) -> dict[str, float]:
    return {f"worth >= {least}": average_precision(scores, [example.worth >= least for example in examples]) for least in (1, 2, 3)}


def main(arguments: list[str] | None = None) -> None:
    """Fit, print what came of it, and write the module or the left-out figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared", help="the folder with labels/, data/, probes/ and bench/")
    parser.add_argument("--write", action="store_true", help="write the fitted trees into the source")
    parser.add_argument("--left-out", action="store_true", help="both scorers' figures with trees fitted without the scored project")
    parser.add_argument("--only", default="", help="only projects whose name contains this")
    parser.add_argument("--budgets", default="1000,2000,4000", help="tokens, by commas")
    options = parser.parse_args(arguments)
    examples = load_examples(options.shared)
    projects = sorted({example.project for example in examples})
    if options.left_out:
        _score_left_out(examples, [name for name in projects if options.only in name], options, arguments)
        return
    trees = fit_trees(examples)
    others = {name: trees_without(examples, name) for name in projects}
    inside = _precisions(examples, [predict(trees, example.vector) for example in examples])
    outside = _precisions(examples, [predict(others[example.project], example.vector) for example in examples])
    print(f"{len(examples):,} labelled sentences of {len(projects)} projects, {len(FEATURES)} features, {TREES} trees of {LEAVES} leaves\n")
    print(table(("average precision", "in-sample", "projects left out"), [(name, inside[name], outside[name]) for name in inside]))
    if options.write:
        figures = ", ".join(f"{name} {outside[name]:.3f} ({inside[name]:.3f} in-sample)" for name in inside)
        note = (
            f"Written by `python -m bench.fit --write` on {datetime.now(UTC):%Y-%m-%d} from {len(examples):,} labelled sentences\n"
            f"of {len(projects)} projects; not edited by hand. Average precision, projects left out:\n{figures}."
        )
        OUT.write_text(render_module(trees, note), encoding="utf-8")
        print(f"written: {OUT.relative_to(ROOT)}")
    keep("fit", {"examples": len(examples), "projects": projects, "in_sample": inside, "left_out": outside}, arguments)


def _score_left_out(examples: Sequence[Example], projects: Sequence[str], options: argparse.Namespace, arguments: list[str] | None) -> None:
    """Print the scorers' figures with trees fitted without each project, beside those of the shipped trees."""
    started = time.monotonic()
    budgets = [int(number) for number in options.budgets.split(",")]
    scores = left_out.score(options.shared, {name: trees_without(examples, name) for name in projects}, budgets, options.only)
    lines, probes = scores.line_rows(), scores.probe_rows()
    line_head = ("lines, mean over sessions, in per cent, at", *left_out.MEASURES)
    probe_head = ("probes answered, in per cent, at", *(f"{budget:,}" for budget in budgets))
    print(f"{len(projects)} projects; as shipped: with trees that have seen all of them (in-sample)\n")
    print(table(line_head, lines))
    if probes:
        print("\n" + table(probe_head, probes))
    print(f"\n{time.monotonic() - started:.0f} s")
    keep(
        "fit_left_out",
        {"projects": list(projects), "line_head": line_head, "lines": lines, "probe_head": probe_head, "probes": probes},
        arguments,
    )


if __name__ == "__main__":
    main()
