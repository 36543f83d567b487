"""A machine with a home, a repository and agents' folders, and Onward called as the agents call it, in processes of its own."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests import forks

from onward.agents import hook_log, session_notes


@dataclass(frozen=True)
class Sandbox:
    """The folders that the agents work in, and Onward's data folder."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def person_home(self) -> Path:
        return self.folder / "me"

    @property
    def home(self) -> Path:
        return self.folder / "onward"

    @property
    def shop(self) -> Path:
        return self.folder / "shop"

    def run(self, *arguments: str, stdin: str = "", cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        outer_environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("ONWARD_", "CLAUDE", "CODEX", "XDG_", "GIT_"))
        }
        environment = {
            **outer_environment,
            "HOME": str(self.person_home),
            "USERPROFILE": str(self.person_home),
            "ONWARD_HOME": str(self.home),
            **self.environment,
        }
        return subprocess.run(
            forks.command(*arguments),
            env=environment,
            cwd=cwd or self.shop,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def hook(self, event: str, agent: str, payload: object) -> dict[str, Any]:
        """Call a hook and return its answer, which is always JSON."""
        answer = self.run("hook", event, "--agent", agent, stdin=payload if isinstance(payload, str) else json.dumps(payload))
        assert (answer.returncode, answer.stderr) == (0, "")
        output: dict[str, Any] = json.loads(answer.stdout)
        return output

    def log(self) -> list[dict[str, Any]]:
        return hook_log.read_lines(str(self.home))

    def wait_for_captures(self, count: int = 1) -> list[dict[str, Any]]:
        """Wait until *count* sessions are imported, and return their log lines."""

        def capture_lines() -> list[dict[str, Any]]:
            return [line for line in self.log() if line["event"].startswith("imported")]

        self.wait_until(lambda: len(capture_lines()) >= count)
        return capture_lines()

    def wait_until(self, is_so: Callable[[], bool]) -> None:
        """Wait until *is_so* returns true, for a minute at most."""
        end = time.monotonic() + 60
        while not is_so():
            assert time.monotonic() < end, self.log()
            time.sleep(0.05)

    def notes(self) -> list[session_notes.Note]:
        return session_notes.list_notes(str(self.home))


def git(folder: Path, *words: str) -> None:
    who = ("-c", "user.name=Ayu", "-c", "user.email=ayu@example.com")
    subprocess.run(["git", "-C", str(folder), *who, *words], check=True, capture_output=True)


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    """A sandbox with a repository of one commit."""
    at = Sandbox(tmp_path)
    at.person_home.mkdir()
    at.shop.mkdir()
    git(at.shop, "init", "--quiet", "--initial-branch=main")
    git(at.shop, "commit", "--quiet", "--allow-empty", "-m", "Begin")
    return at


@pytest.fixture
def commit() -> Callable[[Path, str], None]:
    """Make an empty commit with that subject."""
    return lambda folder, subject: git(folder, "commit", "--quiet", "--allow-empty", "-m", subject)
