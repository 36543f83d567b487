"""The measure must stay independent of the generator that it measures."""

from __future__ import annotations

import subprocess
import sys

GENERATOR = ("onward.core.extract", "onward.core.handoff.composer", "onward.core.facts.ledger", "onward.core.handoff.document")


def test_the_measure_loads_no_part_of_the_generator() -> None:
    # A fresh interpreter loads exactly what the measure needs, directly or indirectly.
    measure = "onward.core.preservation.collector, onward.core.preservation.measure"
    code = f"import sys, {measure}; print('\\n'.join(name for name in sys.modules if name.startswith('onward')))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "onward.core.preservation.measure" in loaded
    assert [name for name in loaded if name.startswith(GENERATOR)] == []
