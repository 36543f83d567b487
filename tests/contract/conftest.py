"""The same commands, locally and against a server: `both` runs a command on a local store and on one behind `onward serve`."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests import forks

from onward.cli.main import main


@dataclass(frozen=True)
class CommandResult:
    """The output and exit code of a command."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        assert self.code == 0, self.err
        return json.loads(self.out)

    @property
    def error(self) -> Any:
        assert self.code != 0
        return json.loads(self.err)["error"]


class CommandRunner:
    """Runs commands with a home and, if set, a server."""

    def __init__(self, home: Path, url: str, patch: pytest.MonkeyPatch, read: pytest.CaptureFixture[str]) -> None:
        self.home, self.url = home, url
        self._patch, self._read = patch, read

    def __call__(self, *arguments: object, token: str = "") -> CommandResult:
        """Run `onward` with *arguments*."""
        with self._patch.context() as patch:
            patch.setenv("ONWARD_HOME", str(self.home))
            if self.url:
                patch.setenv("ONWARD_SERVER", self.url)
            if token:
                patch.setenv("ONWARD_TOKEN", token)
            code = main([str(argument) for argument in arguments])
        return CommandResult(code, *self._read.readouterr())


@contextmanager
def _serving(home: Path, log: Path, *arguments: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Run `onward serve` on the store of *home*; yield its address and its process, which is ended by its id."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ONWARD_")} | {"ONWARD_HOME": str(home)}
    command = forks.command("serve", "--port", "0", "--no-token", "--json", *arguments)
    with log.open("wb") as errors:
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=errors)
        try:
            assert process.stdout
            first_line = process.stdout.readline()
            assert first_line, log.read_text()
            yield json.loads(first_line)["url"], process
        finally:
            process.terminate()
            process.wait(30)


@pytest.fixture(scope="session")
def root() -> Path:
    return Path(__file__).resolve().parents[2]


@pytest.fixture
def work_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, outside any repository, without settings from outside."""
    folder = tmp_path / "at-work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for name in [name for name in os.environ if name.startswith("ONWARD_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "person"))
    monkeypatch.delenv("CLAUDE_CONFIG_DIR", raising=False)
    return folder


@pytest.fixture
def create_runner(
    tmp_path: Path, work_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[[str], CommandRunner]:
    """`create_runner(url)` runs commands on that server."""
    return lambda url: CommandRunner(tmp_path / "client", url, monkeypatch, capsys)


@pytest.fixture
def local(tmp_path: Path, work_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> CommandRunner:
    """Runs commands on a local store."""
    return CommandRunner(tmp_path / "here", "", monkeypatch, capsys)


@pytest.fixture
def remote(
    tmp_path: Path, work_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[CommandRunner]:
    """Runs commands on the store of a real server. Tests that use it are slow."""
    with _serving(tmp_path / "there", tmp_path / "server.log") as (url, _):
        yield CommandRunner(tmp_path / "client", url, monkeypatch, capsys)


@pytest.fixture
def serving(tmp_path: Path) -> Any:
    """`serving(home, *arguments)` runs another server, and yields its address and its process."""
    return lambda home, *arguments: _serving(home, tmp_path / "server.log", *arguments)
