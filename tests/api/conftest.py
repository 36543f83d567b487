"""A server to call: in process (`client`) or the real program (`server`), on SQLite and, in the slow run, on PostgreSQL."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from starlette.testclient import TestClient
from tests import forks

from onward.api.application import build
from onward.settings import Settings
from onward.store import Store


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path / "home", tmp_path / "claude", import_roots=(str(tmp_path),))


@pytest.fixture
def client(store: Store, settings: Settings) -> Iterator[TestClient]:
    """Calls the application in process: `client.post("/api/projects", json={…}).json()`. An unexpected error is an answer of 500."""
    here = ("127.0.0.1", 50000)
    with TestClient(build(store, settings), base_url="http://127.0.0.1:3000", client=here, raise_server_exceptions=False) as http_client:
        yield http_client


@pytest.fixture(params=["sqlite", "postgresql"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[httpx2.Client]:
    """Calls `onward serve`, a process of its own on a free port. Tests that use it are slow."""
    environment = {**os.environ, "ONWARD_HOME": str(tmp_path / "home")}
    if request.param == "postgresql":
        environment["ONWARD_DATABASE_URL"] = request.getfixturevalue("new_database")()
    with (tmp_path / "server.log").open("wb") as log, serving(environment, log.fileno()) as (_, http_client):
        yield http_client


class serving:  # noqa: N801 - used like a function
    """`onward serve` with *environment*, ended by its id on exit; yields the process and a client."""

    def __init__(self, environment: dict[str, str], log: int) -> None:
        self._environment, self._log = environment, log

    def __enter__(self) -> tuple[subprocess.Popen[bytes], httpx2.Client]:
        command = forks.command("serve", "--port", "0", "--no-token", "--json")
        self._process = subprocess.Popen(command, env=self._environment, stdout=subprocess.PIPE, stderr=self._log)
        assert self._process.stdout
        first_line = self._process.stdout.readline()
        assert first_line, "the server ended before it listened"
        self._client = httpx2.Client(base_url=json.loads(first_line)["url"], timeout=60)
        return self._process, self._client

    def __exit__(self, *_: object) -> None:
        self._client.close()
        self._process.terminate()
        self._process.wait(30)
