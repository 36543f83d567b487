"""Output of the benchmarks: a table for people, and dated JSON for comparison."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "bench" / "results"
PARTIAL = {"--only", "--budgets", "--seeds", "--hosts", "--at", "--session-kb", "--fewest", "--search-budget", "--shared", "--families"}
"""Flags of a partial run, whose figures the page does not show."""


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return *rows* under *head* in columns, the first left-aligned, numbers right-aligned."""
    cells = [list(head), *[[_format_cell(cell) for cell in row] for row in rows]]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    lines = [
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width) for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in cells
    ]
    return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])


def _format_cell(cell: object) -> str:
    if cell is None:
        return "–"
    return f"{cell:,.2f}" if isinstance(cell, float) else f"{cell:,}" if isinstance(cell, int) else str(cell)


def save(name: str, result: Mapping[str, object]) -> Path:
    """Write *result* as JSON under today's date, with the machine and commit it was measured on; return the path."""
    at = datetime.now(UTC)
    RESULTS.mkdir(parents=True, exist_ok=True)
    path = RESULTS / f"{at:%Y-%m-%dT%H%M}-{name}.json"
    measured_on = {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "commit": _commit(),
    }
    path.write_text(
        json.dumps({"bench": name, "at": at.isoformat(timespec="seconds"), "measured_on": measured_on, **result}, indent=1) + "\n"
    )
    return path


def keep(name: str, result: Mapping[str, object], arguments: Sequence[str] | None = None) -> None:
    """Save *result* with the flags of the run (*arguments*, or those of the command), and print the path."""
    path = save(name, {"flags": list(sys.argv[1:] if arguments is None else arguments), **result})
    print(f"\nwritten: {path.relative_to(ROOT) if path.is_relative_to(ROOT) else path}")


def newest(name: str) -> dict[str, Any] | None:
    """Return the result of the last full run of the benchmark *name*, or None. Runs of a part of the data or with other budgets do not
    count.
    """
    for path in sorted(RESULTS.glob(f"????-??-??T????-{name}.json"), reverse=True):
        document: dict[str, Any] = json.loads(path.read_text())
        if not PARTIAL.intersection(document.get("flags", ())):
            return document
    return None


def _commit() -> str:
    answer = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=False)
    return answer.stdout.strip() or "unknown"
