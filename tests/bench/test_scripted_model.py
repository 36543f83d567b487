"""The scripted model answers every wire protocol, step by step, and the table of clients matches the pinned packages."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from bench.clients.catalogue import CLIENTS
from bench.clients.endpoint import Endpoint, running_endpoint
from bench.clients.installation import HERE
from bench.clients.script import ANSWER, BUILD, SUMMARY

from onward.core.agents import HOOK_AGENT_IDS

WRITE = {"path": {"type": "string"}, "content": {"type": "string"}}


def ask(endpoint: Endpoint, path: str, body: dict[str, Any]) -> str:
    """Return the answer's text as it was sent."""
    request = urllib.request.Request(endpoint.url + path, json.dumps(body).encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.read().decode()


def chat(*messages: dict[str, Any], stream: bool = False) -> dict[str, Any]:
    tool = {"type": "function", "function": {"name": "write", "parameters": {"type": "object", "properties": WRITE}}}
    return {"model": "scripted-1", "messages": list(messages), "tools": [tool], "stream": stream}


def test_a_scenario_goes_on_by_the_calls_since_its_prompt(tmp_path: Path) -> None:
    with running_endpoint() as endpoint:
        endpoint.model.folder = tmp_path
        prompt = {"role": "user", "content": BUILD}
        first = json.loads(ask(endpoint, "/v1/chat/completions", chat(prompt)))["choices"][0]["message"]
        (call,) = first["tool_calls"]
        assert json.loads(call["function"]["arguments"])["path"] == str(tmp_path / "tracker.py")
        steps: list[dict[str, Any]] = []
        for _ in range(3):
            steps += [{**first, "role": "assistant"}, {"role": "tool", "tool_call_id": call["id"], "content": "ok"}]
        last = json.loads(ask(endpoint, "/v1/chat/completions", chat(prompt, *steps)))["choices"][0]
        assert (last["message"]["content"], last["finish_reason"]) == (ANSWER, "stop")
        assert len(endpoint.requests) == 2
        assert BUILD in endpoint.texts_since(0)[0]


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        (
            "/v1/messages",
            {"messages": [{"role": "user", "content": BUILD}], "tools": [{"name": "Write", "input_schema": {"properties": WRITE}}]},
            '"tool_use"',
        ),
        (
            "/v1/responses",
            {"input": [{"type": "message", "role": "user", "content": BUILD}], "tools": [{"type": "custom", "name": "exec"}]},
            "tools.apply_patch",
        ),
        (
            "/v1beta/models/m:generateContent",
            {
                "contents": [{"role": "user", "parts": [{"text": BUILD}]}],
                "tools": [{"functionDeclarations": [{"name": "write_file", "parametersJsonSchema": {"properties": WRITE}}]}],
            },
            '"functionCall"',
        ),
    ],
)
def test_every_protocol_gets_a_call_also_as_a_stream(path: str, body: dict[str, Any], expected: str) -> None:
    with running_endpoint() as endpoint:
        assert expected in ask(endpoint, path, body)
        streamed = ask(endpoint, path.replace(":generate", ":streamGenerate"), {**body, "stream": True})
        assert expected in streamed
        assert streamed.count("data: ") >= 1


def test_a_request_for_a_summary_gets_one() -> None:
    with running_endpoint() as endpoint:
        messages = [{"role": "user", "content": BUILD}, {"role": "user", "content": "Write a detailed summary of the conversation."}]
        answer = json.loads(ask(endpoint, "/v1/chat/completions", chat(*messages)))
        assert answer["choices"][0]["message"]["content"] == SUMMARY


def test_every_client_is_pinned_and_known() -> None:
    versions = json.loads((HERE / "package.json").read_text())["dependencies"]
    lock = json.loads((HERE / "package-lock.json").read_text())["packages"]
    assert {client.package for client in CLIENTS} == set(versions)
    assert {name: lock[f"node_modules/{name}"]["version"] for name in versions} == versions
    assert all("resolved" not in package for package in lock.values())
    # Cursor's client needs an account even with a model of one's own.
    assert {client.agent for client in CLIENTS} == set(HOOK_AGENT_IDS) - {"cursor"}
