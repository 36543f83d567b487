"""Cost of the analytics as a project grows: growth, retention and recurring patterns for 10 and for 10,000 sessions.

    python -m bench.analytics

Both projects are copies of the last sample session and its handoff. Each figure is the fastest of several runs, in process, from call
to result.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench.dashboard import fill
from bench.report import keep, table
from onward.app import analytics
from onward.app.projects import projects
from onward.core.project import Project
from onward.store import Store

SIZES = (10, 10_000)
RUNS = 5
QUERIES: dict[str, Callable[[Store, Project], object]] = {
    "growth, 500 points": analytics.growth,
    "growth, 300 points": lambda store, project: analytics.growth(store, project, most_points=300),
    "retention": analytics.retention,
    "patterns": analytics.patterns,
}
HEAD = ["asked", *(f"ms at {size:,}" for size in SIZES), "times"]


def main(arguments: list[str] | None = None) -> None:
    """Measure, print, and save."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        environment = {**os.environ, "ONWARD_HOME": str(home)}
        subprocess.run([sys.executable, "-m", "onward", "demo", "--no-serve", "--keep"], env=environment, check=True, capture_output=True)
        ids = [fill(home, size) for size in SIZES]
        with Store.at_folder(home) as store:
            sized = [projects.require(store, project_id) for project_id in ids]
            costs = {name: [quickest(query, store, project) for project in sized] for name, query in QUERIES.items()}
    rows = [[name, *(f"{ms:.1f}" for ms in cost), f"{cost[1] / cost[0]:.1f}"] for name, cost in costs.items()]
    print(table(HEAD, rows))
    keep("analytics", {"rows": [dict(zip(HEAD, row, strict=True)) for row in rows]}, arguments)


def quickest(query: Callable[[Store, Project], object], store: Store, project: Project) -> float:
    """Return the fewest milliseconds that *query* took."""
    taken = []
    for _ in range(RUNS):
        began = time.perf_counter()
        query(store, project)
        taken.append((time.perf_counter() - began) * 1000)
    return min(taken)


if __name__ == "__main__":
    main()
