"""The measure judges the generator, so it may not borrow the generator's eyes."""

from __future__ import annotations

import subprocess
import sys

GENERATOR = ("onward.core.extract", "onward.core.handoff.composer", "onward.core.facts.ledger", "onward.core.handoff.document")


def test_the_measure_loads_no_part_of_the_generator() -> None:
    # A fresh interpreter, so that what it loads is all that the measure needs, by whatever way it is imported.
    code = "import sys, onward.core.preservation; print('\\n'.join(m for m in sys.modules if m.startswith('onward')))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "onward.core.preservation.measure" in loaded
    assert [name for name in loaded if name.startswith(GENERATOR)] == []
