"""MCP over HTTP: the real server, and what each caller may do."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client
from starlette.testclient import TestClient

from onward.api.middleware.access import SELF_GUARDED_PATHS
from onward.app.admin import access
from onward.mcp.http import PATH
from onward.mcp.server import TOOLS
from onward.server import build
from onward.settings import Settings
from onward.store import Store

from .conftest import Agent
from .test_tools import TURNS

ACCEPT = {"Accept": "application/json, text/event-stream"}
MIN_ARGUMENTS = {
    "search": {"query": "anything"},
    "get_source": {"handle": "s1.1"},
    "record_fact": {"kind": "rule", "text": "Never on Fridays"},
    "save_turns": {"turns": TURNS},
    "troubleshoot": {"error": "KeyError: 'x'"},
}


@pytest.fixture(params=["sqlite", "postgresql"])
def database_environment(request: pytest.FixtureRequest) -> dict[str, str]:
    return {"ONWARD_DATABASE_URL": request.getfixturevalue("new_database")()} if request.param == "postgresql" else {}


@pytest.mark.anyio
@pytest.mark.slow
async def test_the_loop_with_two_agents_and_a_server_that_is_started_again(
    serving: Callable[..., Any], database_environment: dict[str, str]
) -> None:
    with serving(**database_environment) as url:
        async with Client(url + PATH) as first, Client(url + PATH, mode="legacy") as other:
            for client, number in ((first, 1), (other, 2)):
                assert f"Session {number} of warung" in (await Agent(client).start_session(project="warung")).text

            async def work(client: Client, number: int) -> None:
                agent = Agent(client)
                for count in range(8):
                    await agent.save_turns(
                        project="warung",
                        session=number,
                        turns=[{"role": "user", "content": f"Selalu pakai huruf besar {number}-{count} 🍜."}],
                    )
                assert not (await agent.complete_session(project="warung", session=number)).is_error

            async with anyio.create_task_group() as both:
                both.start_soon(work, first, 1)
                both.start_soon(work, other, 2)
    with serving("--port", "0", **database_environment) as url:
        async with Client(url + PATH) as client:
            agent = Agent(client)
            assert "7 🍜" in (await agent.get_source(handle="s2.8", project="warung")).text
            assert "# Handoff after session" in (await agent.get_handoff(project="warung")).text


@pytest.mark.anyio
@pytest.mark.slow
async def test_an_agent_outlives_a_server_that_is_started_again(serving: Callable[..., Any], tmp_path: Path) -> None:
    with serving() as url:
        port = url.rpartition(":")[2]
        async with Client(url + PATH, mode="legacy") as client:
            await Agent(client).save_turns(project=str(tmp_path), turns=TURNS)
    with serving("--port", port) as url:
        async with Client(url + PATH, mode="legacy") as client:
            assert (await Agent(client).save_turns(project=str(tmp_path), session=1, turns=TURNS)).data["known_turns"] == 2


@asynccontextmanager
async def connect_with_token(url: str, token: str) -> Any:
    async with (
        httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"}, timeout=30) as http,
        Client(streamable_http_client(url, http_client=http)) as client,
    ):
        yield client


@pytest.mark.anyio
@pytest.mark.slow
async def test_a_server_for_others_holds_each_tool_to_the_token(serving: Callable[..., Any], store: Store, tmp_path: Path) -> None:
    with Store.at_folder(tmp_path / "home") as server_store:
        read, write = (access.create_token(server_store, scope, scope)[1] for scope in ("read", "write"))
    with serving("--host", "0.0.0.0") as url:
        path = url.replace("0.0.0.0", "127.0.0.1") + PATH
        assert httpx2.post(path, json={}, headers=ACCEPT).status_code == 401
        async with connect_with_token(path, write) as client:
            await Agent(client).start_session(project="warung")
        async with connect_with_token(path, read) as client:
            agent = Agent(client)
            assert len((await client.list_tools()).tools) == len(TOOLS)
            for tool, hints in TOOLS.items():
                answer = await getattr(agent, tool)(project="warung", **MIN_ARGUMENTS.get(tool, {}))
                assert ("of scope write" in answer.text) is not hints.read_only_hint, tool
        async with connect_with_token(path, write) as client:
            for tool in TOOLS:
                assert "of scope write" not in (await getattr(Agent(client), tool)(project="warung", **MIN_ARGUMENTS.get(tool, {}))).text


@pytest.mark.slow
def test_a_server_without_agents_does_not_load_mcp() -> None:
    check = "import sys, onward.server; sys.exit(any(name == 'mcp' or name.startswith('mcp.') for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0


@pytest.fixture
def client(store: Store, tmp_path: Path) -> Iterator[TestClient]:
    settings = Settings(tmp_path / "home", tmp_path / "claude", body_limit_mb=1)
    with TestClient(build(store, settings), base_url="http://127.0.0.1:3000", client=("127.0.0.1", 50000)) as http_client:
        yield http_client


def list_request(**more: Any) -> dict[str, Any]:
    return {
        "json": {"jsonrpc": "2.0", "id": 1, "method": "tools/list"},
        "headers": {**ACCEPT, "MCP-Protocol-Version": "2025-06-18", **more},
    }


def test_foreign_origins_and_hosts_are_refused(client: TestClient) -> None:
    assert {PATH} == SELF_GUARDED_PATHS
    assert client.post(PATH, **list_request()).status_code == 200
    assert client.post(PATH, **list_request(Origin="http://127.0.0.1:3000")).status_code == 200
    assert client.post(PATH, **list_request(Origin="https://evil.example")).status_code == 403
    assert client.post(PATH, **list_request(Host="evil.example")).status_code == 403
    assert client.post(PATH, **list_request(**{"X-Forwarded-For": "203.0.113.7"})).status_code == 401


def test_what_is_no_call_is_refused(client: TestClient) -> None:
    assert client.get(PATH, headers=ACCEPT).status_code == 405
    assert client.delete(PATH).status_code == 405
    assert client.post(PATH, content=b"{", headers={**ACCEPT, "Content-Type": "application/json"}).status_code == 400
    assert client.post(PATH, content=b"x" * (2**20 + 1), headers={**ACCEPT, "Content-Type": "application/json"}).status_code == 413
    assert client.post(PATH, **list_request()).json()["result"]["tools"]
    metrics = client.get("/metrics").text
    assert f'route="{PATH}"' in metrics


def test_a_defect_reveals_no_content(client: TestClient, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("rahasia")

    monkeypatch.setattr("onward.mcp.tools.search_results.search", broken)
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "search", "arguments": {"query": "x", "project": "*"}}}
    answer = client.post(PATH, json=call, headers={**ACCEPT, "MCP-Protocol-Version": "2025-06-18"})
    result = answer.json()["result"]
    assert result["isError"]
    assert "bug in Onward (RuntimeError in search)" in result["content"][0]["text"]
    out, err = capfd.readouterr()
    assert "rahasia" not in answer.text + out + err
