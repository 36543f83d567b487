"""What each format carries of a session, computed from the fixtures: the matrix in docs/reference/formats.md.

A row is an agent and the format of its transcript, the agent's own or an exporter's. A cell is filled if a fixture of the row yields the
property. What a format cannot carry stands in `UNRECORDED` of its reader, with the reason.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from onward.core.agents import agent_label, find_agent
from onward.core.transcript.tools import classify_call
from onward.core.transcript.transcript import ImportReport, SessionHead, Turn
from onward.errors import OnwardError
from onward.formats import FORMATS, detect, open_source, read

FIXTURES = Path(__file__).parent / "fixtures"
PROPERTIES = ("roles", "times", "tool name", "arguments", "result", "exit code", "todo state", "usage", "model")
FILLED, EMPTY, UNRECORDED = "●", "○", "–"
_SHARE_OF_TIMES = 0.9
_BEGUN = {"completed", "in_progress"}


class Row(NamedTuple):
    """The cells of one agent in one format."""

    agent: str
    format: str
    cells: dict[str, str]

    def count(self, mark: str) -> int:
        """How many cells have *mark*."""
        return list(self.cells.values()).count(mark)


def matrix() -> list[Row]:
    """Return the rows in the order of detection."""
    properties_by_row: dict[tuple[str, str], set[str]] = {}
    with TemporaryDirectory() as folder:
        for path in (*samples(), *build_home(Path(folder))):
            for agent, name, properties in _read(path):
                properties_by_row.setdefault((name, agent), set()).update(properties)
    return [
        Row(agent_label(agent), name, {key: _mark(key, properties, _missing(name, agent)) for key in PROPERTIES})
        for (name, agent), properties in sorted(properties_by_row.items(), key=lambda item: (_order(item[0][0]), item[0][1]))
    ]


def samples() -> list[Path]:
    """Return every fixture but the general formats'."""
    return [path for path in sorted(FIXTURES.rglob("*")) if path.is_file() and path.relative_to(FIXTURES).parts[0] not in FORMATS[-2:]]


def unrecorded(name: str) -> dict[str, str]:
    """Return what the format of that name cannot carry, each with the reason."""
    modules = (import_module(f"onward.formats.{module}") for module in FORMATS)
    return next((getattr(module, "UNRECORDED", {}) for module in modules if name == module.NAME), {})


def _missing(name: str, agent: str) -> set[str]:
    """Return what the transcripts of *agent* in this format cannot carry; a reason may be that of one agent."""
    return {key.removeprefix(f"{agent}: ") for key in unrecorded(name)}


def _order(name: str) -> int:
    return next(index for index, module in enumerate(FORMATS) if name == import_module(f"onward.formats.{module}").NAME)


def _mark(key: str, properties: set[str], missing: set[str]) -> str:
    return FILLED if key in properties else UNRECORDED if key in missing else EMPTY


def _read(path: Path) -> Iterator[tuple[str, str, set[str]]]:
    """Yield the agent, the format and the properties of each session of a file."""
    report = ImportReport()
    sessions: list[tuple[str, list[Turn]]] = []
    try:
        for item in read(open_source(path), report):
            if isinstance(item, SessionHead):
                sessions.append((item.agent, []))
            elif isinstance(item, Turn):
                sessions[-1][1].append(item)
    except OnwardError:
        return
    yield from ((agent, report.format, _properties(turns)) for agent, turns in sessions if is_known(agent))


def is_known(agent: str) -> bool:
    """Return whether *agent* is one, not an exporter that names none."""
    entry = find_agent(agent)
    return entry is None or entry.is_agent


def _properties(turns: list[Turn]) -> set[str]:
    spoken = [turn for turn in turns if turn.mark in {"said", "queued"} and turn.role in {"user", "assistant"}]
    calls = [call for turn in turns for call in turn.calls]
    results = [result for turn in turns for result in turn.results]
    actions = [classify_call(call) for call in calls]
    states = {todo.status for action in actions for todo in action.todos} | {action.task.status for action in actions if action.task}
    evidence = {
        "roles": {"user", "assistant"} <= {turn.role for turn in spoken},
        "times": bool(spoken) and sum(turn.at is not None for turn in spoken) >= _SHARE_OF_TIMES * len(spoken),
        "tool name": bool(calls) and all(call.name for call in calls),
        "arguments": any(call.arguments for call in calls),
        "result": any(result.text for result in results),
        "exit code": any(result.exit_code is not None for result in results),
        "todo state": bool(states & _BEGUN),
        "usage": any(turn.usage for turn in turns),
        "model": any(turn.model for turn in turns),
    }
    return {key for key, is_filled in evidence.items() if is_filled}


def build_home(home: Path) -> list[Path]:
    """Return transcripts in *home* at the places where their agents keep them, with what these write beside them."""
    places = [
        ("antigravity/transcript.jsonl", ".gemini/antigravity-cli/brain/0d5c2a7e-41f6-4f0e/.system_generated/logs/transcript.jsonl"),
        ("vscode_chat/changes.jsonl", ".config/Code/User/workspaceStorage/5f2c/chatSessions/7a2d6c1e.jsonl"),
        ("kimi/code.jsonl", ".kimi-code/sessions/wd_orchard_057f5c09ee3f/session_0b3e/agents/main/wire.jsonl"),
        ("kimi/code.jsonl", ".kimi-code/sessions/wd_orchard_057f5c09ee3f/session_0b3e/agents/agent-0/wire.jsonl"),
        ("droid/session.jsonl", ".factory/sessions/-home-ana-till/6d1c6f6e.jsonl"),
        ("kiro/session.jsonl", ".kiro/sessions/cli/90b6a7c3.jsonl"),
        ("kiro/data.sqlite", ".local/share/kiro-cli/data.sqlite3"),
        ("continue_dev/session.json", ".continue/sessions/c0a7a8d0-6f58-4a8e-9f3c-5b0f6a1d7e21.json"),
        (
            "continue_dev/kiro_editor.json",
            ".config/Kiro/User/globalStorage/kiro.kiroagent/workspace-sessions/L2hvbWU/5b4d8f5a-19f9-4d16-8a64-0d6e5b0a9c31.json",
        ),
        ("amp/thread.json", ".local/share/amp/threads/T-0b9a4b5e-6f5c-4a53-8c47-2f86a0c8d014.json"),
        ("grok/chat_history.jsonl", ".grok/sessions/%2Fhome%2Fana%2Fweather/019f6000-0000-7000/chat_history.jsonl"),
        ("grok/grok.db", ".grok/grok.db"),
        ("gemini_checkpoint/saved_chat.json", ".gemini/tmp/9f2c/checkpoint-menu.json"),
        ("posit/messages.jsonl", ".posit/assistant/workspaces/a1b2/11111111/lm-messages.jsonl"),
        (
            "cline/roo_history.json",
            ".config/Code/User/globalStorage/rooveterinaryinc.roo-cline/tasks/ac8aa7b4/api_conversation_history.json",
        ),
        ("hermes/session.jsonl", ".hermes/sessions/20261014_080000_5a3e2f.jsonl"),
        ("atif/trajectory.json", ".hermes/sessions/trajectory_20261011.json"),
    ]
    paths = [home / place for _, place in places]
    for path, (sample, _) in zip(paths, places, strict=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(FIXTURES / sample, path)
    for place, content in _COMPANIONS.items():
        file = home / place
        file.parent.mkdir(parents=True, exist_ok=True)
        lines = content if isinstance(content, list) and place.endswith(".jsonl") else [content]
        file.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    return paths


def _update(at: int, **update: object) -> dict[str, object]:
    return {"timestamp": at, "method": "session/update", "params": {"sessionId": "019f6000-0000-7000", "update": update}}


def _chunk(at: int, kind: str, text: str) -> dict[str, object]:
    return _update(at, sessionUpdate=kind, content={"type": "text", "text": text})


_KIRO_LOGS = (
    f".config/Kiro/User/globalStorage/kiro.kiroagent/{sha256(b'/home/ana/ferry').hexdigest()[:32]}/414d1636299d2b9e4ce7e17fb11f63e9"
)
_GROK = ".grok/sessions/%2Fhome%2Fana%2Fweather/019f6000-0000-7000"
_COMPANIONS: dict[str, object] = {
    ".gemini/antigravity-cli/history.jsonl": [
        {"display": "Print the tide table", "timestamp": 1791187200000, "workspace": "/home/ana/harbour"},
        {"display": "Use metres", "timestamp": 1791187295000, "workspace": "/home/ana/harbour", "conversationId": "0d5c2a7e-41f6-4f0e"},
    ],
    ".config/Code/User/workspaceStorage/5f2c/workspace.json": {"folder": "file:///home/ana/guests"},
    ".kimi-code/sessions/wd_orchard_057f5c09ee3f/session_0b3e/state.json": {
        "createdAt": "2026-09-22T17:20:00.000Z",
        "title": "Apples per tree",
        "agents": {"main": {"type": "main"}, "agent-0": {"type": "sub", "parentAgentId": "main"}},
    },
    ".factory/sessions/-home-ana-till/6d1c6f6e.settings.json": {"model": "claude-opus-4-8", "tokenUsage": {"inputTokens": 900}},
    ".kiro/sessions/cli/90b6a7c3.json": {
        "session_id": "90b6a7c3-5c0e-4d7f",
        "cwd": "/home/ana/looms",
        "title": "Broken warp threads",
        "created_at": "2026-10-08T07:01:40Z",
    },
    ".continue/sessions/sessions.json": [
        {
            "sessionId": "c0a7a8d0-6f58-4a8e-9f3c-5b0f6a1d7e21",
            "title": "Seat numbers",
            "dateCreated": "1790400000000",
            "workspaceDirectory": "file:///home/ana/theatre",
        }
    ],
    ".config/Code/User/globalStorage/rooveterinaryinc.roo-cline/tasks/ac8aa7b4/ui_messages.json": [
        {"ts": 1767838261000, "type": "say", "say": "text", "text": "The restock report is empty on Mondays.", "images": []},
        {
            "ts": 1767838261300,
            "type": "say",
            "say": "api_req_started",
            "text": json.dumps({"request": "…", "tokensIn": 5606, "tokensOut": 535, "cacheWrites": 10, "cacheReads": 900}),
        },
    ],
    f"{_KIRO_LOGS}/8a1c": {
        "executionId": "e-1",
        "actions": [
            {"actionId": "x-1", "actionType": "say", "output": {"message": "The start page shows the next ferry with free places."}},
            {
                "actionId": "x-2",
                "actionType": "replace",
                "input": {"file": "/home/ana/ferry/start.ts", "originalContent": "all", "modifiedContent": "free"},
                "output": {"message": "Edited start.ts"},
            },
        ],
    },
    f"{_GROK}/summary.json": {
        "info": {"id": "019f6000-0000-7000", "cwd": "/home/ana/weather"},
        "generated_title": "Wind rose of September",
        "created_at": "2026-10-09T07:00:00Z",
        "head_branch": "rose",
        "current_model_id": "grok-4.5",
    },
    f"{_GROK}/updates.jsonl": [
        _chunk(1791529201, "user_message_chunk", "Draw the wind rose of last month. Never interpolate missing hours."),
        _chunk(1791529204, "agent_message_chunk", "I plan and "),
        _chunk(1791529204, "agent_message_chunk", "run the plot."),
        _update(1791529205, sessionUpdate="tool_call", toolCallId="call_1", title="Update todos"),
        _update(1791529205, sessionUpdate="tool_call", toolCallId="call_2", title="python rose.py"),
        _update(1791529206, sessionUpdate="tool_call_update", toolCallId="call_1", status="completed"),
        _update(1791529208, sessionUpdate="tool_call_update", toolCallId="call_2", status="failed"),
        _update(1791529210, sessionUpdate="tool_call", toolCallId="ws_1", title="Search"),
        _update(1791529211, sessionUpdate="tool_call", toolCallId="call_3", title="Edit"),
        _update(1791529212, sessionUpdate="tool_call_update", toolCallId="call_3", status="completed"),
        _chunk(1791529213, "user_message_chunk", "Use sixteen directions."),
        _chunk(1791529220, "agent_message_chunk", "The wind rose of September is drawn"),
        _update(
            1791529221,
            sessionUpdate="turn_end",
            prompt_id="p-1",
            usage={"inputTokens": 9000, "cachedReadTokens": 7000, "outputTokens": 210, "reasoningTokens": 60},
        ),
        _chunk(1791529300, "user_message_chunk", "Print it in grey."),
        _chunk(1791529304, "agent_message_chunk", "It prints in grey."),
        _update(1791529305, sessionUpdate="turn_end", prompt_id="p-2", usage={"inputTokens": 9100, "outputTokens": 20}),
    ],
    ".posit/assistant/workspaces/a1b2/workspace.json": {"path": "/home/ana/births", "createdAt": "2026-09-01T00:00:00.000Z"},
    ".posit/assistant/workspaces/a1b2/11111111/conversation.json": {
        "schemaVersion": "3",
        "root": {
            "id": "11111111",
            "title": "Births per month",
            "timestamp": 1790600000000,
            "metadata": {"kind": "main", "gitBranch": "plots"},
        },
        "messages": [
            {"id": "m-1", "parentId": "11111111", "isActive": True, "lmMessageIds": [0, 1, 2, 3, 4, 5, 6]},
            {"id": "m-2", "parentId": "m-1", "isActive": False, "lmMessageIds": [7]},
        ],
    },
}


def table() -> str:
    """Return the matrix as Markdown, with the reasons for what no transcript of a format tells."""
    rows = matrix()
    lines = [f"| agent | format | {' | '.join(PROPERTIES)} |", f"|---|---|{'---|' * len(PROPERTIES)}"]
    lines += [f"| {row.agent} | `{row.format}` | {' | '.join(row.cells.values())} |" for row in rows]
    filled, empty = (sum(row.count(mark) for row in rows) for mark in (FILLED, EMPTY))
    names = dict.fromkeys(row.format for row in rows)
    reasons = [f"- `{name}`: {key}: {reason}." for name in names for key, reason in unrecorded(name).items()]
    summary = (
        f"{len(rows)} rows; {filled} of the {filled + empty} cells that a format can carry are filled ({filled / (filled + empty):.0%})."
    )
    return "\n".join([*lines, "", summary, "", "What a format cannot carry:", "", *reasons])


def detected_name(path: Path) -> str:
    """Return the name of the format of a file."""
    return detect(open_source(path)).NAME


if __name__ == "__main__":
    print(table())
