"""Handoff quality on unseen projects: the probes, with trees fitted without the project that is scored.

    python -m bench.held_out [--only NAMES] [--budgets 1000,2000,4000,8000]

For each project the trees are fitted on the labels of all others (`bench.fit`) and written into a copy of the source;
another process scores the probes of the project with that copy. The same probes with the shipped weights, which have seen annotations
of the same projects, are shown beside it. The rules around the ranker are the same in both; whether they suit these projects is not
measured.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.fit import OUT, load_examples, render_module, trees_without
from bench.intervals import format_share, share, share_interval
from bench.losses import ask_probes
from bench.probe_sets import Frozen, add_budgets, create_parser, sets_by_project
from bench.report import ROOT, keep, table

Counts = dict[str, dict[str, list[tuple[int, int]]]]
"""(answered, asked) by session, for each row and budget."""

_ROWS = {False: "single session", True: "carried"}


def score(frozen: Frozen, project: str, at: Sequence[int]) -> Counts:
    """Return the probe results of one project with the `onward` of this process."""
    sets = [probe_set for probe_set in frozen.sets() if probe_set.project == project]
    out: Counts = {name: {str(budget): [] for budget in at} for name in _ROWS.values()}
    for probe_set in sets:
        results = list(ask_probes(frozen, sets, probe_set, at))
        for is_carried, name in _ROWS.items():
            for budget in at:
                here = [each for each in results if (each.is_carried, each.budget_tokens) == (is_carried, budget)]
                if here:
                    out[name][str(budget)].append((sum(not each.lost_at for each in here), len(here)))
    return out


def weights_without(shared: Path, left_out: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield, for each project in *left_out*, the module of trees fitted on the labels of all others."""
    examples = load_examples(shared)
    for project in left_out:
        yield project, render_module(trees_without(examples, project), f"Without {project}.")


def score_with(weights: str, shared: Path, project: str, at: Sequence[int]) -> Counts:
    """Return the probe results of one project with other *weights*, in a process of its own with a copy of the source."""
    with TemporaryDirectory(prefix="onward-bench-") as folder:
        source = Path(folder) / "src"
        shutil.copytree(ROOT / "src", source, ignore=shutil.ignore_patterns("__pycache__"))
        (source / OUT.relative_to(ROOT / "src")).write_text(weights, encoding="utf-8")
        command = [
            sys.executable,
            "-m",
            "bench.held_out",
            "--shared",
            str(shared.resolve()),
            "--score",
            project,
            "--budgets",
            ",".join(map(str, at)),
        ]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(source), str(ROOT)))}
        answer = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if answer.returncode:
        raise SystemExit(f"{project} could not be scored: {answer.stderr[-400:]}")
    output = json.loads(answer.stdout)
    if not output["onward"].startswith(str(source)):
        raise SystemExit(f"the copy of the source was not used; imported instead: {output['onward']}")
    counts: Counts = output["counts"]
    return counts


def main(arguments: list[str] | None = None) -> None:
    """Fit, score, print the table, and write the JSON."""
    argument_parser = create_parser(__doc__)
    add_budgets(argument_parser)
    argument_parser.add_argument("--score", default="", help="only score this project with the imported source, and print JSON")
    options = argument_parser.parse_args(arguments)
    frozen = Frozen(options.shared)
    if options.score:
        import onward

        json.dump({"onward": onward.__file__, "counts": score(frozen, options.score, options.budgets)}, sys.stdout)
        return
    names = list(sets_by_project(frozen.sets(options.only)))
    shipped = [score(frozen, name, options.budgets) for name in names]
    held = [score_with(weights, options.shared, name, options.budgets) for name, weights in weights_without(options.shared, names)]
    rows = []
    for row in _ROWS.values():
        for title, each in ((f"{row}, as shipped", shipped), (f"{row}, project left out", held)):
            rows.append(
                (
                    title,
                    *(
                        _figure([count for project_counts in each for count in project_counts[row][str(budget)]])
                        for budget in options.budgets
                    ),
                )
            )
    print(f"probes answered, in per cent; {len(names)} projects\n")
    print(table(("trees", *(f"{budget:,}" for budget in options.budgets)), rows))
    keep("held_out", {"projects": names, "budgets": options.budgets, "rows": rows, "shipped": shipped, "held_out": held}, arguments)


def _figure(counts: Sequence[tuple[int, int]]) -> str:
    counts = [(answered, of) for answered, of in counts]
    return format_share(share(counts), share_interval(counts)) if counts else "–"


if __name__ == "__main__":
    main()
