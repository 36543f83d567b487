"""Score handoffs against the frozen probes beside the repository, with the `onward` of this environment.

    python -m bench.preservation [--only cb-,ec-] [--budgets 2000,4000] [--misses] …

All flags go to the scorer; `--carry --store` are added, and `--reach` for a run of all probes. The figures are saved as dated JSON.
"""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.report import ROOT, keep

SCORER = ROOT.parent / "shared" / "bench" / "preservation.py"


def main(arguments: list[str] | None = None) -> None:
    """Run the scorer, let it print its tables, and write its JSON."""
    given = sys.argv[1:] if arguments is None else arguments
    if not SCORER.is_file():
        print(f"no scorer at {SCORER}: put the shared folder beside the clone", file=sys.stderr)
        return
    with tempfile.TemporaryDirectory(prefix="onward-bench-") as folder:
        out = Path(folder) / "preservation.json"
        command = [
            sys.executable,
            str(SCORER),
            "--cmd",
            shlex.join([sys.executable, "-m", "onward"]),
            "--carry",
            "--store",
            "--json",
            str(out),
            *([] if "--only" in given else ["--reach"]),
            *given,
        ]
        code = subprocess.run(command, check=False).returncode
        if code or not out.is_file():
            raise SystemExit(code or f"the scorer wrote no figures; it ran as: {shlex.join(command)}")
        keep("preservation", {"scores": json.loads(out.read_text())}, given)


if __name__ == "__main__":
    main()
