"""An agent that calls MCP tools with the official client: in process (`connect`), in a process of its own (`start_agent`), or on a real
server (`serving`).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters
from mcp_types import ListRootsResult, Root, TextContent
from tests import forks

from onward.mcp.context import McpContext
from onward.mcp.server import McpServer
from onward.settings import Machine, Settings
from onward.store import Store


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class ToolResult(NamedTuple):
    text: str
    is_error: bool
    data: Any


class Agent:
    """Calls tools by name: `await agent.search(query="…")`."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def __getattr__(self, tool: str) -> Callable[..., Any]:
        async def call(**arguments: Any) -> ToolResult:
            result = await self.client.call_tool(tool, arguments)
            assert all(isinstance(part, TextContent) for part in result.content)
            return ToolResult(
                "\n".join(part.text for part in result.content if isinstance(part, TextContent)),
                bool(result.is_error),
                result.structured_content,
            )

        return call


@pytest.fixture
def kopi(tmp_path: Path) -> Path:
    """The folder of a repository."""
    folder = tmp_path / "kopi"
    (folder / ".git").mkdir(parents=True)
    return folder


@pytest.fixture
def mcp_context(store: Store, kopi: Path, tmp_path: Path) -> McpContext:
    """The context of a local agent, on each kind of database."""
    return McpContext(
        store=store, settings=Settings(tmp_path / "home", tmp_path / "claude"), folder=kopi, machine=Machine(tmp_path / "person", "linux")
    )


@pytest.fixture
def connect(mcp_context: McpContext) -> Callable[..., Client]:
    return lambda **options: Client(McpServer(mcp_context), **options)


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    outer_environment = {name: value for name, value in os.environ.items() if not name.startswith("ONWARD_")}
    return {**outer_environment, "ONWARD_HOME": str(tmp_path / "home"), "HOME": str(tmp_path / "person")}


def parameters(environment: Mapping[str, str], folder: Path) -> StdioServerParameters:
    return StdioServerParameters(command=sys.executable, args=["-m", "onward", "mcp"], env=dict(environment), cwd=folder)


@pytest.fixture
def start_agent(environment: dict[str, str], kopi: Path) -> Callable[..., Client]:
    """Starts `onward mcp` as an agent does, in a folder of its own."""

    def start(folder: Path = kopi, *, root: Path | None = None, mode: str = "legacy") -> Client:
        async def roots(_: Any) -> ListRootsResult:
            assert root
            return ListRootsResult(roots=[Root(uri=root.as_uri())])  # type: ignore[arg-type]

        return Client(parameters(environment, folder), mode=mode, list_roots_callback=roots if root else None)

    return start


@pytest.fixture
def serving(environment: dict[str, str], tmp_path: Path) -> Callable[..., Any]:
    """`onward serve` on a free port, ended by its id on exit; yields its address."""

    @contextmanager
    def serve(*options: str, **more: str) -> Iterator[str]:
        access = [] if "--host" in options else ["--no-token"]
        command = forks.command("serve", "--port", "0", "--json", *access, *options)
        with (tmp_path / "server.log").open("ab") as log:
            process = subprocess.Popen(command, env={**environment, **more}, stdout=subprocess.PIPE, stderr=log)
            try:
                assert process.stdout
                yield json.loads(process.stdout.readline())["url"]
            finally:
                process.terminate()
                process.wait(30)

    return serve
