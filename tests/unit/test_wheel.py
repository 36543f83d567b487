"""The wheel runs without the repository."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the content of a wheel that is built as `make wheel` builds it."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("onward-*.whl")
    with ZipFile(wheel) as archive:
        archive.extractall(folder / "installed")
    return folder / "installed"


def test_every_file_of_the_package_is_in_the_wheel(installed: Path) -> None:
    tracked = subprocess.run(["git", "ls-files", "src/onward"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    assert len(tracked) > 400
    assert [name for name in tracked if not (installed / Path(name).relative_to("src")).is_file()] == []


def test_the_demo_runs_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(installed), "ONWARD_HOME": str(tmp_path / "home")}
    command = [sys.executable, "-m", "onward"]
    folder = subprocess.run(
        [sys.executable, "-c", "import onward; print(onward.__file__)"],
        cwd=tmp_path,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    assert Path(folder.stdout.strip()).is_relative_to(installed)
    demo = subprocess.run([*command, "demo", "--no-serve"], cwd=tmp_path, env=environment, check=True, capture_output=True, text=True)
    assert "# Handoff after session 3" in demo.stdout
    # The migrations are read from files.
    projects = subprocess.run(
        [*command, "project", "list", "--json"], cwd=tmp_path, env=environment, check=True, capture_output=True, text=True
    )
    assert json.loads(projects.stdout) == []
