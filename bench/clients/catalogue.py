"""The clients: how each is set up against the scripted model and started. Their versions are in package.json beside this file."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

KEY = "not-a-key"
MODEL = "scripted-1"

Settings = dict[str, str]
"""Texts of files by their path below the home folder."""


@dataclass(frozen=True)
class Client:
    """A client. `package` is its name in npm, `program` where the program is below `node_modules`: a pattern. `arguments` start a session
    without a terminal, with the prompt last. `settings` returns its files for the address of the model and the folder of the work;
    `preparation` is a command to run before the first session.

    `hears_end` is False where it ends without an event when no terminal is there, and `has_mcp` where it has no MCP servers. It compacts
    when the model reports a full context; where `compaction` has arguments, when they continue the session. `command` continues the last
    session with Onward's command `/handoff`; empty where the client reads no commands from files. `compacts` is False where it
    does so in a terminal only.
    """

    agent: str
    package: str
    program: str
    arguments: tuple[str, ...]
    settings: Callable[[str, Path], Settings] = lambda _url, _folder: {}
    preparation: tuple[str, ...] = ()
    hears_end: bool = True
    has_mcp: bool = True
    compaction: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    compacts: bool = True


def environment(url: str) -> dict[str, str]:
    """Return the variables by which every client finds the scripted model, and nothing else, at *url*."""
    return {
        "ANTHROPIC_BASE_URL": url,
        "ANTHROPIC_API_KEY": KEY,
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "DISABLE_AUTOUPDATER": "1",
        # Claude Code refuses to skip permissions as root otherwise.
        "IS_SANDBOX": "1",
        "OPENAI_API_KEY": KEY,
        "OPENAI_BASE_URL": f"{url}/v1",
        "OPENAI_MODEL": MODEL,
        "GEMINI_API_KEY": KEY,
        "GOOGLE_GEMINI_BASE_URL": url,
        "GEMINI_CLI_TRUST_WORKSPACE": "true",
        "PI_OFFLINE": "1",
        # On a busy machine four seconds are too short for it to start its plugins.
        "CLINE_PLUGIN_IMPORT_TIMEOUT_MS": "60000",
        "COPILOT_PROVIDER_BASE_URL": f"{url}/v1",
        "COPILOT_PROVIDER_API_KEY": KEY,
        "COPILOT_MODEL": MODEL,
        "COPILOT_OFFLINE": "true",
    }


def _codex(url: str, folder: Path) -> Settings:
    # A model of Codex's own catalogue that works in code mode.
    text = f"""model = "gpt-6.2-sol"
model_provider = "scripted"
model_auto_compact_token_limit = 150000

[model_providers.scripted]
name = "scripted"
base_url = "{url}/v1"
env_key = "OPENAI_API_KEY"
wire_api = "responses"
supports_websockets = false

[projects."{folder}"]
trust_level = "trusted"
"""
    return {".codex/config.toml": text}


def _gemini(_url: str, _folder: Path) -> Settings:
    settings = {"security": {"auth": {"selectedType": "gemini-api-key"}}, "privacy": {"usageStatisticsEnabled": False}}
    return {".gemini/settings.json": json.dumps(settings)}


def _qwen(_url: str, _folder: Path) -> Settings:
    settings = {"security": {"auth": {"selectedType": "openai"}}, "privacy": {"usageStatisticsEnabled": False}}
    return {".qwen/settings.json": json.dumps(settings)}


def _opencode(url: str, _folder: Path) -> Settings:
    models = {MODEL: {"limit": {"context": 200_000, "output": 8_000}, "tool_call": True}}
    provider = {"npm": "@ai-sdk/openai-compatible", "options": {"baseURL": f"{url}/v1", "apiKey": KEY}, "models": models}
    settings = {
        "autoupdate": False,
        "model": f"scripted/{MODEL}",
        "small_model": f"scripted/{MODEL}",
        "provider": {"scripted": provider},
        "permission": {"edit": "allow", "bash": "allow"},
    }
    return {".config/opencode/opencode.json": json.dumps(settings)}


def _pi(url: str, _folder: Path) -> Settings:
    free = dict.fromkeys(("input", "output", "cacheRead", "cacheWrite"), 0)
    model = {"id": MODEL, "name": "Scripted", "reasoning": False, "input": ["text"], "cost": free}
    models = [{**model, "contextWindow": 200_000, "maxTokens": 8_000}]
    provider = {"baseUrl": f"{url}/v1", "api": "openai-completions", "apiKey": KEY, "models": models}
    return {".pi/agent/models.json": json.dumps({"providers": {"scripted": provider}})}


CLIENTS = (
    Client(
        agent="claude-code",
        package="@anthropic-ai/claude-code",
        program="@anthropic-ai/claude-code-*/claude",
        arguments=("--permission-mode", "bypassPermissions", "-p"),
        compaction=("--permission-mode", "bypassPermissions", "--continue", "-p", "/compact"),
        command=("--permission-mode", "bypassPermissions", "--continue", "-p", "/handoff"),
    ),
    Client(
        agent="codex",
        package="@openai/codex",
        program=".bin/codex",
        arguments=("exec", "--dangerously-bypass-hook-trust", "--dangerously-bypass-approvals-and-sandbox"),
        settings=_codex,
        command=(
            *("exec", "--dangerously-bypass-hook-trust", "--dangerously-bypass-approvals-and-sandbox"),
            *("resume", "--last", "$handoff"),
        ),
    ),
    Client(
        agent="gemini-cli",
        package="@google/gemini-cli",
        program=".bin/gemini",
        arguments=("--yolo", "-p"),
        settings=_gemini,
        command=("--yolo", "--resume", "latest", "-p", "/handoff"),
        compacts=False,
    ),
    Client(
        agent="qwen-code",
        package="@qwen-code/qwen-code",
        program=".bin/qwen",
        arguments=("--yolo", "-p"),
        settings=_qwen,
        command=("--yolo", "--continue", "-p", "/handoff"),
        hears_end=False,
    ),
    Client(
        agent="copilot",
        package="@github/copilot",
        program=".bin/copilot",
        arguments=("--allow-all-tools", "-p"),
    ),
    Client(
        agent="opencode",
        package="opencode-ai",
        program="opencode-*/bin/opencode",
        arguments=("run",),
        settings=_opencode,
        command=("run", "--continue", "--command", "handoff"),
    ),
    Client(
        agent="cline",
        package="cline",
        program=".bin/cline",
        arguments=(),
        preparation=("auth", "-p", "openai", "-k", KEY, "-m", MODEL, "-b", "{url}/v1"),
        compacts=False,
    ),
    Client(
        agent="pi",
        package="@mariozechner/pi-coding-agent",
        program=".bin/pi",
        arguments=("--provider", "scripted", "--model", MODEL, "-p"),
        settings=_pi,
        has_mcp=False,
    ),
)
