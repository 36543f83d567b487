"""One table of agents: every name of an agent in the source is in it, and no other table maps agents to anything."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from onward import settings
from onward.agents.payload import EVENTS
from onward.core import agents
from onward.core.agents import AGENTS, HOOK_AGENT_IDS, agent_id, agent_label, detect_agent, find_agent
from onward.formats import FORMATS

IDS = {agent.id for agent in AGENTS}
SPELLINGS = {
    "gemini-cli": ("gemini", "Gemini", "gemini_cli", "GEMINI CLI", "Gemini CLI", "google-gemini"),
    "claude-code": ("claude", "Claude Code", "claude_code", "ClaudeCode", " claude-code "),
    "codex": ("Codex CLI", "openai-codex", "OpenAI Codex"),
    "opencode": ("OpenCode", "open-code"),
    "qwen-code": ("qwen", "Qwen Code"),
    "copilot": ("GitHub Copilot", "copilot-cli", "github_copilot"),
    "roo": ("Roo Code", "roo-code", "roo-cline"),
    "kilo": ("Kilo Code", "kilo-code"),
    "cursor": ("Cursor IDE", "CursorIDE", "cursor-agent"),
    "droid": ("factory", "Factory Droid"),
    "antigravity": ("agy", "Antigravity"),
    "swe-agent": ("SWE-agent", "swe_agent"),
    "openhands": ("OpenHands", "Open Hands"),
}
TABLE = Path(agents.__file__)
ALLOWED = {
    # The words by which a pasted chat names who speaks: models and services, not agents.
    "src/onward/formats/speakers.py",
    "src/onward/formats/json_turns.py",
    # What each client writes around a person's words, at its name.
    "src/onward/core/transcript/frames.py",
    # The names of the format modules.
    "src/onward/formats/__init__.py",
}


@pytest.mark.parametrize(("expected", "spellings"), SPELLINGS.items())
def test_all_spellings_lead_to_one_id(expected: str, spellings: tuple[str, ...]) -> None:
    assert {agent_id(spelling) for spelling in (expected, *spellings)} == {expected}
    assert {agent_label(spelling) for spelling in (expected, *spellings)} == {agent_label(expected)}


def test_names_are_unique() -> None:
    keys = [(agents._key(name), agent.id) for agent in AGENTS for name in (agent.id, agent.label, *agent.aliases)]
    assert len({key for key, _ in set(keys)}) == len(set(keys))


def test_an_unknown_agent_keeps_its_name() -> None:
    assert (find_agent("planner"), agent_id(" planner "), agent_label("my-planner"), agent_id("")) == (None, "planner", "My Planner", "")


@pytest.mark.parametrize(
    ("client", "expected"),
    [
        ("claude-code", "claude-code"),
        ("codex-mcp-client", "codex"),
        ("gemini-cli-mcp-client", "gemini-cli"),
        ("cursor-vscode", "cursor"),
        ("claude-ai", "claude-ai"),
        ("mcp-inspector", ""),
    ],
)
def test_a_client_names_its_agent(client: str, expected: str) -> None:
    assert detect_agent(client) == expected


def test_every_format_has_an_agent() -> None:
    names = {import_module(f"onward.formats.{name}").NAME for name in FORMATS}
    assert names <= {name for agent in AGENTS for name in agent.formats}
    # What a reader writes into the head of a session is an id of the table.
    assert {agent_id(name) for name in names} <= IDS


def test_hooks_call_events_that_exist() -> None:
    assert {event for agent in AGENTS if agent.hooks for event in agent.hooks.events.values()} == set(EVENTS)
    assert HOOK_AGENT_IDS == ("claude-code", "codex", "gemini-cli", "cursor", "cline", "opencode", "copilot", "pi", "qwen-code")


def test_folders_name_variables_that_settings_read() -> None:
    texts = [folder.folder for agent in AGENTS for folder in agent.folders]
    texts += [text for agent in AGENTS if agent.hooks for text in (agent.hooks.folder, agent.hooks.file, agent.hooks.mcp_file)]
    assert {name for text in texts for name in re.findall(r"\$\{(\w+)", text)} <= set(settings.FOLDER_VARIABLES)


def _literal_names(node: ast.AST) -> Iterator[str]:
    """Yield the strings that a literal maps, lists or pairs."""
    values: list[ast.expr | None] = []
    if isinstance(node, ast.Dict):
        values = [*node.keys, *node.values]
    elif isinstance(node, ast.Tuple | ast.List | ast.Set):
        values = [*node.elts]
    for value in values:
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            yield value.value
        elif isinstance(value, ast.Tuple | ast.List):
            yield from _literal_names(value)


def test_no_other_table_of_agents(root: Path) -> None:
    ids = {agent.id for agent in AGENTS if agent.folders or agent.hooks}
    tables = []
    for path in sorted((root / "src").rglob("*.py")):
        name = str(path.relative_to(root))
        if path == TABLE or name in ALLOWED:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            named = {agent_id(text) for text in _literal_names(node)} & ids
            if len(named) > 1:
                tables.append(f"{name}:{node.lineno}: {', '.join(sorted(named))}")  # type: ignore[attr-defined]
    assert not tables
