"""What every test may ask for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


def _shared(name: str) -> Path:
    folder = SHARED / name
    if not folder.is_dir():
        if os.environ.get("CI"):
            pytest.fail(f"CI needs {folder}: put the shared folder beside the clone")
        pytest.skip(f"{folder} is not here")
    return folder


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real transcripts beside the repository; skips where it is absent, fails in CI."""
    return _shared("data")


@pytest.fixture(scope="session")
def shared_probes() -> Path:
    """The folder of frozen probes beside the repository; skips where it is absent, fails in CI."""
    return _shared("probes")
