"""Files of the repository, as git lists them, for the policy tests."""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def _listed() -> list[Path]:
    """Return every file that is or would be committed; without git, every file outside hidden folders."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    if answer.returncode == 0:
        names = answer.stdout.decode().split("\0")
        return [ROOT / name for name in names if name and (ROOT / name).is_file()]
    return [path for path in ROOT.rglob("*") if path.is_file() and not any(part.startswith(".") for part in path.relative_to(ROOT).parts)]


@pytest.fixture(scope="session")
def repository_files() -> list[Path]:
    return _listed()


@pytest.fixture(scope="session")
def python_files(repository_files: list[Path]) -> list[Path]:
    return [path for path in repository_files if path.suffix == ".py"]


@pytest.fixture(scope="session")
def trees(python_files: list[Path]) -> dict[Path, ast.Module]:
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in python_files}


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT
