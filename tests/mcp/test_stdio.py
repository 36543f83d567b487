"""`onward mcp`, a process of its own, as an agent starts it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp.client import Client

from . import handshake_answers
from .conftest import Agent
from .test_tools import TURNS

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

Started = Callable[..., Client]
HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "codex-mcp-client", "version": "1"}},
}


def line(message: dict[str, Any]) -> bytes:
    return json.dumps(message).encode() + b"\n"


def call(number: int, tool: str, **arguments: Any) -> bytes:
    return line({"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": {"name": tool, "arguments": arguments}})


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_the_loop_over_two_processes(start_agent: Started, mode: str) -> None:
    async with start_agent(mode=mode) as client:
        agent = Agent(client)
        assert "Session 1 of kopi started" in (await agent.start_session()).text
        await agent.save_turns(turns=TURNS)
        assert (await agent.complete_session(accomplishments=["Struk tercetak 🧾"])).data["handoff_version"] == 1
    async with start_agent(mode=mode) as client:
        handoff_text = (await Agent(client).start_session()).text
    assert "Session 2 of kopi started" in handoff_text
    assert "Struk tercetak 🧾" in handoff_text
    assert "Always keep prices in cents" in handoff_text


@pytest.fixture(params=["sqlite", "postgresql"])
def anywhere(request: pytest.FixtureRequest, environment: dict[str, str]) -> dict[str, str]:
    if request.param == "postgresql":
        environment["ONWARD_DATABASE_URL"] = request.getfixturevalue("new_database")()
    return environment


async def test_two_agents_at_once_in_one_project(start_agent: Started, anywhere: dict[str, str]) -> None:
    async with start_agent() as first, start_agent() as other:
        for client, number in ((first, 1), (other, 2)):
            assert f"Session {number} of kopi" in (await Agent(client).start_session()).text

        async def work(client: Client, mark: str) -> None:
            agent = Agent(client)
            for number in range(10):
                await agent.save_turns(turns=[{"role": "user", "content": f"Always use {mark}{number}."}])
                await agent.record_fact(kind="decision", text=f"We keep {mark}{number} because it is {mark}.")
            assert not (await agent.complete_session()).is_error

        async with anyio.create_task_group() as both:
            both.start_soon(work, first, "alpha")
            both.start_soon(work, other, "beta")
        handoff_text = (await Agent(first).get_handoff()).text
    missing = [
        f"{mark}{number}" for mark in ("alpha", "beta") for number in range(10) if f"keep {mark}{number} because" not in handoff_text
    ]
    assert not missing


async def test_the_roots_of_an_agent_choose_the_project(start_agent: Started, kopi: Path, environment: dict[str, str]) -> None:
    person = kopi.parent / "person"
    await anyio.Path(person).mkdir()
    async with start_agent(person) as client:
        refused = await Agent(client).start_session()
        assert "The project is not known" in refused.text
    async with start_agent(person, root=kopi) as client:
        assert "Session 1 of kopi started" in (await Agent(client).start_session()).text


def test_nothing_but_the_protocol_is_written(environment: dict[str, str], kopi: Path) -> None:
    sent = [line(HELLO), line({"jsonrpc": "2.0", "method": "notifications/initialized"}), b"this is no JSON\n", b"\xff\xfe\n"]
    sent += [
        call(2, "start_session"),
        call(3, "search", query="apa pun"),
        call(4, "nonsense"),
        line({"jsonrpc": "2.0", "id": 5, "method": "tools/list"}),
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", "onward", "mcp"],
        env=environment,
        cwd=kopi,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin
    assert process.stdout
    for message in sent:
        process.stdin.write(message)
    process.stdin.flush()
    answers: dict[int, Any] = {}
    while 5 not in answers or len([number for number in answers if number]) < 5:
        answer = json.loads(process.stdout.readline())
        answers[answer.get("id")] = answer
    rest, errors = process.communicate(timeout=60)
    assert all(json.loads(each)["jsonrpc"] == "2.0" for each in rest.splitlines())
    assert process.returncode == 0
    assert answers[4]["result"]["isError"]
    assert b"Traceback" not in errors
    assert b"apa pun" not in errors


def killed_at_work(environment: dict[str, str], kopi: Path) -> None:
    """Save some turns, and kill the server during the next call, which gets no answer."""
    process = subprocess.Popen(
        [sys.executable, "-m", "onward", "mcp"], env=environment, cwd=kopi, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin
    assert process.stdout
    for message in (line(HELLO), line({"jsonrpc": "2.0", "method": "notifications/initialized"}), call(2, "save_turns", turns=TURNS)):
        process.stdin.write(message)
    process.stdin.flush()
    while json.loads(process.stdout.readline()).get("id") != 2:
        pass
    process.stdin.write(call(3, "complete_session"))
    process.stdin.flush()
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()


async def test_what_was_saved_survives_a_killed_server(start_agent: Started, environment: dict[str, str], kopi: Path) -> None:
    killed_at_work(environment, kopi)
    async with start_agent() as client:
        agent = Agent(client)
        assert (await agent.save_turns(turns=TURNS, session=1)).data == {"session": 1, "new_turns": 0, "known_turns": 2, "turns": 2}
        assert (await agent.complete_session(session=1)).data["handoff_version"] == 1


def converse(environment: dict[str, str], folder: Path, lines: list[bytes]) -> tuple[list[dict[str, Any]], subprocess.Popen[bytes]]:
    """Send *lines* to a server, each request after the answer to the one before, and disconnect. Return the answers and the process."""
    command = [sys.executable, "-m", "onward", "mcp"]
    with subprocess.Popen(command, env=environment, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        answers = []
        for message in lines:
            process.stdin.write(message)
            process.stdin.flush()
            if b'"id"' in message:
                answers.append(json.loads(process.stdout.readline()))
        process.stdin.close()
        assert process.stdout.read() == b""
    return answers, process


@pytest.mark.parametrize("version", [*handshake_answers.versions(), "2099-01-01"])
def test_the_opening_is_answered_as_the_library_answers_it(environment: dict[str, str], kopi: Path, version: str) -> None:
    answers, process = converse(environment, kopi, handshake_answers.handshake_lines(version))
    assert process.returncode == 0
    expected = handshake_answers.library_answers(version)
    assert dict(zip(("initialize", *handshake_answers.METHODS), [answer["result"] for answer in answers], strict=True)) == expected
    assert not (Path(environment["ONWARD_HOME"]) / "onward.db").exists()


def test_requests_without_a_handshake_are_answered_as_the_library_answers_them(environment: dict[str, str], kopi: Path) -> None:
    answers, process = converse(environment, kopi, handshake_answers.stateless_lines())
    assert process.returncode == 0
    expected = handshake_answers.stateless_answers()
    assert dict(zip(("server/discover", *handshake_answers.METHODS), [answer["result"] for answer in answers], strict=True)) == expected
    assert not (Path(environment["ONWARD_HOME"]) / "onward.db").exists()


def test_a_client_that_gave_up_waiting_may_begin_with_a_handshake(environment: dict[str, str], kopi: Path) -> None:
    probe = handshake_answers.stateless_lines()[0]
    given_up = line({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 0}})
    answers, _ = converse(environment, kopi, [probe, given_up, line(HELLO), call(2, "start_session")])
    assert answers[1]["result"]["protocolVersion"] == HELLO["params"]["protocolVersion"]
    assert not answers[2]["result"]["isError"]


def test_a_call_without_a_handshake_is_answered(environment: dict[str, str], kopi: Path) -> None:
    probe = handshake_answers.stateless_lines()[0]
    request = json.loads(call(2, "start_session"))
    request["params"]["_meta"] = json.loads(probe)["params"]["_meta"]
    answers, _ = converse(environment, kopi, [probe, line(request)])
    assert not answers[1]["result"]["isError"]
    assert "Session 1" in answers[1]["result"]["content"][0]["text"]


def test_a_handshake_that_is_not_complete_gets_the_answer_of_the_library(environment: dict[str, str], kopi: Path) -> None:
    incomplete = line({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"protocolVersion": "2025-06-18"}})
    answers, _ = converse(environment, kopi, [incomplete, line({**HELLO, "id": 2})])
    assert answers[0]["error"]["code"] == -32602
    assert answers[1]["result"]["protocolVersion"] == "2025-06-18"


def test_a_store_that_cannot_be_opened_is_told_to_the_agent(environment: dict[str, str], kopi: Path) -> None:
    wrong = {**environment, "ONWARD_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}
    answers, process = converse(
        wrong, kopi, [line(HELLO), call(2, "start_session"), line({"jsonrpc": "2.0", "id": 3, "method": "resources/read"})]
    )
    assert process.returncode == 0
    assert answers[1]["result"]["isError"]
    assert "127.0.0.1" in answers[1]["result"]["content"][0]["text"]
    assert answers[2]["error"]["code"] == -32603


def test_a_server_in_the_settings_is_refused_at_the_first_call(environment: dict[str, str], kopi: Path) -> None:
    answers, _ = converse({**environment, "ONWARD_SERVER": "http://127.0.0.1:1"}, kopi, [line(HELLO), call(2, "start_session")])
    assert "ONWARD_SERVER" in answers[1]["result"]["content"][0]["text"]
