"""Messages of the first command when something is missing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NEEDED = ("requirements", "pyproject.toml", "README.md", "LICENSE", "src", "bin", "hatch_build.py", "package.json", "package-lock.json")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    folder = tmp_path / "clone of onward"
    folder.mkdir()
    for name in NEEDED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
        copy(ROOT / name, folder / name)
    return folder


def python_that(clone: Path, script: str) -> str:
    """Create a `python3` that runs *script* (sh), in a folder that is returned as the PATH."""
    folder = clone.parent / "bin"
    folder.mkdir()
    (folder / "python3").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "python3").chmod(0o755)
    return f"{folder}:/usr/bin:/bin"


def set_up(clone: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [clone / "bin/set-up", "runtime"],
        env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_old_python_is_reported_with_advice(clone: Path) -> None:
    path = python_that(clone, 'case "$*" in *version_info*) exit 1;; *) echo Python 3.9.2;; esac')
    answer = set_up(clone, PATH=path, PYTHON="python3")
    assert answer.returncode == 1
    assert "needs Python 3.11 or newer; found: Python 3.9.2" in answer.stderr
    assert "PYTHON=/path/to/python3.11" in answer.stderr


def test_a_missing_venv_module_is_named_with_the_package_that_has_it(clone: Path) -> None:
    path = python_that(clone, f'case "$*" in *ensurepip*) exit 1;; esac; exec "{sys.executable}" "$@"')
    answer = set_up(clone, PATH=path)
    assert answer.returncode == 1
    assert "has no venv module" in answer.stderr
    assert "apt install python3-venv" in answer.stderr


@pytest.mark.slow
def test_a_missing_network_is_reported_and_a_second_run_continues(clone: Path) -> None:
    unreachable = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(clone / "nothing"), "PIP_CONFIG_FILE": os.devnull, "PYTHON": sys.executable}
    for already_there in (False, True):
        answer = set_up(clone, **unreachable)
        assert answer.returncode == 1
        assert "This step needs the network, once." in answer.stderr
        assert ("making .venv" in answer.stdout) is not already_there
